"""One request while it is answered, and the kinds of answer a handler can give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted.web.server import Request

from callcenter.administration.principal import Principal
from callcenter.text import N_
from web.errors import SignedOutError
from web.security import SESSION_COOKIE, client_address, header
from web.services import Services
from web.settings import SiteSettings


@dataclass(frozen=True)
class Exchange:
    """What a handler is given: the services, who asks, and in which language to answer.

    ``session`` is None on a public address that nobody signed in for; ``csrf_token`` is what its forms must send.
    ``is_htmx`` says that only a part of the page is wanted.
    """

    request: Request
    services: Services
    settings: SiteSettings
    session: Any
    locale: str
    csrf_token: str
    translate: Callable[[str], str] = str
    new_form_cookie: bool = False

    @property
    def principal(self) -> Principal:
        """Who asks; raises SignedOutError where nobody is signed in."""
        if self.session is None:
            raise SignedOutError(N_("Please sign in."))
        principal: Principal = self.session.principal
        return principal

    @property
    def user_agent(self) -> str:
        """What the browser or program calls itself."""
        return header(self.request, "User-Agent")[:200]

    @property
    def address(self) -> str:
        """Address of the browser or program that asks."""
        return client_address(self.request, self.settings)

    @property
    def path(self) -> str:
        """The path without its query."""
        path: bytes = self.request.path
        return path.decode("utf-8", "replace")

    @property
    def is_htmx(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return header(self.request, "HX-Request") == "true" and header(self.request, "HX-Boosted") != "true"

    @property
    def token(self) -> str:
        """The session token that came with the request, whether or not it is still good; empty without one."""
        return session_token(self.request)


def bearer_token(request: Request) -> str:
    """The token in the Authorization header, empty without one."""
    scheme, _, token = header(request, "Authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def session_token(request: Request) -> str:
    """The bearer token, else the one in the session cookie."""
    return bearer_token(request) or cookie(request, SESSION_COOKIE)


def cookie(request: Request, name: str) -> str:
    """A cookie of the request, empty without one."""
    value: bytes = request.getCookie(name.encode("ascii")) or b""
    return value.decode("ascii", "ignore")


@dataclass(frozen=True)
class Cookie:
    """A cookie to set; ``seconds`` None lives as long as the browser, 0 removes it."""

    name: str
    value: str
    seconds: int | None = None
    same_site: str = "Lax"


@dataclass(frozen=True)
class Reply:
    """Base of every answer."""

    status: int = field(default=200, kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    cookies: tuple[Cookie, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Json(Reply):
    """Plain data as JSON. Phone and id numbers are masked here for whoever may not see them.

    ``disclosed`` says that the service has done so already, knowing more: whose patient it is.
    """

    data: Any
    disclosed: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Page(Reply):
    """A template with what it shows, which is plain data; masked like Json."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    disclosed: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Redirect(Reply):
    """See ``location``, a path on this site."""

    location: str
    status: int = field(default=303, kw_only=True)


@dataclass(frozen=True)
class Empty(Reply):
    """Done; nothing to say."""

    status: int = field(default=204, kw_only=True)


Produce = Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]]
"""Writes a body piece by piece with the function that it is given, which waits for slow readers."""


@dataclass(frozen=True)
class Download(Reply):
    """A file: ``produce(write)`` hands over its bytes piece by piece and returns when all are written.

    ``write`` gives back an awaitable that waits while the reader is slow.
    """

    name: str
    content_type: str
    produce: Produce


@dataclass(frozen=True)
class Stream(Reply):
    """``length`` bytes that ``produce`` writes as in ``Download``."""

    content_type: str
    length: int
    produce: Produce


@dataclass(frozen=True)
class Content(Reply):
    """Bytes made beforehand."""

    content_type: str
    body: bytes
