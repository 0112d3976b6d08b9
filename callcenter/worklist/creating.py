"""Making tasks, one or many, and saying beforehand for whom there will be none and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.crm.scope import patient_scope_clause
from callcenter.errors import ConflictError, InvalidError
from callcenter.text import N_
from callcenter.worklist.changes import kept
from callcenter.worklist.rules import ACTIVE, Hours, TaskState, schedule
from callcenter.worklist.views import TaskView, first_numbers, tell_task
from storage.models import CallTask, Department, Patient, UserAccount
from storage.models.base import NO

MANUAL = "manual"
MOST_AT_ONCE = 1000
_IN_ONE = 500


class Obstacle(StrEnum):
    """Why there is no task for a patient."""

    NOT_FOUND = "not_found"
    DO_NOT_CALL = "do_not_call"
    NO_NUMBER = "no_number"
    HAS_TASK = "has_task"


@dataclass(frozen=True)
class TaskDraft:
    """What the tasks of one making have in common.

    Assigned to ``agent_id``, else to the agents of ``department_id``, else to everybody. ``kind`` and ``source`` say
    what makes them: a follow-up plan or a campaign has its own kind, and its number as source.
    """

    purpose: str
    agent_id: int | None = None
    department_id: int | None = None
    priority: int = 2
    due_from: datetime | None = None
    due_until: datetime | None = None
    kind: str = MANUAL
    source: str = ""


@dataclass(frozen=True)
class Selection:
    """Who of the wanted patients gets a task, and who does not for what reason; patients in their order."""

    fit: tuple[Patient, ...]
    refused: Mapping[int, Obstacle] = field(default_factory=dict)
    known: Mapping[int, Patient] = field(default_factory=dict)


def select_patients(session: Session, principal: Principal, patient_ids: Sequence[int]) -> Selection:
    """Look at each patient once; locks them, so that two lists made at one moment cannot both have a patient."""
    wanted = list(dict.fromkeys(patient_ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        message = N_("Choose between 1 and 1000 patients at a time.")
        raise InvalidError(message, {"patient_ids": message})
    known: dict[int, Patient] = {}
    numbers: dict[int, str] = {}
    busy: set[int] = set()
    for start in range(0, len(wanted), _IN_ONE):
        part = wanted[start : start + _IN_ONE]
        found = select(Patient).where(Patient.id.in_(part), Patient.disabled == NO, patient_scope_clause(principal))
        known |= {one.id: one for one in session.scalars(found.order_by(Patient.id).with_for_update())}
        numbers |= first_numbers(session, part)
        active = select(CallTask.patient_id).where(CallTask.patient_id.in_(part), CallTask.state.in_(ACTIVE))
        busy |= {one for one in session.scalars(active) if one is not None}
    refused = {one: why for one in wanted if (why := _obstacle(one, known, numbers, busy)) is not None}
    return Selection(tuple(known[one] for one in wanted if one not in refused), refused, known)


def _obstacle(
    patient_id: int, known: Mapping[int, Patient], numbers: Mapping[int, str], busy: Collection[int]
) -> Obstacle | None:
    if patient_id not in known:
        return Obstacle.NOT_FOUND
    if known[patient_id].do_not_call:
        return Obstacle.DO_NOT_CALL
    if patient_id not in numbers:
        return Obstacle.NO_NUMBER
    return Obstacle.HAS_TASK if patient_id in busy else None


def preview_tasks(session: Session, principal: Principal, patient_ids: Sequence[int]) -> dict[str, Any]:
    """How many would get a task, and of the others who and why."""
    principal.require("call_tasks.manage")
    return _told(select_patients(session, principal, patient_ids))


def create_many(
    session: Session, principal: Principal, draft: TaskDraft, patient_ids: Sequence[int], at: datetime, hours: Hours
) -> dict[str, Any]:
    """A task for each patient who can be called and has none; like ``preview_tasks``, of what is done now.

    This is what plans and campaigns make their tasks with. Raises ``InvalidError`` for a draft that cannot be.
    """
    check_draft(session, principal, draft, at, hours)
    chosen = select_patients(session, principal, patient_ids)
    for patient in chosen.fit:
        tell_task(session, _add(session, principal, draft, patient.id, "", False, at, hours))
    made = {"purpose": draft.purpose, "agent_id": draft.agent_id, "department_id": draft.department_id}
    record_audit(session, principal, "create-tasks", "call_task", "", None, made | {"count": len(chosen.fit)}, at)
    return _told(chosen)


def create_one(
    session: Session,
    principal: Principal,
    draft: TaskDraft,
    patient_id: int | None,
    number: str,
    confirmed: bool,
    at: datetime,
    hours: Hours,
) -> TaskView:
    """One task, for a patient, a canonical number or both.

    Raises ``InvalidError`` for a patient out of reach or nobody to call; ``ConflictError`` (details ``obstacle``, with
    ``do_not_call`` where that was not ``confirmed``) for one who gets none.
    """
    check_draft(session, principal, draft, at, hours)
    if patient_id is None and not number:
        message = N_("Say whom to call: a patient or a number.")
        raise InvalidError(message, {"number": message})
    why = None if patient_id is None else select_patients(session, principal, [patient_id]).refused.get(patient_id)
    if why is Obstacle.NOT_FOUND:
        raise InvalidError(N_("There is no such patient."), {"patient_id": N_("There is no such patient.")})
    if why is Obstacle.DO_NOT_CALL and not confirmed:
        raise ConflictError(N_("This patient asked not to be called."), do_not_call=True, obstacle=why.value)
    if why is Obstacle.NO_NUMBER and not number:
        raise ConflictError(N_("This patient has no number."), obstacle=why.value)
    if why is Obstacle.HAS_TASK:
        raise ConflictError(N_("This patient has an open task already."), obstacle=why.value)
    task = _add(session, principal, draft, patient_id, number, why is Obstacle.DO_NOT_CALL, at, hours)
    record_audit(session, principal, "create", "call_task", task.id, None, kept(task), at)
    return tell_task(session, task)


def check_draft(session: Session, principal: Principal, draft: TaskDraft, at: datetime, hours: Hours) -> None:
    """Raise ``InvalidError`` for what cannot be, ``NotAllowedError`` for what may not."""
    wrong: dict[str, str] = {}
    if not draft.purpose.strip():
        wrong["purpose"] = N_("Enter what the call is about.")
    if schedule(max(draft.due_from or at, at), draft.due_until, hours).state is not TaskState.OPEN:
        wrong["due_until"] = N_("There is no time to call before that.")
    wrong |= check_owner(session, principal, draft.agent_id, draft.department_id)
    if wrong:
        raise InvalidError(next(iter(wrong.values())), wrong)


def check_owner(
    session: Session, principal: Principal, agent_id: int | None, department_id: int | None
) -> dict[str, str]:
    """What is wrong with giving tasks to them: they must exist, and be of one's own where the scope is no wider."""
    scope = principal.require("call_tasks.manage")
    agent = None if agent_id is None else session.get(UserAccount, agent_id)
    if agent_id is not None and (agent is None or agent.disabled):
        return {"agent_id": N_("There is no such agent.")}
    department = None if department_id is None else session.get(Department, department_id)
    if department_id is not None and (department is None or department.disabled):
        return {"department_id": N_("There is no such department.")}
    mine = agent is not None and agent.id == principal.user_id
    same = principal.department_id is not None and principal.department_id in (
        department_id, None if agent is None else agent.department_id
    )  # fmt: skip
    if scope is Scope.ALL or mine or (scope is Scope.DEPARTMENT and same):
        return {}
    return {"agent_id": N_("Your roles allow this for your own department only.")}


def _add(
    session: Session, principal: Principal, draft: TaskDraft, patient_id: int | None, number: str, confirmed: bool,
    at: datetime, hours: Hours,
) -> CallTask:  # fmt: skip
    due_from = max(draft.due_from or at, at)
    task = CallTask(
        kind=draft.kind, source=draft.source, purpose=draft.purpose.strip(), patient_id=patient_id, number=number,
        agent_id=draft.agent_id, department_id=draft.department_id, priority=draft.priority,
        state=TaskState.OPEN.value, due_from=due_from, due_until=draft.due_until, next_at=hours.first(due_from),
        confirmed=confirmed, created_at=at, created_by=principal.user_id,
        version=0, attempts=0, calling=False,
    )  # fmt: skip
    session.add(task)
    session.flush()
    return task


def _told(chosen: Selection) -> dict[str, Any]:
    refused = [
        {
            "patient_id": key,
            "name": chosen.known[key].name if key in chosen.known else "",
            "record_number": chosen.known[key].record_number if key in chosen.known else "",
            "why": why.value,
        }
        for key, why in chosen.refused.items()
    ]
    return {"count": len(chosen.fit), "refused": refused, "sample": [one.name for one in chosen.fit[:10]]}
