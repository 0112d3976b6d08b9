"""Recordings of calls: listening with seeking, asking about them, deleting them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import BaseModel

from callcenter.errors import NotFoundError
from callcenter.recordings.service import Playable
from callcenter.text import N_
from web.exchange import Empty, Exchange, Json, Reply, Stream
from web.parsing import Input
from web.ranges import ByteRange, UnsatisfiableError, asked_range
from web.routing import Routes
from web.security import header

routes = Routes("/api/v1")

_PIECE = 64 * 1024


class Listening(Input):
    """``download`` saves the recording instead of playing it."""

    download: bool = False


class Recording(BaseModel):
    """What is known of a call's recording. ``reason`` says why it is not kept; ``bytes`` is empty unless it is."""

    state: Literal["recording", "kept", "lost", "none", "deleted"]
    reason: str
    seconds: int | None
    bytes: int | None


@routes.get("/calls/<int:call_id>/recording", permission="recordings.play")
async def play(exchange: Exchange, call_id: int, query: Listening) -> Reply:
    """The recording as audio/wav, whole or the range that is asked for. Audited."""
    listens = exchange.request.method != b"HEAD"
    recording = await exchange.services.telephony.recordings.open(exchange.principal, call_id, listens=listens)
    tag = f'"{recording.tag}"'
    try:
        part = asked_range(header(exchange.request, "Range"), header(exchange.request, "If-Range"), tag, recording.size)
    except UnsatisfiableError:
        return Empty(status=416, headers={"Content-Range": f"bytes */{recording.size}", "Accept-Ranges": "bytes"})
    shown = part or ByteRange(0, recording.size - 1)
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Content-Disposition": f'{"attachment" if query.download else "inline"}; filename="call-{call_id}.wav"',
    }
    if part is not None:
        headers["Content-Range"] = part.of(recording.size)
    return Stream(
        "audio/wav", shown.length, _sender(recording, shown), status=206 if part else 200,
        headers=headers,
    )  # fmt: skip


@routes.get("/calls/<int:call_id>/recording/details", permission="recordings.play", returns=Recording)
async def details(exchange: Exchange, call_id: int) -> Reply:
    """Whether there is a recording, how long it is, and why there is none."""
    found = await exchange.services.telephony.recordings.describe(exchange.principal, [call_id])
    if call_id not in found:
        raise NotFoundError(N_("There is no recording of this call."), call_id=call_id)
    return Json(found[call_id])


@routes.delete("/calls/<int:call_id>/recording", permission="recordings.delete", status=204)
async def delete(exchange: Exchange, call_id: int) -> Reply:
    """Delete the recording. Audited."""
    await exchange.services.telephony.recordings.delete(exchange.principal, call_id)
    return Empty()


def _sender(recording: Playable, part: ByteRange) -> Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]]:
    async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
        position = part.first
        while position <= part.last:
            piece = await recording.read(position, min(_PIECE, part.last + 1 - position))
            if not piece:
                raise EOFError("the recording became shorter while it was played")
            await write(piece)
            position += len(piece)

    return produce
