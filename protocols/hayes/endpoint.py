"""A modem on a Twisted transport: the common glue, and where the sound of recordings goes."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from protocols.actions import Actions
from protocols.hayes.session import HayesSession
from protocols.hayes.sound import SoundSink, deliver
from protocols.line_endpoint import CallProtocol, WireTap
from protocols.signals import LineSignal


class HayesProtocol(CallProtocol):
    """``CallProtocol`` running a ``HayesSession``. What people say in a call goes to ``sink``, and to no trace."""

    def __init__(
        self,
        session: HayesSession,
        clock: IReactorTime,
        report: Callable[[LineSignal], None],
        tap: WireTap,
        sink: SoundSink,
    ) -> None:
        super().__init__(session, clock, report, tap)
        self._modem = session
        self._sink = sink

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Hand bytes to the session."""
        actions = self._modem.receive(data, self._clock.seconds())
        if said := self._modem.take_said():
            self._tap.received(said)
        self.perform(actions)

    def perform(self, actions: Actions) -> None:
        """Likewise, after the sound that came before: when a call is reported to be over, it is complete."""
        for news in self._modem.take_sound():
            deliver(news, self._sink)
        super().perform(actions)

    def record(self, name: str) -> None:
        """Record the present call as ``name``."""
        self.perform(self._modem.record(name, self._clock.seconds()))
