"""The one interface behind which every phone box, modem or PBX line stands."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from hardware.call_control import CallControl, ControlWish
from hardware.trace import TraceListener
from protocols.signals import LineSignal

SignalListener = Callable[[LineSignal], None]


class HardwareError(Exception):
    """A device could not do what was asked; the message, best one of ``protocols.sayings``, is for whoever asked."""


class NotCapableError(HardwareError):
    """The device has no such capability."""


class Capability(enum.Flag):
    """What a line device can do. Screens offer only what the line has."""

    NONE = 0
    RING = enum.auto()
    CALLER_ID = enum.auto()
    LOCAL_HOOK = enum.auto()
    DIAL = enum.auto()
    HANG_UP = enum.auto()
    ANSWER = enum.auto()
    FAR_END_ANSWER = enum.auto()
    DTMF_IN = enum.auto()
    DTMF_OUT = enum.auto()
    RECORD = enum.auto()
    PLAY = enum.auto()
    LINE_LOST = enum.auto()
    HOLD = enum.auto()
    TRANSFER = enum.auto()
    """To a number, without asking there first."""
    CONSULT = enum.auto()
    """A third party while the far end waits, who can then take the call."""
    CONFERENCE = enum.auto()
    """With that third party."""
    LISTEN = enum.auto()
    """A supervisor can hear the call, and speak to the agent or to both."""

    @property
    def names(self) -> list[str]:
        """Lower-case names of the single capabilities in this set, in declaration order."""
        return [str(flag.name).lower() for flag in self]


CONTROL_NEEDS = MappingProxyType(
    {
        ControlWish.HOLD: Capability.HOLD,
        ControlWish.RESUME: Capability.HOLD,
        ControlWish.TRANSFER: Capability.TRANSFER,
        ControlWish.CONSULT: Capability.CONSULT,
        ControlWish.COMPLETE: Capability.CONSULT,
        ControlWish.CONFERENCE: Capability.CONFERENCE,
    }
)
"""What a line must be able to do for each wish."""


class LineDevice(Protocol):
    """A started device supervises itself: it reconnects for ever and says so by LineReady and LineLost.

    Commands return at once after validating their argument; what came of them is reported by signals.
    They raise ``NotCapableError`` for what the device cannot do and ``HardwareError`` while it is lost.
    """

    @property
    def capabilities(self) -> Capability:
        """What the device can do; may grow from driver defaults once the device is identified."""
        ...

    def start(self, listener: SignalListener) -> None:
        """Open the port now and whenever it comes back; report everything to ``listener`` on the reactor."""
        ...

    async def stop(self) -> None:
        """Hang up what is open, release the port, report nothing more."""
        ...

    def dial(self, number: str) -> None:
        """Dial ``number``: 1 to 32 of ``0-9 * # + ,``; anything else is a ``ValueError``."""
        ...

    def answer(self) -> None:
        """Take the ringing call."""
        ...

    def hang_up(self) -> None:
        """End the present call."""
        ...

    def send_digits(self, digits: str) -> None:
        """Send DTMF ``0-9 * # A-D`` on the present call."""
        ...

    @property
    def recordings(self) -> Path | None:
        """The folder in which the device leaves its recordings, None if it cannot record."""
        ...

    def record(self, name: str) -> None:
        """Record the present call until it ends, as the file ``name`` in ``recordings``: letters, digits, - and .wav.

        The file may be complete only a while after the call.
        """
        ...

    @property
    def call_control(self) -> CallControl | None:
        """What it can do with an answered call; None for a device that can do nothing of the kind."""
        ...

    def set_trace(self, enabled: bool) -> None:
        """Switch the raw, timestamped trace of this line on or off: the one in a file."""
        ...

    def watch(self, listener: TraceListener | None) -> None:
        """Tell ``listener`` of every byte, and of the port's opening and closing; None: nobody any more.

        A port that is open is told of at once. One listener at a time; it must not raise.
        """
        ...

    def rename(self, name: str) -> None:
        """Be called ``name`` in what is said to people from now on."""
        ...
