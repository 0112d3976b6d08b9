"""A line whose device can hold a call itself: its commands, checked, and the hanging up before its port is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from hardware.line_device import Capability
from hardware.port_line import PortLine
from hardware.settings import LineSettings
from hardware.supervisor import PortOpener
from protocols.actions import CallSession
from protocols.dial_strings import checked_digits, checked_number
from protocols.line_endpoint import CallProtocol, WireTap
from protocols.sayings import Saying
from protocols.signals import LineSignal

_HANG_UP_POLL = 0.05
_HANG_UP_POLLS = 100
"""Five seconds, longer than any device is waited for at one command. Turns of the reactor are counted and no clock is
looked at: while the process stands still no device can answer it.
"""

BuildProtocol = Callable[[CallSession, IReactorTime, Callable[[LineSignal], None], WireTap], CallProtocol]


class CallingLine(PortLine):
    """Base of such lines. A subclass tells ``capabilities``; commands that need one it lacks are refused."""

    def __init__(
        self,
        settings: LineSettings,
        opener: PortOpener,
        session: CallSession,
        protocol: BuildProtocol,
        reactor: ReactorBase,
        trace_folder: Path,
    ) -> None:
        super().__init__(settings, opener, reactor, trace_folder)
        self._calls = session
        self._protocol_of = protocol
        self._protocol = self._build()

    def _build(self) -> CallProtocol:
        self._protocol = self._protocol_of(self._calls, self._reactor, self._report, self._trace)
        return self._protocol

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        raise NotImplementedError

    def dial(self, number: str) -> None:
        """See ``LineDevice``."""
        checked_number(number)
        self._require(Capability.DIAL, Saying.CANNOT_DIAL)
        self._protocol.dial(number)

    def answer(self) -> None:
        """See ``LineDevice``."""
        self._require(Capability.ANSWER, Saying.CANNOT_ANSWER)
        self._protocol.answer()

    def hang_up(self) -> None:
        """See ``LineDevice``."""
        self._require(Capability.HANG_UP, Saying.CANNOT_HANG_UP)
        self._protocol.hang_up()

    def send_digits(self, digits: str) -> None:
        """See ``LineDevice``."""
        checked_digits(digits)
        self._require(Capability.DTMF_OUT, Saying.CANNOT_SEND_TONES)
        self._protocol.send_digits(digits)

    def _require(self, capability: Capability, cannot: Saying) -> None:
        # What a device can do may be known only while it is there.
        self._require_up()
        if capability not in self.capabilities:
            raise self._incapable(cannot, self._unable_because())

    def _unable_because(self) -> Saying | None:
        """Why the device lacks what others of its kind can do, where that is known."""
        return None

    async def _finish_calls(self) -> None:
        if self._calls.holds_call:
            self._protocol.hang_up()
        for _ in range(_HANG_UP_POLLS):
            if not self._calls.holds_call:
                break
            await deferLater(self._reactor, _HANG_UP_POLL)
