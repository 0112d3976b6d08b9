"""Notices that messages wait although they are due and nobody takes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session

from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, keep_alarm
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.outbox.consigning import NO_GATEWAY_PAUSE
from callcenter.messaging.vocabulary import FOR_A_GATEWAY, LOWEST_PRIORITY, MessageState, Reason
from callcenter.telephony.line_words import reason_columns
from protocols.sayings import Said, Saying

STUCK_AFTER = timedelta(minutes=10)
QUEUE = "sms"
_FURTHEST = timedelta(hours=2)
_WAITS = sorted((FOR_A_GATEWAY | {Reason.REFUSED_LATER, Reason.UNSENT}) - {Reason.OUT_OF_SERVICE})
_COLUMNS = MESSAGE.c
_IDLE = Trouble(AlarmKind.QUEUE_STUCK, QUEUE)
_RESTING = Trouble(AlarmKind.QUEUE_STUCK, QUEUE, reason_columns(Said(Saying.GATEWAY_RESTS)))


def find_stuck(session: Session, now: datetime, idle: bool, resting: bool) -> Trouble | None:
    """What is wrong if a message has been due for ``STUCK_AFTER``, or put off for so long because no gateway takes it.

    ``idle``: nothing has been taken for so long; otherwise what is due may have to wait for its turn only. ``resting``:
    a gateway is out of service; what waits for that one is stuck although others work.
    """
    late = now - STUCK_AFTER
    # What waits for a resting one may stand behind all that the others have to send: then nobody has looked at it.
    for_resting = _COLUMNS.reason == Reason.OUT_OF_SERVICE.value
    due = and_(_COLUMNS.next_at <= late, or_(_COLUMNS.reason.is_(None), not_(for_resting)))
    put_off = and_(_COLUMNS.state_at <= late, _COLUMNS.reason.in_([reason.value for reason in _WAITS]))
    if idle and _is_any(session, _COLUMNS.next_at <= now + _FURTHEST, or_(due, put_off)):
        return _IDLE
    waits = _COLUMNS.next_at <= now + NO_GATEWAY_PAUSE, _COLUMNS.state_at <= late, for_resting
    return _RESTING if resting and _is_any(session, *waits) else None


def _is_any(session: Session, *conditions: ColumnElement[bool]) -> bool:
    levels = _COLUMNS.priority.in_(range(1, LOWEST_PRIORITY + 1))
    queued = select(_COLUMNS.id).where(_COLUMNS.stage == MessageState.QUEUED.value, levels, *conditions)
    return session.scalar(queued.limit(1)) is not None


def tell_stuck(session: Session, stuck: Trouble | None, now: datetime) -> None:
    """Open the alarm of the queue, or clear it."""
    keep_alarm(session, stuck or _IDLE, stuck is not None, now)
