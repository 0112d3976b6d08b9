"""Today's figures beside their targets, by these definitions; computed at most once a second, when asked for.

| figure | definition |
|---|---|
| service level | incoming calls answered within X seconds ÷ (answered + abandoned − short abandons) |
| average speed of answer | Σ (first sign → answer) ÷ answered |
| abandoned | abandoned ÷ (answered + abandoned), short ones excluded |
| longest wait | age of the oldest call that rings now |
| average handling time | (talk, holds included, + wrap-up that followed at once) ÷ handled |
| occupancy | handling ÷ (handling + available) |

What counts as incoming, answered, handled … is defined in ``counting``.
Shares are 0 to 1, times are seconds; a figure of nothing is None, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.clock import day_bounds, iso
from callcenter.telephony.scope import agent_scope_clause, scope_clause
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.totals import CallTotals, load_totals
from callcenter.telephony.work_times import NO_WORK, WorkTime, work_by
from storage.models import AgentStatus, CallRecord, PhoneLine, UserAccount
from storage.models.base import NO, YES


def load_figures(session: Session, principal: Principal, settings: TelephonySettings, now: datetime) -> dict[str, Any]:
    """The wallboard within the data scope of ``wallboard.view``: figures, counts, lines and agents by state."""
    day_start, day_end = day_bounds(now, settings.time_zone)
    within = (
        CallRecord.started_at >= day_start,
        CallRecord.started_at < day_end,
        scope_clause(principal, "wallboard.view"),
    )
    calls = load_totals(session, within, settings, now)[None]
    reach = [agent_scope_clause(principal, "wallboard.view")]
    work = sum(work_by(session, UserAccount.id, reach, day_start, now).values(), NO_WORK)
    ringing_since = _oldest_ringing(session, principal)
    return {
        "at": iso(now),
        "day_start": iso(day_start),
        "time_zone": settings.time_zone,
        "figures": _figures(calls, work, ringing_since, settings, now),
        "counts": {
            "incoming": calls.incoming,
            "outgoing": calls.outgoing,
            "answered": calls.answered,
            "abandoned": calls.abandoned,
            "short_abandoned": calls.short_abandoned,
            "missed_open": _missed_open(session, within),
            "handled": calls.handled,
        }
        | _present(session, principal),
        "lines": _tally(session, _lines_by_state()),
        "agents": _tally(session, _agents_by_state(principal)),
    }


def _figures(
    calls: CallTotals, work: WorkTime, ringing_since: datetime | None, settings: TelephonySettings, now: datetime
) -> dict[str, Any]:
    waits = None if ringing_since is None else max(0.0, (now - ringing_since).total_seconds())
    staffed = work.handling + work.available
    targets = settings.targets
    return {
        "service_level": _figure(calls.in_time, calls.offered, "share", targets.service_level)
        | {"seconds": settings.service_level_seconds, "short_abandon_seconds": settings.short_abandon_seconds},
        "average_speed_of_answer": _figure(calls.waited, calls.answered, "seconds", targets.average_speed_of_answer),
        "abandoned": _figure(calls.lost, calls.offered, "share", targets.abandoned),
        "longest_wait": {
            "value": waits,
            "unit": "seconds",
            "target": targets.longest_wait,
            "since": iso(ringing_since),
        },
        "average_handling_time": _figure(
            calls.talked + calls.wrapped, calls.handled, "seconds", targets.average_handling_time
        ),
        "occupancy": _figure(work.handling, staffed, "share", targets.occupancy),
    }


def _figure(part: float, whole: float, unit: str, target: float | None) -> dict[str, Any]:
    return {
        "value": part / whole if whole else None,
        "unit": unit,
        "target": target,
        "numerator": part,
        "denominator": whole,
    }


def _missed_open(session: Session, within: Sequence[ColumnElement[bool]]) -> int:
    waiting = select(func.count()).where(*within, CallRecord.missed == YES, CallRecord.missed_handled_at.is_(None))
    return session.scalar(waiting) or 0


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
