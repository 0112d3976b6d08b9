"""A WebSocket to a server, opened whenever asked: every message is one ``dataReceived``, every write one message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IAddress, IProtocol, IStreamClientEndpoint, ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from hardware.client_tls import TLS_PROBLEMS, client_tls, how_lost
from hardware.supervisor import ClosablePort, PortError
from hardware.tcp_port import plainly
from hardware.websocket_words import plain_reason
from protocols.line_endpoint import PortGoneError
from protocols.sayings import Said, Saying

_log = Logger()

CONNECT_SECONDS = 10
HANDSHAKE_SECONDS = 10
CLOSE_SECONDS = 1
_STATUS = re.compile(r"[\[(](\d{3})\b")


@dataclass(frozen=True)
class WebSocketAddress:
    """``url`` begins with ws:// or wss://; with wss the certificate must name its host and be signed by those in the
    PEM file ``authorities``, without one by those that the system trusts. ``refusals`` says what an HTTP status means.
    """

    url: str
    authorities: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    refusals: Mapping[int, str] = field(default_factory=dict)
    longest: int = 65_536


class WebSocketOpener:
    """Connects whenever asked. The name is looked up anew each time, on a thread.

    Reads the authorities' file when it is made; ``PortError`` if that cannot be.
    """

    def __init__(self, address: WebSocketAddress, reactor: ReactorBase) -> None:
        self._address = address
        self._reactor = reactor
        parts = urlsplit(address.url)
        self._host = parts.hostname or ""
        self._tls = client_tls(self._host, address.authorities) if parts.scheme == "wss" else None
        self._connecting: Deferred[Any] | None = None
        self._socket: _Socket | None = None

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Connect ``protocol``. Fails with ``PortError``, also when the server refuses the WebSocket."""
        opened: Deferred[ClosablePort] = Deferred()
        factory = WebSocketClientFactory(
            self._address.url, headers=dict(self._address.headers), useragent=None, reactor=self._reactor
        )
        factory.protocol = lambda: _Socket(self._address, protocol, on_closed, opened)
        factory.noisy = False
        factory.setProtocolOptions(
            openHandshakeTimeout=HANDSHAKE_SECONDS,
            closeHandshakeTimeout=CLOSE_SECONDS,
            maxFramePayloadSize=self._address.longest,
            maxMessagePayloadSize=self._address.longest,
            tcpNoDelay=True,
        )
        self._connecting = self._endpoint(factory.port).connect(factory)
        self._connecting.addCallbacks(self._connected, lambda failure: self._failed(failure, opened))
        return opened

    def give_up(self) -> None:
        """See ``PortOpener``."""
        if self._connecting is not None:
            self._connecting.cancel()
        elif self._socket is not None:
            self._socket.close()

    def _endpoint(self, port: int) -> IStreamClientEndpoint:
        plain = HostnameEndpoint(self._reactor, self._host, port, timeout=CONNECT_SECONDS)
        return plain if self._tls is None else wrapClientTLS(self._tls, plain)

    def _connected(self, socket: _Socket) -> None:
        self._socket, self._connecting = socket, None

    def _failed(self, failure: Failure, opened: Deferred[ClosablePort]) -> None:
        self._connecting = None
        why = Said(Saying.CANNOT_CONNECT, peer=self._address.url, why=plainly(failure.value))
        opened.errback(PortError(why))


@implementer(ITransport)
class _Port:
    """What the protocol writes to, and who opened the port closes."""

    def __init__(self, socket: _Socket) -> None:
        self._socket = socket

    def write(self, data: bytes) -> None:
        """Send one message of text."""
        self._socket.sendMessage(data)

    def writeSequence(self, data: Any) -> None:  # noqa: N802 - ITransport
        """Send several."""
        for message in data:
            self.write(message)

    def loseConnection(self) -> None:  # noqa: N802 - ITransport
        """Send what was written, then close."""
        self._socket.sendClose()

    def close(self) -> None:
        """Close at once."""
        self._socket.close()

    def getPeer(self) -> IAddress:  # noqa: N802 - ITransport
        """The address of the server."""
        address: IAddress = self._socket.transport.getPeer()
        return address

    def getHost(self) -> IAddress:  # noqa: N802 - ITransport
        """Our own address."""
        address: IAddress = self._socket.transport.getHost()
        return address


class _Socket(WebSocketClientProtocol):  # type: ignore[misc]
    """The connection itself. Autobahn swallows what its handlers raise: nothing here may."""

    def __init__(
        self,
        address: WebSocketAddress,
        protocol: IProtocol,
        on_closed: Callable[[], None],
        opened: Deferred[ClosablePort],
    ) -> None:
        super().__init__()
        self._address = address
        self._protocol = protocol
        self._on_closed = on_closed
        self._opened = opened
        self._carries = False
        self._problem: BaseException | None = None

    def close(self) -> None:
        """Close at once; unwritten messages are dropped."""
        self.transport.abortConnection()

    def onOpen(self) -> None:  # noqa: N802 - Autobahn's name
        """The server accepted. Of connections to several addresses of it that were tried at once, one carries."""
        if self._opened.called:
            self.close()
            return
        self._carries = True
        port = _Port(self)
        self._protocol.makeConnection(port)
        self._opened.callback(port)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 - Autobahn's names
        """A message of the server."""
        try:
            self._protocol.dataReceived(payload)
        except Exception:  # noqa: BLE001 - Autobahn would swallow it
            _log.failure("a message of the server could not be handled")

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """Remember why, which Autobahn tells only in part."""
        self._problem = reason.value
        super().connectionLost(reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """The connection is gone, or the server did not accept."""
        closing: Any = self.closeHandshakeTimeoutCall
        if closing is not None:
            # Autobahn leaves it running when the connection is cut meanwhile.
            closing.cancel()
        if self._carries:
            gone = PortGoneError(how_lost(self._address.url, self._problem))
            self._protocol.connectionLost(Failure(gone))  # type: ignore[no-untyped-call]
            self._on_closed()
        elif not self._opened.called:
            self._opened.errback(PortError(self._why_refused(reason or "")))

    def _why_refused(self, reason: str) -> Said:
        if isinstance(self._problem, TLS_PROBLEMS):
            return how_lost(self._address.url, self._problem)
        status = _STATUS.search(reason)
        known = self._address.refusals.get(int(status[1])) if status is not None else None
        return Said(Saying.CANNOT_CONNECT, peer=self._address.url, why=known or plain_reason(reason))
