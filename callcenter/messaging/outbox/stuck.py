"""Notices that messages wait although they are due and nobody takes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, keep_alarm
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.vocabulary import LOWEST_PRIORITY, MessageState, Reason

STUCK_AFTER = timedelta(minutes=10)
QUEUE = "sms"
_FURTHEST = timedelta(hours=2)
_WAITS = (Reason.NO_GATEWAY, Reason.GATEWAY_REFUSED, Reason.REFUSED_LATER, Reason.UNSENT)


def is_stuck(session: Session, now: datetime) -> bool:
    """Whether a message has been due for ``STUCK_AFTER``, or put off for so long because no gateway takes it."""
    columns = MESSAGE.c
    late = now - STUCK_AFTER
    put_off = and_(columns.state_at <= late, columns.reason.in_([reason.value for reason in _WAITS]))
    statement = select(columns.id).where(
        columns.stage == MessageState.QUEUED.value,
        columns.priority.in_(range(1, LOWEST_PRIORITY + 1)),
        columns.next_at <= now + _FURTHEST,
        or_(columns.next_at <= late, put_off),
    )
    return session.scalar(statement.limit(1)) is not None


def tell_stuck(session: Session, stuck: bool, now: datetime) -> None:
    """Open the alarm of the queue, or clear it."""
    keep_alarm(session, Trouble(AlarmKind.QUEUE_STUCK, QUEUE), stuck, now)
