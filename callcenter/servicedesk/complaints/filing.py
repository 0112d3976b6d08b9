"""Writing a complaint down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.masks import restore_text
from callcenter.administration.principal import Principal
from callcenter.administration.values import clean
from callcenter.clock import iso
from callcenter.errors import InvalidError
from callcenter.servicedesk.complaints.rules import ComplaintKind, ComplaintState, Severity, StepKind, due_for
from callcenter.servicedesk.complaints.views import ComplaintView, tell_complaint
from callcenter.telephony.scope import reachable_patient, scope_clause
from callcenter.text import N_
from storage.models import CallRecord, Complaint, Department, UserAccount

LONGEST = 5_000
"""Characters of what was said, and of what came of it."""


@dataclass(frozen=True)
class ComplaintDraft:
    """What is known when it is written down. Without ``due_at`` it is due by its severity.

    A ``call_id`` brings the number of that call, and its patient unless ``patient_of_call`` says that it is of somebody
    else; both only where the draft has none itself.
    """

    kind: ComplaintKind
    channel: str
    text: str
    severity: Severity = Severity.NORMAL
    patient_id: int | None = None
    call_id: int | None = None
    caller_name: str = ""
    number: str = ""
    department_id: int | None = None
    about_id: int | None = None
    due_at: datetime | None = None
    patient_of_call: bool = True


def file_complaint(session: Session, principal: Principal, draft: ComplaintDraft, at: datetime) -> ComplaintView:
    """Write it down; the number is canonical or empty. ``InvalidError`` for what cannot be or is out of reach."""
    principal.require("complaints.create")
    draft, wrong = _with_call(session, principal, draft)
    if not clean(draft.text):
        wrong["text"] = N_("Describe what was said.")
    if draft.patient_id is not None and not may_see(session, principal, draft.patient_id):
        wrong["patient_id"] = N_("There is no such patient.")
    if draft.due_at is not None and draft.due_at <= at:
        wrong["due_at"] = N_("This time is over.")
    wrong |= check_about(session, draft.department_id, draft.about_id)
    if wrong:
        raise InvalidError(next(iter(wrong.values())), wrong)
    complaint = _add(session, principal, draft, at)
    record_audit(session, principal, "create", "complaint", complaint.id, None, kept(complaint), at)
    return tell_complaint(session, complaint, StepKind.FILED, principal.user_id, "", at)


def check_about(session: Session, department_id: int | None, about_id: int | None) -> dict[str, str]:
    """What is wrong with its being about them: they must exist; whoever has left may still be complained about."""
    if department_id is not None and session.get(Department, department_id) is None:
        return {"department_id": N_("There is no such department.")}
    if about_id is not None and session.get(UserAccount, about_id) is None:
        return {"about_id": N_("There is no such person.")}
    return {}


def typed_over(principal: Principal, typed: str, shown: str) -> str:
    """What somebody typed over ``shown``, with the numbers in it that they were shown masked."""
    return typed if principal.sees_numbers else restore_text(typed, shown)


def kept(complaint: Complaint) -> dict[str, object]:
    """What the audit log tells of a complaint."""
    return {
        "kind": complaint.kind,
        "channel": complaint.channel,
        "severity": complaint.severity,
        "text": complaint.said,
        "patient_id": complaint.patient_id,
        "call_id": complaint.call_id,
        "department_id": complaint.department_id,
        "about_id": complaint.about_id,
        "state": complaint.state,
        "handler_id": complaint.handler_id,
        "due_at": iso(complaint.due_at),
        "outcome": complaint.outcome,
        "findings": complaint.findings,
        "reward": complaint.reward,
        "penalty": complaint.penalty,
        "told_at": iso(complaint.told_at),
    }


def _with_call(session: Session, principal: Principal, draft: ComplaintDraft) -> tuple[ComplaintDraft, dict[str, str]]:
    """The draft with what its call says, and what is wrong with the call."""
    if draft.call_id is None:
        return draft, {}
    call = None
    if principal.may("calls.view"):
        call = session.scalar(select(CallRecord).where(CallRecord.id == draft.call_id, scope_clause(principal)))
    if call is None:
        return draft, {"call_id": N_("There is no such call.")}
    patient_id = draft.patient_id
    if patient_id is None and draft.patient_of_call and may_see(session, principal, call.patient_id):
        patient_id = call.patient_id
    text = typed_over(principal, draft.text, call.notes)
    return replace(draft, text=text, patient_id=patient_id, number=draft.number or call.number), {}


def may_see(session: Session, principal: Principal, patient_id: int | None) -> bool:
    """Whether it can be this patient's, for whoever writes it down: one in reach and in use."""
    if patient_id is None or not principal.may("patients.view"):
        return False
    return session.scalar(reachable_patient(principal, patient_id)) is not None


def _add(session: Session, principal: Principal, draft: ComplaintDraft, at: datetime) -> Complaint:
    department_id = draft.department_id
    if department_id is None and draft.about_id is not None:
        department_id = session.get_one(UserAccount, draft.about_id).department_id
    complaint = Complaint(
        kind=draft.kind.value, channel=draft.channel, severity=int(draft.severity), said=clean(draft.text, lines=True),
        patient_id=draft.patient_id, call_id=draft.call_id, caller_name=clean(draft.caller_name), number=draft.number,
        department_id=department_id, about_id=draft.about_id, state=ComplaintState.OPEN.value,
        due_at=draft.due_at or due_for(draft.kind, draft.severity, at),
        created_at=at, created_by=principal.user_id, version=0,
    )  # fmt: skip
    session.add(complaint)
    session.flush()
    return complaint
