"""UDP sockets that several lines share: boxes of one kind send to one port, each with several telephone lines.

Whatever else comes is dropped and counted. The log tells how much now and then, never what was in it.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocol, IReactorTime
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from hardware.port_address import UdpAddress
from hardware.supervisor import ClosablePort, PortError
from protocols.line_endpoint import PortGoneError
from protocols.sayings import Said, Saying

_log = Logger()

TELL_EVERY = 600.0
"""Seconds between two lines of the log about what was dropped."""

Sender = tuple[str, int]


class Verdict(enum.IntEnum):
    """What one line says of a datagram; of several lines' verdicts the highest counts."""

    STRANGER = 0
    NOISE = 1
    OTHER_BOX = 2
    OTHER_LINE = 3
    MINE = 4


class Listener(Protocol):
    """A line on a socket."""

    def offer(self, data: bytes, sender: Sender) -> Verdict:
        """Take the datagram, or say why not."""
        ...


class UdpSocket(DatagramProtocol):
    """One socket, open while a line listens on it."""

    noisy = False

    def __init__(self, host: str, port: int, reactor: ReactorBase) -> None:
        self._host = host
        self._port = port
        self._reactor = reactor
        self._listeners: list[Listener] = []
        self._open: IListeningPort | None = None
        self.dropped = Dropped(f"udp {host}:{port}", reactor)

    def attach(self, listener: Listener) -> None:
        """Let ``listener`` hear. ``PortError`` if the socket cannot be opened."""
        if self._open is None:
            try:
                self._open = self._reactor.listenUDP(self._port, self, interface=self._host)  # type: ignore[attr-defined]
            except CannotListenError as error:
                why = error.socketError.strerror or error.socketError
                raise PortError(Said(Saying.CANNOT_LISTEN, port=f"udp {self._host}:{self._port}", why=why)) from error
        self._listeners.append(listener)

    def detach(self, listener: Listener) -> Deferred[None]:
        """``listener`` hears no more; with the last one the socket is closed."""
        self._listeners.remove(listener)
        if self._listeners or self._open is None:
            return succeed(None)
        closing, self._open = self._open, None
        return closing.stopListening() or succeed(None)

    def send(self, data: bytes, receiver: Sender) -> None:
        """Send one datagram; what cannot be sent is lost, as datagrams may be."""
        if self.transport is not None:
            try:
                self.transport.write(data, receiver)
            except OSError as error:
                _log.debug("cannot send to {receiver}: {error}", receiver=receiver[0], error=error)

    def datagramReceived(self, data: bytes, addr: Sender) -> None:  # noqa: N802
        """Offer the datagram to every line."""
        verdict = max([self._offer(listener, data, addr) for listener in tuple(self._listeners)], default=None)
        if verdict is not None and verdict is not Verdict.MINE:
            self.dropped.count(verdict)

    def _offer(self, listener: Listener, data: bytes, sender: Sender) -> Verdict:
        try:
            return listener.offer(data, sender)
        except Exception:  # noqa: BLE001 - the other lines on the socket are to hear it too
            _log.failure("a line failed on a datagram")
            return Verdict.NOISE


class Dropped:
    """Counts what no line took, and tells it in the log, at most once in ten minutes."""

    def __init__(self, where: str, clock: IReactorTime) -> None:
        self._where = where
        self._clock = clock
        self._untold: Counter[Verdict] = Counter()
        self._tell_at = 0.0
        self.total: Counter[Verdict] = Counter()

    def count(self, verdict: Verdict) -> None:
        """One more."""
        self.total[verdict] += 1
        self._untold[verdict] += 1
        if self._clock.seconds() < self._tell_at:
            return
        self._tell_at = self._clock.seconds() + TELL_EVERY
        _log.warn(
            "{where}: dropped {strangers} datagrams from senders that are not allowed, {noise} that are not of a box, "
            "{others} of boxes or lines that are not configured",
            where=self._where,
            strangers=self._untold[Verdict.STRANGER],
            noise=self._untold[Verdict.NOISE],
            others=self._untold[Verdict.OTHER_BOX] + self._untold[Verdict.OTHER_LINE],
        )
        self._untold.clear()


class UdpSockets:
    """The sockets of one daemon by address and port."""

    def __init__(self, reactor: ReactorBase) -> None:
        self._reactor = reactor
        self._sockets: dict[tuple[str, int], UdpSocket] = {}

    def at(self, address: UdpAddress) -> UdpSocket:
        """The one socket for ``address``; not opened by this."""
        key = address.host, address.port
        if key not in self._sockets:
            self._sockets[key] = UdpSocket(*key, self._reactor)
        return self._sockets[key]


class UdpLinePort:
    """One line's share of a socket, and the transport that its protocol writes to: to whoever its box is."""

    def __init__(
        self,
        socket: UdpSocket,
        address: UdpAddress,
        judge: Callable[[bytes], Verdict],
        protocol: IProtocol,
        on_closed: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._address = address
        self._judge = judge
        self._protocol = protocol
        self._on_closed = on_closed
        self._box: Sender | None = None

    def offer(self, data: bytes, sender: Sender) -> Verdict:
        """See ``Listener``. The protocol gets all that allowed senders send: its trace should show it."""
        if not self._address.allows(sender[0]):
            return Verdict.STRANGER
        verdict = self._judge(data)
        if verdict >= Verdict.OTHER_LINE:
            self._box = sender
        self._protocol.dataReceived(data)
        return verdict

    def write(self, data: bytes) -> None:
        """Send to the box, once it has been heard."""
        if self._box is not None:
            self._socket.send(data, self._box)

    def close(self) -> None:
        """Listen no more."""
        closed = self._socket.detach(self)
        gone = PortGoneError(Said(Saying.PORT_CLOSED))
        self._protocol.connectionLost(Failure(gone))  # type: ignore[no-untyped-call]
        closed.addBoth(lambda _: self._on_closed())


class UdpOpener:
    """Opens one line's share of a socket. ``judge`` says of a datagram whether it is the line's."""

    def __init__(self, sockets: UdpSockets, address: UdpAddress, judge: Callable[[bytes], Verdict]) -> None:
        self._socket = sockets.at(address)
        self._address = address
        self._judge = judge

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Listen and run ``protocol``. Fails with ``PortError``."""
        port = UdpLinePort(self._socket, self._address, self._judge, protocol, on_closed)
        try:
            self._socket.attach(port)
        except PortError:
            return fail()
        protocol.makeConnection(port)  # type: ignore[arg-type]
        return succeed(port)

    def give_up(self) -> None:
        """See ``PortOpener``. Nothing takes time here."""
