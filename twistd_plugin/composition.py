"""Puts the daemon together: which part is given which, and in which order they start and stop."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from callcenter.bus import LocalBus
from callcenter.config import Configuration
from callcenter.settings import LoggingSettings, Settings
from storage import schema
from storage.database import Database
from twistd_plugin.hospital import build_sender, build_services
from twistd_plugin.housekeeping import Housekeeping
from twistd_plugin.interpreter import share_interpreter
from twistd_plugin.lease import DatabaseLease
from twistd_plugin.listener import Listener, tls_options
from twistd_plugin.metrics import Metrics, line_states
from twistd_plugin.reactor_guard import ReactorGuard
from twistd_plugin.readiness import Readiness
from twistd_plugin.stages import Stage, StageRunner
from twistd_plugin.watchdog import StackSampler, StallWatchdog
from web.services import Services
from web.settings import SiteSettings
from web.site import Web, build_site

_log = Logger(namespace="callcenter.daemon")

# A page that is answering is given this long, in seconds, before its connection is cut.
WEB_DRAIN_SECONDS = 5.0
# Telephony hangs its lines up and writes what came of it; its own deadline is shorter.
TELEPHONY_STOP_SECONDS = 25.0
# Gateways wait a little for answers and unbind; what they had to say is written.
MESSAGING_STOP_SECONDS = 20.0


def site_settings(settings: Settings) -> SiteSettings:
    """The site's part of the configuration."""
    web = settings.web
    return SiteSettings(
        hospital=settings.hospital.name,
        time_zone=ZoneInfo(settings.hospital.time_zone),
        default_locale=settings.hospital.language,
        secure_cookies=web.tls is not None or web.public_url.startswith("https://"),
        origins=frozenset({web.public_url.lower()} if web.public_url else ()),
        trusted_proxies=frozenset(map(str, web.trusted_proxies)),
        session_days=web.session_days,
        sockets_per_user=web.sockets_per_user,
        metrics_readers=frozenset(map(str, web.metrics_readers)),
    )


class Daemon:
    """Everything that runs. ``listener`` has the port of the pages; ``lost`` fires with the reason when the daemon may
    not go on.
    """

    def __init__(self, runner: StageRunner, readiness: Readiness, listener: Listener, lost: Deferred[str]) -> None:
        self._runner = runner
        self._readiness = readiness
        self.listener = listener
        self.lost = lost

    async def start(self) -> None:
        """Start every part, in order; raises ``StageFailedError``."""
        share_interpreter()
        await self._runner.start()
        self._readiness.accepting = True

    async def stop(self) -> None:
        """Stop every part, in reverse."""
        self._readiness.accepting = False
        await self._runner.stop()


def build_daemon(configuration: Configuration, reactor: Any) -> Daemon:
    """The daemon for ``configuration``, not started. Reads the files of TLS, webhooks and the site.

    Raises ``TlsError`` and ``WebhookError``.
    """
    settings = configuration.settings
    bus = LocalBus()
    database = Database(settings.database_url, reactor, on_commit=bus.publish)
    lease = DatabaseLease(database, reactor)
    metrics = Metrics()
    readiness = Readiness(database, reactor)
    services = build_services(settings, database, bus, reactor, metrics.registry, readiness.problems)
    web = build_site(services, site_settings(settings))
    tls = tls_options(settings.web.tls) if settings.web.tls is not None else None
    listener = Listener(reactor, web.site, settings.web.port, str(settings.web.interface), tls)
    housekeeping = Housekeeping(database, reactor, services.telephony.recordings)
    alarms = build_sender(settings, database, bus, reactor)
    stages = [
        _watching(settings.logging, metrics, reactor),
        _storing(database),
        Stage("lease", lease.start, lease.stop),
        _counting(metrics, database, bus, web),
        Stage("housekeeping", housekeeping.start, housekeeping.stop),
        # Before telephony, whose start may raise the first alarms.
        Stage("alarms", alarms.start, alarms.stop, stop_seconds=15.0),
        Stage("telephony", services.telephony.start, services.telephony.stop, stop_seconds=TELEPHONY_STOP_SECONDS),
        _answering(services),
        Stage("messaging", services.messaging.start, services.messaging.stop, stop_seconds=MESSAGING_STOP_SECONDS),
        _serving(web),
        Stage("listener", listener.start, listener.stop, optional=True),
    ]
    return Daemon(StageRunner(stages, reactor), readiness, listener, lease.lost)


def _storing(database: Database) -> Stage:
    async def start() -> None:
        await database.start()
        await database.read(schema.require_current)

    async def stop() -> None:
        await database.stop()

    return Stage("database", start, stop, stop_seconds=30.0)


def _counting(metrics: Metrics, database: Database, bus: LocalBus, web: Web) -> Stage:
    metrics.figures.add("huifang_database_waiting", "Functions waiting for the database.", lambda: database.waiting)
    metrics.figures.add("huifang_sockets", "Open WebSockets.", lambda: web.sockets.count)

    async def start() -> None:
        bus.subscribe(metrics.heard)
        metrics.lines_are(await database.read(line_states))

    return Stage("metrics", start)


def _answering(services: Services) -> Stage:
    async def start() -> None:
        services.desk.start()

    return Stage("sms desk", start, services.desk.stop)


def _serving(web: Web) -> Stage:
    async def start() -> None:
        web.start()

    async def stop() -> None:
        await web.stop(WEB_DRAIN_SECONDS)

    return Stage("site", start, stop, stop_seconds=2 * WEB_DRAIN_SECONDS)


def _watching(settings: LoggingSettings, metrics: Metrics, reactor: Any) -> Stage:
    limit = settings.stall_milliseconds / 1000
    watchdog = StallWatchdog(reactor, limit, metrics.stalled, StackSampler(limit)) if limit else None
    guard = ReactorGuard(_blocking_call) if settings.watch_blocking else None

    async def start() -> None:
        if watchdog is not None:
            watchdog.start()
        if guard is not None:
            guard.watch()

    async def stop() -> None:
        if watchdog is not None:
            watchdog.stop()
        if guard is not None:
            guard.stop()

    return Stage("watchdog", start, stop, optional=True)


def _blocking_call(what: str, stack: str) -> None:
    _log.error("a blocking call on the reactor: {what} in {stack}", what=what, stack=stack)
