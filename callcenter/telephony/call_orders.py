"""The orders in which call records can be listed.

Agents, lines and outcomes come by their names as people know them, which no index has: the list is then one stretch for
each of them, found by an index of its own, in the order of the names. Within a stretch the newest call comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.administration.principal import Principal
from callcenter.administration.resources import chosen_sort
from callcenter.telephony.effects import Direction
from storage.models import CallOutcome, CallRecord, PhoneLine, UserAccount
from storage.queries.paging import Stretch, empty_last
from storage.queries.terms import pinyin_of

DEFAULT_SORT = "-started_at"

_NEWEST = (CallRecord.started_at, CallRecord.id)


def call_sorts(principal: Principal) -> tuple[str, ...]:
    """What ``principal`` can sort calls by. The order of numbers, and cursors, would tell what is masked."""
    return tuple(name for name in _ORDERS if name != "number" or principal.sees_numbers)


def call_stretches(session: Session, principal: Principal, sort: str) -> list[Stretch]:
    """The stretches of a list sorted by ``sort``, one of ``call_sorts`` with ``-`` before it to turn it round.

    Raises InvalidError for any other.
    """
    name, descending = chosen_sort(sort, DEFAULT_SORT, call_sorts(principal))
    return _ORDERS[name](session, descending)


def _started(_: Session, descending: bool) -> list[Stretch]:
    return [Stretch(_NEWEST, descending)]


def _number(_: Session, descending: bool) -> list[Stretch]:
    return empty_last(CallRecord.number, *_NEWEST, descending=descending)


def _talk(_: Session, descending: bool) -> list[Stretch]:
    return empty_last(CallRecord.talk_seconds, *_NEWEST, descending=descending)


def _direction(_: Session, descending: bool) -> list[Stretch]:
    return _grouped(CallRecord.direction, [Direction.IN.value, Direction.OUT.value], descending)


def _agent(session: Session, descending: bool) -> list[Stretch]:
    people = _by_name(session, UserAccount.id, UserAccount.display_name)
    return [*_grouped(CallRecord.agent_id, people, descending), _rest(CallRecord.agent_id.is_(None))]


def _line(session: Session, descending: bool) -> list[Stretch]:
    return _grouped(CallRecord.line_id, _by_name(session, PhoneLine.id, PhoneLine.name), descending)


def _outcome(session: Session, descending: bool) -> list[Stretch]:
    """In the order of the wrap-up pane; what is in no dictionary comes with what has no outcome."""
    codes = list(session.scalars(select(CallOutcome.code).order_by(CallOutcome.position, CallOutcome.code)))
    others = or_(CallRecord.outcome.is_(None), CallRecord.outcome.not_in(codes))
    return [*_grouped(CallRecord.outcome, codes, descending), _rest(others)]


def _by_name(session: Session, key: InstrumentedAttribute[int], name: InstrumentedAttribute[str]) -> list[int]:
    """Ids in the order of names; Chinese ones as they are read."""
    found = [(pinyin_of(text), text, number) for number, text in session.execute(select(key, name))]
    return [number for _, _, number in sorted(found)]


def _grouped(column: InstrumentedAttribute[Any], values: Sequence[Any], descending: bool) -> list[Stretch]:
    ordered = reversed(values) if descending else values
    return [Stretch(_NEWEST, True, str(value), column == value) for value in ordered]


def _rest(condition: ColumnElement[bool]) -> Stretch:
    return Stretch(_NEWEST, True, "rest", condition)


_ORDERS: Mapping[str, Callable[[Session, bool], list[Stretch]]] = MappingProxyType(
    {
        "started_at": _started,
        "direction": _direction,
        "number": _number,
        "line": _line,
        "agent": _agent,
        "outcome": _outcome,
        "talk_seconds": _talk,
    }
)
