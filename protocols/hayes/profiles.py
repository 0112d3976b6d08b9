"""What differs between modem chips, as data. The session knows no chip by name.

Facts: the init strings and identification replies published by the callattendant and ncid projects, the event
table of V.253, and V.253/IS-101 command names. None of it has been tried on hardware by us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.hayes.messages import Event
from protocols.wav import WavFormat

V253_EVENTS: Mapping[str, Event] = {
    "R": Event.RING,
    "r": Event.RINGBACK,
    "d": Event.DIAL_TONE,
    "i": Event.DIAL_TONE,
    "b": Event.BUSY,
    "K": Event.BUSY,
    "H": Event.HANDSET_LIFTED,
    "P": Event.HANDSET_LIFTED,
    "h": Event.HANDSET_REPLACED,
    "p": Event.HANDSET_REPLACED,
    "l": Event.LOOP_BREAK,
    "L": Event.POLARITY_REVERSAL,
    "q": Event.SILENCE,
    "s": Event.NO_VOICE,
    "v": Event.VOICE,
    "V": Event.VOICE,
    "w": Event.CALL_WAITING,
    "a": Event.ANSWER_TONE,
    "c": Event.FAX_OR_DATA_TONE,
    "m": Event.FAX_OR_DATA_TONE,
    "e": Event.FAX_OR_DATA_TONE,
    "f": Event.FAX_OR_DATA_TONE,
    "J": Event.SPECIAL_INFORMATION_TONE,
    "t": Event.TEXT_TELEPHONE,
    "$": Event.CALLING_CARD_PROMPT,
    "u": Event.UNDERRUN,
    "o": Event.OVERRUN,
    "\x03": Event.END_OF_AUDIO,
}
"""Meaning of each DLE code, before a chip's own reading."""


@dataclass(frozen=True)
class VoiceCommands:
    """The voice command set a chip speaks: V.253 (``+V…``) or the older Rockwell one (``#V…``)."""

    enter: str
    off_hook: str
    on_hook: str
    tones: str

    def send_tones(self, digits: str) -> str:
        """Command that sends ``digits``, already checked, as DTMF."""
        return self.tones + ",".join(digits)


V253_VOICE = VoiceCommands("AT+FCLASS=8", "AT+VLS=1", "AT+VLS=0", "AT+VTS=")
ROCKWELL_VOICE = VoiceCommands("AT#CLS=8", "AT#VLS=1", "AT#VLS=0", "AT#VTS=")


@dataclass(frozen=True)
class VoiceRecording:
    """How a chip sends what it hears: ``select`` chooses ``format``, ``receive`` begins the stream, and each of
    ``stops`` is said to it in turn until it ends the stream.
    """

    select: str
    format: WavFormat
    stops: tuple[bytes, ...]
    receive: str = "AT+VRX"


@dataclass(frozen=True)
class ModemProfile:
    """One family of chips.

    ``identified_by`` is searched in the ``ATI`` reply; ``caller_id`` commands are tried in turn until one is
    accepted; ``audio`` commands prepare voice mode and may fail; ``voice`` dialects are tried in turn;
    ``events_in_call`` is laid over ``events`` while the modem itself is off hook; ``recording`` is for those whose
    sound format is known.
    """

    name: str
    title: str
    identified_by: tuple[str, ...]
    caller_id: tuple[str, ...]
    audio: tuple[str, ...] = ()
    voice: tuple[VoiceCommands, ...] = (V253_VOICE,)
    events: Mapping[str, Event] = field(default_factory=lambda: V253_EVENTS)
    events_in_call: Mapping[str, Event] = field(default_factory=dict)
    recording: VoiceRecording | None = None

    def recognises(self, identification: str) -> bool:
        """Whether ``identification`` (the ATI reply, lines joined by blanks) is of this family."""
        return any(re.search(pattern, identification) for pattern in self.identified_by)

    def meaning(self, code: str, *, in_call: bool) -> Event | None:
        """What the DLE code means now, or None if this family does not send it."""
        if in_call and code in self.events_in_call:
            return self.events_in_call[code]
        return self.events.get(code)


# V.253: DLE ESC ends receiving, DLE ! breaks it off. The published chip notes have DLE ! for U.S. Robotics and DLE ^
# for Conexant; whatever a chip does not know it passes over.
_BREAK, _STOP, _ABORT = b"\x10!", b"\x10\x1b", b"\x10^"
RECEIVE_STOPS = (_BREAK, _STOP)
"""What ends the receive mode of a modem that is not yet known."""
# Both are 8 bits unsigned, linear: 128 is U.S. Robotics' own number for it, 1 that of V.253.
_USR_RECORDING = VoiceRecording("AT+VSM=128,8000", WavFormat(8000), (_BREAK, _STOP))
_CONEXANT_RECORDING = VoiceRecording("AT+VSM=1,8000,0,0", WavFormat(8000), (_ABORT, _BREAK, _STOP))

USR = ModemProfile(
    name="usr",
    title="U.S. Robotics 5637",
    identified_by=(r"^5601\b", r"U\.?S\.? ?Robotics"),
    caller_id=("AT+VCID=1", "AT#CID=1"),
    audio=("AT+VSD=128,0", _USR_RECORDING.select),
    recording=_USR_RECORDING,
    # Off hook, this chip says "h" when the loop current breaks: the far end hung up.
    events_in_call={"h": Event.LOOP_BREAK},
)
CONEXANT = ModemProfile(
    name="conexant",
    title="Conexant (Zoom 3095, StarTech)",
    identified_by=(r"^56000\b", r"\bCX\d{5}\b", r"[Cc]onexant", r"\bRC56"),
    caller_id=("AT-SCID=1;+VCID=1;-STE=3", "AT+VCID=1", "AT#CID=1"),
    audio=("AT+VSD=0,0", _CONEXANT_RECORDING.select),
    recording=_CONEXANT_RECORDING,
    # "p" is read as an extension lifted on these chips, against the letter of V.253.
    events={**V253_EVENTS, "p": Event.HANDSET_LIFTED},
)
AGERE = ModemProfile(
    name="agere",
    title="Agere / Lucent",
    identified_by=(r"\bLT V\.9", r"Venus V\.9", r"\bAgere\b", r"\bLucent\b"),
    caller_id=("AT+VCID=1", "AT*ID1"),
)
GENERIC = ModemProfile(
    name="generic",
    title="Voice modem",
    identified_by=(),
    caller_id=(
        "AT+VCID=1",
        "AT#CID=1",
        "AT+FCLASS=8;+VCID=1",
        "AT#CLS=8#CID=1",
        "AT#CC1",
        "AT*ID1",
    ),
    voice=(V253_VOICE, ROCKWELL_VOICE),
)

PROFILES: Mapping[str, ModemProfile] = {profile.name: profile for profile in (USR, CONEXANT, AGERE, GENERIC)}
AUTO = "auto"


def profile_names() -> list[str]:
    """What a line's ``profile`` setting may be: ``auto`` and every family."""
    return [AUTO, *PROFILES]


def detect(identification: str) -> ModemProfile:
    """The family that recognises an ATI reply, or the generic one."""
    return next((profile for profile in PROFILES.values() if profile.recognises(identification)), GENERIC)
