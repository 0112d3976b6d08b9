"""Line signals and what people are told, as JSON data. One entry for each signal there is; a test looks for others."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from protocols.line_host.messages import CommandDone, What
from protocols.line_host.shapes import COUNT, FLAG, Kind, Shape, ShapeError, an_object, choice, optional, text
from protocols.sayings import VALUE_LENGTH, Said, Saying
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DeviceWarns,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    FarEndRinging,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    ListenerChanged,
    NumberlessCalls,
    Parties,
    PartiesChanged,
    Rang,
    RingingStopped,
    TakenElsewhere,
    Transferred,
)

_DEPTH = 4
"""How deep sayings stand in each other."""
_WHOLE = 4 * VALUE_LENGTH
_PLAIN = text(_WHOLE)
_SAYINGS = {saying.code: saying for saying in Saying}


def _write_words(value: Any) -> Any:
    if not isinstance(value, Said):
        return value if type(value) is int else str(value)[:_WHOLE]
    values = {name: _write_words(one) for name, one in value.values.items()}
    return {"code": value.saying.code, "values": values, "text": str(value)[:_WHOLE]}


def _read_words(value: Any, depth: int = _DEPTH) -> str:
    """The saying, or its English where this program does not know it: the other end may be newer."""
    if isinstance(value, str):
        return str(_PLAIN.read(value))
    found = an_object(value)
    plain = str(_PLAIN.read(found.get("text")))
    code, values = found.get("code"), found.get("values")
    saying = _SAYINGS.get(code) if isinstance(code, str) else None
    if saying is None or not isinstance(values, dict) or depth == 0:
        return plain
    names = [name for _, name, _, _ in Formatter().parse(saying.value) if name]
    if not all(name in values for name in names):
        return plain
    return Said(saying, **{name: _read_value(values[name], depth - 1) for name in names})


def _read_value(value: Any, depth: int) -> Any:
    return COUNT.read(value) if type(value) is int else _read_words(value, depth)


WORDS = Kind(_read_words, _write_words)
"""What people are to read: a saying with its values, or plain text."""

_NUMBER, _NAME, _WORD = text(80), text(80), text(40)

_SHAPES: Mapping[str, Shape] = {
    "ready": Shape(LineReady, identification=WORDS),
    "lost": Shape(LineLost, reason=WORDS),
    "rang": Shape(Rang, cadence=text(8)),
    "ringing_stopped": Shape(RingingStopped),
    "taken_elsewhere": Shape(TakenElsewhere),
    "caller": Shape(
        CallerIdentified, number=_NUMBER, name=_NAME, absent=optional(choice(AbsentReason)), verified=FLAG, present=FLAG
    ),
    "handset_lifted": Shape(HandsetLifted),
    "handset_replaced": Shape(HandsetReplaced),
    "handset_dialled": Shape(HandsetDialled, number=_NUMBER),
    "answered": Shape(Answered, certainty=choice(Certainty)),
    "far_end_ringing": Shape(FarEndRinging),
    "dial_failed": Shape(DialFailed, failure=choice(DialFailure)),
    "ended": Shape(Ended, by_far_end=FLAG),
    "digit": Shape(DigitHeard, digit=text(1)),
    "command_failed": Shape(CommandFailed, command=_WORD, detail=WORDS),
    "numberless": Shape(NumberlessCalls, count=COUNT),
    "warns": Shape(DeviceWarns, detail=WORDS),
    "parties": Shape(PartiesChanged, parties=choice(Parties), other=_NUMBER),
    "transferred": Shape(Transferred, other=_NUMBER, attended=FLAG),
    "listener": Shape(ListenerChanged, listener=_WORD, on=FLAG, why=WORDS),
    "command_done": Shape(CommandDone, id=_WORD, refused=WORDS),
}
_NAMES = {shape.made: name for name, shape in _SHAPES.items()}


def read_news(value: Any) -> What:
    """What is told of a line; raises ``ShapeError``."""
    found = an_object(value)
    name = found.get("kind")
    shape = _SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        raise ShapeError(f"kind: must be one of {', '.join(_SHAPES)}")
    news: What = shape.read(found)
    return news


def write_news(news: What) -> dict[str, Any]:
    """``news`` as plain data."""
    name = _NAMES[type(news)]
    return {"kind": name, **_SHAPES[name].write(news)}


NEWS = Kind(read_news, write_news)
