"""Notices that messages wait although they are due and nobody takes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, keep_alarm
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.outbox.consigning import NO_GATEWAY_PAUSE
from callcenter.messaging.vocabulary import FOR_A_GATEWAY, LOWEST_PRIORITY, MessageState, Reason

STUCK_AFTER = timedelta(minutes=10)
QUEUE = "sms"
_FURTHEST = timedelta(hours=2)
_WAITS = sorted(FOR_A_GATEWAY | {Reason.REFUSED_LATER, Reason.UNSENT})
_COLUMNS = MESSAGE.c


def is_stuck(session: Session, now: datetime, idle: bool) -> bool:
    """Whether a message has been due for ``STUCK_AFTER``, or put off for so long because no gateway takes it.

    ``idle``: nothing has been taken for so long. Otherwise what is due may have to wait for its turn only, and is stuck
    if it waits for a gateway that is out of service.
    """
    late = now - STUCK_AFTER
    if idle:
        put_off = and_(_COLUMNS.state_at <= late, _COLUMNS.reason.in_([reason.value for reason in _WAITS]))
        return _is_any(session, _COLUMNS.next_at <= now + _FURTHEST, or_(_COLUMNS.next_at <= late, put_off))
    # What waits is looked at again and again: elsewhere in the queue, which may be long, there is none of it.
    looked_at = _COLUMNS.next_at.between(now - 2 * NO_GATEWAY_PAUSE, now + NO_GATEWAY_PAUSE)
    return _is_any(session, looked_at, _COLUMNS.state_at <= late, _COLUMNS.reason == Reason.OUT_OF_SERVICE.value)


def _is_any(session: Session, *conditions: ColumnElement[bool]) -> bool:
    levels = _COLUMNS.priority.in_(range(1, LOWEST_PRIORITY + 1))
    queued = select(_COLUMNS.id).where(_COLUMNS.stage == MessageState.QUEUED.value, levels, *conditions)
    return session.scalar(queued.limit(1)) is not None


def tell_stuck(session: Session, stuck: bool, now: datetime) -> None:
    """Open the alarm of the queue, or clear it."""
    keep_alarm(session, Trouble(AlarmKind.QUEUE_STUCK, QUEUE), stuck, now)
