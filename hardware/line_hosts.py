"""The line hosts of one server: who is connected, and what their lines say."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hardware.line_device import SignalListener
from protocols.clocks import wall_seconds
from protocols.deadline import Deadline
from protocols.line_host.served_line import ServedLine
from protocols.line_host.server_session import ServerActions, ServerSession

_log = Logger(namespace="callcenter.line_hosts")

Mark = tuple[str, str, int]
"""A line by its host's name for it, with source and number of its last report that is written down."""


class HostLink(Protocol):
    """A connection to a line host."""

    def send(self, message: bytes) -> None:
        """Send one message."""
        ...

    def close(self, why: str) -> None:
        """Send what is to be sent, then end it."""
        ...


class LineHost:
    """One line host. Its lines are added before the first of them is started."""

    def __init__(self, name: str, reactor: IReactorTime) -> None:
        self.name = name
        self._reactor = reactor
        self._names: dict[str, str] = {}
        self._listeners: dict[str, SignalListener] = {}
        self._started: ServerSession | None = None
        self._link: HostLink | None = None
        self._deadline = Deadline(reactor, self._tick)

    @property
    def lines(self) -> dict[str, str]:
        """The names of its lines in the configuration, by its own names for them."""
        return dict(self._names)

    def add(self, line: str, name: str) -> None:
        """One more line: the host calls it ``line``, the configuration ``name``."""
        self._names[line] = name

    def line(self, line: str) -> ServedLine:
        """What is known of a line."""
        return self._session.line(line)

    def start(self, line: str, listener: SignalListener) -> None:
        """Report what happens on the line."""
        self._listeners[line] = listener
        self._perform(self._session.start(line))

    def stop(self, line: str) -> None:
        """Report no more of the line. Its calls go on: the host holds them."""
        self._listeners.pop(line, None)
        if not self._listeners:
            self._drop("the call center is stopping")
            self._deadline.cancel()

    def order(self, line: str, command: str, argument: str = "") -> None:
        """Have the line's device do something; only while the line is ``there``."""
        self._perform(self._session.order(line, command, argument, self._reactor.seconds()))

    # Connections.

    def connected(self, link: HostLink, marks: Iterable[Mark]) -> None:
        """The host is at the other end of ``link``. An older connection is told and ended."""
        if self._link is not None:
            _log.warn("line host {host}: another connection takes the place of the one before", host=self.name)
            self._perform(self._session.supersede())
        self._link = link
        self._perform(self._session.connect(marks, self._reactor.seconds()))
        _log.info("line host {host} has connected", host=self.name)

    def received(self, link: HostLink, message: bytes) -> None:
        """A message came over ``link``."""
        if link is self._link:
            self._perform(self._session.receive(message, self._reactor.seconds()))

    def lost(self, link: HostLink) -> None:
        """``link`` is gone."""
        if link is self._link:
            _log.warn("line host {host} is disconnected", host=self.name)
            self._forget_link()

    def expel(self, why: str) -> None:
        """It may not be connected any more."""
        self._drop(why)

    @property
    def _session(self) -> ServerSession:
        if self._started is None:
            self._started = ServerSession(
                self.name,
                tuple(self._names),
                self._written,
                lambda: secrets.token_hex(8),
                lambda: wall_seconds(self._reactor),
            )
        return self._started

    def _written(self, line: str, source: str, number: int) -> None:
        self._perform(self._session.written(line, source, number))

    def _drop(self, why: str) -> None:
        if self._link is not None:
            link = self._link
            self._forget_link()
            link.close(why)

    def _forget_link(self) -> None:
        self._link = None
        self._perform(self._session.disconnect())

    def _perform(self, actions: ServerActions) -> None:
        if self._link is not None:
            for message in actions.send:
                self._link.send(message)
        for line, signal in actions.signals:
            if line in self._listeners:
                self._listeners[line](signal)
        if actions.close and self._link is not None:
            _log.warn("line host {host} is cut off: {why}", host=self.name, why=str(actions.close))
            self._drop(actions.close)
        self._deadline.set(self._session.next_deadline() if self._listeners else None)

    def _tick(self) -> None:
        self._perform(self._session.tick(self._reactor.seconds()))


class LineHosts:
    """Every line host that the configuration has lines of."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._hosts: dict[str, LineHost] = {}

    def at(self, name: str) -> LineHost:
        """The host ``name``, which the configuration has a line of."""
        if name not in self._hosts:
            self._hosts[name] = LineHost(name, self._reactor)
        return self._hosts[name]

    def find(self, name: str) -> LineHost | None:
        """The host ``name``, None if the configuration has no line of it."""
        return self._hosts.get(name)
