"""Reconciliation: of what was queued on a day, how much stands where, by gateway. The states add up to the total."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.clock import midnight
from callcenter.errors import InvalidError
from callcenter.messaging.listing import count_states
from callcenter.messaging.vocabulary import MessageState
from callcenter.text import N_, Text
from storage.models import SmsGateway

MOST_DAYS = 31
_STATES = tuple(state.value for state in MessageState if state is not MessageState.RECEIVED)


def require_days(first: date, last: date) -> None:
    """Raise InvalidError for a stretch of days that is none or too long."""
    if not 0 <= (last - first).days < MOST_DAYS:
        message = Text(N_("Choose 1 to {most} days."), most=MOST_DAYS)
        raise InvalidError(message, {"to": message})


def load_totals(
    session: Session, principal: Principal, first: date, last: date, time_zone: str
) -> Sequence[dict[str, Any]]:
    """One entry for each day and gateway (null: none chosen yet) with ``total``, ``states``, ``parts`` and ``cost``."""
    names = {row.id: row.name for row in session.execute(select(SmsGateway.id, SmsGateway.name))}
    found: list[dict[str, Any]] = []
    day = first
    while day <= last:
        following = day + timedelta(days=1)
        by_gateway: dict[int | None, dict[str, Any]] = {}
        counted = count_states(session, principal, midnight(day, time_zone), midnight(following, time_zone))
        for gateway, state, messages, parts, cost in counted:
            entry = by_gateway.setdefault(gateway, _entry(day, gateway, names))
            entry["states"][state] += messages
            entry["total"] += messages
            entry["parts"] += parts
            entry["cost"] += cost
        found += [by_gateway[key] for key in sorted(by_gateway, key=lambda one: (one is None, one or 0))]
        day = following
    return found


def _entry(day: date, gateway: int | None, names: dict[int, str]) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "gateway": None if gateway is None else {"id": gateway, "name": names.get(gateway, "")},
        "total": 0,
        "states": dict.fromkeys(_STATES, 0),
        "parts": 0,
        "cost": 0,
    }
