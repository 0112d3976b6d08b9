"""Ports that several lines share: one box with several telephone lines says everything on one port."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from hardware.asterisk_pbx import PbxDirectory
from hardware.line_hosts import LineHosts
from hardware.ports import stream_opener
from hardware.supervisor import ClosablePort, PortError, PortOpener
from hardware.ubox_port import UboxServices
from hardware.udp_port import UdpSockets
from protocols.sayings import Said, Saying


class SharedPorts:
    """What the lines of one daemon share. ``pbxes`` are those that its configuration names."""

    def __init__(self, reactor: ReactorBase, pbxes: PbxDirectory | None = None) -> None:
        self.pbxes = pbxes or {}
        self.line_hosts = LineHosts(reactor)
        self.sockets = UdpSockets(reactor)
        self.ubox = UboxServices(reactor)
        self._reactor = reactor
        self._streams: dict[tuple[str, int], SharedStream] = {}

    def stream(self, port: str, baud: int) -> PortOpener:
        """An opener for one line on the stream of ``port``; see ``ports.stream_opener``."""
        key = port, baud
        if key not in self._streams:
            self._streams[key] = SharedStream(stream_opener(port, baud, self._reactor))
        return SeatOpener(self._streams[key])


class SharedStream:
    """One port that is open while a seat is taken. Every seat hears all; none may write."""

    def __init__(self, opener: PortOpener) -> None:
        self._opener = opener
        self._port: ClosablePort | None = None
        self._opening = False
        self._seats: list[Seat] = []

    def take(self, seat: Seat) -> None:
        """Let ``seat`` hear as soon as the port is open."""
        self._seats.append(seat)
        if self._port is not None:
            seat.begin()
        elif not self._opening:
            self._opening = True
            self._opener.open(_Crowd(self._seats), self._closed).addCallbacks(self._opened, self._not_opened)

    def leave(self, seat: Seat) -> None:
        """``seat`` wants no more; with the last one the port is closed, which it is told when it is done."""
        if self._seats != [seat]:
            self._seats.remove(seat)
            seat.end(Failure(PortError("given up")))  # type: ignore[no-untyped-call]
        elif self._port is not None:
            self._port.close()
        else:
            self._opener.give_up()

    def _opened(self, port: ClosablePort) -> None:
        self._opening = False
        self._port = port
        for seat in tuple(self._seats):
            seat.begin()

    def _not_opened(self, failure: Failure) -> None:
        self._opening = False
        self._end_all(failure)

    def _closed(self) -> None:
        self._port = None
        self._end_all(Failure(PortError(Said(Saying.PORT_CLOSED))))  # type: ignore[no-untyped-call]

    def _end_all(self, failure: Failure) -> None:
        seats = tuple(self._seats)
        self._seats.clear()
        for seat in seats:
            seat.end(failure)


class _Crowd(Protocol):
    """Passes what comes on to every seat."""

    def __init__(self, seats: list[Seat]) -> None:
        self._seats = seats

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        for seat in tuple(self._seats):
            seat.hear(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        for seat in tuple(self._seats):
            seat.lose(reason)


class Seat:
    """One line on a shared stream; an open port once ``begun``."""

    def __init__(self, stream: SharedStream, protocol: IProtocol, on_closed: Callable[[], None]) -> None:
        self._stream = stream
        self._protocol = protocol
        self._on_closed = on_closed
        self._connected = False
        self.begun: Deferred[ClosablePort] = Deferred()

    def begin(self) -> None:
        """The port is open."""
        self._connected = True
        self._protocol.makeConnection(self)  # type: ignore[arg-type]
        self.begun.callback(self)

    def hear(self, data: bytes) -> None:
        """The box said ``data``."""
        if self._connected:
            self._protocol.dataReceived(data)

    def lose(self, reason: Failure) -> None:
        """The port is gone."""
        if self._connected:
            self._connected = False
            self._protocol.connectionLost(reason)

    def end(self, failure: Failure) -> None:
        """Nothing is left of the port, or it never came."""
        if not self.begun.called:
            self.begun.errback(failure)
        else:
            self.lose(connectionDone)
            self._on_closed()

    def write(self, data: bytes) -> None:
        """Nothing: such boxes only talk."""

    def close(self) -> None:
        """Hear no more."""
        self._stream.leave(self)


class SeatOpener:
    """Takes a seat on a shared stream whenever asked."""

    def __init__(self, stream: SharedStream) -> None:
        self._stream = stream
        self._seat: Seat | None = None

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Hear what the box says. Fails with ``PortError``."""
        self._seat = Seat(self._stream, protocol, on_closed)
        self._stream.take(self._seat)
        return self._seat.begun

    def give_up(self) -> None:
        """See ``PortOpener``."""
        if self._seat is not None and not self._seat.begun.called:
            self._stream.leave(self._seat)
