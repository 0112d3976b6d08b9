"""Which complaints a person may see and handle: for list, page, commands, export and events alike."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.reach import reach_clause
from callcenter.errors import ConflictError, NotAllowedError, NotFoundError
from callcenter.text import N_
from storage.models import Complaint


def complaint_scope(principal: Principal, permission: str = "complaints.view") -> ColumnElement[bool]:
    """The condition on ``Complaint`` for what ``permission`` lets ``principal`` reach.

    - own: those that one handles, and those that one wrote down;
    - department: also every one about one's department;
    - all: every one.

    Raises ``NotAllowedError`` without the permission.
    """
    reached = reach_clause(principal, permission, Complaint.handler_id, Complaint.department_id)
    if principal.grants[permission] is Scope.ALL:
        return reached
    return or_(reached, Complaint.created_by == principal.user_id)


def missing(complaint_id: int) -> NotFoundError:
    """The error for one that is not there or not to be seen."""
    return NotFoundError(N_("There is no such complaint, or you may not see it."), complaint_id=complaint_id)


def find_complaint(session: Session, principal: Principal, complaint_id: int, version: int) -> Complaint:
    """The complaint, locked, for one who handles it.

    Raises ``NotFoundError`` out of reach, ``NotAllowedError`` to whom it is about, and ``ConflictError`` where
    somebody has changed it since ``version`` was read.
    """
    found = select(Complaint).where(Complaint.id == complaint_id, *_handled_by(principal)).with_for_update()
    complaint = session.scalar(found, execution_options={"populate_existing": True})
    if complaint is None:
        raise missing(complaint_id)
    if complaint.about_id is not None and complaint.about_id == principal.user_id:
        raise NotAllowedError(N_("It is about you, so somebody else has to handle it."))
    if complaint.version != version:
        message = N_("Somebody else has changed this meanwhile. Look at it as it is now, then try again.")
        raise ConflictError(message, complaint_id=complaint_id, version=complaint.version)
    return complaint


def require_in_reach(session: Session, principal: Principal, complaint: Complaint) -> None:
    """Nobody puts a complaint where they could not have touched it: raises ``NotAllowedError`` after such a change."""
    session.flush()
    here = select(Complaint.id).where(Complaint.id == complaint.id, *_handled_by(principal))
    if session.scalar(here) is None:
        raise NotAllowedError(N_("The record would be outside of what you may reach."), permission="complaints.handle")


def _handled_by(principal: Principal) -> tuple[ColumnElement[bool], ...]:
    return complaint_scope(principal), complaint_scope(principal, "complaints.handle")
