"""What one process leaves to the next of what may be brought again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.messaging.incoming.repetitions import is_name_of_ours
from storage.models import SmsArrival, SmsAttempt, SmsGateway
from storage.models.base import table_of

NEWEST = 4000
"""More than the gateways can have brought that is not settled: they are not read from while 2,000 are not on disk."""
_ARRIVAL, _ATTEMPT, _GATEWAY = table_of(SmsArrival).c, table_of(SmsAttempt).c, table_of(SmsGateway).c


def left_behind(session: Session) -> list[tuple[int, str, datetime]]:
    """Gateway, name and time of what is on disk and not settled, oldest first."""
    settled = {row.id: row.settled_until for row in session.execute(select(_GATEWAY.id, _GATEWAY.settled_until))}
    columns = select(_ARRIVAL.gateway_id, _ARRIVAL.fingerprint, _ARRIVAL.arrived_at)
    found = session.execute(columns.order_by(_ARRIVAL.id.desc()).limit(NEWEST)).all()
    return [
        (row.gateway_id, row.fingerprint, row.arrived_at)
        for row in reversed(found)
        if is_name_of_ours(row.fingerprint) and _is_open(settled.get(row.gateway_id), row.arrived_at)
    ]


def names_of_ours(session: Session, most: int) -> list[tuple[int, str]]:
    """Gateway, and its name for what it took, of the ``most`` parts that were sent last, oldest first."""
    newest = select(_ATTEMPT.gateway_id, _ATTEMPT.gateway_ref).order_by(_ATTEMPT.sent_at.desc()).limit(most)
    found = session.execute(newest).all()
    return [(row.gateway_id, row.gateway_ref) for row in reversed(found) if row.gateway_ref is not None]


def write_settled(session: Session, until: Mapping[int, datetime]) -> None:
    """Gateway → see ``SmsGateway.settled_until``."""
    for gateway, at in until.items():
        session.execute(update(table_of(SmsGateway)).where(_GATEWAY.id == gateway).values(settled_until=at))


def _is_open(settled_until: datetime | None, at: datetime) -> bool:
    return settled_until is None or at >= settled_until
