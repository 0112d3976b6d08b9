"""From a caller's number to the patient, inside the transaction that writes the call."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storage.queries.patients import match_number


def match_patient(session: Session, number: str) -> int | None:
    """The only patient with the canonical ``number``, or the one remembered of several; disabled ones do not count."""
    found = match_number(session, number)
    if len(found.patient_ids) == 1:
        return found.patient_ids[0]
    return found.remembered
