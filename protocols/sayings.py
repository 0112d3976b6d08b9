"""What lines and devices say to people: a closed vocabulary, so that it can be said in any language.

``Said(Saying.CANNOT_OPEN, port="/dev/ttyACM0", why="Permission denied")`` is the finished English to everybody who does
not care, and carries what it takes to say it otherwise. A value may itself be ``Said``; anything else (a path, a name,
the words of the device or of its operating system) stands as it is in every language.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from protocols.text import clean_text

VALUE_LENGTH = 200


def N_(msgid: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """``msgid`` unchanged; the catalogues are made from such calls."""
    return msgid


class Saying(enum.Enum):
    """A sentence, or a part of one; the value is English with ``{names}``.

    A member's name in lower case is its code in records and events: once released it stays.
    """

    # Why a device is not there.
    STARTING = N_("starting")
    STOPPED = N_("the call center is stopped")
    NOT_STARTED = N_("not started")
    CANNOT_START = N_("cannot be started: {why}")
    UNPLUGGED = N_("the device was unplugged or its port closed")
    PORT_CLOSED = N_("the port is closed")
    PORT_FORM = N_("{port} is not of the form usb:VID:PID or usb:VID:PID:SERIAL")
    NOT_PLUGGED_IN = N_("no device {port} is plugged in")
    AMBIGUOUS = N_("{port} is ambiguous ({found}): add the serial number, or give a path by-id")
    AMBIGUOUS_HID = N_("{port} could be any of {found}: add the serial number or give the path")
    CANNOT_OPEN = N_("cannot open {port}: {why}")
    NO_HEADSET = N_("it has no hook switch of a telephone")
    NO_DEVICE = N_("{port} is not a device")
    NOT_THERE = N_("{port} does not exist; only a device under /dev may be absent for a while")
    RESTARTING = N_("the device is being started with other settings")
    SETTINGS_UNUSABLE = N_("its settings cannot be used: {why}")
    CANNOT_CONNECT = N_("cannot connect to {peer}: {why}")
    CONNECTION_CLOSED = N_("the connection to {peer} was closed by it")
    CONNECTION_LOST = N_("the connection to {peer} was lost")
    NAME_UNKNOWN = N_("the name is not known")
    DOES_NOT_ANSWER = N_("it does not answer")
    GIVEN_UP = N_("given up")
    IT_CLOSED = N_("it closed the connection")
    WAS_LOST = N_("the connection was lost")
    CANNOT_LISTEN = N_("cannot listen on {port}: {why}")
    BOX_SILENT = N_("the box does not answer any more")
    BOX_NOT_CONNECTED = N_("the box is not connected")
    BOX_SETTING_UP = N_("the box is being set up")
    BOX_RESTARTED = N_("the box restarted")
    SERVICE_GONE = N_("the UBOX service is gone: {why}")
    SERVICE_NOT_CONNECTED = N_("the UBOX service is not connected")
    SERVICE_SILENT = N_("the UBOX service does not answer")
    SERVICE_ASKED = N_("the UBOX service is being asked for its channels")
    CHANNEL_NOT_PLUGGED_IN = N_("channel {channel} of the UBOX service is not plugged in")
    CHANNEL_UNPLUGGED = N_("channel {channel} of the UBOX service was unplugged")
    UBOX_FAULTY = N_("the UBOX reports that it does not work")
    UBOX_WITHOUT_LINE = N_("no telephone line is connected to the UBOX")
    UBOX_ASKED = N_("the UBOX is being identified")
    PBX_OUT_OF_REACH = N_("the PBX is out of reach")
    PBX_MUTE = N_("the PBX accepts the connection and says nothing")
    PBX_SILENT = N_("the PBX does not answer ({action})")
    PBX_LIST_UNFINISHED = N_("the PBX does not finish its list of channels")
    PBX_WITHOUT_LIST = N_("the PBX lists no channels: {why}")
    PBX_WITHOUT_CHALLENGE = N_("the PBX offers no challenge: {why}")
    PBX_REFUSED_USER = N_("the PBX refused the user {user}: {why}")
    PBX_ENDED_UNSEEN = N_("a call ended while the PBX could not tell of it")
    NO_PBX = N_("not an Asterisk manager: it says {words}")
    NO_REASON = N_("no reason given")
    CONNECTION_REFUSED = N_("the connection to {peer} was refused by us or it: {why}")
    CERTIFICATES_UNREADABLE = N_("{file} cannot be read as certificates: {why}")
    WRONG_NAME = N_("the certificate is for another name")
    NO_CERTIFICATE = N_("{file} holds no certificate")
    HOST_NOT_CONNECTED = N_("the line host {host} is not connected")
    HOST_OUT_OF_REACH = N_("the line host {host} is out of reach")
    HOST_WITHOUT_LINE = N_("the line host {host} has no line {line}")
    HOST_STARTED = N_("the line host was started anew")
    CALLER_LEFT = N_("a caller was left on hold; look on the PBX whether they still wait, and call them back")
    HOST_STOPPED = N_("the line host was stopped")
    HOST_ELSEWHERE = N_("another connection with the same token took its place")
    HOST_MISBEHAVES = N_("the line host does not keep to the protocol: {why}")
    VERSIONS_DIFFER = N_("the line host speaks version {theirs} of the protocol and the server version {ours}")
    GATEWAY_MUTE = N_("the gateway accepts the connection and does not answer the sign-in")
    GATEWAY_SILENT = N_("the gateway does not answer")
    INTERRUPTED = N_("The daemon ended before the answer came.")
    GATEWAY_REFUSED = N_("the gateway refused the sign-in: {why}")
    GATEWAY_NONSENSE = N_("the gateway does not keep to the protocol: {why}")
    GATEWAY_LEFT = N_("the gateway ended the session")
    GATEWAY_RESTS = N_("a gateway that alone can carry them is out of service")
    SETTING_UP = N_("the modem is being set up")
    SILENT = N_("the modem does not answer")
    SILENT_TO_AT = N_("the modem does not answer AT")
    SILENT_AFTER_RESET = N_("the modem does not come back from ATZ")
    SILENT_IN_SETUP = N_("the modem stopped answering while being set up")
    FELL_SILENT = N_("the modem stopped answering")

    # Why an SMS gateway is not there, or what it did not do.
    SIM_ABSENT = N_("there is no SIM in the modem")
    SIM_WANTS_PIN = N_("the SIM wants its PIN, and none is set")
    SIM_PIN_REFUSED = N_("the SIM refused the PIN; it is tried again only when the modem is set anew")
    SIM_WANTS_PUK = N_("the SIM is blocked and wants its PUK")
    SIM_UNUSABLE = N_("the SIM cannot be used: {why}")
    NO_NETWORK = N_("the modem finds no network")
    NETWORK_DENIED = N_("the network does not let the SIM in")
    NO_PDU_MODE = N_("the modem cannot send short messages as PDUs")
    NO_SERVICE_CENTRE = N_("the SIM does not know its service centre, and none is set")
    MODEM_UNANSWERED = N_("the modem did not answer after the message was written")
    MODEM_WITHOUT_PROMPT = N_("the modem did not ask for the message")
    PROVIDER_OUT_OF_REACH = N_("the provider cannot be reached: {why}")
    PROVIDER_REFUSES = N_("the provider does not let us in: {why}")
    ACCOUNT_UNWRITABLE = N_("the account cannot be written in the provider's charset ({charset})")
    PROVIDER_UNANSWERED = N_("the provider did not answer")
    ADDRESS_FORBIDDEN = N_("its address is in an internal network, which is not allowed for this gateway")
    ADDRESS_NEVER = N_("its address is link-local, a multicast address or the like, and never allowed")
    CERTIFICATE_UNTRUSTED = N_("its certificate is not trusted")
    ANSWER_TOO_LONG = N_("the answer of the provider is too long")
    ANSWER_REDIRECTS = N_("the provider redirects (HTTP {status}), which is not followed")
    ANSWER_IS_ERROR = N_("the provider or something before it is out of order (HTTP {status})")
    ANSWER_IS_PAGE = N_("a web page instead of an answer")
    ANSWER_CHARSET = N_("the answer is in another charset")
    ANSWER_NOT_UNDERSTOOD = N_("the answer is not understood")
    ANSWER_TAKES_TOO_LONG = N_("the answer cannot be read in time with the patterns that are set for this gateway")
    PROVIDER_UNCLEAR = N_("the provider answers, but not what became of messages: {why}")
    GATEWAY_THROTTLES = N_("it only says “not now”")
    GATEWAY_TAKES_NOTHING = N_("it refuses every message: {why}")
    PROVIDER_TAKES_NOTHING = N_("the provider answers, but takes no messages: {why}")
    MODEM_TAKES_NOTHING = N_("the modem answers, but sends no messages: {why}")

    # What is going on instead of what was asked for.
    NO_CALL = N_("no call")
    NONE_RINGS = N_("no call is ringing")
    LINE_RINGS = N_("the line is ringing")
    BEING_ANSWERED = N_("a call is being answered")
    GOING_ON = N_("a call is going on")
    BEING_DIALLED = N_("a number is being dialled")
    HANGING_UP = N_("the modem is hanging up")
    BOX_GOING_OFF_HOOK = N_("the box is going off hook")
    BOX_HANGING_UP = N_("the box is hanging up")
    ON_HANDSET = N_("the call is on the handset")
    PHONE_IN_USE = N_("the telephone is in use")
    LIFT_PHONE = N_("lift the telephone")
    IS_TRUNK = N_("it is a trunk, no telephone")

    # Why a command failed.
    STILL_RINGS = N_("the line still rings: the modem did not go off hook")
    NOT_OFF_HOOK = N_("the modem did not go off hook")
    NOT_ON_HOOK = N_("the modem did not confirm that it went on hook")
    TONES_REFUSED = N_("the modem did not take the tones")
    NUMBER_NOT_TAKEN = N_("the box did not take the number")
    TONES_NOT_TAKEN = N_("the box did not take the tones")
    BOX_NOT_OFF_HOOK = N_("the box did not go off hook")
    BOX_NOT_ON_HOOK = N_("the box did not confirm that it went on hook")
    NO_VOICE = N_("this modem has no voice mode")
    NO_RECORDING = N_("the sound of this modem cannot be received")
    NO_RECEIVE_MODE = N_("the modem did not begin to send sound")
    NO_MORE_SOUND = N_("the modem stopped sending sound")
    DISK_TOO_SLOW = N_("the disk takes too long")
    RECORDING_TOO_LONG = N_("it reached its greatest length")
    PHONE_UNREACHABLE = N_("{phone} cannot be reached")
    PHONE_BUSY = N_("{phone} is busy")
    PHONE_NOT_PICKED_UP = N_("{phone} was not picked up")
    PHONE_NOT_TAKEN = N_("{phone} did not take the call")
    PBX_REFUSES = N_("the PBX refuses: {why}")
    NO_OTHER_PARTY = N_("nobody else is on this call, or more than one")
    NOBODY_CONSULTED = N_("nobody else has answered yet")
    CONSULTING_ALREADY = N_("somebody else is being called already")
    NOT_IN_DIALPLAN = N_("the PBX knows no number {number}")
    THIRD_BUSY = N_("{number} is busy")
    THIRD_SILENT = N_("{number} does not answer")
    THIRD_UNREACHABLE = N_("{number} cannot be reached")
    CHANNEL_NAME = N_("the PBX gave the call a name that is not allowed: {name}")

    ORDER_LATE = N_("the command reached the line host too late and was not carried out")
    ORDER_UNKNOWN = N_("the line host does not know this command")
    ORDER_UNCONFIRMED = N_("the line host {host} has not confirmed it for {seconds} s")

    # Commands that failed or cannot be given.
    DIAL_FAILED = N_("dialling failed: {why}")
    ANSWER_FAILED = N_("answering failed: {why}")
    HANG_UP_FAILED = N_("hanging up failed: {why}")
    TONES_FAILED = N_("sending tones failed: {why}")
    RECORD_FAILED = N_("recording failed: {why}")
    HOLD_FAILED = N_("holding failed: {why}")
    RESUME_FAILED = N_("taking the caller back failed: {why}")
    TRANSFER_FAILED = N_("the transfer failed: {why}")
    CONSULT_FAILED = N_("the consultation failed: {why}")
    CONFERENCE_FAILED = N_("the conference failed: {why}")
    CANNOT_CONTROL = N_("line {line} cannot hold or transfer calls")
    RECORDING_CUT = N_("the recording ends before the call: {why}")
    CANNOT_DIAL = N_("line {line} cannot dial")
    CANNOT_ANSWER = N_("line {line} cannot answer")
    CANNOT_HANG_UP = N_("line {line} cannot hang up")
    CANNOT_SEND_TONES = N_("line {line} cannot send tones")
    CANNOT_RECORD = N_("line {line} cannot record")
    UNAVAILABLE = N_("line {line} is not available: {why}")
    BECAUSE = N_("{what}: {why}")

    # What a setting must be.
    NO_HEADSET_HERE = N_("is for devices that can answer: driver hayes, tp_hid or ubox")
    PRINTABLE = N_("must be one line of printable characters")
    ONE_OF = N_("must be one of {choices}")
    STREAM_PORT = N_("must be a path such as /dev/serial/by-id/…, usb:VID:PID[:SERIAL] or tcp://host:port")
    TCP_PORT = N_("must be tcp://host:port and nothing more, such as tcp://192.168.1.20:4001")
    NO_ADDRESS = N_("is not an address with host and port: {why}")
    ADDRESS_PORT = N_("must be {scheme}://host:port, with a port of 1 to 65535")
    ADDRESS_HOST = N_("must be {scheme}://host:port, with a host name or address")
    WHOZZ_PORT = N_("must be {form}, with * for the unit if there is only one box")
    WHOZZ_UNIT = N_("must be {form}; UNIT is a decimal number or *, LINE 01 to 99")
    WHOZZ_SENDERS = N_("must be {form}?from=SENDERS, with IP addresses and networks and no names: {why}")
    TCI_PORT = N_("must have the line of the box, 01 to 99, behind #, such as /dev/serial/by-id/…#02")
    HID_PORT = N_("must be hid:VID:PID or hid:VID:PID:SERIAL (four hexadecimal digits each) or a path")
    UBOX_PORT = N_("must be ws://host:port/path#channel, such as ws://127.0.0.1:8054/ws#1")
    PBX_PORT = N_(
        "must be the name of a PBX and an endpoint on it, such as main/PJSIP/8001 or main/DAHDI/1, "
        "with #2 to #99 behind it for further calls on the same endpoint"
    )
    PREFIX = N_("not a dialling prefix: {prefix}; allowed are up to 8 of 0-9 * # and ,")
    FOLDER_URL = N_("must be http:// or https://, a host and the folder of the provider's pages, and nothing more")
    SECRET_SHORT = N_("must have at least {count} characters")
    NOT_IN_CHARSET = N_("has a character that the provider's charset ({charset}) does not have")
    NO_ROOM_FOR_TEXT = N_("leaves no room for a text: the provider takes {count} characters")
    PIN_FORM = N_("must be 4 to 8 digits")
    PHONE_FORM = N_("must be a telephone number such as +8613800138000")
    PLACE_UNKNOWN = N_("{place} is not known: {known}")
    PLACES_NEEDED = N_("must contain {{numbers}} and {{text}}")
    OWN_NEEDED = N_("must say how the provider is asked")
    OWN_UNUSED = N_("is only for a provider that is not in the list")
    NO_PATTERN = N_("is no regular expression: {why}")
    PATTERN_AT = N_("{why} (character {place})")
    PATTERN_UNCLOSED = N_("a parenthesis is not closed")
    PATTERN_UNOPENED = N_("a parenthesis is closed that was not opened")
    PATTERN_BRACKET = N_("a bracket is not closed")
    PATTERN_COUNT = N_("the first count in braces is larger than the second")
    PATTERN_NOTHING_REPEATED = N_("there is nothing to repeat before the sign of repetition")
    PATTERN_REPEATED_TWICE = N_("two signs of repetition follow each other")
    PATTERN_RANGE = N_("a range in brackets is no range")
    PATTERN_LOOK_BEHIND = N_("what is looked for before a place may have one length only")
    PATTERN_GROUP_NAME = N_("the name or number of a group cannot be, or there is no such group")
    PATTERN_ESCAPE = N_("what follows a backslash cannot stand there")
    PATTERN_EXTENSION = N_("what follows (? is not known, or cannot stand there")
    PATTERN_UNREADABLE = N_("it cannot be understood")
    PATTERN_REPEATS = N_("repeats more than {most} times by its counts in braces")
    PATTERN_SLOW = N_("takes too long with long texts: a repetition within a repetition, such as (a+)+")
    PATTERN_GROUP = N_("must have a group, in parentheses, around what is wanted")
    LINE_FORM = N_("line {number} is not of the form name = value")
    LINE_TWICE = N_("line {number}: {name} comes twice")
    NAME_FORM = N_("{name}: a name has no = and no blanks at its ends, a value is one line without blanks at its ends")
    CODE_MEANING = N_("{code}: the meaning must be one of {choices}")

    # What a device that is plugged in might be.
    SERIAL_PORT = N_("serial port")
    HID_DEVICE = N_("HID device")
    MIGHT_BE_VOICE_MODEM = N_("{maker} voice modem: driver hayes, profile {profile}")
    MIGHT_BE_ON_PORT = N_(
        "a serial port of the machine: an external modem (driver hayes) or "
        "caller-id box (driver fsk, netcallerid or tci)"
    )
    MIGHT_BE_BEHIND_ADAPTER = N_(
        "{maker} serial adapter: behind it a modem (driver hayes) or caller-id box (driver fsk, netcallerid or tci)"
    )
    MIGHT_BE_USB_MODEM = N_("a USB modem: driver hayes")
    MIGHT_BE_ANYTHING = N_("unknown: switch the trace on to see what it says")
    MIGHT_BE_HEADSET = N_("a headset or handset with hook button: no line of its own, but headset of one")
    MIGHT_BE_PHONE_BOX = N_("a vendor's own device; if it is a phone box, try driver tp_hid with the trace on")
    NO_TELEPHONE = N_("not a telephone device")

    # What is noticed.
    HOST_CLOCK = N_("the clock of the line host {host} is wrong by {seconds} s; the times of its calls are corrected")
    HOST_DROPPED = N_("{count} reports of the line host are lost: it was out of reach for too long")
    BATTERY_LOW = N_("the battery of the phone box is low")
    SERVICE_RESTART = N_("the UBOX service asks to be restarted")
    NUMBERLESS = N_("{count} calls in a row came without caller id; the device may be stuck")

    @property
    def code(self) -> str:
        """What stands for it in records and events."""
        return self.name.lower()


class Said(str):
    """A saying with its values filled in."""

    __slots__ = ("saying", "values")

    saying: Saying
    values: dict[str, Any]

    def __new__(cls, saying: Saying, **values: Any) -> Said:
        """``values`` fill the ``{names}`` of ``saying``; raises KeyError when one is missing."""
        made = super().__new__(cls, saying.value.format(**values))
        made.saying = saying
        made.values = values
        return made

    @property
    def msgid(self) -> str:
        """What the catalogues call it."""
        return str(self.saying.value)


_FAILED = {
    "dial": Saying.DIAL_FAILED,
    "answer": Saying.ANSWER_FAILED,
    "hang_up": Saying.HANG_UP_FAILED,
    "end_call": Saying.HANG_UP_FAILED,
    "record": Saying.RECORD_FAILED,
    "send_digits": Saying.TONES_FAILED,
    "hold": Saying.HOLD_FAILED,
    "resume": Saying.RESUME_FAILED,
    "transfer": Saying.TRANSFER_FAILED,
    "complete": Saying.TRANSFER_FAILED,
    "consult": Saying.CONSULT_FAILED,
    "conference": Saying.CONFERENCE_FAILED,
}


def command_failed(command: str, why: str) -> Said:
    """That ``command`` failed, and ``why``."""
    saying = _FAILED.get(command)
    return Said(Saying.BECAUSE, what=command, why=why) if saying is None else Said(saying, why=why)


def said(text: str) -> dict[str, Any] | None:
    """``text`` as plain data, ``{"code", "values"}``; None for what is no saying."""
    if not isinstance(text, Said):
        return None
    return {"code": text.saying.code, "values": {name: said(value) or value for name, value in text.values.items()}}


def said_again(data: Mapping[str, Any] | None, text: str = "") -> str:
    """What ``said`` made plain data of; ``text`` for None, or for what another version of the program said."""
    try:
        saying = Saying[str(data["code"]).upper()] if data else None
        values = {name: said_again(value) or value if isinstance(value, dict) else value
                  for name, value in (data or {}).get("values", {}).items()}  # fmt: skip
        return text if saying is None else Said(saying, **values)
    except KeyError:
        return text


def cleaned(text: str) -> str:
    """``text`` fit to be kept and shown: what came from a device in it is cleaned and cut."""
    if not isinstance(text, Said):
        return clean_text(text, VALUE_LENGTH)
    values = {name: cleaned(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return Said(text.saying, **values)


def words_of(error: BaseException | None) -> str:
    """What ``error`` says: its ``Said`` if it was raised with one."""
    first = error.args[0] if error is not None and error.args else None
    return first if isinstance(first, Said) else str(error)
