"""What people do with tasks beside calling: skip, hand over, put off, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, InvalidError
from callcenter.text import N_
from callcenter.worklist.changes import apply, kept, release
from callcenter.worklist.claiming import refusal
from callcenter.worklist.creating import check_owner
from callcenter.worklist.rules import ACTIVE, Hours, Reason, TaskState, Verdict, schedule
from callcenter.worklist.scope import find_task
from callcenter.worklist.views import TaskView, load_task, tell_task
from storage.models import CallTask, Patient


def skip_task(
    session: Session, principal: Principal, task_id: int, note: str, at: datetime, pause: timedelta, hours: Hours
) -> TaskView:
    """Put a task that one holds, or that nobody does, off for ``pause``; it says why.

    Raises ``InvalidError`` without a reason, ``ConflictError`` for a task that is somebody else's, is being called or
    is over.
    """
    if not note.strip():
        raise InvalidError(N_("Enter why you skip it."), {"note": N_("Enter why you skip it.")})
    task = find_task(session, principal, "call_tasks.work", task_id)
    if task.calling or task.state not in ACTIVE or task.claimed_by not in (None, principal.user_id):
        raise refusal(session, task)
    before = kept(task)
    verdict = schedule(at + pause, task.due_until, hours)
    apply(task, verdict, at)
    task.reason, task.note = verdict.reason or Reason.SKIPPED, note.strip()
    return _done(session, principal, "skip", task, before, at)


def assign_tasks(
    session: Session,
    principal: Principal,
    task_ids: Sequence[int],
    agent_id: int | None,
    department_id: int | None,
    at: datetime,
) -> list[TaskView]:
    """Give tasks to an agent or, without one, to a department or everybody. Whoever held one does no longer.

    All of them or none. Raises ``NotFoundError`` for one out of reach, ``ConflictError`` for one that is over,
    ``InvalidError`` for somebody who cannot have them.
    """
    if wrong := check_owner(session, principal, agent_id, department_id):
        raise InvalidError(next(iter(wrong.values())), wrong)
    views = []
    for task_id in sorted(set(task_ids)):
        task = _active(session, principal, task_id)
        before = kept(task)
        task.agent_id, task.department_id, task.state = agent_id, department_id, TaskState.OPEN.value
        release(task)
        views.append(_done(session, principal, "assign", task, before, at))
    return views


def reschedule_task(
    session: Session, principal: Principal, task_id: int, when: datetime, confirmed: bool, at: datetime, hours: Hours
) -> TaskView:
    """Call at another time, within the hours; opens a task again that is over. A last moment before that is lifted.

    Raises ``ConflictError`` while it is being called, and (details ``do_not_call``) for a patient who asked not to be
    called, unless ``confirmed``.
    """
    task = find_task(session, principal, "call_tasks.manage", task_id)
    if task.calling:
        raise refusal(session, task)
    patient = None if task.patient_id is None else session.get(Patient, task.patient_id)
    if patient is not None and patient.do_not_call and not (confirmed or task.confirmed):
        raise ConflictError(N_("This patient asked not to be called."), do_not_call=True)
    before = kept(task)
    task.confirmed = task.confirmed or confirmed
    next_at = hours.first(max(when, at))
    if task.due_until is not None and task.due_until <= next_at:
        task.due_until = None
    apply(task, Verdict(TaskState.OPEN, next_at), at)
    return _done(session, principal, "reschedule", task, before, at)


def cancel_task(session: Session, principal: Principal, task_id: int, note: str, at: datetime) -> TaskView:
    """It is not to be called any more. Cancelling it again changes nothing; ``ConflictError`` if it is over."""
    task = find_task(session, principal, "call_tasks.manage", task_id)
    if task.state == TaskState.CANCELLED.value:
        return load_task(session, task_id)
    task = _active(session, principal, task_id)
    before = kept(task)
    apply(task, Verdict(TaskState.CANCELLED), at)
    task.note = note.strip() or task.note
    return _done(session, principal, "cancel", task, before, at)


def _active(session: Session, principal: Principal, task_id: int) -> CallTask:
    task = find_task(session, principal, "call_tasks.manage", task_id)
    if task.state not in ACTIVE:
        raise refusal(session, task)
    return task


def _done(
    session: Session, principal: Principal, action: str, task: CallTask, before: dict[str, object], at: datetime
) -> TaskView:
    record_audit(session, principal, action, "call_task", task.id, before, kept(task), at)
    return tell_task(session, task)
