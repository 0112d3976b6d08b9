"""A WebSocket whose end is bounded, and the way from a checked HTTP request to it."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.web.server import Request

from web.security import set_headers

GOING_AWAY = 1001
POLICY = 1008
BROKEN = 1011

# Seconds that the other end has to answer our close before the connection is cut.
CLOSING_SECONDS = 2.0


class ClosingSocket(WebSocketServerProtocol):
    """Autobahn refuses to send 1001 and never gives up on a reader that stopped; here both are dealt with.

    ``reactor`` gives time and is set by whoever hands the connection over.
    """

    reactor: Any
    _cut: Any = None

    def end(self, code: int, reason: str) -> None:
        """Close with ``code``; cut the connection when nobody answers in time. Twice does no harm."""
        # Autobahn's sendClose takes no code below 3000 but 1000.
        self.sendCloseFrame(code=code, reasonUtf8=reason.encode("utf-8"), isReply=False)

    def sendCloseFrame(self, *arguments: Any, **options: Any) -> None:
        """However closing begins, it ends: a reader that has stopped reading never answers."""
        super().sendCloseFrame(*arguments, **options)
        if self._cut is None:
            self._cut = self.reactor.callLater(CLOSING_SECONDS, self._cut_off)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N803 - Autobahn's signature
        """The connection is gone, or never became one."""
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None

    def _cut_off(self) -> None:
        self._cut = None
        self.transport.abortConnection()


class Handover:
    """Gives what is known from the HTTP request to the protocol that Autobahn's resource asks for."""

    def __init__(self, factory: WebSocketServerFactory, **known: Any) -> None:
        self._factory = factory
        self._known = known

    def buildProtocol(self, address: Any) -> Any:
        """A socket that knows all of it."""
        socket = self._factory.buildProtocol(address)
        for name, value in self._known.items():
            setattr(socket, name, value)
        return socket


def socket_factory(protocol: type[ClosingSocket], reactor: Any, longest: int) -> WebSocketServerFactory:
    """A factory of such sockets, with messages of at most ``longest`` bytes. Who may enter is checked before."""
    factory = WebSocketServerFactory(server="", reactor=reactor)
    factory.protocol = protocol
    factory.setProtocolOptions(
        maxFramePayloadSize=longest,
        maxMessagePayloadSize=longest,
        failByDrop=False,
        # Ours run on the injected clock.
        openHandshakeTimeout=0,
        closeHandshakeTimeout=0,
        webStatus=False,
        allowedOrigins=["*"],
        allowNullOrigin=True,
    )
    return factory


def wants_websocket(request: Request) -> bool:
    """Whether the request asks for a WebSocket; else the answer's header says that it should."""
    if request.requestHeaders.getRawHeaders("Upgrade", [""])[0].lower() == "websocket":
        return True
    request.setHeader("Upgrade", "websocket")
    return False


def refuse(request: Request, status: int) -> None:
    """Answer with ``status`` and nothing else."""
    set_headers(request)
    request.setResponseCode(status)
    request.setHeader("Content-Length", "0")
    request.finish()
