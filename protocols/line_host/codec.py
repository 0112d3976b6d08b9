"""Messages as UTF-8 JSON, one object in each WebSocket message, ``{"op": …}`` both ways. Pure.

Our own protocol; ``docs/devices/line-host.md`` describes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from protocols.line_host.messages import (
    VERSION,
    Abilities,
    Hello,
    Known,
    Message,
    Order,
    OtherVersion,
    Ping,
    Pong,
    Refused,
    Report,
    Standing,
    Welcome,
    What,
    Written,
)
from protocols.line_host.news import NEWS, WORDS, read_news, write_news
from protocols.line_host.shapes import COUNT, FLAG, NUMBER, Shape, ShapeError, an_object, by_name, each, text

MAX_MESSAGE = 65_536
"""Longest message read, in bytes."""
MAX_LINES = 64
_SHOWN = 60

_LINE = text(40)
_SOURCE = text(40)
_WORD = text(40)
_CAPABILITIES = each(text(20), 40)
_KNOWN = Shape(Known, source=_SOURCE, number=COUNT, trace=FLAG)

_FROM_HOST: Mapping[str, Shape] = {
    "hello": Shape(
        Hello,
        version=COUNT, program=_WORD, wall=NUMBER, at=NUMBER, lines=by_name(_CAPABILITIES, MAX_LINES, _LINE)
    ),
    "report": Shape(Report, line=_LINE, source=_SOURCE, number=COUNT, at=NUMBER, what=NEWS),
    "standing": Shape(Standing, line=_LINE, up=FLAG, words=WORDS),
    "abilities": Shape(Abilities, line=_LINE, can=_CAPABILITIES),
    "pong": Shape(Pong, sent=NUMBER, at=NUMBER),
}  # fmt: skip
_FROM_SERVER: Mapping[str, Shape] = {
    "welcome": Shape(Welcome, version=COUNT, lines=by_name(_KNOWN.kind, MAX_LINES, _LINE)),
    "refused": Shape(Refused, why=WORDS),
    "written": Shape(Written, line=_LINE, source=_SOURCE, number=COUNT),
    "ping": Shape(Ping, sent=NUMBER),
    "order": Shape(Order, line=_LINE, id=_WORD, command=_WORD, argument=text(80), until=NUMBER),
}
_NAMES = {shape.made: name for shapes in (_FROM_HOST, _FROM_SERVER) for name, shape in shapes.items()}
_SHAPES = {**_FROM_HOST, **_FROM_SERVER}


class LineHostError(Exception):
    """The bytes are no message; says why and how they begin."""


def decode_from_host(data: bytes) -> Message:
    """What the host said. Raises ``LineHostError`` and nothing else, whatever the bytes are."""
    return _decode(data, _FROM_HOST)


def decode_from_server(data: bytes) -> Message:
    """What the server said. Raises ``LineHostError`` and nothing else, whatever the bytes are."""
    return _decode(data, _FROM_SERVER)


def encode(message: Message) -> bytes:
    """The message as it is sent."""
    name = _NAMES[type(message)]
    return _json({"op": name, **_SHAPES[name].write(message)})


def decode_news(data: bytes) -> What:
    """News as the host keeps them on its disk. Raises ``LineHostError`` and nothing else."""
    try:
        return read_news(_parsed(data))
    except (ValueError, RecursionError) as error:
        raise _bad(data, error) from error


def encode_news(news: What) -> bytes:
    """News for the host's disk."""
    return _json(write_news(news))


def _decode(data: bytes, shapes: Mapping[str, Shape]) -> Message:
    try:
        found = an_object(_parsed(data))
        name = found.get("op")
        shape = shapes.get(name) if isinstance(name, str) else None
        if shape is None:
            raise ShapeError(f"op: must be one of {', '.join(shapes)}")
        if shape.made is Hello and (version := COUNT.read(found.get("version"))) != VERSION:
            # Of another version nothing more is known.
            return OtherVersion(version)
        message: Message = shape.read(found)
    except (ValueError, RecursionError) as error:
        raise _bad(data, error) from error
    return message


def _parsed(data: bytes) -> Any:
    if len(data) > MAX_MESSAGE:
        raise ShapeError(f"is longer than {MAX_MESSAGE} bytes")
    return json.loads(data.decode("utf-8"), parse_constant=_no_number)


def _no_number(word: str) -> float:
    raise ShapeError(f"{word} is no number")


def _bad(data: bytes, error: Exception) -> LineHostError:
    return LineHostError(f"{str(error)[:200]}: {data[:_SHOWN]!r}")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
