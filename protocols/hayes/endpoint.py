"""A modem on a Twisted transport."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from protocols.hayes.session import HayesSession
from protocols.line_endpoint import LineProtocol, WireTap
from protocols.signals import LineSignal


class HayesProtocol(LineProtocol):
    """``LineProtocol`` with the commands of a modem; see ``HayesSession`` for what they take and report."""

    def __init__(
        self,
        session: HayesSession,
        clock: IReactorTime,
        report: Callable[[LineSignal], None],
        tap: WireTap,
    ) -> None:
        super().__init__(session, clock, report, tap)
        self._modem = session

    def dial(self, number: str) -> None:
        """Dial ``number``."""
        self.perform(self._modem.dial(number, self._clock.seconds()))

    def answer(self) -> None:
        """Take the ringing call."""
        self.perform(self._modem.answer(self._clock.seconds()))

    def hang_up(self) -> None:
        """End the present call."""
        self.perform(self._modem.hang_up(self._clock.seconds()))

    def send_digits(self, digits: str) -> None:
        """Send DTMF."""
        self.perform(self._modem.send_digits(digits, self._clock.seconds()))
