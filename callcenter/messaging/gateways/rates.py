"""How much a gateway was given in each minute of the last hour, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.clock import iso, utc_now
from callcenter.messaging.gateways.rows import missing
from callcenter.messaging.vocabulary import PartState
from storage.database import Database
from storage.models import SmsAttempt, SmsGateway
from storage.models.base import NO, table_of

MINUTES = 60
FIGURES = ("delivered", "accepted", "unknown", "failed")

_ATTEMPT = table_of(SmsAttempt).c
_MINUTE = timedelta(minutes=1)
_FIGURE_OF: Mapping[str, str] = MappingProxyType(
    {
        PartState.ACCEPTED: "accepted",
        PartState.DELIVERED: "delivered",
        PartState.FAILED: "failed",
        PartState.REFUSED: "failed",
        PartState.ELSEWHERE: "failed",
        PartState.UNKNOWN: "unknown",
        PartState.UNCERTAIN: "unknown",
        PartState.GIVEN_UP: "unknown",
    }
)
"""What was put back unsent, or is to be tried later, is counted when it is given again; what is on its way, not yet."""


class GatewayRates:
    """Needs ``gateways.view``."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock

    async def last_hour(self, principal: Principal, gateway_id: int) -> Sequence[dict[str, Any]]:
        """One entry for each minute, the oldest first: ``at``, when it began, and parts by ``FIGURES``.

        A part counts in the minute in which it was handed over, as what it is now. NotFoundError without the gateway.
        """
        principal.require("gateways.view")
        return await self._database.read(load_rates, gateway_id, utc_now(self._clock))


def load_rates(session: Session, gateway_id: int, now: datetime) -> Sequence[dict[str, Any]]:
    """See ``GatewayRates.last_hour``."""
    known = select(SmsGateway.id).where(SmsGateway.id == gateway_id, SmsGateway.disabled == NO)
    if session.scalar(known) is None:
        raise missing(gateway_id)
    first = now.replace(second=0, microsecond=0) - (MINUTES - 1) * _MINUTE
    minutes: list[dict[str, Any]] = [
        {"at": iso(first + number * _MINUTE), **dict.fromkeys(FIGURES, 0)} for number in range(MINUTES)
    ]
    # What is claimed together has one moment, so that this gives few rows.
    statement = (
        select(_ATTEMPT.sent_at, _ATTEMPT.state, func.count())
        .where(_ATTEMPT.gateway_id == gateway_id, _ATTEMPT.sent_at >= first, _ATTEMPT.sent_at <= now)
        .group_by(_ATTEMPT.sent_at, _ATTEMPT.state)
    )
    for at, state, count in session.execute(statement):
        if (figure := _FIGURE_OF.get(state)) is not None:
            minutes[(at - first) // _MINUTE][figure] += int(count)
    return minutes
