"""TCP connections: to serial device servers (ser2net, Moxa and the like) in raw mode, and to SMS gateways.

Such a server passes the bytes of its serial port on as they are; speed and parity are set on the server. It is not
asked whether it is there: the kernel finds out, by keep-alive or by missing acknowledgements. With TLS the kernel is
left alone: what runs over that asks by itself.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import error
from twisted.internet.base import ReactorBase
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IProtocol, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from hardware.client_tls import how_lost
from hardware.port_address import TcpAddress
from hardware.supervisor import ClosablePort, PortError
from protocols.line_endpoint import PortGoneError
from protocols.sayings import Said, Saying

CONNECT_TIMEOUT = 10.0
"""Seconds for each address of the host."""
# In seconds, but the number of probes: a silent peer that is gone is noticed within half a minute. Linux.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
_UNACKNOWLEDGED_MS = 30_000


class TcpPort(Protocol):
    """A connection that carries ``protocol``. ``on_closed`` is called once, at the end."""

    def __init__(
        self, address: TcpAddress, protocol: IProtocol, on_closed: Callable[[], None], *, tls: bool = False
    ) -> None:
        self._address = address
        self._protocol = protocol
        self._on_closed = on_closed
        self._tls = tls
        self._carries = False

    def carry(self) -> TcpPort:
        """This connection is the one that is used, of those that were tried at once."""
        assert self.transport is not None  # noqa: S101 - connected
        if not self._tls:
            _set_options(self.transport)  # type: ignore[arg-type]
        self._carries = True
        self._protocol.makeConnection(self.transport)
        return self

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes from there."""
        self._protocol.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The server is gone, or ``close`` was called."""
        if self._carries:
            gone = PortGoneError(how_lost(str(self._address), reason.value))
            self._protocol.connectionLost(Failure(gone))  # type: ignore[no-untyped-call]
            self._on_closed()

    def close(self) -> None:
        """Close at once; unwritten bytes are dropped."""
        assert self.transport is not None  # noqa: S101 - connected
        self.transport.abortConnection()  # type: ignore[attr-defined]


def _set_options(transport: ITCPTransport) -> None:
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    handle = transport.getHandle()  # type: ignore[attr-defined]
    for name, value in {**_KEEP_ALIVE, "TCP_USER_TIMEOUT": _UNACKNOWLEDGED_MS}.items():
        if hasattr(socket, name):
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class TcpOpener:
    """Connects to one configured server whenever asked. Names are looked up anew each time, on a thread.

    ``tls`` is what ``client_tls`` made, None for a connection without.
    """

    def __init__(self, address: TcpAddress, reactor: ReactorBase, tls: Any = None) -> None:
        self._address = address
        self._reactor = reactor
        self._tls = tls
        self._opening: Deferred[Any] | None = None

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Connect and run ``protocol``. Fails with ``PortError``."""
        plain = HostnameEndpoint(self._reactor, self._address.host, self._address.port, timeout=CONNECT_TIMEOUT)
        endpoint = plain if self._tls is None else wrapClientTLS(self._tls, plain)
        secure = self._tls is not None
        factory = Factory.forProtocol(lambda: TcpPort(self._address, protocol, on_closed, tls=secure))
        factory.noisy = False
        connecting: Deferred[Any] = endpoint.connect(factory)
        self._opening = connecting.addCallbacks(TcpPort.carry, self._explain)
        return self._opening

    def give_up(self) -> None:
        """See ``PortOpener``."""
        if self._opening is not None:
            self._opening.cancel()

    def _explain(self, failure: Failure) -> None:
        if not isinstance(failure.value, _EXPECTED):
            failure.raiseException()
        why = Said(Saying.CANNOT_CONNECT, peer=str(self._address), why=plainly(failure.value))
        raise PortError(why) from failure.value


# ValueError: a host name that cannot be one.
_EXPECTED = (
    error.ConnectError, error.DNSLookupError, error.ConnectingCancelledError, CancelledError, ValueError
)  # fmt: skip
_PLAIN = {
    error.DNSLookupError: Said(Saying.NAME_UNKNOWN),
    error.TimeoutError: Said(Saying.DOES_NOT_ANSWER),
    error.ConnectingCancelledError: Said(Saying.GIVEN_UP),
    CancelledError: Said(Saying.GIVEN_UP),
    error.ConnectionDone: Said(Saying.IT_CLOSED),
    error.ConnectionLost: Said(Saying.WAS_LOST),
    error.ConnectionAborted: Said(Saying.WAS_LOST),
}


def plainly(problem: BaseException | None) -> str:
    """Why a connection could not be made; the words of a system are those of ``protocols.system_words`` or its own."""
    known = _PLAIN.get(type(problem))
    number = getattr(problem, "osError", None)
    return known if known is not None else os.strerror(number) if number else str(problem)
