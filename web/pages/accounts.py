"""Signing in and out, and one's own account: password, language, sessions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callcenter.errors import InvalidError, ServiceError
from callcenter.text import N_, translated
from web.entry import begin_session, change_password, language_cookie, no_session_cookies, session_cookies
from web.errors import status_of
from web.exchange import Exchange, Page, Redirect, Reply
from web.i18n import LOCALES, known_locale
from web.parsing import Input
from web.routing import Routes
from web.security import local_path

routes = Routes()

Address = Annotated[str, Field(max_length=2000)]
Secret = Annotated[str, Field(max_length=1000, repr=False)]

_START = (
    ("calls.handle", "/console"),
    ("wallboard.view", "/wallboard"),
    ("complaints.handle", "/complaints"),
    ("conversations.view", "/inbox"),
    ("patients.view", "/patients"),
    ("calls.view", "/calls"),
    ("users.view", "/users"),
    ("audit.view", "/audit"),
)
"""The first of these that one may open is where one begins."""


class Arrival(Input):
    """Where to go after signing in."""

    next: Address = "/"


class SignInForm(Arrival):
    """What was typed."""

    username: Annotated[str, Field(max_length=200)] = ""
    password: Secret = ""


class PasswordForm(Input):
    """The present password, and the new one twice."""

    old_password: Secret = ""
    new_password: Secret = ""
    repeated: Secret = ""


class LanguageForm(Input):
    """The language, empty for the browser's; and where to go back to."""

    language: Annotated[str, Field(max_length=10)] = ""
    next: Address = "/account"


class AccountQuery(Input):
    """``done`` tells what has just been done."""

    done: Annotated[str, Field(max_length=20)] = ""


@routes.get("/", signed_in=True)
async def start(exchange: Exchange) -> Reply:
    """The page that one works with."""
    principal = exchange.principal
    return Redirect(next((path for permission, path in _START if principal.may(permission)), "/account"))


@routes.get("/sign-in", public=True)
async def show_sign_in(exchange: Exchange, query: Arrival) -> Reply:
    """The form; whoever is signed in already goes on."""
    target = local_path(query.next)
    if exchange.session is not None:
        return Redirect(target)
    # ?lang= on this page is a choice to remember: nobody is signed in whose choice it could be.
    asked = known_locale((exchange.request.args or {}).get(b"lang", [b""])[0].decode("ascii", "ignore"))
    cookies = (language_cookie(asked),) if asked else ()
    return _sign_in_page(exchange, target, "", None, cookies=cookies)


@routes.post("/sign-in", public=True)
async def sign_in(exchange: Exchange, body: SignInForm) -> Reply:
    """Sign in, or say what is wrong with nothing but the password lost."""
    target = local_path(body.next)
    try:
        opened = await begin_session(exchange, body.username, body.password)
    except ServiceError as error:
        return _sign_in_page(exchange, target, body.username, error)
    cookies = session_cookies(exchange, opened.token)
    return Redirect("/account" if opened.must_change_password else target, cookies=cookies)


@routes.post("/sign-out", signed_in=True, password_expired=True)
async def sign_out(exchange: Exchange) -> Reply:
    """End this session."""
    await exchange.services.sign_in.sign_out(exchange.token)
    return Redirect("/sign-in", cookies=no_session_cookies())


@routes.get("/account", signed_in=True, password_expired=True)
async def show_account(exchange: Exchange, query: AccountQuery) -> Reply:
    """One's own account."""
    return _account_page(exchange, done=query.done)


@routes.post("/account/password", signed_in=True, password_expired=True)
async def set_password(exchange: Exchange, body: PasswordForm) -> Reply:
    """Change one's password; every other session ends."""
    try:
        if body.new_password != body.repeated:
            message = N_("The two new passwords are not the same.")
            raise InvalidError(message, {"repeated": message})
        opened = await change_password(exchange, body.old_password, body.new_password)
    except ServiceError as error:
        return _account_page(exchange, error)
    return Redirect("/account?done=password", cookies=session_cookies(exchange, opened.token))


@routes.post("/account/language", signed_in=True, password_expired=True)
async def set_language(exchange: Exchange, body: LanguageForm) -> Reply:
    """Read pages in another language from now on."""
    await exchange.services.sign_in.choose_language(exchange.principal, body.language)
    cookies = (language_cookie(body.language),) if body.language in LOCALES else ()
    return Redirect(local_path(body.next, "/account"), cookies=cookies)


@routes.post("/account/sign-out-everywhere", signed_in=True, password_expired=True)
async def sign_out_everywhere(exchange: Exchange) -> Reply:
    """End every session, this one too."""
    await exchange.services.sign_in.sign_out_everywhere(exchange.principal)
    return Redirect("/sign-in", cookies=no_session_cookies())


def _sign_in_page(
    exchange: Exchange, target: str, username: str, error: ServiceError | None, cookies: tuple = ()
) -> Reply:
    told = translated(exchange.translate, error.message) if error else ""
    return Page(
        "sign_in.html",
        {"next": target, "username": username, "error": told},
        status=status_of(error) if error else 200,
        cookies=cookies,
    )


def _account_page(exchange: Exchange, error: ServiceError | None = None, done: str = "") -> Reply:
    fields = error.fields if isinstance(error, InvalidError) else {}
    say = exchange.translate
    context = {
        "errors": {name: translated(say, text) for name, text in fields.items()},
        "error": translated(say, error.message) if error else "",
        "must_change": exchange.session.must_change_password,
        "language": exchange.session.language,
        "done": done,
    }
    return Page("account.html", context, status=status_of(error) if error else 200)
