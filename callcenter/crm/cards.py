"""The patient's card: who this is, at one glance, while the phone rings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.clock import iso, utc_now
from callcenter.crm.scope import patient_scope_clause
from callcenter.errors import NotFoundError
from callcenter.numbers import format_number, normalise, region_of
from callcenter.telephony.scope import NO, YES, scope_clause
from callcenter.telephony.views import calls_statement, load_calls
from storage.database import Database
from storage.models import CallRecord, Department, NumberChoice, Patient, PatientPhone, UserAccount

LAST_CONTACTS = 5
MOST_CANDIDATES = 20
"""A switchboard's number may be on many records; the picker shows no more than this."""


class PatientCards:
    """Reads cards and finds whose number it is. Plain JSON data; numbers are masked by the layer that shows them."""

    def __init__(self, database: Database, clock: IReactorTime, area_code: str = "") -> None:
        self._database = database
        self._clock = clock
        self._area_code = area_code

    async def card(self, principal: Principal, patient_id: int) -> dict[str, Any]:
        """The card of one patient. Raises NotAllowedError, and NotFoundError for whom ``principal`` may not know."""
        return await self._database.read(load_card, principal, patient_id, utc_now(self._clock))

    async def match(self, principal: Principal, number: str) -> dict[str, Any]:
        """Whose number this is, as far as ``principal`` may know: see ``match_number``. ``number`` as people write it."""
        principal.require("patients.view")
        canonical = normalise(number, self._area_code)
        found = await self._database.read(match_number, principal, canonical.number)
        return {
            "number": canonical.number,
            "number_formatted": format_number(canonical.number),
            "kind": str(canonical.kind),
            "region": region_of(canonical.number, "zh"),
            "region_en": region_of(canonical.number, "en"),
            **found,
        }


def match_number(session: Session, principal: Principal, number: str) -> dict[str, Any]:
    """``{"patients": [heads, by name], "remembered": id or None}`` for a canonical number."""
    if not number:
        return {"patients": [], "remembered": None}
    statement = (
        select(Patient)
        .join(PatientPhone, PatientPhone.patient_id == Patient.id)
        .where(PatientPhone.number == number, Patient.disabled == NO, patient_scope_clause(principal))
        .order_by(Patient.name, Patient.id)
        .limit(MOST_CANDIDATES)
    )
    patients = [_head(patient) for patient in session.scalars(statement)]
    choice = session.scalar(select(NumberChoice.patient_id).where(NumberChoice.number == number))
    known = {patient["id"] for patient in patients}
    return {"patients": patients, "remembered": choice if choice in known else None}


def load_card(session: Session, principal: Principal, patient_id: int, now: datetime) -> dict[str, Any]:
    """The card as JSON data; ``calls`` only for whoever may see calls, and of them only those in reach."""
    statement = (
        select(Patient, Department.name, UserAccount.display_name)
        .outerjoin(Department, Department.id == Patient.department_id)
        .outerjoin(UserAccount, UserAccount.id == Patient.doctor_id)
        .where(Patient.id == patient_id, patient_scope_clause(principal))
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError("There is no such patient.", patient_id=patient_id)
    patient, department, doctor = row
    card = _head(patient) | {
        "age": age(patient.birth_date, now.date()),
        "department": department or "",
        "doctor": doctor or "",
        "id_document": patient.id_document,
        "allergies": patient.allergies,
        "address": patient.address,
        "notes": patient.notes,
        "disabled": patient.disabled,
        "version": patient.version,
        "phones": _phones(session, patient_id),
        "updated_at": iso(patient.updated_at),
    }
    return card | _contacts(session, principal, patient_id)


def age(birth_date: date | None, today: date) -> int | None:
    """Full years lived; None when the birth date is unknown."""
    if birth_date is None:
        return None
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def _head(patient: Patient) -> dict[str, Any]:
    return {
        "id": patient.id,
        "name": patient.name,
        "record_number": patient.record_number,
        "sex": patient.sex,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "tier": patient.tier,
        "has_allergies": bool(patient.allergies),
        "do_not_call": patient.do_not_call,
    }


def _phones(session: Session, patient_id: int) -> list[dict[str, Any]]:
    statement = (
        select(PatientPhone.number, PatientPhone.label)
        .where(PatientPhone.patient_id == patient_id)
        .order_by(PatientPhone.position, PatientPhone.id)
    )
    return [
        {"number": number, "number_formatted": format_number(number), "label": label}
        for number, label in session.execute(statement)
    ]


def _contacts(session: Session, principal: Principal, patient_id: int) -> dict[str, Any]:
    """The last contacts, newest first, and the missed calls that nobody has dealt with."""
    if not principal.may("calls.view"):
        return {}
    mine = (CallRecord.patient_id == patient_id, scope_clause(principal))
    newest = calls_statement().where(*mine).order_by(CallRecord.started_at.desc(), CallRecord.id.desc())
    open_missed = (*mine, CallRecord.missed == YES, CallRecord.missed_handled_at.is_(None))
    return {
        "last_contacts": load_calls(session, newest.limit(LAST_CONTACTS)),
        "missed_open": len(session.execute(select(CallRecord.id).where(*open_missed).limit(100)).all()),
    }
