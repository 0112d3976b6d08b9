"""Beginning and ending a session over HTTP: the same for the API and the pages."""

from __future__ import annotations

from typing import Any

from web.exchange import Cookie, Exchange
from web.security import FORM_COOKIE, LANGUAGE_COOKIE, SESSION_COOKIE

_DAY = 24 * 60 * 60
_YEAR = 365 * _DAY


def session_cookies(exchange: Exchange, token: str) -> tuple[Cookie, ...]:
    """The cookie of a new session, and the end of the one that forms had before it."""
    session = Cookie(SESSION_COOKIE, token, exchange.settings.session_days * _DAY)
    return (session, Cookie(FORM_COOKIE, "", 0))


def no_session_cookies() -> tuple[Cookie, ...]:
    """Forget the session in the browser."""
    return (Cookie(SESSION_COOKIE, "", 0),)


def language_cookie(language: str) -> Cookie:
    """Remember the language in the browser, for the page where nobody is signed in yet."""
    return Cookie(LANGUAGE_COOKIE, language, _YEAR)


async def begin_session(exchange: Exchange, username: str, password: str) -> Any:
    """Sign in. The token that the browser came with is never used further, whoever put it there.

    Raises what SignIn raises. Gives callcenter's NewSession.
    """
    services = exchange.services
    opened = await services.sign_in.sign_in(
        username, password, exchange.address, exchange.user_agent, replaces=exchange.token
    )
    if not opened.must_change_password:
        await services.telephony.agents.signed_in(opened.principal)
    return opened


async def change_password(exchange: Exchange, old: str, new: str) -> Any:
    """Change the password of whoever asks; every session ends, the one that is returned begins."""
    services = exchange.services
    opened = await services.sign_in.change_password(exchange.principal, old, new, exchange.user_agent)
    await services.telephony.agents.signed_in(opened.principal)
    return opened
