"""What an attempt does to its task once it is wrapped up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callcenter.telephony.effects import EndReason
from callcenter.worklist.changes import apply
from callcenter.worklist.rules import Hours, OutcomeRule, TaskEffect, TaskState, decide
from callcenter.worklist.views import tell_task
from storage.models import CallOutcome, CallRecord, CallTask

NEVER_RANG = (EndReason.FAILED.value, EndReason.NO_DIAL_TONE.value)
"""How calls end that never left the house: no attempts to reach anybody."""

_FIXED = (TaskState.CANCELLED.value, TaskState.EXPIRED.value)


def settle_task(session: Session, call: CallRecord, outcome: CallOutcome, at: datetime, hours: Hours) -> bool:
    """The wrap-up of ``call`` is finished: its task is done, given up, or comes again.

    Whether the task itself sees to the time that the wrap-up names; otherwise the call owes a call-back. A wrap-up that
    is finished anew decides anew, unless somebody has gone on with the task meanwhile.
    """
    task = None if call.task_id is None else session.get(CallTask, call.task_id, with_for_update=True)
    if task is None or task.state in _FIXED or _gone_on(session, task, call):
        return False
    task.attempts, task.last_outcome = _attempts(session, task), outcome.code
    rule = OutcomeRule(TaskEffect(outcome.task_effect or "done"), outcome.task_minutes, outcome.task_attempts)
    apply(task, decide(rule, task.attempts, at, call.call_back_at, task.due_until, hours), at)
    tell_task(session, task)
    return task.state == TaskState.OPEN.value


def _gone_on(session: Session, task: CallTask, call: CallRecord) -> bool:
    if task.claimed_by is not None and task.claimed_by != call.agent_id:
        return True
    later = select(CallRecord.id).where(CallRecord.task_id == task.id, CallRecord.id > call.id)
    return session.scalar(later.limit(1)) is not None


def _attempts(session: Session, task: CallTask) -> int:
    rang = or_(CallRecord.end_reason.is_(None), CallRecord.end_reason.not_in(NEVER_RANG))
    counted = select(func.count()).where(CallRecord.task_id == task.id, CallRecord.wrap_up == "done", rang)
    return session.scalar(counted) or 0
