"""Which callers are taken first when several wait: those with a VIP tier, and those with an open complaint."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from callcenter.servicedesk.complaints.rules import UNSETTLED, ComplaintKind
from storage.models import Complaint
from storage.models.base import NO, YES, table_of

_COMPLAINT = table_of(Complaint)


def has_open_complaint(patient_id: ColumnElement[Any] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether the patient has a complaint that is not settled, as part of a statement.

    It is asked with every ring: one step in ``ix_complaint_open``, whose columns it has, for each state. It is a CASE
    because Oracle selects no conditions.
    """
    columns = _COMPLAINT.c
    unsettled = and_(
        columns.patient_id == patient_id,
        columns.kind == ComplaintKind.COMPLAINT.value,
        or_(*(columns.state == state for state in UNSETTLED)),
    )
    return case((select(columns.id).where(unsettled).correlate_except(_COMPLAINT).exists(), YES), else_=NO)


def priorities(tier: str | None, open_complaint: bool | None) -> list[str]:
    """Why a caller is taken first: ``vip``, ``complaint``, both or nothing."""
    return [name for name, holds in (("vip", tier), ("complaint", open_complaint)) if holds]
