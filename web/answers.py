"""Answers of the few addresses that are resources of their own."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.web.server import NOT_DONE_YET, Request

from web.security import set_headers

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True)
class Whole:
    """An answer: ``status`` of HTTP and a body of ``kind``."""

    status: int
    body: bytes
    kind: str = TEXT


def at_once(request: Request, answer: Whole) -> bytes:
    """Put everything but the body on the request; the body, for ``render`` to return."""
    set_headers(request)
    request.setResponseCode(answer.status)
    request.setHeader("Content-Type", answer.kind)
    request.setHeader("Content-Length", str(len(answer.body)))
    return answer.body


def later(request: Request, answering: Awaitable[Whole]) -> int:
    """Send what ``answering`` comes to, unless whoever asked has left. ``answering`` must not raise."""
    left: list[bool] = []
    request.notifyFinish().addErrback(lambda _: left.append(True))

    async def send() -> None:
        answer = await answering
        if not left:
            request.write(at_once(request, answer))
            request.finish()

    Deferred.fromCoroutine(send())
    return NOT_DONE_YET
