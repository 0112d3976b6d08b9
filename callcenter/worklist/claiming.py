"""Handing tasks out: the next one for an agent, and never to two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Select, select, update
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, NotAllowedError
from callcenter.text import N_, Text
from callcenter.worklist.changes import apply
from callcenter.worklist.rules import Reason, TaskState, Verdict
from callcenter.worklist.scope import find_task, pools
from callcenter.worklist.views import TaskView, load_task, number_of, tell_task
from storage.models import CallTask, Patient, UserAccount
from storage.models.base import NO

PRIORITIES = (1, 2, 3)
_TRIES = 100
_QUIETLY = {"synchronize_session": False}


def claim_next(session: Session, principal: Principal, at: datetime, lease: timedelta) -> TaskView | None:
    """The task that the principal works next, held for them for ``lease``; None when there is none now.

    One that they hold already and have not dialled comes first. Then by priority, their own before those of the group,
    the one that is due longest first. What may not be called any more is ended on the way, and says why.
    """
    me = _person(principal)
    release_lapsed(session, at)
    if (held := session.scalar(_held(me))) is not None:
        return _hold(session, held, me, at, lease)
    for _ in range(_TRIES):
        task_id = next(_waiting(session, principal, at), None)
        if task_id is None:
            return None
        if _unfit(session, task_id, at):
            continue
        if _take(session, task_id, me, at, lease):
            return tell_task(session, session.get_one(CallTask, task_id, populate_existing=True))
    return None


def claim_task(session: Session, principal: Principal, task_id: int, at: datetime, lease: timedelta) -> TaskView:
    """Hold this very task, due or not, be it to look at it or to dial.

    Raises ``NotFoundError`` out of reach, ``ConflictError`` for one that somebody else holds or that is over.
    """
    me = _person(principal)
    release_lapsed(session, at)
    task = find_task(session, principal, "call_tasks.work", task_id)
    if task.state == TaskState.CLAIMED.value and task.claimed_by == me:
        return load_task(session, task_id) if task.calling else _hold(session, task, me, at, lease)
    if not _take(session, task_id, me, at, lease):
        raise refusal(session, task)
    return tell_task(session, session.get_one(CallTask, task_id, populate_existing=True))


def refusal(session: Session, task: CallTask) -> ConflictError:
    """Why a task cannot be worked: who has it, or that it is over."""
    session.refresh(task)
    if task.claimed_by is not None:
        name = session.scalar(select(UserAccount.display_name).where(UserAccount.id == task.claimed_by)) or ""
        return ConflictError(Text(N_("{name} is working on this task."), name=name), task_id=task.id)
    return ConflictError(N_("This task is over."), task_id=task.id, state=task.state)


def release_lapsed(session: Session, at: datetime) -> None:
    """Tasks whose agent went away before dialling can be had again. Held ones are few, and found by an index."""
    lapsed = (
        CallTask.state == TaskState.CLAIMED.value,
        CallTask.claimed_until < at,
        CallTask.calling == NO,
    )
    again = {"state": TaskState.OPEN.value, "claimed_by": None, "claimed_until": None}
    session.execute(update(CallTask).where(*lapsed).values(**again), execution_options=_QUIETLY)


def expire_tasks(session: Session, at: datetime) -> int:
    """End open tasks whose time is over, a few at a time; how many they were."""
    over = (CallTask.state == TaskState.OPEN.value, CallTask.due_until <= at)
    found = session.scalars(select(CallTask.id).where(*over).order_by(CallTask.id).limit(_TRIES)).all()
    return sum(_unfit(session, task_id, at) for task_id in found)


def held_by(principal: Principal) -> Select[int]:
    """Finds the ids of the tasks that the principal holds."""
    return select(CallTask.id).where(
        CallTask.claimed_by == principal.user_id, CallTask.state == TaskState.CLAIMED.value
    )


def _person(principal: Principal) -> int:
    principal.require("call_tasks.work")
    if principal.user_id is None:
        raise NotAllowedError(N_("Only a person can work on tasks."))
    return principal.user_id


def _held(me: int) -> Select[CallTask]:
    mine = (CallTask.claimed_by == me, CallTask.state == TaskState.CLAIMED.value, CallTask.calling == NO)
    return select(CallTask).where(*mine).order_by(CallTask.id).limit(1)


def _hold(session: Session, task: CallTask, me: int, at: datetime, lease: timedelta) -> TaskView:
    session.execute(
        update(CallTask).where(CallTask.id == task.id, CallTask.claimed_by == me).values(claimed_until=at + lease),
        execution_options=_QUIETLY,
    )
    return load_task(session, task.id)


def _waiting(session: Session, principal: Principal, at: datetime) -> Iterator[int]:
    """Tasks that are due, the first of each place where one may lie. Each is one step in an index, however many
    tasks there are.
    """
    mine: list[ColumnElement[bool]] = [CallTask.agent_id == principal.user_id, *pools(principal)]
    for priority in PRIORITIES:
        for place in mine:
            due = (CallTask.state == TaskState.OPEN.value, place, CallTask.priority == priority, CallTask.next_at <= at)
            first = select(CallTask.id).where(*due).order_by(CallTask.next_at, CallTask.id).limit(1)
            if (task_id := session.scalar(first)) is not None:
                yield task_id


def _take(session: Session, task_id: int, me: int, at: datetime, lease: timedelta) -> bool:
    """Whether the task is ours now. Of several who try at the same moment, one is told so."""
    taken = session.execute(
        update(CallTask)
        .where(CallTask.id == task_id, CallTask.state == TaskState.OPEN.value)
        .values(state=TaskState.CLAIMED.value, claimed_by=me, claimed_until=at + lease, calling=False),
        execution_options=_QUIETLY,
    )
    return isinstance(taken, CursorResult) and taken.rowcount == 1


def _unfit(session: Session, task_id: int, at: datetime) -> bool:
    """End the task if it may not be called; whether it may not, or is somebody else's by now."""
    statement = select(CallTask).where(CallTask.id == task_id, CallTask.state == TaskState.OPEN.value)
    task = session.scalar(statement.with_for_update(), execution_options={"populate_existing": True})
    if task is None:
        return True
    verdict = _verdict(session, task, at)
    if verdict is None:
        return False
    apply(task, verdict, at)
    tell_task(session, task)
    return True


def _verdict(session: Session, task: CallTask, at: datetime) -> Verdict | None:
    if task.due_until is not None and task.due_until <= at:
        return Verdict(TaskState.EXPIRED, reason=Reason.TOO_LATE)
    patient = None if task.patient_id is None else session.get(Patient, task.patient_id)
    if patient is not None and patient.do_not_call and not task.confirmed:
        return Verdict(TaskState.GIVEN_UP, reason=Reason.DO_NOT_CALL)
    if (patient is not None and patient.disabled) or not number_of(session, task):
        return Verdict(TaskState.GIVEN_UP, reason=Reason.NO_NUMBER)
    return None
