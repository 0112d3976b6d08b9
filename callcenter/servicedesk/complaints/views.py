"""Complaints as JSON data, and the event that tells of one: one builder for API, page, export and socket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from callcenter.clock import iso
from callcenter.crm.heads import head_of
from callcenter.events import Audience, ComplaintUpdated
from callcenter.naming import named
from callcenter.numbers import format_number
from callcenter.servicedesk.complaints.rules import StepKind
from callcenter.telephony.announce import announce
from storage.models import Complaint, ComplaintStep, Department, Patient, UserAccount

ComplaintView = dict[str, Any]

_About, _Handler, _Creator = aliased(UserAccount), aliased(UserAccount), aliased(UserAccount)


def complaints_statement() -> Select[Any]:
    """Complaints with all that a view shows; add conditions and order, run it with ``load_complaint_rows``."""
    found = (
        select(
            Complaint, Patient, Department.name, _About.display_name, _Handler.display_name, _Creator.display_name
        )
        .outerjoin(Patient, Patient.id == Complaint.patient_id)
        .outerjoin(Department, Department.id == Complaint.department_id)
        .outerjoin(_About, _About.id == Complaint.about_id)
        .outerjoin(_Handler, _Handler.id == Complaint.handler_id)
        .outerjoin(_Creator, _Creator.id == Complaint.created_by)
    )  # fmt: skip
    return cast("Select[Any]", found)


def load_complaint_rows(session: Session, statement: Select[Any]) -> list[tuple[ComplaintView, Complaint]]:
    """The views of the complaints that ``statement`` finds, in its order, each with its record."""
    rows = session.execute(statement, execution_options={"populate_existing": True}).all()
    return [(_view(row), row[0]) for row in rows]


def load_complaint(session: Session, complaint_id: int) -> ComplaintView:
    """The view of a complaint, which must exist."""
    session.flush()
    return load_complaint_rows(session, complaints_statement().where(Complaint.id == complaint_id))[0][0]


def load_steps(session: Session, complaint_id: int) -> list[dict[str, Any]]:
    """What was done about a complaint, the first first."""
    statement = (
        select(ComplaintStep, UserAccount.display_name)
        .outerjoin(UserAccount, UserAccount.id == ComplaintStep.user_id)
        .where(ComplaintStep.complaint_id == complaint_id)
        .order_by(ComplaintStep.id)
    )
    return [
        {"id": step.id, "at": iso(step.at), "by": named(step.user_id, name), "kind": step.kind, "note": step.note}
        for step, name in session.execute(statement)
    ]


def tell_complaint(
    session: Session, complaint: Complaint, kind: StepKind, user_id: int | None, note: str, at: datetime,
    before: Mapping[str, Any] = MappingProxyType({}),
) -> ComplaintView:  # fmt: skip
    """Count the change, write its step, and tell the present state to the department, and to who filed and handles it;
    to those of ``before`` too, who must learn that it is theirs no longer.

    The event carries what a list shows, not the steps, and whose it was (``patient_before``).
    """
    complaint.version += 1
    session.add(ComplaintStep(complaint_id=complaint.id, at=at, user_id=user_id, kind=kind.value, note=note))
    view = load_complaint(session, complaint.id)
    users = (complaint.handler_id, complaint.created_by, before.get("handler_id"))
    departments = (complaint.department_id, before.get("department_id"))
    told = view | {"patient_before": before.get("patient_id")}
    announce(session, ComplaintUpdated(str(complaint.id), told, Audience.of("complaints.view", departments, users)))
    return view


def _view(row: Any) -> ComplaintView:
    complaint, patient, department, about, handler, creator = row
    return {
        "id": complaint.id,
        "kind": complaint.kind,
        "channel": complaint.channel,
        "severity": complaint.severity,
        "text": complaint.said,
        "patient": None if patient is None else head_of(patient),
        "call_id": complaint.call_id,
        "caller_name": complaint.caller_name,
        "number": complaint.number,
        "number_formatted": format_number(complaint.number),
        "department": named(complaint.department_id, department),
        "about": named(complaint.about_id, about),
        "state": complaint.state,
        "handler": named(complaint.handler_id, handler),
        "due_at": iso(complaint.due_at),
        "outcome": complaint.outcome,
        "findings": complaint.findings,
        "reward": complaint.reward,
        "penalty": complaint.penalty,
        "settled_at": iso(complaint.settled_at),
        "told_at": iso(complaint.told_at),
        "created_at": iso(complaint.created_at),
        "created_by": named(complaint.created_by, creator),
        "version": complaint.version,
    }
