"""Call tasks as JSON data, and the event that tells of one: one builder for API, page, export and socket."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from callcenter.clock import iso
from callcenter.crm.heads import head_of
from callcenter.events import Audience, CallTaskUpdated
from callcenter.naming import named
from callcenter.numbers import format_number
from callcenter.telephony.announce import announce
from storage.models import CallTask, Department, Patient, PatientPhone, UserAccount

TaskView = dict[str, Any]

_Holder = aliased(UserAccount)


def tasks_statement() -> Select[Any]:
    """Tasks with all that a view shows; add conditions and order, run it with ``load_task_rows``."""
    found = (
        select(CallTask, Patient, UserAccount.display_name, Department.name, _Holder.display_name)
        .outerjoin(Patient, Patient.id == CallTask.patient_id)
        .outerjoin(UserAccount, UserAccount.id == CallTask.agent_id)
        .outerjoin(Department, Department.id == CallTask.department_id)
        .outerjoin(_Holder, _Holder.id == CallTask.claimed_by)
    )
    return cast("Select[Any]", found)


def load_task_rows(session: Session, statement: Select[Any]) -> list[tuple[TaskView, CallTask]]:
    """The views of the tasks that ``statement`` finds, in its order, each with its record."""
    rows = session.execute(statement, execution_options={"populate_existing": True}).all()
    first = first_numbers(session, [row[0].patient_id for row in rows if row[0].patient_id and not row[0].number])
    return [(_view(row, first.get(row[0].patient_id, "")), row[0]) for row in rows]


def first_numbers(session: Session, patient_ids: list[int]) -> dict[int, str]:
    """Patient → the first of the numbers; patients without one are missing."""
    found: dict[int, str] = {}
    if patient_ids:
        statement = (
            select(PatientPhone.patient_id, PatientPhone.number)
            .where(PatientPhone.patient_id.in_(patient_ids))
            .order_by(PatientPhone.patient_id, PatientPhone.position, PatientPhone.id)
        )
        for patient_id, number in session.execute(statement):
            found.setdefault(patient_id, number)
    return found


def load_task(session: Session, task_id: int) -> TaskView:
    """The view of a task, which must exist."""
    session.flush()
    return load_task_rows(session, tasks_statement().where(CallTask.id == task_id))[0][0]


def tell_task(session: Session, task: CallTask) -> TaskView:
    """Count the change and tell the present state of ``task`` to its department, its agent and whoever holds it."""
    task.version += 1
    view = load_task(session, task.id)
    audience = Audience.of("call_tasks.view", [task.department_id], [task.agent_id, task.claimed_by])
    announce(session, CallTaskUpdated(str(task.id), view, audience))
    return view


def number_of(session: Session, task: CallTask) -> str:
    """What to dial: the task's own number, else the patient's first; empty where there is none."""
    if task.number or task.patient_id is None:
        return task.number
    return first_numbers(session, [task.patient_id]).get(task.patient_id, "")


def _view(row: Any, first: str) -> TaskView:
    """The view of a row of ``tasks_statement``; ``first`` is the patient's first number."""
    task, patient, agent, department, holder = row
    number = task.number or first
    return {
        "id": task.id,
        "kind": task.kind,
        "source": task.source,
        "purpose": task.purpose,
        "patient": None if patient is None else head_of(patient),
        "number": number,
        "number_formatted": format_number(number),
        "agent": named(task.agent_id, agent),
        "department": named(task.department_id, department),
        "priority": task.priority,
        "state": task.state,
        "reason": task.reason,
        "note": task.note,
        "due_from": iso(task.due_from),
        "due_until": iso(task.due_until),
        "next_at": iso(task.next_at),
        "attempts": task.attempts,
        "last_outcome": task.last_outcome,
        "claimed_by": named(task.claimed_by, holder),
        "claimed_until": iso(task.claimed_until),
        "calling": task.calling,
        "created_at": iso(task.created_at),
        "ended_at": iso(task.ended_at),
        "version": task.version,
    }
