"""Twisted glue between the session of a line, or of another device, and a port. It decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic
from typing import Protocol as TypedProtocol

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from protocols.actions import CallSession, Doings, S, Session
from protocols.deadline import Deadline
from protocols.sayings import Said, Saying, words_of
from protocols.signals import LineSignal


class WireTap(TypedProtocol):
    """Something that wants to see the bytes: a trace."""

    def opened(self) -> None:
        """The port is open."""
        ...

    def closed(self) -> None:
        """The port is closed or lost."""
        ...

    def received(self, data: bytes) -> None:
        """``data`` came from the device."""
        ...

    def sent(self, data: bytes) -> None:
        """``data`` was written to the device."""
        ...


class PortGoneError(ConnectionLost):
    """Why a port is gone, where more can be said of it; the argument is a sentence for people."""

    def __str__(self) -> str:
        return str(self.args[0])


class SessionProtocol(Protocol, Generic[S]):
    """Runs ``session`` on a transport. Signals go to ``report``, bytes both ways to ``tap``."""

    def __init__(self, session: Session[S], clock: IReactorTime, report: Callable[[S], None], tap: WireTap) -> None:
        self._session = session
        self._clock = clock
        self._report = report
        self._tap = tap
        self._deadline = Deadline(clock, self._tick)

    def connectionMade(self) -> None:  # noqa: N802
        """Start the session."""
        self._tap.opened()
        self.perform(self._session.start(self._clock.seconds()))

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Hand bytes to the session."""
        self._tap.received(data)
        self.perform(self._session.receive(data, self._clock.seconds()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Tell the session that the port is gone."""
        self._tap.closed()
        gone = isinstance(reason.value, PortGoneError)
        why = words_of(reason.value) if gone else Said(Saying.UNPLUGGED)
        self.perform(self._session.port_lost(why, self._clock.seconds()))

    def perform(self, actions: Doings[S]) -> None:
        """Write, report, and set the timer for the session's next deadline."""
        if actions.write and self.transport is not None:
            self._tap.sent(actions.write)
            self.transport.write(actions.write)
        self._deadline.set(self._session.next_deadline())
        for signal in actions.signals:
            self._report(signal)

    def _tick(self) -> None:
        self.perform(self._session.tick(self._clock.seconds()))


class LineProtocol(SessionProtocol[LineSignal]):
    """``SessionProtocol`` of a line."""


class CallProtocol(LineProtocol):
    """``LineProtocol`` with the commands of a device that can hold a call; see ``CallSession`` for what they take."""

    def __init__(
        self, session: CallSession, clock: IReactorTime, report: Callable[[LineSignal], None], tap: WireTap
    ) -> None:
        super().__init__(session, clock, report, tap)
        self._calls = session

    def dial(self, number: str) -> None:
        """Dial ``number``."""
        self.perform(self._calls.dial(number, self._clock.seconds()))

    def answer(self) -> None:
        """Take the ringing call."""
        self.perform(self._calls.answer(self._clock.seconds()))

    def hang_up(self) -> None:
        """End the present call."""
        self.perform(self._calls.hang_up(self._clock.seconds()))

    def send_digits(self, digits: str) -> None:
        """Send DTMF."""
        self.perform(self._calls.send_digits(digits, self._clock.seconds()))
