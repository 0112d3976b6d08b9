"""How long agents spent on calls and how long they were available for them, by agent or by hours and days."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.telephony.agent_states import HANDLING, AgentState
from storage.models import AgentStateSpan, UserAccount
from storage.models.base import Utc
from storage.queries.durations import seconds_between

_WORKING = sorted(state.value for state in (*HANDLING, AgentState.AVAILABLE))
_AT_ONCE = 1_000
LONGEST_SPAN = timedelta(days=31)
"""Nobody is available, or on a call, for longer at a stretch: who closes the page is offline. So a look at last year
need not go through all that has ended since."""


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
    # As rows rather than as an expression that would be said twice.
    each = (
        select(key.label("part"), span.state.label("state"), _within(start, stop).label("seconds"))
        .join(UserAccount, UserAccount.id == span.user_id)
        .where(*reach, *_touching(start, stop))
        .subquery("worked")
    )
    statement = select(each.c.part, each.c.state, func.sum(each.c.seconds)).group_by(each.c.part, each.c.state)
    return _collected((part, state, seconds) for part, state, seconds in session.execute(statement))


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
    inside = (span.started_at >= start, span.started_at < stop, span.ended_at <= stop, begins == ends)
    each = (
        select(
            begins.label("part"), span.state.label("state"), seconds_between(span.started_at, span.ended_at).label("s")
        )
        .join(UserAccount, UserAccount.id == span.user_id)
        .where(*reach, span.state.in_(_WORKING), *inside)
        .subquery("worked")
    )
    whole = session.execute(select(each.c.part, each.c.state, func.sum(each.c.s)).group_by(each.c.part, each.c.state))
    found = [(part, state, seconds) for part, state, seconds in whole]
    outside = or_(span.started_at < start, span.ended_at.is_(None), span.ended_at > stop, begins != ends)
    cut = (
        select(span.state, span.started_at, span.ended_at)
        .join(UserAccount, UserAccount.id == span.user_id)
        .where(*reach, *_touching(start, stop), outside)
        .execution_options(yield_per=_AT_ONCE)
    )
    firsts = [moment for moment, _ in boundaries]
    for state, since, until in session.execute(cut):
        first, last = max(since, start), min(until or stop, stop)
        place = bisect_right(firsts, first) - 1
        while first < last:
            end = min(last, firsts[place + 1]) if place + 1 < len(firsts) else last
            found.append((boundaries[place][1], state, (end - first).total_seconds()))
            first, place = end, place + 1
    return _collected(found)


def _touching(start: datetime, stop: datetime) -> list[ColumnElement[bool]]:
    span = AgentStateSpan
    return [
        span.state.in_(_WORKING),
        span.started_at >= start - LONGEST_SPAN,
        span.started_at < stop,
        or_(span.ended_at.is_(None), span.ended_at > start),
    ]


def _within(start: datetime, stop: datetime) -> ColumnElement[float]:
    span = AgentStateSpan
    begins = case((span.started_at < start, literal(start, Utc())), else_=span.started_at)
    ends = case((or_(span.ended_at.is_(None), span.ended_at > stop), literal(stop, Utc())), else_=span.ended_at)
    return seconds_between(begins, ends)


def _collected(rows: Any) -> dict[Any, WorkTime]:
    found: dict[Any, WorkTime] = defaultdict(WorkTime)
    for part, state, seconds in rows:
        available = state == AgentState.AVAILABLE.value
        found[part] += WorkTime(0.0 if available else float(seconds), float(seconds) if available else 0.0)
    return dict(found)
