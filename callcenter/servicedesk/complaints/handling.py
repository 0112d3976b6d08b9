"""What is done about complaints: classify, take, give, note, settle, open again, tell the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.holders import load_holders
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.values import clean
from callcenter.errors import ConflictError, InvalidError, NotAllowedError
from callcenter.servicedesk.complaints.filing import check_about, kept, may_see, typed_over
from callcenter.servicedesk.complaints.rules import (
    UNSETTLED,
    ComplaintKind,
    ComplaintState,
    Severity,
    StepKind,
    due_for,
)
from callcenter.servicedesk.complaints.scope import find_complaint, require_in_reach
from callcenter.servicedesk.complaints.views import ComplaintView, tell_complaint
from callcenter.text import N_
from storage.models import Complaint


@dataclass(frozen=True)
class Classification:
    """What kind of thing it is, how bad, whose, about whom, and by when it is to be settled."""

    kind: ComplaintKind
    severity: Severity
    patient_id: int | None
    department_id: int | None
    about_id: int | None
    due_at: datetime | None


@dataclass(frozen=True)
class Settlement:
    """How it ended. ``told`` says that the patient has heard of it already."""

    outcome: str
    findings: str
    reward: str = ""
    penalty: str = ""
    told: bool = False


@dataclass(frozen=True)
class Target:
    """Which complaint, as its reader last saw it."""

    complaint_id: int
    version: int


def classify(
    session: Session, principal: Principal, target: Target, wanted: Classification, at: datetime
) -> ComplaintView:
    """Change what is known of it; what was said stays as it was written down.

    Only whoever handles all complaints moves one to another department, and what has a due time keeps one.

    Raises what ``scope.find_complaint`` does, ``ConflictError`` for a settled one, ``InvalidError`` for people or
    departments that are not there or may not be chosen, for handing it to whom it is about, and without a due time;
    ``NotAllowedError`` for moving it out of one's own reach.
    """
    complaint = _unsettled(session, principal, target)
    wrong = check_about(session, wanted.department_id, wanted.about_id)
    known = wanted.patient_id in (None, complaint.patient_id)
    if not known and not may_see(session, principal, wanted.patient_id):
        wrong["patient_id"] = N_("There is no such patient.")
    if wanted.department_id != complaint.department_id and principal.grants["complaints.handle"] is not Scope.ALL:
        wrong["department_id"] = N_("Only whoever handles the complaints of all departments can move one to another.")
    if wanted.due_at is None and wanted.kind is not ComplaintKind.PRAISE:
        wrong["due_at"] = N_("Choose when it must be settled.")
    if wanted.about_id is not None and wanted.about_id == complaint.handler_id:
        wrong["about_id"] = N_("Whom it is about handles it now. Give it to somebody else first.")
    if wrong:
        raise InvalidError(next(iter(wrong.values())), wrong)
    before = kept(complaint)
    complaint.kind, complaint.severity, complaint.patient_id = (
        wanted.kind.value,
        int(wanted.severity),
        wanted.patient_id,
    )
    complaint.department_id, complaint.about_id, complaint.due_at = (
        wanted.department_id, wanted.about_id, wanted.due_at,
    )  # fmt: skip
    require_in_reach(session, principal, complaint)
    return _done(session, principal, "edit", StepKind.CHANGED, complaint, before, "", at)


def take(session: Session, principal: Principal, target: Target, at: datetime) -> ComplaintView:
    """Handle it oneself, also where somebody else did. Raises like ``classify``."""
    complaint = _unsettled(session, principal, target)
    if principal.user_id is None:
        raise NotAllowedError(N_("Only a person can handle complaints."))
    before = kept(complaint)
    complaint.handler_id, complaint.state = principal.user_id, ComplaintState.IN_HAND.value
    return _done(session, principal, "take", StepKind.TAKEN, complaint, before, "", at)


def assign(session: Session, principal: Principal, target: Target, handler_id: int, at: datetime) -> ComplaintView:
    """Have somebody else handle it who may. Raises like ``classify``."""
    complaint = _unsettled(session, principal, target)
    names = {one["id"]: one["name"] for one in load_holders(session, "complaints.handle")["people"]}
    if handler_id not in names:
        message = N_("This person's roles do not let them handle complaints.")
        raise InvalidError(message, {"handler_id": message})
    if handler_id == complaint.about_id:
        message = N_("It is about this person, so somebody else has to handle it.")
        raise InvalidError(message, {"handler_id": message})
    before = kept(complaint)
    complaint.handler_id, complaint.state = handler_id, ComplaintState.IN_HAND.value
    return _done(session, principal, "assign", StepKind.ASSIGNED, complaint, before, names[handler_id], at)


def add_note(session: Session, principal: Principal, target: Target, note: str, at: datetime) -> ComplaintView:
    """Write down a step. Raises what ``scope.find_complaint`` does, and ``InvalidError`` for no words."""
    complaint = find_complaint(session, principal, target.complaint_id, target.version)
    words = _words("note", note, N_("Describe what was done."))
    before = kept(complaint)
    return _done(session, principal, "note", StepKind.NOTE, complaint, before, words, at)


def settle(session: Session, principal: Principal, target: Target, wanted: Settlement, at: datetime) -> ComplaintView:
    """End it with a result. From now on its patient is no longer called first. Raises like ``classify``."""
    complaint = _unsettled(session, principal, target)
    before = kept(complaint)
    findings = typed_over(principal, wanted.findings, complaint.findings)
    findings = _words("findings", findings, N_("Record the outcome."))
    complaint.state, complaint.outcome, complaint.findings = ComplaintState.SETTLED.value, wanted.outcome, findings
    complaint.reward = clean(typed_over(principal, wanted.reward, complaint.reward))
    complaint.penalty = clean(typed_over(principal, wanted.penalty, complaint.penalty))
    complaint.settled_at = at
    complaint.told_at = at if wanted.told else None
    complaint.handler_id = complaint.handler_id or principal.user_id
    return _done(session, principal, "settle", StepKind.SETTLED, complaint, before, findings, at)


def reopen(session: Session, principal: Principal, target: Target, note: str, at: datetime) -> ComplaintView:
    """It is not settled after all; it says why. A due time that is over begins anew.

    What came of it stays as a draft for the next end. Raises ``ConflictError`` for one that is not settled.
    """
    complaint = find_complaint(session, principal, target.complaint_id, target.version)
    if complaint.state != ComplaintState.SETTLED.value:
        raise ConflictError(N_("This is not settled."), state=complaint.state)
    words = _words("note", note, N_("Enter why it is reopened."))
    before = kept(complaint)
    complaint.state = ComplaintState.OPEN.value if complaint.handler_id is None else ComplaintState.IN_HAND.value
    complaint.outcome, complaint.settled_at, complaint.told_at = "", None, None
    if complaint.due_at is not None and complaint.due_at <= at:
        complaint.due_at = due_for(ComplaintKind(complaint.kind), Severity(complaint.severity), at)
    return _done(session, principal, "reopen", StepKind.REOPENED, complaint, before, words, at)


def tell_patient(session: Session, principal: Principal, target: Target, note: str, at: datetime) -> ComplaintView:
    """The patient, or whoever said it, was told of the result; ``note`` may say how. ``ConflictError`` before it is
    settled.
    """
    complaint = find_complaint(session, principal, target.complaint_id, target.version)
    if complaint.state != ComplaintState.SETTLED.value:
        raise ConflictError(N_("Settle it first, then inform the patient."), state=complaint.state)
    before = kept(complaint)
    complaint.told_at = at
    return _done(session, principal, "tell-result", StepKind.TOLD, complaint, before, clean(note, lines=True), at)


def _unsettled(session: Session, principal: Principal, target: Target) -> Complaint:
    complaint = find_complaint(session, principal, target.complaint_id, target.version)
    if complaint.state not in UNSETTLED:
        raise ConflictError(N_("This is settled. Reopen it first."), state=complaint.state)
    return complaint


def _words(name: str, typed: str, missing: str) -> str:
    words = clean(typed, lines=True)
    if not words:
        raise InvalidError(missing, {name: missing})
    return words


def _done(
    session: Session, principal: Principal, action: str, step: StepKind, complaint: Complaint,
    before: Mapping[str, object], note: str, at: datetime,
) -> ComplaintView:  # fmt: skip
    after = kept(complaint) | ({"note": note} if step in _NOTED else {})
    record_audit(session, principal, action, "complaint", complaint.id, before, after, at)
    return tell_complaint(session, complaint, step, principal.user_id, note, at, before)


_NOTED = (StepKind.NOTE, StepKind.REOPENED, StepKind.TOLD)
"""Steps whose words the audit log tells; of the others it tells what changed."""
