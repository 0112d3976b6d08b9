"""The whole site on a real port of the loopback, with real services on a real database; and browsers to use it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlencode

from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, ResponseDone
from twisted.web.http_headers import Headers

from callcenter.administration.audit_log import AuditLog
from callcenter.administration.passwords import Passwords
from callcenter.administration.principal import Principal
from callcenter.administration.saved_views import SavedViews
from callcenter.administration.sign_in import SignIn
from callcenter.alarms.service import AlarmService
from callcenter.bus import LocalBus
from callcenter.messaging.desk import SmsDesk
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.messages.composing import House
from callcenter.messaging.outbox import dispatcher
from callcenter.messaging.service import Messaging, MessagingSettings
from callcenter.recordings.settings import RecordingSettings
from callcenter.records import Records
from callcenter.servicedesk.articles import KnowledgeBase, article_slot
from callcenter.servicedesk.complaints.service import Complaints
from callcenter.talking.script_slot import script_slot
from callcenter.talking.slots import TalkingPane
from callcenter.telephony.line_hosts import LineHostAccess
from callcenter.telephony.service import Telephony
from callcenter.telephony.settings import TelephonySettings
from callcenter.worklist.settings import CallTaskSettings
from hardware.drivers import LineSettings, SharedPorts, create_line_device
from storage.database import Database
from tests.peers.call_center import LINES
from tests.peers.hospital import PASSWORD, every_row, fill
from tests.peers.made_once import make_once
from tests.peers.messaging import Factory
from tests.peers.patience import until
from tests.peers.scripted_line import ScriptedLine, Workbench
from web.prompt_transport import PromptServer, listen_promptly
from web.services import Services
from web.settings import SiteSettings
from web.site import Web, build_site

make_once()

SAFE = "/?&=%:+,;@!$'()*~-._[]"


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        values = self.headers.getRawHeaders(name) or [""]
        return values[0]


class Browser:
    """Keeps cookies as a browser does, and knows its session's CSRF token once it has signed in."""

    def __init__(self, address: str, agent: Agent) -> None:
        self.address = address
        self.agent = agent
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        csrf: bool = True,
    ) -> Answer:
        sent = Headers({"Cookie": ["; ".join(f"{name}={value}" for name, value in self.cookies.items())]})
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            sent.setRawHeaders("Content-Type", ["application/json"])
        if form is not None:
            fields = dict(form)
            if csrf and "csrf_token" not in fields:
                fields["csrf_token"] = self.csrf
            data = urlencode(fields, doseq=True).encode()
            sent.setRawHeaders("Content-Type", ["application/x-www-form-urlencoded"])
        if csrf and method != "GET" and form is None:
            sent.setRawHeaders("X-CSRF-Token", [self.csrf])
        for name, value in (headers or {}).items():
            sent.setRawHeaders(name, [value])
        producer = FileBodyProducer(BytesIO(data)) if data is not None else None
        response = await self.agent.request(
            method.encode(), (self.address + quote(path, safe=SAFE)).encode(), sent, producer
        )
        for line in response.headers.getRawHeaders("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return Answer(response.code, response.headers, await _read(response))

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.ask("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.ask(
            "POST", path, {} if body is None and not options.keys() & {"form", "raw"} else body, **options
        )

    async def sign_in(self, username: str, password: str = PASSWORD) -> Answer:
        answer = await self.post("/api/v1/session", {"username": username, "password": password})
        assert answer.status == 200, answer.text
        self.csrf = answer.json["csrf"]
        return answer


class _Body(Protocol):
    """Collects a response's body; twisted's readBody warns about connections that are kept."""

    def __init__(self, done: Deferred[bytes]) -> None:
        self.pieces: list[bytes] = []
        self.done = done

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ResponseDone):
            self.done.callback(b"".join(self.pieces))
        else:
            self.done.errback(reason)


async def _read(response: Any) -> bytes:
    done: Deferred[bytes] = Deferred()
    response.deliverBody(_Body(done))
    return await done


@dataclass
class RunningSite:
    """Everything that was started."""

    database: Database
    services: Services
    web: Web
    port: IListeningPort
    pool: HTTPConnectionPool
    lines: list[ScriptedLine]
    workbench: Workbench
    people: Mapping[str, Principal]
    roles: Mapping[str, int]
    browsers: list[Browser] = field(default_factory=list)

    @property
    def number(self) -> int:
        return int(self.port.getHost().port)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.number}"

    def browser(self) -> Browser:
        return Browser(self.address, Agent(reactor, pool=self.pool))

    async def signed_in(self, username: str) -> Browser:
        browser = self.browser()
        await browser.sign_in(username)
        return browser

    async def settle(self) -> None:
        """Wait until everything the lines said is committed and told."""
        telephony = self.services.telephony
        while True:
            await self.database.run(lambda _: None)
            if not len(telephony._tasks) and not any(runner.journal.waiting for runner in telephony._board):
                return

    async def sms_rests(self) -> None:
        """Wait until nothing is left to do about gateways and messages."""
        await until(lambda: not self.services.messaging.busy, "the rest of the SMS center")

    async def hear(self, *signals: Any, line: int = 0) -> None:
        for signal in signals:
            self.lines[line].say(signal)
        await self.settle()

    async def stop(self) -> None:
        number = self.number
        await self.port.stopListening()
        await self.web.stop(2.0)
        await self.services.messaging.stop()
        await self.services.telephony.stop()
        await self.pool.closeCachedConnections()
        await self.database.stop()
        # Each has timers, and hears of its client's end when the kernel gets round to it.
        await until(lambda: not _served_at(number), "the end of all connections")


def _served_at(number: int) -> list[PromptServer]:
    """The server's sides of connections to this port."""
    everything: Any = {*reactor.getReaders(), *reactor.getWriters()}  # type: ignore[attr-defined]
    return [one for one in everything if isinstance(one, PromptServer) and one.getHost().port == number]


async def start_site(
    url: str,
    settings: SiteSettings | None = None,
    hosted: Sequence[LineSettings] = (),
    recordings: Path | None = None,
) -> RunningSite:
    """Fill the database at ``url`` and serve it.

    ``hosted`` are lines of line hosts beside the scripted ones; ``recordings`` is the folder to keep recordings in,
    None records nothing.
    """
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    bus = LocalBus()
    database = Database(url, reactor, on_commit=bus.publish)
    await database.start()
    people, roles = await database.run(fill, hasher.hash(PASSWORD))
    passwords = Passwords(reactor, hasher)
    sign_in = SignIn(database, reactor, passwords)
    records = Records(database, reactor, sign_in, passwords, "010")
    lines = [ScriptedLine() for _ in LINES]
    shared = SharedPorts(reactor)
    others = [(line, create_line_device(line, reactor, Path("unused"), shared)) for line in hosted]
    telephony = Telephony(
        database=database, bus=bus, reactor=reactor, lines=[*zip(LINES, lines, strict=True), *others],
        make_device=(workbench := Workbench()),
        settings=TelephonySettings(
            area_code="010", offline_after_seconds=0.05,
            call_tasks=CallTaskSettings(earliest="00:00", latest="24:00"),
        ),
        recordings=RecordingSettings(recordings or Path("/nonexistent/recordings"), enabled=recordings is not None),
        on_session_ended=sign_in.on_session_ended,
    )  # fmt: skip
    house = House("测试医院", "Asia/Shanghai", "010")
    desk = SmsDesk(database, reactor, house, records["templates"].resource, records.patients.records.resource)
    services = Services(
        reactor=reactor, database=database, bus=bus, sign_in=sign_in, telephony=telephony,
        line_hosts=LineHostAccess(database, reactor, shared.line_hosts), patients=records.patients,
        resources=records, audit=AuditLog(database, reactor), views=SavedViews(database),
        alarms=AlarmService(database, reactor), desk=desk,
        messaging=(messaging := _messaging(database, bus, desk)),
        talking=TalkingPane(database, (script_slot("示范医院"), article_slot())), knowledge=KnowledgeBase(database),
        complaints=Complaints(database, reactor, "010"),
        registry=CollectorRegistry(), ready=_ready,
    )  # fmt: skip
    await telephony.start()
    await messaging.start()
    web = build_site(services, settings or SiteSettings())
    web.start()
    port = listen_promptly(reactor, 0, web.site, 50, "127.0.0.1")
    return RunningSite(database, services, web, port, HTTPConnectionPool(reactor), lines, workbench, people, roles)


def _messaging(database: Database, bus: LocalBus, desk: SmsDesk) -> Messaging:
    """An SMS centre whose gateways answer for everything on the next turn of the reactor."""
    settings = MessagingSettings(Factory(reactor).kinds(), SecretBox(Fernet.generate_key()))
    # Most messages of tests are of a day long past: they would be given up in the middle of a test that takes its time.
    with patch.object(dispatcher, "UPKEEP_SECONDS", 3600.0):
        return Messaging(database, reactor, bus, settings, desk.inbox.received)


async def _ready() -> list[str]:
    return []


def pause(seconds: float) -> Deferred[None]:
    waiting: Deferred[None] = Deferred()
    reactor.callLater(seconds, waiting.callback, None)
    return waiting


async def together(*coroutines: Any) -> list[Any]:
    """Run them at the same time; the results in order. Raises the first failure."""
    results = await DeferredList([Deferred.fromCoroutine(one) for one in coroutines], fireOnOneErrback=True)
    return [result for _, result in results]


async def with_rights(site: RunningSite, admin: Browser, *permissions: str) -> Browser:
    """The clerk, who may do this and no more."""
    role = await admin.post("/api/v1/roles", {"name": "信息科", "grants": dict.fromkeys(permissions, "all")})
    clerk = next(one for one in (await admin.get("/api/v1/users")).json["items"] if one["username"] == "clerk")
    body = {"role_ids": [role.json["id"]], "version": clerk["version"]}
    assert (await admin.ask("PATCH", f"/api/v1/users/{clerk['id']}", body)).status == 200
    return await site.signed_in("clerk")


async def all_rows(site: RunningSite) -> dict[str, list[Any]]:
    """Every row of every table but the sessions, which note when they were last used, and the daemon's heartbeat."""
    found = await site.database.read(every_row)
    return {name: rows for name, rows in found.items() if name not in ("web_session", "heartbeat")}
