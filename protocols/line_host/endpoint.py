"""Twisted glue around a line host's session: a transport that carries messages, a timer, and hands that do things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol as TypedProtocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from protocols.deadline import Deadline
from protocols.line_host.host_session import HostActions, HostSession
from protocols.line_host.messages import Order
from protocols.line_host.outbox import Item, Moment
from protocols.signals import LineSignal

_log = Logger(namespace="callcenter.line_host")


class Hands(TypedProtocol):
    """What the session has done."""

    def keep(self, item: Item) -> None:
        """Write ``item`` to the disk, soon."""
        ...

    def forget(self, ordinal: int) -> None:
        """Remove the item from the disk, soon."""
        ...

    def trace(self, line: str, enabled: bool) -> None:
        """The server wants the line's bytes traced, or not."""
        ...

    def carry_out(self, order: Order) -> str:
        """Give ``order`` to the device; why it refuses, else empty."""
        ...

    def turned_away(self) -> None:
        """The server does not want us to come back soon."""
        ...


class HostProtocol(Protocol):
    """Runs ``session`` over one connection after another; each ``dataReceived`` is a message, and so is each write."""

    def __init__(self, session: HostSession, hands: Hands, reactor: IReactorTime, clocks: Callable[[], Moment]) -> None:
        self._session = session
        self._hands = hands
        self._reactor = reactor
        self._clocks = clocks
        self._deadline = Deadline(reactor, self._tick)

    def begin(self) -> None:
        """Before the lines start."""
        self._perform(self._session.begin(self._clocks()))

    def heard(self, line: str, signal: LineSignal, can: tuple[str, ...]) -> None:
        """The device of ``line`` reports ``signal``; it ``can`` do this now."""
        self._perform(self._session.heard(line, signal, can, self._clocks()))

    def connectionMade(self) -> None:  # noqa: N802
        """Say hello."""
        self._perform(self._session.connect(self._clocks()))

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """A message of the server."""
        self._perform(self._session.receive(data, self._clocks()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The connection is gone."""
        self.transport = None
        self._perform(self._session.disconnect())

    def _perform(self, actions: HostActions) -> None:
        for item in actions.keep:
            self._hands.keep(item)
        for ordinal in actions.forget:
            self._hands.forget(ordinal)
        if self.transport is not None:
            for message in actions.send:
                self.transport.write(message)
        for line, enabled in actions.trace:
            self._hands.trace(line, enabled)
        for order in actions.carry_out:
            self._perform(self._session.done(order, self._hands.carry_out(order), self._clocks()))
        if actions.turned_away:
            self._hands.turned_away()
        if actions.close and self.transport is not None:
            _log.warn("{why}", why=str(actions.close))
            self.transport.loseConnection()
        due = self._session.next_deadline()
        self._deadline.set(None if due is None else self._reactor.seconds() + due - self._clocks().steady)

    def _tick(self) -> None:
        self._perform(self._session.tick(self._clocks()))
