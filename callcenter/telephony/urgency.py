"""Which callers are taken first when several wait: those with a VIP tier, and those with an open complaint."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, literal
from sqlalchemy.orm import InstrumentedAttribute

from storage.models.base import YesNo


def has_open_complaint(patient_id: ColumnElement[Any] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether the patient has a complaint that is not settled, as part of a statement.

    There are no complaints in the product yet, so nobody has one. When the service desk keeps them, the condition on
    its table belongs here, and everything that shows or sorts calls follows.
    """
    return literal(False, YesNo())


def priorities(tier: str | None, open_complaint: bool | None) -> list[str]:
    """Why a caller is taken first: ``vip``, ``complaint``, both or nothing."""
    return [name for name, holds in (("vip", tier), ("complaint", open_complaint)) if holds]
