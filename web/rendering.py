"""Writing an answer: one function per kind of reply, chosen by its type."""

from __future__ import annotations

import json
from functools import singledispatch
from typing import Any
from urllib.parse import quote

from twisted.internet.defer import Deferred
from twisted.web.server import Request

from callcenter.administration.disclosure import disclose, masked
from web.exchange import Content, Cookie, Download, Empty, Exchange, Json, Page, Produce, Redirect, Reply, Stream
from web.rights import rights_mark
from web.security import FORM_COOKIE
from web.templating import Templates


def as_json(data: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def shown_to(exchange: Exchange, data: Any) -> Any:
    """``data`` with numbers masked unless whoever asks may see them."""
    return masked(data) if exchange.session is None else disclose(data, exchange.session.principal)


def set_cookie(exchange: Exchange, cookie: Cookie) -> None:
    """Set a cookie that scripts cannot read, over TLS only where the site says so."""
    exchange.request.addCookie(
        cookie.name,
        cookie.value,
        path="/",
        max_age=None if cookie.seconds is None else str(cookie.seconds),
        secure=exchange.settings.secure_cookies or exchange.request.isSecure(),
        httpOnly=True,
        sameSite=cookie.same_site,
    )


async def send(reply: Reply, exchange: Exchange, templates: Templates) -> None:
    """Write ``reply`` and end the request, unless whoever asked has gone."""
    request = exchange.request
    request.setResponseCode(reply.status)
    for cookie in reply.cookies:
        set_cookie(exchange, cookie)
    for name, value in reply.headers.items():
        request.setHeader(name, value)
    await _write(reply, exchange, templates)


def _whole(request: Request, content_type: str, body: bytes) -> None:
    request.setHeader("Content-Type", content_type)
    request.setHeader("Content-Length", str(len(body)))
    request.write(body)
    request.finish()


@singledispatch
async def _write(reply: Any, exchange: Exchange, templates: Templates) -> None:
    raise TypeError(f"no way to send {type(reply).__name__}")


@_write.register
async def _json(reply: Json, exchange: Exchange, templates: Templates) -> None:
    kind = "application/problem+json" if reply.status >= 400 else "application/json"
    data = reply.data if reply.disclosed else shown_to(exchange, reply.data)
    _whole(exchange.request, kind, as_json(data))


@_write.register
async def _page(reply: Page, exchange: Exchange, templates: Templates) -> None:
    principal = exchange.session.principal if exchange.session is not None else None
    context = {
        "principal": principal,
        "rights": rights_mark(principal) if principal is not None else "",
        "locale": exchange.locale,
        "csrf_token": exchange.csrf_token,
        "path": exchange.path,
        "wrong_filters": [],
        **(reply.context if reply.disclosed else shown_to(exchange, reply.context)),
    }
    if exchange.new_form_cookie:
        set_cookie(exchange, Cookie(FORM_COOKIE, exchange.csrf_token, same_site="Strict"))
    text = templates.render(exchange.locale, reply.template, context)
    exchange.request.setHeader("Content-Language", exchange.locale.replace("_", "-"))
    _whole(exchange.request, "text/html; charset=utf-8", text.encode("utf-8"))


@_write.register
async def _redirect(reply: Redirect, exchange: Exchange, templates: Templates) -> None:
    if exchange.is_htmx:
        exchange.request.setResponseCode(204)
        exchange.request.setHeader("HX-Redirect", reply.location)
    else:
        exchange.request.setHeader("Location", quote(reply.location, safe="/?&=%:+,~-._#"))
    exchange.request.setHeader("Content-Length", "0")
    exchange.request.finish()


@_write.register
async def _empty(reply: Empty, exchange: Exchange, templates: Templates) -> None:
    if reply.status != 204:
        exchange.request.setHeader("Content-Length", "0")
    exchange.request.finish()


@_write.register
async def _content(reply: Content, exchange: Exchange, templates: Templates) -> None:
    _whole(exchange.request, reply.content_type, reply.body)


@_write.register
async def _download(reply: Download, exchange: Exchange, templates: Templates) -> None:
    request = exchange.request
    request.setHeader("Content-Type", reply.content_type)
    request.setHeader("Content-Disposition", f"attachment; filename*=UTF-8''{quote(reply.name, safe='')}")
    await _produced(reply.produce, exchange)
    request.finish()


@_write.register
async def _stream(reply: Stream, exchange: Exchange, templates: Templates) -> None:
    request = exchange.request
    request.setHeader("Content-Type", reply.content_type)
    request.setHeader("Content-Length", str(reply.length))
    if request.method != b"HEAD":
        await _produced(reply.produce, exchange)
    request.finish()


async def _produced(produce: Produce, exchange: Exchange) -> None:
    """Write what ``produce`` makes, as fast as it is read."""
    writer = SlowReaderWriter(exchange.request, exchange.settings.idle_timeout)
    try:
        await produce(writer.write)
    finally:
        writer.close()


class ReaderGoneError(Exception):
    """Whoever was downloading has closed the connection."""


class SlowReaderWriter:
    """Writes a long answer no faster than it is read: ``write`` waits while the transport's buffer is full.

    Whoever takes nothing of it for ``patience`` seconds is cut off: Twisted's own timeout rests while a request is
    answered, and a computer that was switched off never says that it has gone.
    """

    def __init__(self, request: Request, patience: float) -> None:
        self._request = request
        self._patience = patience
        self._waiting: Deferred[None] | None = None
        self._paused = False
        self._gone = False
        request.registerProducer(self, True)
        request.notifyFinish().addErrback(lambda _: self._left())

    async def write(self, data: bytes) -> None:
        """Write ``data``; raises ReaderGoneError when nobody reads any more, which nothing (b"") asks for too."""
        if self._paused and not self._gone:
            waiting: Deferred[None] = Deferred()
            self._waiting = waiting
            channel = self._request.channel
            cut = channel.callLater(self._patience, channel.forceAbortClient)
            await waiting
            if cut.active():
                cut.cancel()
        if self._gone:
            raise ReaderGoneError
        if data:
            self._request.write(data)

    def close(self) -> None:
        """All is written."""
        if not self._gone:
            self._request.unregisterProducer()

    def pauseProducing(self) -> None:
        """The buffer is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """There is room again."""
        self._paused = False
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is closed."""
        self._left()

    def _left(self) -> None:
        self._gone = True
        self._go_on()

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)
