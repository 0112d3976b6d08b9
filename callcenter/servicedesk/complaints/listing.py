"""Complaints as lists and figures: one filter for list, figures and export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.resources import chosen_sort
from callcenter.paging import page_of_views
from callcenter.servicedesk.complaints.rules import UNSETTLED, ComplaintState
from callcenter.servicedesk.complaints.scope import complaint_scope
from callcenter.servicedesk.complaints.views import ComplaintView, complaints_statement, load_complaint_rows
from storage.models import Complaint
from storage.queries.paging import Page, Stretch, empty_last

SORTS = ("created_at", "due_at")
DEFAULT_SORT = "-created_at"


@dataclass(frozen=True)
class ComplaintFilter:
    """What to list; what is None does not matter. ``state`` is one, or ``unsettled`` for all but the settled ones.

    ``since`` and ``until`` bound the time at which it was written down, ``until`` exclusive. ``overdue`` asks for those
    that should be settled by now and are not.
    """

    state: str | None = None
    overdue: bool | None = None
    kind: str | None = None
    channel: str | None = None
    severity: int | None = None
    department_id: int | None = None
    about_id: int | None = None
    handler_id: int | None = None
    patient_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


ANY = ComplaintFilter()


def list_complaints(
    session: Session,
    principal: Principal,
    wanted: ComplaintFilter,
    at: datetime,
    limit: int,
    cursor: str | None,
    sort: str = "",
    permission: str = "complaints.view",
) -> Page[ComplaintView]:
    """A page of complaints in reach, the newest first unless ``sort`` says otherwise.

    Raises ``InvalidError`` for an unknown order or a broken cursor.
    """
    name, descending = chosen_sort(sort, DEFAULT_SORT, SORTS)
    reach = (complaint_scope(principal), complaint_scope(principal, permission))
    statement = complaints_statement().where(*reach, *conditions(wanted, at))
    stretches = [Stretch((Complaint.created_at, Complaint.id), descending)]
    if name == "due_at":
        stretches = empty_last(Complaint.due_at, Complaint.id, descending=descending)
    return page_of_views(load_complaint_rows, session, statement, stretches, limit, cursor)


def count_complaints(session: Session, principal: Principal, wanted: ComplaintFilter, at: datetime) -> dict[str, Any]:
    """Of the complaints in reach: how many there are in each state, all of them, and the overdue ones."""
    late = case((_is_overdue(at), 1), else_=0)
    figures = select(Complaint.state, func.count(), func.sum(late)).where(
        complaint_scope(principal), *conditions(wanted, at)
    )
    found = {state: (count, overdue) for state, count, overdue in session.execute(figures.group_by(Complaint.state))}
    states = {state.value: found.get(state.value, (0, 0))[0] for state in ComplaintState}
    return states | {"all": sum(states.values()), "overdue": sum(int(overdue) for _, overdue in found.values())}


def conditions(wanted: ComplaintFilter, at: datetime) -> list[ColumnElement[bool]]:
    """What of ``wanted`` narrows a statement about complaints, at the moment ``at``."""
    equal = {
        Complaint.kind: wanted.kind,
        Complaint.channel: wanted.channel,
        Complaint.severity: wanted.severity,
        Complaint.department_id: wanted.department_id,
        Complaint.about_id: wanted.about_id,
        Complaint.handler_id: wanted.handler_id,
        Complaint.patient_id: wanted.patient_id,
    }
    found: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.state == "unsettled":
        found.append(is_unsettled())
    elif wanted.state is not None:
        found.append(Complaint.state == wanted.state)
    if wanted.overdue:
        found.append(_is_overdue(at))
    if wanted.since is not None:
        found.append(Complaint.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(Complaint.created_at < wanted.until)
    return found


def is_unsettled() -> ColumnElement[bool]:
    """Somebody has to do something about it still."""
    return or_(*(Complaint.state == state for state in UNSETTLED))


def _is_overdue(at: datetime) -> ColumnElement[bool]:
    return is_unsettled() & (Complaint.due_at < at)
