"""``/ws``: events to open pages. Commands are HTTP requests; here a page only says what it wants to hear."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autobahn.twisted.resource import WebSocketResource
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from callcenter.clock import utc_now
from callcenter.events import TOPICS
from callcenter.tasks import Periodic, TaskTracker
from callcenter.text import N_
from web.catching_up import Missed, Snapshot, catch_up
from web.closing_socket import (
    BROKEN,
    CLOSING_SECONDS,
    GOING_AWAY,
    Handover,
    refuse,
    socket_factory,
    wants_websocket,
)
from web.errors import MalformedError, SignedOutError
from web.exchange import session_token
from web.fanout import Fanout
from web.greeting import Greeting
from web.presence import Presence
from web.security import from_own_page
from web.services import Services
from web.settings import SiteSettings
from web.trial_watch import TrialWatches
from web.websocket import SESSION_ENDED, Socket

_log = Logger(namespace="web.sockets")

HELD_SECONDS = 0.2
"""What is not urgent is told so much later at most. Telling hundreds of pages is most of what a call costs, and with
what waited goes the next ring.
"""
# Sessions looked up in the database with every round of pings.
RECHECKED_AT_ONCE = 50


class SocketEntrance(Resource):
    """Checks Origin and session while there is still a request to check, then lets Autobahn take over."""

    isLeaf = True

    def __init__(self, service: SocketService) -> None:
        super().__init__()
        self._service = service

    def render_GET(self, request: Request) -> int:
        """101, or 403 for a foreign page, 401 without a session, 429 with too many, 503 while stopping."""
        left: list[bool] = []
        request.notifyFinish().addErrback(lambda _: left.append(True))
        entering = Deferred.fromCoroutine(self._enter(request, left))
        entering.addErrback(lambda failure: self._failed(request, left, failure))
        return NOT_DONE_YET

    async def _enter(self, request: Request, left: list[bool]) -> None:
        service = self._service
        if not from_own_page(request, service.settings):
            refuse(request, 403)
            return
        if not wants_websocket(request):
            refuse(request, 426)
            return
        token = session_token(request)
        session = await service.services.sign_in.principal_for(token) if token else None
        if left:
            return
        if refusal := service.refusal(session):
            refuse(request, refusal)
            return
        handover = Handover(service.factory, service=service, session=session, reactor=service.reactor)
        WebSocketResource(handover).render(request)

    def _failed(self, request: Request, left: list[bool], failure: Any) -> None:
        _log.failure("a page could not be let in", failure)
        if not left:
            refuse(request, 500)


class SocketService:
    """All sockets: lets them in, brings them up to date, tells them events, sees them out."""

    def __init__(self, services: Services, settings: SiteSettings) -> None:
        self.services = services
        self.settings = settings
        self.reactor: Any = services.reactor
        # Where a page was really loaded from is checked by SocketEntrance.
        self.factory = socket_factory(Socket, services.reactor, settings.socket_message_limit)
        self._fanout = Fanout(self.pack)
        self._presence = Presence(services.telephony.agents)
        self._tasks = TaskTracker("sockets", services.reactor)
        # Each by itself: a database that does not answer is no reason to tell no page that we are there.
        self._checks = [
            Periodic(services.reactor, settings.socket_ping_interval, step)
            for step in (self._ping_all, self._ask_about_sessions)
        ]
        self._sockets: dict[Socket, None] = {}
        self._trials = TrialWatches(services.telephony.tests)
        self._endings: list[Any] = []
        # Pages to which something is to be told by the timer.
        self._late: dict[Socket, None] = {}
        self._timer: IDelayedCall | None = None
        self._stopping = False
        self._empty: Deferred[None] | None = None

    @property
    def count(self) -> int:
        """Open sockets."""
        return len(self._sockets)

    def resource(self) -> SocketEntrance:
        """What answers ``/ws``."""
        return SocketEntrance(self)

    def start(self) -> None:
        """Listen for events, for the end of sessions, and for pages that have silently gone."""
        self._endings = [
            self.services.bus.subscribe(self._fanout.publish),
            self.services.sign_in.on_session_ended(self.session_ended),
        ]
        for each in self._checks:
            each.start()

    async def stop(self) -> None:
        """Close every socket with 1001 and wait until they are gone, which is bounded by cutting them off."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
            self._tell_late()
        for each in self._checks:
            await each.stop()
        for stop_listening in self._endings:
            stop_listening()
        if self._sockets:
            self._empty = Deferred()
            for socket in list(self._sockets):
                socket.end(GOING_AWAY, "the server is stopping")
            await self._empty
        await self._tasks.drain(CLOSING_SECONDS)

    def pack(self, text: bytes) -> bytes:
        """A whole WebSocket frame with this text, as it goes over every connection."""
        frame: bytes = self.factory.prepareMessage(text, isBinary=False).payloadHybi
        return frame

    def refusal(self, session: Any) -> int:
        """HTTP status with which whoever has ``session`` is turned away, 0 for nobody."""
        if self._stopping:
            return 503
        if session is None:
            return 401
        if session.must_change_password:
            return 403
        same = sum(socket.principal.user_id == session.principal.user_id for socket in self._sockets)
        return 429 if same >= self.settings.sockets_per_user else 0

    def opened(self, socket: Socket) -> None:
        """A page has connected."""
        self._sockets[socket] = None
        self._tasks.start(self._still_signed_in(socket))

    def closed(self, socket: Socket) -> None:
        """A page has gone."""
        if socket not in self._sockets:
            return
        del self._sockets[socket]
        self._late.pop(socket, None)
        self._fanout.remove(socket)
        self._trials.leave(socket)
        if socket.greeted:
            self._tasks.start(self._presence.left(socket.principal))
        if self._empty is not None and not self._sockets:
            self._empty.callback(None)

    def greeted(self, socket: Socket, greeting: Greeting) -> None:
        """A page says what it wants to hear. Raises ServiceError when it may not, or said so before."""
        if socket.greeted:
            raise MalformedError(N_("Say hello once."))
        for topic in greeting.topics:
            socket.principal.require(TOPICS[topic])
        self._trials.watch(socket, greeting.tests)
        socket.greeted = True
        # First subscribe, then read: what happens meanwhile waits in the outbox.
        self._fanout.add(socket, greeting.topics)
        self._tasks.start(self._bring_up_to_date(socket, greeting.since, greeting.topics))

    def held(self, socket: Socket) -> None:
        """A page is to be told something, but not at once."""
        self._late[socket] = None
        if self._timer is None and not self._stopping:
            self._timer = self.reactor.callLater(HELD_SECONDS, self._tell_late)

    def _tell_late(self) -> None:
        self._timer = None
        late, self._late = self._late, {}
        for socket in late:
            socket.outbox.send_held()

    def session_ended(self, token_hashes: Iterable[str]) -> None:
        """Close the sockets of these sessions."""
        ended = set(token_hashes)
        for socket in [one for one in self._sockets if one.session.token_hash in ended]:
            socket.end(SESSION_ENDED, "signed out")

    async def _still_signed_in(self, socket: Socket) -> None:
        """A sign-out between the check of the request and now would have found no socket to close."""
        if await self.services.sign_in.is_open(socket.session) is False:
            socket.end(SESSION_ENDED, "signed out")

    async def _bring_up_to_date(self, socket: Socket, since: int | None, topics: tuple[str, ...]) -> None:
        try:
            await self._presence.came(socket.principal)
            found = await catch_up(self.services, socket.principal, since, topics, self.settings.replay_limit)
        except SignedOutError:
            socket.end(SESSION_ENDED, "signed out")
            return
        except Exception:  # noqa: BLE001 - the page comes again by itself
            _log.failure("a page could not be brought up to date")
            socket.end(BROKEN, "try again")
            return
        self._tell(socket, found)

    def _tell(self, socket: Socket, found: Missed | Snapshot) -> None:
        if socket.state != socket.STATE_OPEN:
            return
        match found:
            case Missed(events=events):
                for event in events:
                    socket.transport.write(self._fanout.rendering(event, socket.principal).payload)
            case Snapshot(seq=seq, topics=topics):
                for topic, state in topics.items():
                    socket.say({"op": "snapshot", "topic": topic, "seq": seq, "data": state})
        socket.say({"op": "ready", "seq": found.seq, "alive_every": self.settings.socket_ping_interval})
        socket.outbox.go_live(found.seq)

    async def _ping_all(self) -> None:
        now = utc_now(self.reactor)
        for socket in list(self._sockets):
            if now >= socket.session.expires_at:
                socket.end(SESSION_ENDED, "session over")
            elif socket.check():
                self.services.sign_in.keep_open(socket.session)

    async def _ask_about_sessions(self) -> None:
        """Some at a time, so that the end of one in another process is noticed too."""
        for socket in list(self._sockets)[:RECHECKED_AT_ONCE]:
            await self._still_signed_in(socket)
            if socket in self._sockets:
                # To the end of the queue.
                self._sockets[socket] = self._sockets.pop(socket)
