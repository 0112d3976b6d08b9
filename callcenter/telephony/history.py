"""What an agent did between two moments: the spans of their states."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.errors import InvalidError, NotFoundError
from callcenter.telephony.scope import agent_scope_clause
from callcenter.text import N_
from storage.models import AgentStateSpan, UserAccount

LONGEST = timedelta(days=31)
"""More is not given at a time."""


def load_history(
    session: Session, principal: Principal, user_id: int, since: datetime, until: datetime, now: datetime
) -> dict[str, Any]:
    """The agent's spans that touch the time from ``since`` to ``until``, oldest first; see ``_span`` for each.

    Raises ``NotFoundError`` for somebody out of reach of ``agents.view``, ``InvalidError`` for a time that ends before
    it begins or is longer than 31 days.
    """
    if not since < until <= since + LONGEST:
        message = N_("The time must end after it begins, and be no longer than 31 days.")
        raise InvalidError(message, {"until": message})
    reachable = select(UserAccount.display_name).where(UserAccount.id == user_id, agent_scope_clause(principal))
    name = session.scalar(reachable)
    if name is None:
        raise NotFoundError(N_("There is no such agent."), user_id=user_id)
    return {
        "agent": {"id": user_id, "name": name},
        "from": iso(since),
        "until": iso(until),
        "items": [_span(span, since, until, now) for span in _touching(session, user_id, since, until)],
    }


def _touching(session: Session, user_id: int, since: datetime, until: datetime) -> list[AgentStateSpan]:
    """By the index on agent and start: spans follow each other, so only the last one begun before can reach into it."""
    earlier = aliased(AgentStateSpan)
    first = (
        select(func.max(earlier.started_at))
        .where(earlier.user_id == user_id, earlier.started_at <= since)
        .scalar_subquery()
    )
    statement = select(AgentStateSpan).where(
        AgentStateSpan.user_id == user_id,
        AgentStateSpan.started_at >= func.coalesce(first, since),
        AgentStateSpan.started_at < until,
        or_(AgentStateSpan.ended_at.is_(None), AgentStateSpan.ended_at > since),
    )
    return list(session.scalars(statement.order_by(AgentStateSpan.started_at, AgentStateSpan.id)))


def _span(span: AgentStateSpan, since: datetime, until: datetime, now: datetime) -> dict[str, Any]:
    """``started_at`` and ``ended_at`` (null while it lasts) as they are; ``seconds`` only what lies between."""
    begins, ends = max(span.started_at, since), min(span.ended_at or now, until)
    return {
        "state": span.state,
        "reason": span.reason,
        "started_at": iso(span.started_at),
        "ended_at": iso(span.ended_at),
        "seconds": max(0.0, (ends - begins).total_seconds()),
    }
