"""Connections to UBOX vendor services: one WebSocket for each, shared by the lines on it.

To a line its share is a port of its own: it opens and closes by itself, reads every message of the service, and what it
writes are JSON objects, one a line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IProtocol, ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from hardware.supervisor import ClosablePort, PortError
from hardware.tcp_port import plainly
from hardware.websocket_words import plain_reason
from protocols.line_endpoint import PortGoneError
from protocols.sayings import Said, Saying
from protocols.ubox.codec import MAX_MESSAGE

_log = Logger()

CONNECT_SECONDS = 5
HANDSHAKE_SECONDS = 5
CLOSE_SECONDS = 1


@implementer(ITransport)
class UboxPort:
    """A line's share of a connection. ``on_closed`` is called once, when nothing of the share is left."""

    def __init__(self, service: UboxService, protocol: IProtocol, on_closed: Callable[[], None]) -> None:
        self._service = service
        self.protocol = protocol
        self.on_closed = on_closed

    def write(self, data: bytes) -> None:
        """Send each line of ``data`` as a message."""
        for message in data.split(b"\n"):
            self._service.send(message)

    def writeSequence(self, data: Any) -> None:  # noqa: N802 - ITransport
        """Send several."""
        self.write(b"\n".join(data))

    def loseConnection(self) -> None:  # noqa: N802 - ITransport
        """Give the share back; the last one closes the connection."""
        self._service.leave(self)

    def close(self) -> None:
        """See ``ClosablePort``."""
        self.loseConnection()

    def getPeer(self) -> IAddress:  # noqa: N802 - ITransport
        """A share has no address."""
        raise NotImplementedError

    def getHost(self) -> IAddress:  # noqa: N802 - ITransport
        """A share has no address."""
        raise NotImplementedError


class Waiting:
    """A line that waits for the connection."""

    def __init__(self, protocol: IProtocol, on_closed: Callable[[], None]) -> None:
        self.protocol = protocol
        self.on_closed = on_closed
        self.opened: Deferred[ClosablePort] = Deferred()


class UboxService:
    """One service. It is connected while any line wants it."""

    def __init__(self, url: str, reactor: ReactorBase) -> None:
        self._url = url
        self._reactor = reactor
        self._waiting: list[Waiting] = []
        self._ports: list[UboxPort] = []
        self._leaving: list[UboxPort] = []
        self._socket: _Socket | None = None
        self._connecting: Deferred[Any] | None = None

    def join(self, waiting: Waiting) -> None:
        """Give ``waiting`` a share, connecting first if need be. Its Deferred fails with ``PortError``."""
        self._waiting.append(waiting)
        if self._socket is not None and self._socket.can_send and not self._leaving:
            self._share()
        elif self._socket is None and self._connecting is None:
            self._connect()

    def give_up(self, waiting: Waiting) -> None:
        """``waiting`` wants no share any more; the last one stops the connecting."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            waiting.opened.errback(PortError("given up"))
            if not self._waiting and not self._ports:
                self._stop_connecting()

    def send(self, message: bytes) -> None:
        """Send one message."""
        if self._socket is not None and self._socket.can_send:
            self._socket.sendMessage(message)

    def leave(self, port: UboxPort) -> None:
        """``port`` is not wanted any more. Twice does no harm."""
        if port not in self._ports:
            return
        self._ports.remove(port)
        _lose(port, ConnectionDone())
        if self._ports or self._socket is None:
            port.on_closed()
        else:
            self._leaving.append(port)
            self._socket.sendClose()

    # From the socket.

    def opened(self) -> None:
        """The service accepted the WebSocket."""
        self._share()

    def received(self, message: bytes) -> None:
        """Every line hears it."""
        for port in tuple(self._ports):
            if port in self._ports:
                port.protocol.dataReceived(message)

    def closed(self, reason: str) -> None:
        """The WebSocket is gone, or never came about."""
        self._socket, self._connecting = None, None
        ports, self._ports = self._ports, []
        leaving, self._leaving = self._leaving, []
        for port in ports:
            _lose(port, PortGoneError(Said(Saying.SERVICE_GONE, why=reason)))
        for port in (*ports, *leaving):
            port.on_closed()
        waiting, self._waiting = self._waiting, []
        if leaving and waiting:
            # They came while the connection was being closed for others.
            self._waiting = waiting
            self._connect()
            return
        for each in waiting:
            each.opened.errback(PortError(Said(Saying.CANNOT_OPEN, port=self._url, why=reason)))

    def _share(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            port = UboxPort(self, each.protocol, each.on_closed)
            self._ports.append(port)
            each.protocol.makeConnection(port)
            each.opened.callback(port)

    def _connect(self) -> None:
        factory = WebSocketClientFactory(self._url, reactor=self._reactor)
        factory.protocol = lambda: _Socket(self)
        factory.setProtocolOptions(
            openHandshakeTimeout=HANDSHAKE_SECONDS,
            closeHandshakeTimeout=CLOSE_SECONDS,
            maxFramePayloadSize=MAX_MESSAGE,
            maxMessagePayloadSize=MAX_MESSAGE,
            # Text of a Chinese Windows may be GBK; the codec reads both.
            utf8validateIncoming=False,
        )
        endpoint = HostnameEndpoint(self._reactor, factory.host, factory.port, timeout=CONNECT_SECONDS)
        self._connecting = endpoint.connect(factory)
        self._connecting.addCallbacks(self._connected, lambda failure: self.closed(plainly(failure.value)))

    def _connected(self, socket: _Socket) -> None:
        """The service accepted the connection; the WebSocket is still to come."""
        self._socket, self._connecting = socket, None

    def _stop_connecting(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        elif self._socket is not None and not self._leaving:
            self._socket.dropConnection(abort=True)


class _Socket(WebSocketClientProtocol):  # type: ignore[misc]
    """The connection itself. Autobahn swallows what its handlers raise: nothing here may."""

    def __init__(self, service: UboxService) -> None:
        super().__init__()
        self._service = service

    @property
    def can_send(self) -> bool:
        """Whether messages can be sent."""
        return bool(self.state == self.STATE_OPEN)

    def onOpen(self) -> None:  # noqa: N802 - Autobahn's name
        """The service accepted."""
        self._service.opened()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 - Autobahn's names
        """A message of the service."""
        try:
            self._service.received(payload)
        except Exception:  # noqa: BLE001 - Autobahn would swallow it
            _log.failure("a message of the UBOX service could not be handled")

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """The connection is gone."""
        closing: Any = self.closeHandshakeTimeoutCall
        if closing is not None:
            # Autobahn leaves it running when the connection is cut meanwhile.
            closing.cancel()
        self._service.closed(plain_reason(reason or ""))


def _lose(port: UboxPort, error: Exception) -> None:
    port.protocol.connectionLost(Failure(error))  # type: ignore[no-untyped-call]


class UboxServices:
    """The services of one daemon by address."""

    def __init__(self, reactor: ReactorBase) -> None:
        self._reactor = reactor
        self._services: dict[str, UboxService] = {}

    def at(self, url: str) -> UboxService:
        """The service at ``url``."""
        if url not in self._services:
            self._services[url] = UboxService(url, self._reactor)
        return self._services[url]


class UboxOpener:
    """Opens one line's share of a service whenever asked."""

    def __init__(self, service: UboxService) -> None:
        self._service = service
        self._waiting: Waiting | None = None

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Connect ``protocol``. Fails with ``PortError``."""
        self._waiting = Waiting(protocol, on_closed)
        self._service.join(self._waiting)
        return self._waiting.opened

    def give_up(self) -> None:
        """See ``PortOpener``."""
        if self._waiting is not None:
            self._service.give_up(self._waiting)
