"""The site: one port with pages, API, sockets, static files, health and metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from web.answers import JSON, Whole, at_once, later
from web.binding import Application
from web.endpoints import all_routes
from web.gateway_pushes import GatewayPushes
from web.line_hosts import HostSockets
from web.rendering import as_json
from web.requests import LimitedChannel, LimitedRequest
from web.routing import Route
from web.security import client_address
from web.services import Services
from web.settings import SiteSettings
from web.sockets import SocketService
from web.static_files import StaticFiles, message_files, only_read, read_folder
from web.templating import Templates


class Single(Resource):
    """A resource at one address with nothing below it, to be read only."""

    isLeaf = True

    def render(self, request: Request) -> Any:
        """404 for whatever is asked for below, 405 for whatever would change it."""
        if request.postpath:
            return at_once(request, Whole(404, b"There is nothing at this address.\n"))
        return only_read(request) or super().render(request)


class Alive(Single):
    """``/healthz``: the reactor answers."""

    def render_GET(self, request: Request) -> bytes:
        """Always 200."""
        return at_once(request, Whole(200, b"ok\n"))


class Ready(Single):
    """``/readyz``: 200 when everything needed works, else 503 and what does not."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    def render_GET(self, request: Request) -> int:
        """Ask, then answer."""
        return later(request, self._answer())

    async def _answer(self) -> Whole:
        try:
            problems = await self._services.ready()
        except Exception as error:  # noqa: BLE001 - a check that fails is itself the answer
            problems = [type(error).__name__]
        return Whole(503 if problems else 200, as_json({"ready": not problems, "problems": problems}), JSON)


class Metrics(Single):
    """``/metrics`` for Prometheus, for the addresses that may read it."""

    def __init__(self, registry: CollectorRegistry, settings: SiteSettings) -> None:
        super().__init__()
        self._registry = registry
        self._settings = settings

    def render_GET(self, request: Request) -> bytes:
        """The figures, or 403."""
        if client_address(request, self._settings) not in self._settings.metrics_readers:
            return at_once(request, Whole(403, b"Add this address to web.metrics_readers to read the metrics.\n"))
        return at_once(request, Whole(200, generate_latest(self._registry), CONTENT_TYPE_LATEST))


class Root(Resource):
    """The few addresses that are resources of their own; everything else belongs to the routes."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._routes = application.resource()

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Give the whole path to the routes."""
        request.postpath = [path, *(request.postpath or [])]
        request.prepath = (request.prepath or [path])[:-1]
        return self._routes


class HospitalSite(Site):
    """A Site with our limits, without an access log: addresses may tell who was looked at."""

    displayTracebacks = False

    def __init__(self, root: Resource, settings: SiteSettings, reactor: Any) -> None:
        super().__init__(
            root, LimitedRequest, timeout=settings.idle_timeout, reactor=reactor, parsePOSTFormSubmission=False
        )
        self._settings = settings
        self.body_limit = settings.body_limit

    def buildProtocol(self, addr: Any) -> Any:
        """A channel with limits; HTTP/1.1 only."""
        channel: Any = LimitedChannel()
        channel.factory = self
        channel.site = self
        channel.callLater = self.reactor.callLater
        channel.timeOut = self.timeOut
        channel.request_timeout = self._settings.request_timeout
        channel.maxHeaders = self._settings.maximum_headers
        return channel

    def log(self, request: Any) -> None:
        """Write nothing."""

    def _updateLogDateTime(self) -> None:
        """No log, no clock for it."""


class Web:
    """The site together with what must be stopped with it."""

    def __init__(self, services: Services, settings: SiteSettings, routes: Iterable[Route] | None = None) -> None:
        static = StaticFiles(read_folder())
        templates = Templates(settings, static.url)
        self.application = Application(services, settings, templates, all_routes() if routes is None else routes)
        self.sockets = SocketService(services, settings)
        self.line_hosts = HostSockets(services.line_hosts, settings, services.reactor)
        root = Root(self.application)
        root.putChild(b"static", static)
        root.putChild(b"catalogues", StaticFiles(message_files(), "/catalogues"))
        root.putChild(b"healthz", Alive())
        root.putChild(b"readyz", Ready(services))
        root.putChild(b"metrics", Metrics(services.registry, settings))
        root.putChild(b"ws", self.sockets.resource())
        root.putChild(b"line-host", self.line_hosts.resource())
        root.putChild(b"sms-push", GatewayPushes(services.messaging.board))
        self.site = HospitalSite(root, settings, services.reactor)

    def start(self) -> None:
        """Listen to the bus."""
        self.sockets.start()
        self.line_hosts.start()

    async def stop(self, deadline: float = 5.0) -> None:
        """Refuse new requests, finish those under way, close the sockets with 1001."""
        await self.application.drain(deadline)
        await self.sockets.stop()
        await self.line_hosts.stop()


def build_site(services: Services, settings: SiteSettings) -> Web:
    """Everything behind the port; ``.site`` is the factory to listen with."""
    return Web(services, settings)
