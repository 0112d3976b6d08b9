"""From a caller's number to the patient, inside the transaction that writes the call."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from storage.queries.patients import match_number


@dataclass(frozen=True)
class Match:
    """``patient_id`` is None when nobody has the number, or several and none of them is remembered."""

    patient_id: int | None
    candidates: int


def match_patients(session: Session, number: str) -> Match:
    """Match the canonical ``number``: its only patient, or the one remembered; disabled ones do not count."""
    found = match_number(session, number)
    only = found.patient_ids[0] if len(found.patient_ids) == 1 else found.remembered
    return Match(only, len(found.patient_ids))
