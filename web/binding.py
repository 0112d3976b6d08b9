"""Around every handler: who asks, may they, is it one of our pages, what did they send, what went wrong."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - Werkzeug writes hosts with it; the first request would wait for its file
import secrets
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as UnknownMethod

from callcenter.errors import NotFoundError, ServiceError
from callcenter.tasks import TaskTracker
from callcenter.text import N_
from web.errors import ForgeryError, PasswordExpiredError, WrongMethodError, problem
from web.exchange import Exchange, Json, Page, Redirect, Reply, bearer_token, cookie, session_token
from web.i18n import accepted_locale, known_locale
from web.narrowing import is_narrowed, narrowed
from web.parsing import FORM_TYPE, check, content_type, query_fields, read_body
from web.rendering import ReaderGoneError, send
from web.routing import Route
from web.security import FORM_COOKIE, LANGUAGE_COOKIE, from_own_page, header, local_path, same_token, set_headers
from web.services import Services
from web.settings import SiteSettings
from web.templating import Templates

_log = Logger(namespace="web")
_LARGEST_ID = 2**63 - 1
_COMMON_QUERY = ("lang",)


class Application:
    """The routes of the site as one Klein application. ``drain`` waits for what is still being answered."""

    def __init__(
        self, services: Services, settings: SiteSettings, templates: Templates, routes: Iterable[Route]
    ) -> None:
        self._services = services
        self._settings = settings
        self._templates = templates
        self._tasks = TaskTracker("requests", services.reactor)
        self.routes = tuple(routes)
        self._stopping = False
        self._klein = Klein()
        for number, route in enumerate(self.routes):
            self._bind(number, route)
        self._klein.handle_errors(HTTPException)(self._no_such_route)

    def resource(self) -> Any:
        """The twisted.web resource that answers every address of the routes."""
        return self._klein.resource()

    async def drain(self, deadline: float) -> None:
        """Answer new requests with 503; wait up to ``deadline`` seconds for those under way."""
        self._stopping = True
        await self._tasks.drain(deadline)

    def _bind(self, number: int, route: Route) -> None:
        # The number keeps the names of Klein's endpoints apart; two modules may both have a "list_all".
        declare = self._klein.route(
            route.path, methods=[route.method], endpoint=f"{number}:{route.name}", strict_slashes=True,
            merge_slashes=False,
        )  # fmt: skip
        declare(_named(partial(self._begin, route), route.name))

    def _begin(self, route: Route, request: Request, **variables: Any) -> Deferred[Any]:
        return self._shielded(request, partial(self._answer, route, request, variables))

    def _no_such_route(self, request: Request, failure: Failure) -> Deferred[Any]:
        found: Any = failure.value
        return self._shielded(request, partial(self._answer_nowhere, request, found))

    def _shielded(self, request: Request, work: Callable[[], Any]) -> Deferred[Any]:
        """Run ``work`` to its end even if the browser goes away meanwhile.

        Klein cancels a handler whose connection is lost. A command that is half done must not stop there: the record
        would say that a call is being dialled while nothing ever told the line. So Klein is given a Deferred that
        never fires; the answer is written here.
        """
        left: list[bool] = []
        request.notifyFinish().addErrback(lambda _: left.append(True))
        if self._stopping:
            set_headers(request)
            _end(request, 503)
        else:
            self._tasks.start(self._finish(request, work, left))
        return Deferred()

    async def _finish(self, request: Request, work: Callable[[], Any], left: list[bool]) -> None:
        try:
            exchange, reply = await work()
            if not left:
                await send(reply, exchange, self._templates)
        except ReaderGoneError:
            pass
        except Exception:  # noqa: BLE001 - the last place that can still answer
            _log.failure("an answer could not be written")
            if not left:
                _end(request, 500)

    async def _answer(self, route: Route, request: Request, variables: dict[str, Any]) -> tuple[Exchange, Reply]:
        set_headers(request)
        exchange = self._exchange(request, None)
        try:
            exchange = self._exchange(request, await self._session(request))
            return exchange, await self._handle(route, exchange, variables)
        except ServiceError as error:
            return exchange, self._refusal(route.is_api, exchange, error)
        except Exception:  # noqa: BLE001 - told to the browser as a failure with a reference, logged in full
            reference = uuid4().hex[:12]
            _log.failure("{name} failed; reference {reference}", name=route.name, reference=reference)
            return exchange, self._refusal(route.is_api, exchange, UnforeseenError(), reference)

    async def _answer_nowhere(self, request: Request, found: HTTPException) -> tuple[Exchange, Reply]:
        set_headers(request)
        exchange = self._exchange(request, await self._session(request))
        error: ServiceError = NotFoundError(N_("There is nothing at this address."))
        if isinstance(found, UnknownMethod):
            error = WrongMethodError(N_("This address does not take that method."))
            request.setHeader("Allow", ", ".join(sorted(found.valid_methods or ())))
        return exchange, self._refusal(request.path.startswith(b"/api/"), exchange, error)

    async def _session(self, request: Request) -> Any:
        token = session_token(request)
        return await self._services.sign_in.principal_for(token) if token else None

    def _exchange(self, request: Request, session: Any) -> Exchange:
        locale = self._locale(request, session)
        form_token = cookie(request, FORM_COOKIE)
        fresh = session is None and not form_token
        token = session.csrf if session is not None else form_token or secrets.token_urlsafe(24)
        return Exchange(
            request, self._services, self._settings, session, locale, token,
            partial(self._templates.translate, locale), new_form_cookie=fresh,
        )  # fmt: skip

    def _locale(self, request: Request, session: Any) -> str:
        asked = (request.args or {}).get(b"lang", [b""])[0].decode("ascii", "ignore")
        chosen = getattr(session, "language", "") if session is not None else ""
        return (
            known_locale(asked)
            or known_locale(chosen)
            or known_locale(cookie(request, LANGUAGE_COOKIE))
            or accepted_locale(header(request, "Accept-Language"))
            or self._settings.default_locale
        )

    async def _handle(self, route: Route, exchange: Exchange, variables: dict[str, Any]) -> Reply:
        if any(isinstance(value, int) and value > _LARGEST_ID for value in variables.values()):
            raise NotFoundError(N_("There is no such record."))
        self._admit(route, exchange)
        given: dict[str, Any] = dict(variables)
        if route.writes:
            body = read_body(exchange.request, self._settings, route.accepted)
            self._check_origin(route, exchange, body)
            if route.body is not None:
                given["body"] = check(route.body, {key: body[key] for key in body if key != "csrf_token"} if
                                      isinstance(body, dict) else body)  # fmt: skip
            elif route.free_body:
                given["body"] = body
        query = {
            name: value
            for name, value in query_fields(exchange.request).items()
            # The empty inputs of a form that asks (pages) say nothing.
            if name not in _COMMON_QUERY and (route.is_api or value != "")
        }
        if is_narrowed(route):
            return await narrowed(route, exchange, given, query)
        if route.query is not None:
            given["query"] = check(route.query, query)
        return await route.handler(exchange, **given)

    def _admit(self, route: Route, exchange: Exchange) -> None:
        access = route.access
        if access.public:
            return
        principal = exchange.principal
        if exchange.session.must_change_password and not access.password_expired:
            raise PasswordExpiredError(N_("Please choose a new password first."))
        if access.permission:
            principal.require(access.permission)

    def _check_origin(self, route: Route, exchange: Exchange, body: Any) -> None:
        """Refuse what another site made a browser send.

        A bearer token is not sent by browsers on their own, so it needs no further proof. A public address of the API
        (signing in) uses no session; its JSON body cannot be sent across sites without a permission we never give.
        """
        if not from_own_page(exchange.request, self._settings):
            raise ForgeryError(N_("The request did not come from a page of this site."))
        if bearer_token(exchange.request) or (route.access.public and route.is_api):
            return
        sent = header(exchange.request, "X-CSRF-Token")
        if not sent and content_type(exchange.request) == FORM_TYPE:
            sent = str(body.get("csrf_token", ""))
        if exchange.new_form_cookie or not same_token(sent, exchange.csrf_token):
            raise ForgeryError(N_("The page was open for too long. Reload it and try again."))

    def _refusal(self, is_api: bool, exchange: Exchange, error: ServiceError, reference: str = "") -> Reply:
        document = problem(error, exchange.translate, reference)
        if is_api:
            return Json(document, status=document["status"])
        if error.code == "signed-out":
            target = exchange.request.uri.decode("ascii", "replace") if exchange.request.method == b"GET" else "/"
            return Redirect("/sign-in" if target == "/" else f"/sign-in?next={quote(target, safe='')}")
        if error.code == "password-expired":
            return Redirect("/account")
        asked = exchange.request.uri.decode("ascii", "replace") if exchange.request.method == b"GET" else exchange.path
        context = {"problem": document, "asked": local_path(asked), "narrowed": "?" in asked}
        return Page("error.html", context, status=document["status"])


class UnforeseenError(ServiceError):
    """Something that nobody foresaw."""

    code = "failed"

    def __init__(self) -> None:
        super().__init__(N_("The server could not do this. Nothing you typed was saved. The failure is in the log."))


def _end(request: Request, status: int) -> None:
    """End a request that nothing else can be said to."""
    if request.startedWriting:
        request.loseConnection()
        return
    request.setResponseCode(status)
    request.setHeader("Content-Length", "0")
    request.finish()


def _named(function: Any, name: str) -> Any:
    function.__name__ = name
    function.__module__ = __name__
    function.__doc__ = None
    return function
