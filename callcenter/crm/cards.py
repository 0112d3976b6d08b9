"""The patient's card: who this is, at one glance, while the phone rings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.crm.contacts import count_open_missed, load_contacts
from callcenter.crm.heads import head_of
from callcenter.crm.patient_hooks import age
from callcenter.crm.scope import patient_scope_clause
from callcenter.errors import NotFoundError
from callcenter.numbers import format_number
from callcenter.servicedesk.complaints.open_ones import load_open
from callcenter.text import N_
from storage.models import Department, Patient, PatientPhone, SmsOptOut, UserAccount
from storage.queries.patients import match_number

LAST_CONTACTS = 5
MOST_CANDIDATES = 20
"""A switchboard's number may be on many records; the picker shows no more than this."""


def load_match(session: Session, principal: Principal, number: str) -> dict[str, Any]:
    """``{"patients": [heads, by name], "remembered": id or None}`` for a canonical number, as far as in reach."""
    found = match_number(session, number, MOST_CANDIDATES, patient_scope_clause(principal))
    statement = select(Patient).where(Patient.id.in_(found.patient_ids)).order_by(Patient.name, Patient.id)
    patients = [head_of(patient) for patient in session.scalars(statement)] if found.patient_ids else []
    return {"patients": patients, "remembered": found.remembered}


def load_card(session: Session, principal: Principal, patient_id: int, now: datetime) -> dict[str, Any]:
    """The card as JSON data, with the last contacts for whoever may see calls. Raises NotFoundError.

    Numbers are not masked here.
    """
    statement = (
        select(Patient, Department.name, UserAccount.display_name)
        .outerjoin(Department, Department.id == Patient.department_id)
        .outerjoin(UserAccount, UserAccount.id == Patient.doctor_id)
        .where(Patient.id == patient_id, patient_scope_clause(principal))
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError(N_("There is no such record, or you may not see it."), resource="patients")
    patient, department, doctor = row
    card = head_of(patient) | {
        "age": age(patient.birth_date, now.date()),
        "department_id": patient.department_id,
        "department": department or "",
        "doctor_id": patient.doctor_id,
        "doctor": doctor or "",
        "id_document": patient.id_document,
        "allergies": patient.allergies,
        "address": patient.address,
        "notes": patient.notes,
        "disabled": patient.disabled,
        "version": patient.version,
        "phones": _phones(session, patient_id),
        "updated_at": iso(patient.updated_at),
        "opt_outs": _opt_outs(session, principal, patient_id),
        "complaints": load_open(session, principal, patient_id),
    }
    if not principal.may("calls.view"):
        return card
    return card | {
        "last_contacts": load_contacts(session, principal, patient_id, LAST_CONTACTS).items,
        "missed_open": count_open_missed(session, principal, patient_id),
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


def _opt_outs(session: Session, principal: Principal, patient_id: int) -> list[dict[str, Any]]:
    """What the patient's numbers want no messages of, for whoever writes messages; since when each kind, of
    each signature.
    """
    if not principal.may("conversations.view"):
        return []
    statement = (
        select(SmsOptOut.kind, SmsOptOut.signature, func.min(SmsOptOut.began_at))
        .join(PatientPhone, PatientPhone.number == SmsOptOut.number)
        .where(PatientPhone.patient_id == patient_id, SmsOptOut.ended_at.is_(None))
        .group_by(SmsOptOut.kind, SmsOptOut.signature)
        .order_by(SmsOptOut.kind, SmsOptOut.signature)
    )
    return [
        {"kind": kind, "signature": signature or "", "began_at": iso(began_at)}
        for kind, signature, began_at in session.execute(statement)
    ]
