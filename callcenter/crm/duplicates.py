"""Whether somebody is there twice: the same name with the same number."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.reading import Record
from callcenter.crm.scope import patient_scope_clause
from storage.models import Patient, PatientPhone
from storage.models.base import NO

MOST_DUPLICATES = 5


def same_name_and_number(
    session: Session, principal: Principal, name: str, numbers: Sequence[str], besides: int | None
) -> list[Record]:
    """Enabled patients in reach with this name and one of these canonical numbers, but ``besides``."""
    known = [number for number in numbers if number]
    if not known:
        return []
    shared = select(PatientPhone.patient_id).where(
        PatientPhone.patient_id == Patient.id, PatientPhone.number.in_(known)
    )
    statement = select(Patient.id, Patient.name, Patient.record_number, Patient.birth_date).where(
        Patient.name == name,
        Patient.disabled == NO,
        patient_scope_clause(principal),
        shared.correlate(Patient).exists(),
    )
    found = session.execute(statement.where(Patient.id != (besides or 0)).order_by(Patient.id).limit(MOST_DUPLICATES))
    return [
        {"id": key, "name": name, "record_number": record, "birth_date": born.isoformat() if born else None}
        for key, name, record, born in found
    ]


def load_duplicates(session: Session, principal: Principal, patient_id: int) -> list[Record]:
    """The possible duplicates of a patient, as far as ``principal`` may know; nobody for who may not view patients."""
    patient = session.get(Patient, patient_id)
    if patient is None or not principal.may("patients.view"):
        return []
    numbers = session.scalars(select(PatientPhone.number).where(PatientPhone.patient_id == patient_id)).all()
    return same_name_and_number(session, principal, patient.name, numbers, patient_id)
