"""What a TP phone box says and is told, as codes and frozen messages.

Source: the public upil project, tp_protocol.h.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Command(enum.IntEnum):
    """What the box can be told."""

    VERSION = 0x01
    DIAL = 0x11
    HISTORY = 0x12
    SERIAL_NUMBER = 0x16
    HARDWARE = 0x18
    STATE = 0x21
    SET_TIME = 0x22
    BUSY_DETECTION = 0x23
    OFF_HOOK = 0x61
    ON_HOOK = 0x62
    KEEP_ALIVE = 0x6A
    RINGER_OFF = 0x6C


class Event(enum.IntEnum):
    """What the box says. Those that tell nothing of a call are listed so that they are recognised."""

    VERSION = 0x81
    VENDOR = 0x83
    SERIAL_NUMBER = 0x84
    HARDWARE = 0x85
    STATE = 0xAB
    CALLER_ID = 0xD1
    FAR_DIGITS = 0xD2
    DIALLED = 0xD3
    MISSED_CALL = 0xD4
    TAKEN_CALL = 0xD5
    DIALLED_CALL = 0xD6
    HISTORY_END = 0xD7
    FAR_DIGITS_RECORDING = 0xD8
    PARALLEL_DIGITS = 0xD9
    KEY = 0xE1
    HANDS_FREE_UP = 0xE3
    HANDS_FREE_DOWN = 0xE4
    RING = 0xE5
    RESTARTED = 0xE6
    HANDSET_UP = 0xE7
    HANDSET_DOWN = 0xE8
    PARALLEL_UP = 0xE9
    PARALLEL_DOWN = 0xEA
    BUSY_TONE = 0xEB
    LOCAL_DIGIT = 0xEC
    BATTERY_LOW = 0xED


class Hook(enum.IntEnum):
    """What can take the line; the values are those of the state event."""

    PARALLEL = 1
    HANDS_FREE = 2
    HANDSET = 3


@dataclass(frozen=True)
class Message:
    """Base of the messages."""


@dataclass(frozen=True)
class Acknowledged(Message):
    """The box took a report; ``piece`` are the report's last six bytes."""

    piece: bytes


@dataclass(frozen=True)
class Rang(Message):
    """Ringing voltage."""


@dataclass(frozen=True)
class CallerId(Message):
    """Caller id; ``number`` is empty when none was sent. ``plausible`` is False if date or number cannot be right:
    nothing else shows that it was received wrongly.
    """

    number: str
    plausible: bool = True


@dataclass(frozen=True)
class HookMoved(Message):
    """``hook`` took the line (``up``) or let it go."""

    hook: Hook
    up: bool


@dataclass(frozen=True)
class StateIs(Message):
    """What has the line now, None for nothing."""

    hook: Hook | None


@dataclass(frozen=True)
class Digits(Message):
    """Tones heard, ``0-9 * #``."""

    digits: str


@dataclass(frozen=True)
class LocalDigit(Message):
    """The box sent one of the tones of the number that it dials."""


@dataclass(frozen=True)
class Dialled(Message):
    """The box has sent the whole number."""


@dataclass(frozen=True)
class BusyTone(Message):
    """Busy tone on the line."""


@dataclass(frozen=True)
class Restarted(Message):
    """The box has just been started and has forgotten what it was told."""


@dataclass(frozen=True)
class BatteryLow(Message):
    """The battery of the box is low."""


@dataclass(frozen=True)
class Identity(Message):
    """What the box says it is: ``name`` says which part of it, ``value`` in hexadecimal."""

    name: str
    value: str
