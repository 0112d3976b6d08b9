"""How long agents spent on calls and how long they were available for them, by agent or by hours and days."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from callcenter.telephony.agent_states import HANDLING, AgentState
from storage.models import AgentStateSpan, UserAccount
from storage.models.base import Utc
from storage.queries.durations import seconds_between

_WORKING = sorted(state.value for state in (*HANDLING, AgentState.AVAILABLE))
_AT_ONCE = 1_000
_AGENTS_AT_ONCE = 50


@dataclass(frozen=True)
class WorkTime:
    """Seconds: ``handling`` calls (ringing, talking, wrap-up) and ``available`` for them."""

    handling: float = 0.0
    available: float = 0.0

    def __add__(self, other: WorkTime) -> WorkTime:
        return WorkTime(self.handling + other.handling, self.available + other.available)

    @property
    def occupancy(self) -> float | None:
        """The share of the working time that was spent on calls; None when nobody worked."""
        whole = self.handling + self.available
        return self.handling / whole if whole else None


NO_WORK = WorkTime()


def work_by(
    session: Session,
    key: InstrumentedAttribute[Any],
    reach: Sequence[ColumnElement[bool]],
    start: datetime,
    stop: datetime,
) -> dict[Any, WorkTime]:
    """Value of a column of ``UserAccount`` → the time worked between two moments by those for whom ``reach`` holds.

    A span that goes on counts up to ``stop``, which is not in the future.
    """
    span = AgentStateSpan
    end = case((or_(span.ended_at.is_(None), span.ended_at > stop), literal(stop, Utc())), else_=span.ended_at)
    # As rows rather than as an expression that would be said twice.
    each = (
        select(key.label("part"), span.state.label("state"), seconds_between(span.started_at, end).label("seconds"))
        .join(UserAccount, UserAccount.id == span.user_id)
        .where(span.state.in_(_WORKING), *begun_within(reach, start, stop))
        .subquery("worked")
    )
    statement = select(each.c.part, each.c.state, func.sum(each.c.seconds)).group_by(each.c.part, each.c.state)
    found = [(part, state, seconds) for part, state, seconds in session.execute(statement)]
    for state, until, part in reaching_into(session, reach, start, key):
        found.append((part, state, (min(until or stop, stop) - start).total_seconds()))
    return _collected(found)


def work_by_slot(
    session: Session,
    slot: Sequence[ColumnElement[str]],
    boundaries: Sequence[tuple[datetime, str]],
    reach: Sequence[ColumnElement[bool]],
    start: datetime,
    stop: datetime,
) -> dict[str, WorkTime]:
    """Slot (a day, or an hour of one) → the time worked in it.

    ``slot`` tells in which one a span starts and in which one it ends, ``boundaries`` when each begins. The database
    adds up the spans that lie in one slot, which are nearly all; those that go over a boundary are cut here.
    """
    span = AgentStateSpan
    begins, ends = slot
    within = (span.state.in_(_WORKING), *begun_within(reach, start, stop))
    seconds = seconds_between(span.started_at, span.ended_at).label("seconds")
    each = (
        select(begins.label("part"), span.state.label("state"), seconds)
        .where(*within, span.ended_at <= stop, begins == ends)
        .subquery("worked")
    )
    statement = select(each.c.part, each.c.state, func.sum(each.c.seconds)).group_by(each.c.part, each.c.state)
    found = [(part, state, total) for part, state, total in session.execute(statement)]
    over = or_(span.ended_at.is_(None), span.ended_at > stop, begins != ends)
    cut = select(span.state, span.started_at, span.ended_at).where(*within, over)
    for state, since, until in session.execute(cut.execution_options(yield_per=_AT_ONCE)):
        found += _cut(state, since, min(until or stop, stop), boundaries)
    for state, until in reaching_into(session, reach, start):
        found += _cut(state, start, min(until or stop, stop), boundaries)
    return _collected(found)


def _cut(
    state: str, first: datetime, last: datetime, boundaries: Sequence[tuple[datetime, str]]
) -> list[tuple[str, str, float]]:
    """The parts of a stretch that lie in one slot each: slot, state, seconds."""
    found = []
    place = bisect_right(boundaries, first, key=lambda one: one[0]) - 1
    while first < last:
        end = min(last, boundaries[place + 1][0]) if place + 1 < len(boundaries) else last
        found.append((boundaries[place][1], state, (end - first).total_seconds()))
        first, place = end, place + 1
    return found


def begun_within(reach: Sequence[ColumnElement[bool]], start: datetime, stop: datetime) -> list[ColumnElement[bool]]:
    """The spans that begin between two moments, of the agents of ``reach``: found by the index on agent and start."""
    span = AgentStateSpan
    agents = select(UserAccount.id).where(*reach)
    return [span.user_id.in_(agents), span.started_at >= start, span.started_at < stop]


def reaching_into(
    session: Session, reach: Sequence[ColumnElement[bool]], start: datetime, *columns: Any
) -> list[tuple[Any, ...]]:
    """State, end and ``columns`` of the span in which each agent was at ``start``, begun before; of those that had one.

    The spans of an agent follow each other, so it is the last one begun before: one look by the index on agent and
    start for each agent, however long ago ``start`` is. In two steps: a database that may join them goes through
    all spans instead.
    """
    span, earlier = AgentStateSpan, aliased(AgentStateSpan)
    last = select(func.max(earlier.started_at)).where(earlier.user_id == UserAccount.id, earlier.started_at < start)
    agents = select(UserAccount.id, last.correlate(UserAccount).scalar_subquery()).where(*reach)
    began = {user_id: moment for user_id, moment in session.execute(agents) if moment is not None}
    known = list(began.items())
    found: list[tuple[Any, ...]] = []
    for place in range(0, len(known), _AGENTS_AT_ONCE):
        some = known[place : place + _AGENTS_AT_ONCE]
        statement = (
            select(span.user_id, span.started_at, span.state, span.ended_at, *columns)
            .join(UserAccount, UserAccount.id == span.user_id)
            .where(span.user_id.in_([one for one, _ in some]), span.started_at.in_([moment for _, moment in some]))
        )
        for user_id, moment, state, until, *rest in session.execute(statement):
            if began[user_id] == moment and (until is None or until > start):
                found.append((state, until, *rest))
    return found


def _collected(rows: Any) -> dict[Any, WorkTime]:
    found: dict[Any, WorkTime] = defaultdict(WorkTime)
    for part, state, seconds in rows:
        if state not in _WORKING:
            continue
        available = state == AgentState.AVAILABLE.value
        found[part] += WorkTime(0.0 if available else float(seconds), float(seconds) if available else 0.0)
    return dict(found)
