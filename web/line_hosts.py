"""``/line-host``: where line hosts connect. They prove who they are by a token, so no page of anybody else can."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.resource import WebSocketResource
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from zope.interface import implementer

from callcenter.errors import ServiceError
from callcenter.telephony.line_hosts import Admitted, LineHostAccess
from protocols.line_host.codec import MAX_MESSAGE
from web.closing_socket import (
    BROKEN,
    GOING_AWAY,
    POLICY,
    ClosingSocket,
    Handover,
    refuse,
    socket_factory,
    wants_websocket,
)
from web.errors import status_of
from web.exchange import bearer_token
from web.security import client_address
from web.settings import SiteSettings

_log = Logger(namespace="callcenter.line_hosts")

PINGS = 60
"""Most WebSocket pings that are answered between two messages; our own are messages of the protocol."""


@implementer(IPushProducer)
class HostSocket(ClosingSocket):
    """One line host's connection; a ``HostLink``. ``sockets`` and ``admitted`` are known from the request."""

    sockets: HostSockets
    admitted: Admitted

    def onOpen(self) -> None:
        """Take the transport over from HTTP, which is still registered with it."""
        self.unregisterProducer()
        self.registerProducer(self, True)
        self._pings = 0
        self.sockets.opened(self)
        self.admitted.host.connected(self, self.admitted.marks)

    def send(self, message: bytes) -> None:
        """Send one message."""
        if self.state == self.STATE_OPEN:
            self.sendMessage(message)

    def close(self, why: str) -> None:
        """End the connection."""
        # A close frame holds 123 bytes of reason; ours stands in a message before it.
        self.end(POLICY, "")

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803 - Autobahn's signature
        """A message of the host."""
        self._pings = 0
        try:
            self.admitted.host.received(self, payload)
        except Exception:  # noqa: BLE001 - Autobahn would swallow it
            _log.failure("a message of a line host could not be handled")
            self.end(BROKEN, "failed")

    def onPing(self, payload: bytes) -> None:
        """Answer, but not a flood."""
        self._pings += 1
        if self._pings <= PINGS:
            self.sendPong(payload)
        else:
            self.end(POLICY, "too many pings")

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N803
        """The connection is gone, or never became one."""
        super().onClose(wasClean, code, reason)
        if self.sockets.closed(self):
            self.admitted.host.lost(self)

    def pauseProducing(self) -> None:
        """What we send is little: a host that does not even read that is cut off."""
        self.transport.abortConnection()

    def resumeProducing(self) -> None:
        """There is room again."""

    def stopProducing(self) -> None:
        """The connection is gone; ``onClose`` follows."""


class HostEntrance(Resource):
    """Checks the token while there is still a request to check, then lets Autobahn take over."""

    isLeaf = True

    def __init__(self, sockets: HostSockets) -> None:
        super().__init__()
        self._sockets = sockets

    def render_GET(self, request: Request) -> int:
        """101, or 401 without a good token, 403 for a host without lines, 429 after too many tries, 503 on stopping."""
        left: list[bool] = []
        request.notifyFinish().addErrback(lambda _: left.append(True))
        Deferred.fromCoroutine(self._enter(request, left))
        return NOT_DONE_YET

    async def _enter(self, request: Request, left: list[bool]) -> None:
        status = 101
        admitted: Any = None
        if not wants_websocket(request):
            status = 426
        elif not self._sockets.stopping:
            try:
                admitted = await self._sockets.admit(bearer_token(request), request)
            except ServiceError as error:
                status = status_of(error)
            except Exception:  # noqa: BLE001 - the host comes again by itself
                _log.failure("a line host could not be let in")
                status = 500
        if left:
            return
        if admitted is None or self._sockets.stopping:
            refuse(request, 503 if self._sockets.stopping else status)
        else:
            self._sockets.let_in(request, admitted)


class HostSockets:
    """The connections of line hosts."""

    def __init__(self, hosts: LineHostAccess, settings: SiteSettings, reactor: Any) -> None:
        self._hosts = hosts
        self._settings = settings
        self._reactor = reactor
        self._factory = socket_factory(HostSocket, reactor, MAX_MESSAGE)
        self._sockets: set[HostSocket] = set()
        self._empty: Deferred[None] | None = None
        self.stopping = False

    def resource(self) -> HostEntrance:
        """What answers ``/line-host``."""
        return HostEntrance(self)

    def start(self) -> None:
        """Let hosts in."""
        self._hosts.start()

    async def stop(self) -> None:
        """Close every connection with 1001 and wait until they are gone, which is bounded by cutting them off."""
        self.stopping = True
        await self._hosts.stop()
        if self._sockets:
            self._empty = Deferred()
            for socket in list(self._sockets):
                socket.end(GOING_AWAY, "the server is stopping")
            await self._empty

    async def admit(self, token: str, request: Request) -> Admitted:
        """The host with ``token``; raises ServiceError."""
        return await self._hosts.admit(token, client_address(request, self._settings))

    def let_in(self, request: Request, admitted: Admitted) -> None:
        """Make a WebSocket of the request."""
        handover = Handover(self._factory, sockets=self, admitted=admitted, reactor=self._reactor)
        WebSocketResource(handover).render(request)

    def opened(self, socket: HostSocket) -> None:
        """A host has connected."""
        self._sockets.add(socket)

    def closed(self, socket: HostSocket) -> bool:
        """A host has gone; whether it was ever here."""
        here = socket in self._sockets
        self._sockets.discard(socket)
        if self._empty is not None and not self._sockets and not self._empty.called:
            self._empty.callback(None)
        return here
