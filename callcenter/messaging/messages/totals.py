"""Reconciliation: of what was queued on a day, how much stands where, by gateway. The states add up to the total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.clock import midnight
from callcenter.errors import InvalidError
from callcenter.messaging.messages.listing import count_queued, count_states
from callcenter.messaging.vocabulary import MessageState
from callcenter.text import N_, Text
from storage.models import SmsGateway

MOST_DAYS = 31
# The day before and the day after can be reckoned with, in any zone.
_FIRST_YEAR = 1970
STATES = tuple(state.value for state in MessageState if state is not MessageState.RECEIVED)


def require_days(first: date, last: date) -> None:
    """Raise InvalidError for a stretch of days that is none or too long."""
    if not 0 <= (last - first).days < MOST_DAYS or not _FIRST_YEAR <= first.year <= last.year < MAXYEAR:
        message = Text(N_("Choose 1 to {most} days."), most=MOST_DAYS)
        raise InvalidError(message, {"to": message})


def load_totals(
    session: Session, principal: Principal, first: date, last: date, time_zone: str
) -> Sequence[dict[str, Any]]:
    """One entry for each day and gateway (null: none chosen yet) with ``total``, ``states``, ``parts`` and ``cost``.

    ``total`` and ``states`` are counted each by itself; ``difference`` is what the states lack of the total, 0 as it
    should be.
    """
    names = {row.id: row.name for row in session.execute(select(SmsGateway.id, SmsGateway.name))}
    found: list[dict[str, Any]] = []
    for day in days_of(first, last):
        within = midnight(day, time_zone), midnight(day + timedelta(days=1), time_zone)
        states: dict[int | None, dict[str, int]] = {}
        for gateway, state, messages in count_states(session, principal, *within):
            states.setdefault(gateway, {})[state] = messages
        queued = {gateway: figures for gateway, *figures in count_queued(session, principal, *within)}
        for gateway in sorted({*queued, *states}, key=lambda one: (one is None, one or 0)):
            figures = (*queued.get(gateway, (0, 0, 0)),)
            found.append(_entry(day, gateway, names, states.get(gateway, {}), figures))
    return found


def days_of(first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last``, both inclusive."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def sum_totals(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of all ``entries`` together."""
    plain = {name: sum(one[name] for one in entries) for name in ("total", "parts", "cost", "difference")}
    return {**plain, "states": {state: sum(one["states"][state] for one in entries) for state in STATES}}


def _entry(
    day: date, gateway: int | None, names: Mapping[int, str], states: Mapping[str, int], figures: Sequence[int]
) -> dict[str, Any]:
    total, parts, cost = figures
    known = {state: states.get(state, 0) for state in STATES}
    return {
        "day": day.isoformat(),
        "gateway": None if gateway is None else {"id": gateway, "name": names.get(gateway, "")},
        "total": total,
        "states": known,
        "difference": total - sum(known.values()),
        "parts": parts,
        "cost": cost,
    }
