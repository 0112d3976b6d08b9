"""A day of every agent and every line as stretches of time with the calls in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.administration.principal import Principal
from callcenter.clock import iso, midnight
from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.scope import agent_scope_clause, scope_clause
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.work_times import begun_within, reaching_into
from storage.models import AgentStateSpan, CallRecord, LineServiceSpan, PhoneLine, UserAccount
from storage.models.base import NO
from storage.queries.terms import pinyin_of

PERMISSION = "reports.view"
_MOST = 500
_MOST_CALLS = 20_000
_LONGEST_CALL = timedelta(days=1)


def agents_day(
    session: Session, principal: Principal, settings: TelephonySettings, day: date, now: datetime
) -> dict[str, Any]:
    """What the agents in reach did on a day of the hospital: those who were there, by name.

    ``spans`` are the states but offline, cut to the day, ``calls`` what they were on.
    """
    start, end = _bounds(day, settings)
    reach = [agent_scope_clause(principal, PERMISSION)]
    span = AgentStateSpan
    begun = (
        select(span.state, span.ended_at, span.user_id, UserAccount.display_name, span.reason, span.started_at)
        .join(UserAccount, UserAccount.id == span.user_id)
        .where(*begun_within(reach, start, min(end, now)))
        .order_by(span.user_id, span.started_at, span.id)
    )
    before = reaching_into(session, reach, start, span.user_id, UserAccount.display_name, span.reason, span.started_at)
    spans: dict[int, list[dict[str, Any]]] = defaultdict(list)
    names: dict[int, str] = {}
    for state, until, user_id, name, reason, since in chain(before, session.execute(begun)):
        within = _span(state, reason, since, until, start, end, now)
        if within["seconds"] > 0 and state != AgentState.OFFLINE.value:
            spans[user_id].append(within)
            names[user_id] = name
    ordered = sorted(names, key=lambda one: (pinyin_of(names[one]), one))[:_MOST]
    calls = _calls(session, principal, CallRecord.agent_id, ordered, start, end, now)
    items = [{"id": one, "name": names[one], "spans": spans[one], "calls": calls[one]} for one in ordered]
    return _day(day, start, end, items)


def lines_day(
    session: Session, principal: Principal, settings: TelephonySettings, day: date, now: datetime
) -> dict[str, Any]:
    """What the lines did on a day of the hospital: in service, lost, out of service, stopped; and the calls."""
    start, end = _bounds(day, settings)
    touching = (
        select(LineServiceSpan)
        .where(
            LineServiceSpan.started_at < end,
            or_(LineServiceSpan.ended_at.is_(None), LineServiceSpan.ended_at > start),
        )
        .order_by(LineServiceSpan.line_id, LineServiceSpan.started_at, LineServiceSpan.id)
    )
    spans: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for span in session.scalars(touching):
        within = _span(span.state, span.reason, span.started_at, span.ended_at, start, end, now)
        spans[span.line_id].append(within | {"reason_said": span.reason_said})
    reach = scope_clause(principal, PERMISSION)
    rang = select(CallRecord.line_id).where(reach, CallRecord.started_at >= start, CallRecord.started_at < end)
    known = select(PhoneLine.id, PhoneLine.name).where(
        or_(PhoneLine.removed == NO, PhoneLine.id.in_(sorted(spans)), PhoneLine.id.in_(rang))
    )
    names = {number: name for number, name in session.execute(known)}  # noqa: C416 - a row is no pair to mypy
    ordered = sorted(names, key=lambda one: (pinyin_of(names[one]), one))[:_MOST]
    calls = _calls(session, principal, CallRecord.line_id, ordered, start, end, now)
    items = [{"id": one, "name": names[one], "spans": spans[one], "calls": calls[one]} for one in ordered]
    return _day(day, start, end, items)


def _bounds(day: date, settings: TelephonySettings) -> tuple[datetime, datetime]:
    return midnight(day, settings.time_zone), midnight(day + timedelta(days=1), settings.time_zone)


def _day(day: date, start: datetime, end: datetime, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"day": day.isoformat(), "begins": iso(start), "ends": iso(end), "items": list(items)}


def _span(
    state: str, reason: str, since: datetime, until: datetime | None, start: datetime, end: datetime, now: datetime
) -> dict[str, Any]:
    """A stretch as far as it lies within; what lasts ends now at the latest."""
    begins, ends = max(since, start), min(until or now, end)
    return {
        "state": state,
        "reason": reason,
        "started_at": iso(begins),
        "ended_at": iso(max(begins, ends)),
        "seconds": max(0.0, (ends - begins).total_seconds()),
    }


def _calls(
    session: Session,
    principal: Principal,
    key: InstrumentedAttribute[Any],
    keys: Sequence[int],
    start: datetime,
    end: datetime,
    now: datetime,
) -> dict[int, list[dict[str, Any]]]:
    """Value of ``key`` → the calls in reach that touch the time; nobody's number or name."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if not keys:
        return found
    columns = (
        CallRecord.id, key, CallRecord.direction, CallRecord.missed, CallRecord.started_at, CallRecord.answered_at,
        CallRecord.ended_at,
    )  # fmt: skip
    statement = (
        select(*columns)
        .where(
            scope_clause(principal, PERMISSION),
            key.in_(sorted(keys)),
            CallRecord.started_at >= start - _LONGEST_CALL,
            CallRecord.started_at < end,
            or_(CallRecord.ended_at.is_(None), CallRecord.ended_at > start),
        )
        .order_by(CallRecord.started_at, CallRecord.id)
        .limit(_MOST_CALLS)
    )
    for call_id, whose, direction, missed, began, answered, ended in session.execute(statement):
        found[whose].append(
            {
                "id": call_id,
                "direction": direction,
                "missed": missed,
                "started_at": iso(max(began, start)),
                "answered_at": iso(answered),
                "ended_at": iso(min(ended or now, end)),
            }
        )
    return found
