"""What a modem says, as frozen messages. Made by the decoder in ``codec``, read by the session."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class CallerIdKey(enum.Enum):
    """The tag of a formatted caller-id line (V.253 table 16, and the spellings of older chips)."""

    DATE = "DATE"
    TIME = "TIME"
    NUMBER = "NMBR"
    NAME = "NAME"
    MESSAGE = "MESG"


class Result(enum.Enum):
    """Final and progress result codes (V.250 table 1, V.253 chapter 10), spelling variants folded together."""

    OK = "OK"
    CONNECT = "CONNECT"
    VOICE_CONNECT = "VCON"
    VOICE = "VOICE"
    RINGING = "RINGING"
    BUSY = "BUSY"
    NO_ANSWER = "NO ANSWER"
    NO_CARRIER = "NO CARRIER"
    NO_DIAL_TONE = "NO DIAL TONE"
    ERROR = "ERROR"

    @property
    def accepts(self) -> bool:
        """Whether the modem did what it was told."""
        return self in (Result.OK, Result.VOICE_CONNECT)


class Event(enum.Enum):
    """Meaning of a DLE-shielded event (V.253 table 17 and its IS-101 ancestor)."""

    RING = "ring"
    RINGBACK = "ringback"
    DIAL_TONE = "dial tone"
    BUSY = "busy"
    HANDSET_LIFTED = "handset lifted"
    HANDSET_REPLACED = "handset replaced"
    LOOP_BREAK = "loop break"
    POLARITY_REVERSAL = "polarity reversal"
    SILENCE = "silence"
    NO_VOICE = "no voice"
    VOICE = "voice"
    CALL_WAITING = "call waiting"
    ANSWER_TONE = "answer tone"
    FAX_OR_DATA_TONE = "fax or data tone"
    SPECIAL_INFORMATION_TONE = "special information tone"
    TEXT_TELEPHONE = "text telephone"
    CALLING_CARD_PROMPT = "calling card prompt"
    UNDERRUN = "underrun"
    OVERRUN = "overrun"
    END_OF_AUDIO = "end of audio"


@dataclass(frozen=True)
class Message:
    """Base of everything the decoder produces."""


@dataclass(frozen=True)
class Ring(Message):
    """``RING``, with the distinctive-ring digit or letter where there is one."""

    cadence: str = ""


@dataclass(frozen=True)
class RingCadence(Message):
    """``DRON=``/``DROF=``: the ring voltage was ``on`` or off for ``tenths`` of a second."""

    on: bool
    tenths: int


@dataclass(frozen=True)
class CallerIdField(Message):
    """One caller-id line; ``value`` is cleaned text as sent, possibly empty or nonsense."""

    key: CallerIdKey
    value: str


@dataclass(frozen=True)
class CallerIdDamaged(Message):
    """``ERRM``: the modem received caller id whose checksum was wrong."""


@dataclass(frozen=True)
class ResultCode(Message):
    """A result code; ``detail`` is what followed it, such as the speed after ``CONNECT``."""

    result: Result
    detail: str = ""


@dataclass(frozen=True)
class DleEvent(Message):
    """A shielded event other than a digit; ``code`` is the character after DLE."""

    code: str


@dataclass(frozen=True)
class Digit(Message):
    """One key press heard in band, however many times the modem repeated it while the key was down."""

    digit: str


@dataclass(frozen=True)
class Text(Message):
    """Any other line: echo, identification or noise, cleaned."""

    text: str
