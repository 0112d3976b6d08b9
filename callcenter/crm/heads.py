"""The head of a patient's card as JSON data, the same wherever a patient is named: calls, tasks, cards."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from storage.models import Patient


def head_of(patient: Patient | Row[Any]) -> dict[str, Any]:
    """The head of a patient who was read whole, or as a row with these columns."""
    return patient_head(
        patient.id,
        patient.name,
        patient.record_number,
        patient.sex,
        patient.birth_date,
        patient.tier,
        patient.allergies,
        patient.do_not_call,
    )


def patient_head(
    key: int,
    name: str,
    record_number: str,
    sex: str | None,
    birth_date: date | None,
    tier: str | None,
    allergies: str | None,
    do_not_call: bool,
) -> dict[str, Any]:
    """The head by its columns. It says whether there are allergies, not which."""
    return {
        "id": key,
        "name": name,
        "record_number": record_number,
        "sex": sex or "",
        "birth_date": birth_date.isoformat() if birth_date else None,
        "tier": tier or "",
        "has_allergies": bool(allergies),
        "do_not_call": bool(do_not_call),
    }
