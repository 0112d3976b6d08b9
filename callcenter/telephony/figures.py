"""Today's figures beside their targets, by these definitions; computed at most once a second, when asked for.

| figure | definition |
|---|---|
| service level | incoming calls answered within X seconds ÷ (answered + abandoned − short abandons) |
| average speed of answer | Σ (first sign → answer) ÷ answered |
| abandoned | abandoned ÷ (answered + abandoned), short ones excluded |
| longest wait | age of the oldest call that rings now |
| average handling time | (talk + wrap-up) ÷ handled |
| occupancy | handling ÷ (handling + available) |

Shares are 0 to 1, times are seconds; a figure of nothing is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.clock import day_bounds, iso
from callcenter.telephony.agent_states import HANDLING, AgentState
from callcenter.telephony.effects import EndReason
from callcenter.telephony.scope import agent_scope_clause, scope_clause
from callcenter.telephony.settings import TelephonySettings
from storage.models import AgentStateSpan, AgentStatus, CallRecord, PhoneLine, UserAccount
from storage.models.base import NO, YES
from storage.queries.durations import seconds_between


@dataclass(frozen=True)
class CallTotals:
    """Counts and sums of one day's calls; sums in seconds."""

    incoming: int
    outgoing: int
    answered: int
    answered_in_time: int
    waited: float
    abandoned: int
    short_abandoned: int
    missed_open: int
    handled: int
    talked: float


def load_figures(session: Session, principal: Principal, settings: TelephonySettings, now: datetime) -> dict[str, Any]:
    """The wallboard within the data scope of ``wallboard.view``: figures, counts, lines and agents by state."""
    day_start, day_end = day_bounds(now, settings.time_zone)
    calls = _call_totals(session, principal, settings, day_start, day_end)
    times = _agent_times(session, principal, day_start, now)
    ringing_since = _oldest_ringing(session, principal)
    return {
        "at": iso(now),
        "day_start": iso(day_start),
        "time_zone": settings.time_zone,
        "figures": _figures(calls, times, ringing_since, settings, now),
        "counts": {
            "incoming": calls.incoming,
            "outgoing": calls.outgoing,
            "answered": calls.answered,
            "abandoned": calls.abandoned,
            "short_abandoned": calls.short_abandoned,
            "missed_open": calls.missed_open,
            "handled": calls.handled,
        }
        | _present(session, principal),
        "lines": _tally(session, _lines_by_state()),
        "agents": _tally(session, _agents_by_state(principal)),
    }


def _figures(
    calls: CallTotals,
    times: dict[str, float],
    ringing_since: datetime | None,
    settings: TelephonySettings,
    now: datetime,
) -> dict[str, Any]:
    offered = calls.answered + calls.abandoned - calls.short_abandoned
    lost = calls.abandoned - calls.short_abandoned
    handling = sum(times.get(state.value, 0.0) for state in HANDLING)
    staffed = handling + times.get(AgentState.AVAILABLE.value, 0.0)
    handled_for = calls.talked + times.get(AgentState.WRAP_UP.value, 0.0)
    waits = None if ringing_since is None else max(0.0, (now - ringing_since).total_seconds())
    targets = settings.targets
    return {
        "service_level": _figure(calls.answered_in_time, offered, "share", targets.service_level)
        | {"seconds": settings.service_level_seconds, "short_abandon_seconds": settings.short_abandon_seconds},
        "average_speed_of_answer": _figure(calls.waited, calls.answered, "seconds", targets.average_speed_of_answer),
        "abandoned": _figure(lost, offered, "share", targets.abandoned),
        "longest_wait": {
            "value": waits,
            "unit": "seconds",
            "target": targets.longest_wait,
            "since": iso(ringing_since),
        },
        "average_handling_time": _figure(handled_for, calls.handled, "seconds", None),
        "occupancy": _figure(handling, staffed, "share", None),
    }


def _figure(part: float, whole: float, unit: str, target: float | None) -> dict[str, Any]:
    return {
        "value": part / whole if whole else None,
        "unit": unit,
        "target": target,
        "numerator": part,
        "denominator": whole,
    }


def _call_totals(
    session: Session, principal: Principal, settings: TelephonySettings, start: datetime, end: datetime
) -> CallTotals:
    """One pass over the day's calls by the index on their start."""
    # One caller rings several telephones: the call counts where it was answered.
    incoming = and_(
        CallRecord.direction == "in",
        or_(CallRecord.end_reason.is_(None), CallRecord.end_reason != EndReason.ELSEWHERE.value),
    )
    wait = seconds_between(CallRecord.started_at, CallRecord.answered_at)
    answered = and_(incoming, CallRecord.answered_at.is_not(None))
    # A caller who met a busy line never rang, and the queue did not lose them.
    abandoned = and_(
        incoming,
        CallRecord.missed == YES,
        or_(CallRecord.end_reason.is_(None), CallRecord.end_reason != EndReason.BUSY.value),
    )
    rang = seconds_between(CallRecord.started_at, CallRecord.ended_at)
    # The length of a conversation whose end nobody saw is not known.
    handled = and_(
        CallRecord.answered_at.is_not(None),
        CallRecord.ended_at.is_not(None),
        CallRecord.agent_id.is_not(None),
        CallRecord.end_reason != EndReason.UNKNOWN.value,
    )
    talk = seconds_between(CallRecord.answered_at, CallRecord.ended_at)
    row = session.execute(
        select(
            _count(incoming),
            _count(CallRecord.direction == "out"),
            _count(answered),
            _count(and_(answered, wait <= settings.service_level_seconds)),
            _sum(answered, wait),
            _count(abandoned),
            _count(and_(abandoned, rang < settings.short_abandon_seconds)),
            _count(and_(CallRecord.missed == YES, CallRecord.missed_handled_at.is_(None))),
            _count(handled),
            _sum(handled, talk),
        ).where(CallRecord.started_at >= start, CallRecord.started_at < end, scope_clause(principal, "wallboard.view"))
    ).one()
    return CallTotals(*tuple(row))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _sum(condition: ColumnElement[bool], value: ColumnElement[float]) -> ColumnElement[float]:
    return func.coalesce(func.sum(case((condition, value), else_=0.0)), 0.0)


def _agent_times(session: Session, principal: Principal, start: datetime, now: datetime) -> dict[str, float]:
    """State → seconds that agents spent in it today; a stretch begun before midnight counts from midnight on.

    The present stretch comes from the agent's status, past ones by the index on their end.
    """
    reach = agent_scope_clause(principal, "wallboard.view")
    past = (
        select(AgentStateSpan.state, AgentStateSpan.started_at, AgentStateSpan.ended_at)
        .join(UserAccount, UserAccount.id == AgentStateSpan.user_id)
        .where(reach, AgentStateSpan.ended_at > start)
    )
    present = select(AgentStatus.state, AgentStatus.since).join(UserAccount, UserAccount.id == AgentStatus.user_id)
    stretches = [(state, since, until or now) for state, since, until in session.execute(past)]
    stretches += [(state, since, now) for state, since in session.execute(present.where(reach))]
    times: dict[str, float] = {}
    for state, since, until in stretches:
        times[state] = times.get(state, 0.0) + max(0.0, (until - max(since, start)).total_seconds())
    return times


def _oldest_ringing(session: Session, principal: Principal) -> datetime | None:
    statement = select(func.min(CallRecord.started_at)).where(
        CallRecord.state == "ringing", scope_clause(principal, "wallboard.view")
    )
    return session.scalar(statement)


def _present(session: Session, principal: Principal) -> dict[str, int]:
    statement = (
        select(CallRecord.state, func.count())
        .where(CallRecord.state.in_(("ringing", "dialling", "talking")), scope_clause(principal, "wallboard.view"))
        .group_by(CallRecord.state)
    )
    return {"ringing": 0, "dialling": 0, "talking": 0} | _tally(session, statement)


def _lines_by_state() -> Select[str, int]:
    return select(PhoneLine.state, func.count()).where(PhoneLine.removed == NO).group_by(PhoneLine.state)


def _agents_by_state(principal: Principal) -> Select[str, int]:
    return (
        select(AgentStatus.state, func.count())
        .join(UserAccount, UserAccount.id == AgentStatus.user_id)
        .where(UserAccount.disabled == NO, agent_scope_clause(principal, "wallboard.view"))
        .group_by(AgentStatus.state)
    )


def _tally(session: Session, statement: Select[str, int]) -> dict[str, int]:
    return {state: count for state, count in session.execute(statement)}  # noqa: C416 - a row is no pair to mypy
