"""The complaints of a patient, for the card and the timeline.

That a patient has complained belongs to their record: whoever may see the patient and any complaints at all sees that
there is one, how serious it is, who handles it and until when, so that the next agent can say so. What was said, about
whom, and what came of it is shown of those in the person's own reach only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.servicedesk.complaints.listing import is_unsettled
from callcenter.servicedesk.complaints.rules import ComplaintKind
from callcenter.servicedesk.complaints.scope import complaint_scope
from callcenter.servicedesk.complaints.views import ComplaintView, complaints_statement, load_complaint_rows
from storage.models import Complaint

MOST_SHOWN = 5
_TOLD_TO_ALL = ("id", "kind", "severity", "state", "handler", "due_at", "created_at", "settled_at", "told_at")
_FOR_SOME = ("text", "about", "department", "outcome")


def load_open(session: Session, principal: Principal, patient_id: int) -> list[ComplaintView]:
    """The complaints of a patient whom ``principal`` may see that are not settled, newest first; each has ``in_reach``.

    Nothing for whoever may see no complaints.
    """
    if not principal.may("complaints.view"):
        return []
    mine = (Complaint.patient_id == patient_id, Complaint.kind == ComplaintKind.COMPLAINT.value, is_unsettled())
    newest = select(Complaint.id).where(*mine).order_by(Complaint.created_at.desc(), Complaint.id.desc())
    return list(complaints_with(session, principal, session.scalars(newest.limit(MOST_SHOWN)).all()).values())


def complaints_with(session: Session, principal: Principal, ids: Sequence[int]) -> Mapping[int, ComplaintView]:
    """The complaints with these ids by id, newest first, as ``load_open`` shows them."""
    statement = complaints_statement().where(Complaint.id.in_(ids))
    rows = load_complaint_rows(session, statement.order_by(Complaint.created_at.desc(), Complaint.id.desc()))
    reached = set(session.scalars(select(Complaint.id).where(Complaint.id.in_(ids), complaint_scope(principal))))
    return {view["id"]: _shown(view, in_reach=view["id"] in reached) for view, _ in rows}


def _shown(view: ComplaintView, *, in_reach: bool) -> ComplaintView:
    told: dict[str, Any] = {name: view[name] for name in _TOLD_TO_ALL}
    some = {name: view[name] if in_reach else _nothing(name) for name in _FOR_SOME}
    return told | some | {"in_reach": in_reach}


def _nothing(name: str) -> Any:
    return None if name in ("about", "department") else ""
