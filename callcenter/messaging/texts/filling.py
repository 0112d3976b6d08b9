"""What placeholders stand for: of the hospital, of whoever writes, of the patient who is written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.values import clean
from storage.chunks import chunks
from storage.models import Department, Patient, UserAccount


def hospital_values(hospital: str, time_zone: str, now: datetime) -> dict[str, str]:
    """What has a value whoever is written to."""
    local = now.astimezone(ZoneInfo(time_zone))
    return {"hospital": hospital, "date": f"{local.year}年{local.month}月{local.day}日"}


def sender_values(principal: Principal) -> dict[str, str]:
    """Whoever writes."""
    return {"sender.name": clean(principal.display_name)}


def patient_values(session: Session, patient_ids: Sequence[int]) -> dict[int, Mapping[str, str]]:
    """Patient → what is known of them, as far as a text may say it."""
    found: dict[int, Mapping[str, str]] = {}
    for chunk in chunks(patient_ids):
        statement = (
            select(Patient.id, Patient.name, Department.name, UserAccount.display_name)
            .outerjoin(Department, Department.id == Patient.department_id)
            .outerjoin(UserAccount, UserAccount.id == Patient.doctor_id)
            .where(Patient.id.in_(chunk))
        )
        for key, name, department, doctor in session.execute(statement):
            found[key] = {
                "patient.name": clean(name), "department": clean(department or ""), "doctor.name": clean(doctor or ""),
            }  # fmt: skip
    return found
