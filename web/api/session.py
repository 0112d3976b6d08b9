"""Signing in and out through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from callcenter.clock import iso
from web.entry import begin_session, change_password, no_session_cookies, session_cookies
from web.exchange import Empty, Exchange, Json, Reply
from web.parsing import Input
from web.rights import rights_mark
from web.routing import Routes

routes = Routes("/api/v1")

Secret = Annotated[str, Field(max_length=1000, repr=False)]


class Credentials(Input):
    """``token`` asks for a token to be sent as ``Authorization: Bearer …`` instead of a cookie."""

    username: Annotated[str, Field(max_length=200)]
    password: Secret
    token: bool = False


class NewPassword(Input):
    """The present password and the one to come."""

    old_password: Secret
    new_password: Secret


class Person(BaseModel):
    """Who is signed in."""

    id: int
    username: str
    name: str
    department_id: int | None


class Session(BaseModel):
    """An open session. ``csrf`` goes into the header ``X-CSRF-Token`` of everything that is not a GET.

    ``rights`` is another text whenever the person, the department or the permissions are others.
    """

    csrf: str
    user: Person
    permissions: dict[str, str]
    rights: str
    must_change_password: bool
    language: str
    expires_at: datetime
    token: str | None = None


def _shown(session: Any) -> dict[str, Any]:
    principal = session.principal
    return {
        "csrf": session.csrf,
        "user": {
            "id": principal.user_id,
            "username": principal.username,
            "name": principal.display_name,
            "department_id": principal.department_id,
        },
        "permissions": {name: str(scope) for name, scope in sorted(principal.grants.items())},
        "rights": rights_mark(principal),
        "must_change_password": session.must_change_password,
        "language": session.language,
        "expires_at": iso(session.expires_at),
    }


@routes.post("/session", public=True, returns=Session)
async def sign_in(exchange: Exchange, body: Credentials) -> Reply:
    """Sign in: a session cookie, or a bearer token when asked for."""
    opened = await begin_session(exchange, body.username, body.password)
    if body.token:
        return Json(_shown(opened) | {"token": opened.token})
    return Json(_shown(opened), cookies=session_cookies(exchange, opened.token))


@routes.get("/session", signed_in=True, password_expired=True, returns=Session)
async def show(exchange: Exchange) -> Reply:
    """Who is signed in, and what they may do."""
    return Json(_shown(exchange.session))


@routes.delete("/session", signed_in=True, password_expired=True, status=204)
async def sign_out(exchange: Exchange) -> Reply:
    """End this session."""
    await exchange.services.sign_in.sign_out(exchange.token)
    return Empty(cookies=no_session_cookies())


@routes.post("/session/password", signed_in=True, password_expired=True, returns=Session)
async def set_password(exchange: Exchange, body: NewPassword) -> Reply:
    """Change one's password. Every session ends; the answer begins a new one."""
    opened = await change_password(exchange, body.old_password, body.new_password)
    return Json(_shown(opened), cookies=session_cookies(exchange, opened.token))


@routes.post("/session/sign-out-everywhere", signed_in=True, password_expired=True, status=204)
async def sign_out_everywhere(exchange: Exchange) -> Reply:
    """End every session of this person, the present one too."""
    await exchange.services.sign_in.sign_out_everywhere(exchange.principal)
    return Empty(cookies=no_session_cookies())
