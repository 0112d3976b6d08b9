"""Counts and sums over calls, made by the database, as a whole or for each value of a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, case, func, literal, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.counting import TALK, WAIT, Counted, conditions
from callcenter.telephony.settings import TelephonySettings
from storage.models import AgentStateSpan, CallRecord
from storage.models.base import Utc
from storage.queries.durations import seconds_between


@dataclass(frozen=True)
class CallTotals:
    """Counts by the definitions of ``Counted``; sums in seconds: waited by the answered, talked and wrapped up by the
    handled.
    """

    incoming: int = 0
    outgoing: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    lost: int = 0
    offered: int = 0
    missed: int = 0
    handled: int = 0
    waited: float = 0.0
    talked: float = 0.0
    wrapped: float = 0.0

    def __add__(self, other: CallTotals) -> CallTotals:
        return CallTotals(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


NOTHING = CallTotals()
_NAMES = tuple(one.name for one in fields(CallTotals))


def load_totals(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    settings: TelephonySettings,
    now: datetime,
    key: ColumnElement[Any] | InstrumentedAttribute[Any] | None = None,
) -> dict[Any, CallTotals]:
    """Value of ``key`` → the totals of the calls for which ``where`` holds; without a key, None → all of them.

    Inside, each call is looked at once; what is the same in the statement's parts is said once only, because with
    bound values databases do not see that it is the same.
    """
    each = select(
        (literal_column("0") if key is None else key).label("part"), *_each_call(settings, now)
    ).where(*where).subquery("counted")  # fmt: skip
    sums = [func.coalesce(func.sum(each.c[name]), 0) for name in _NAMES]
    if key is None:
        return {None: CallTotals(*tuple(session.execute(select(*sums)).one()))}
    rows = session.execute(select(each.c.part, *sums).group_by(each.c.part))
    return {part: CallTotals(*values) for part, *values in rows}


def _each_call(settings: TelephonySettings, now: datetime) -> list[ColumnElement[Any]]:
    """What one call adds to each of the totals, in their order."""
    counted = conditions(settings)
    handled, answered = counted[Counted.HANDLED], counted[Counted.ANSWERED]
    added: dict[str, ColumnElement[Any]] = {
        count.value: case((condition, 1), else_=0) for count, condition in counted.items()
    }
    added["waited"] = case((answered, WAIT), else_=0.0)
    added["talked"] = case((handled, TALK), else_=0.0)
    added["wrapped"] = case((handled, _wrap_up_after(now)), else_=0.0)
    return [added[name].label(name) for name in _NAMES]


def _wrap_up_after(now: datetime) -> ScalarSelect[Any]:
    """The seconds that the agent spent in wrap-up from the end of the call on, until something else began.

    Looked up by the index on agent and start of a span.
    """
    span = AgentStateSpan
    lasted = seconds_between(span.started_at, func.coalesce(span.ended_at, literal(now, Utc())))
    after = select(func.coalesce(func.sum(lasted), 0.0)).where(
        span.user_id == CallRecord.agent_id,
        span.started_at == CallRecord.ended_at,
        span.state == AgentState.WRAP_UP.value,
    )
    return after.correlate(CallRecord).scalar_subquery()
