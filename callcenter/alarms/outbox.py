"""Messages on their way out, as rows: claimed before each attempt, so that none is forgotten, whatever crashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from callcenter.alarms.channels import AlarmQueue, Message, Sent
from callcenter.alarms.records import WAITING
from storage.models import AlarmDelivery, AlarmTarget

LEASE = timedelta(seconds=90)
"""Longer than any attempt: who died while sending has its message sent again after this."""
GIVEN_UP_AFTER = timedelta(hours=24)
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 60, 120, 300, 600, 1800))
"""Before the second attempt, the third, …; the last one goes on until a message is given up."""
_UNSYNCHRONISED = {"synchronize_session": False}


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]


@dataclass(frozen=True)
class Claimed:
    """A message that we hold until ``due_at``."""

    message: Message
    created_at: datetime


def set_targets(session: Session, wanted: Iterable[tuple[str, str]], at: datetime) -> None:
    """Let alarms be told to exactly these (name, kind). What waits for a name that is gone is given up."""
    pairs = sorted(set(wanted))
    session.execute(delete(AlarmTarget))
    session.add_all(AlarmTarget(name=name, kind=kind) for name, kind in pairs)
    names = sorted({name for name, _ in pairs})
    gone = update(AlarmDelivery).where(AlarmDelivery.state == WAITING, AlarmDelivery.target.not_in(names))
    session.execute(gone.values(state="failed", finished_at=at), execution_options=_UNSYNCHRONISED)


def is_due(session: Session, target: str, now: datetime) -> bool:
    """Whether something is to be sent to ``target``."""
    return session.scalar(_due(target, now).limit(1)) is not None


def claim(session: Session, target: str, now: datetime) -> Claimed | None:
    """Take the oldest message that is due, and note the attempt; None when there is none."""
    for delivery_id in session.scalars(_due(target, now).limit(5)).all():
        row = session.get_one(AlarmDelivery, delivery_id)
        taken = (
            update(AlarmDelivery)
            .where(AlarmDelivery.id == row.id, AlarmDelivery.state == WAITING, AlarmDelivery.due_at == row.due_at)
            .values(due_at=now + LEASE, attempts=AlarmDelivery.attempts + 1)
        )
        if _count(session.execute(taken, execution_options=_UNSYNCHRONISED)):
            message = Message(row.id, row.attempts + 1, str(row.payload["event"]), row.payload)
            return Claimed(message, row.created_at)
    return None


def settle(session: Session, claimed: Claimed, sent: Sent, now: datetime) -> None:
    """Write what came of an attempt: sent, to be tried again, or given up."""
    message = claimed.message
    values: dict[str, Any] = {"answer": sent.answer, "problem": "" if sent.problem is None else sent.problem.value}
    again = now + pause_after(message.attempt)
    if sent.problem is None:
        values |= {"state": "sent", "finished_at": now}
    elif again - claimed.created_at > GIVEN_UP_AFTER:
        values |= {"state": "failed", "finished_at": now}
    else:
        values |= {"due_at": again}
    ours = update(AlarmDelivery).where(AlarmDelivery.id == message.delivery, AlarmDelivery.state == WAITING)
    session.execute(ours.values(values), execution_options=_UNSYNCHRONISED)


def hand_over(session: Session, target: str, queue: AlarmQueue, now: datetime) -> bool:
    """Put the oldest message that is due into ``queue`` and settle it, both or neither; whether there was one."""
    claimed = claim(session, target, now)
    if claimed is None:
        return False
    queue.put(session, claimed.message, now)
    settle(session, claimed, Sent(), now)
    return True


def forget_deliveries(session: Session, before: datetime) -> int:
    """Forget what was sent or given up before that, and give its number."""
    done = delete(AlarmDelivery).where(AlarmDelivery.state != WAITING, AlarmDelivery.created_at < before)
    return _count(session.execute(done, execution_options=_UNSYNCHRONISED))


def _due(target: str, now: datetime) -> Any:
    delivery = AlarmDelivery
    return (
        select(delivery.id)
        .where(delivery.state == WAITING, delivery.target == target, delivery.due_at <= now)
        .order_by(delivery.due_at, delivery.id)
    )


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
