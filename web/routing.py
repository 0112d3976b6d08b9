"""Routes. One cannot be declared without saying who may use it, so that an address without a check cannot exist."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from pydantic import BaseModel

from callcenter.administration.permissions import PERMISSIONS
from web.exchange import Reply
from web.parsing import FORM_TYPE, JSON_TYPE

Handler = Callable[..., Awaitable[Reply]]


@dataclass(frozen=True)
class Access:
    """Who may use an address: holders of ``permission``, whoever is signed in, or everybody (``public``).

    ``password_expired`` admits someone who must change the password first.
    """

    permission: str = ""
    signed_in: bool = False
    public: bool = False
    password_expired: bool = False

    def __post_init__(self) -> None:
        if (bool(self.permission), self.signed_in, self.public).count(True) != 1:
            raise TypeError("a route needs exactly one of permission=…, signed_in=True, public=True")
        if self.permission and self.permission not in PERMISSIONS:
            raise TypeError(f"no such permission: {self.permission!r}")


@dataclass(frozen=True)
class Route:
    """One address with one method. ``body`` and ``query`` are the models that the handler asked for by annotation.

    With ``free_body`` the body is given as it came, to be checked by the declaration of ``resource``. ``returns`` and
    ``status`` describe the answer.
    """

    method: str
    path: str
    access: Access
    handler: Handler
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    returns: Any = None
    status: int = 200
    summary: str = ""
    free_body: bool = False
    resource: str = ""
    name: str = ""

    @property
    def is_api(self) -> bool:
        """Whether refusals are problem documents and bodies JSON."""
        return self.path.startswith("/api/")

    @property
    def writes(self) -> bool:
        """Whether it may change something, and so needs a CSRF token."""
        return self.method != "GET"

    @property
    def accepted(self) -> tuple[str, ...]:
        """Content types that a body may have."""
        return (JSON_TYPE,) if self.is_api else (FORM_TYPE,)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the parts of the path that vary."""
        return tuple(re.findall(r"<(?:[^:<>]+:)?([a-z_]+)>", self.path))


def _model(hints: dict[str, Any], name: str) -> type[BaseModel] | None:
    found = hints.get(name)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


@dataclass
class Routes:
    """A collection of routes, filled by decorators while a module is imported.

    A handler is ``async def name(exchange, …)``: parts of the path come by name, ``body`` and ``query`` as the models
    they are annotated with. It returns a Reply or raises a ServiceError.
    """

    prefix: str = ""
    items: list[Route] = field(default_factory=list)

    def __iter__(self) -> Iterator[Route]:
        return iter(self.items)

    def add(self, method: str, path: str, handler: Handler, **options: Any) -> None:
        """Add a route; raises TypeError when the access is not declared or the handler does not fit the path."""
        access = Access(
            **{name: options.pop(name) for name in ("permission", "signed_in", "public", "password_expired")
               if name in options}
        )  # fmt: skip
        hints = get_type_hints(handler)
        summary = options.pop("summary", "") or (inspect.getdoc(handler) or "").partition("\n")[0]
        route = Route(
            method, self.prefix + path, access, handler, _model(hints, "body"), _model(hints, "query"),
            summary=summary, name=options.pop("name", "") or handler.__name__, **options,
        )  # fmt: skip
        parameters = inspect.signature(handler).parameters
        if missing := [name for name in route.variables if name not in parameters]:
            raise TypeError(f"{handler.__name__} does not take {', '.join(missing)} of {route.path}")
        self.items.append(route)

    def route(self, method: str, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare ``method`` on ``path``; options are those of Access and Route."""

        def declare(handler: Handler) -> Handler:
            self.add(method, path, handler, **dict(options))
            return handler

        return declare

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a GET."""
        return self.route("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a POST."""
        return self.route("POST", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PATCH."""
        return self.route("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE."""
        return self.route("DELETE", path, **options)
