"""The call on a line, as one step of its state machine opens, takes and closes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from callcenter.telephony.effects import (
    CallClosed,
    Caller,
    CallOpened,
    CallTaken,
    DialRequest,
    Direction,
    Effect,
    EndReason,
    LineStateName,
)
from callcenter.telephony.line_model import Line, News, OpenCall
from protocols.signals import Certainty

Step = tuple[Line, tuple[Effect, ...]]
Handlers = Mapping[type[News], Callable[[Line, Any, datetime], Step]]
"""What each kind of news makes of a line."""


def open_call(
    line: Line, at: datetime, direction: Direction, caller: Caller, request: DialRequest | None = None, rings: int = 0
) -> Step:
    """A call begins on ``line``, which has none."""
    number = line.calls_seen + 1
    incoming = direction is Direction.IN
    state = LineStateName.RINGING if incoming else LineStateName.DIALLING
    call = OpenCall(number, direction, state, at, at, caller, rings, held=not incoming)
    opened = CallOpened(at, number, direction, caller, rings, request)
    return replace(line, call=call, calls_seen=number), (opened,)


def close_call(line: Line, at: datetime, reason: EndReason) -> Step:
    """Close the open call; ``line`` must have one."""
    call = line.call
    assert call is not None  # noqa: S101 - every caller has looked
    return replace(line, call=None), (CallClosed(at, call.number, reason, call.rings),)


def close_if_open(line: Line, at: datetime, reason: EndReason) -> Step:
    """Close the open call, if there is one."""
    return close_call(line, at, reason) if line.call is not None else (line, ())


def with_call(line: Line, **changes: Any) -> Line:
    """``line`` with these ``changes`` of its open call; it must have one."""
    assert line.call is not None  # noqa: S101 - every caller has looked
    return replace(line, call=replace(line.call, **changes))


def in_state(line: Line, *states: LineStateName) -> bool:
    """Whether the open call is in one of ``states``."""
    return line.call is not None and line.call.state in states


def take_call(line: Line, at: datetime, *, held: bool, certainty: Certainty) -> Step:
    """Somebody speaks on the open call; ``held``: the device itself holds it."""
    call = line.call
    assert call is not None  # noqa: S101 - every caller has looked
    taken = CallTaken(at, call.number, not held, certainty.value, call.rings)
    return with_call(line, state=LineStateName.TALKING, held=held), (taken,)
