"""Patients, as a declared record."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from callcenter.administration.fields import Field, Kind
from callcenter.administration.references import DEPARTMENTS, USERS
from callcenter.administration.resources import Resource
from callcenter.crm.patient_hooks import PatientHooks
from callcenter.text import N_
from storage.models import Patient

PATIENT_FIELDS = (
    Field("record_number", N_("Record number"), unique=True, max_length=40, in_list=True, searchable=True,
          sortable=True, help=N_("Leave empty to generate one.")),
    Field("name", N_("Full name"), required=True, in_list=True, searchable=True, sortable=True),
    Field("sex", N_("Sex"), Kind.CHOICE, choices=(("male", N_("male")), ("female", N_("female"))),
          in_list=True, filterable=True),
    Field("birth_date", N_("Birth date"), Kind.DATE, in_list=True, sortable=True),
    Field("phones", N_("Phone numbers"), Kind.PHONES, stored=False, sensitive=True, in_list=True,
          searchable=True),
    Field("department_id", N_("Clinical department"), Kind.REFERENCE, reference=DEPARTMENTS, in_list=True,
          filterable=True),
    Field("doctor_id", N_("Doctor"), Kind.REFERENCE, reference=USERS, in_list=True, filterable=True),
    Field("tier", N_("Tier"), Kind.CHOICE, max_length=20, in_list=True, filterable=True,
          choices=(("silver", N_("Silver")), ("gold", N_("Gold")), ("platinum", N_("Platinum")))),
    Field("id_document", N_("Id document"), max_length=30, sensitive=True),
    Field("allergies", N_("Allergies"), max_length=300),
    Field("address", N_("Address"), max_length=300),
    Field("notes", N_("Notes"), Kind.LONG_TEXT, max_length=20_000),
    Field("do_not_call", N_("Do not call"), Kind.FLAG, in_list=True, filterable=True),
    Field("created_at", N_("Created at"), Kind.MOMENT, readonly=True),
    Field("updated_at", N_("Changed at"), Kind.MOMENT, readonly=True, in_list=True, sortable=True),
)  # fmt: skip


def patient_resource(clock: IReactorTime, area_code: str = "") -> Resource:
    """The declaration; ``area_code`` completes numbers that are written without one."""
    return Resource(
        name="patients",
        singular="patient",
        label=N_("Patients"),
        model=Patient,
        hooks=PatientHooks(clock, area_code),
        default_sort="-updated_at",
        fields=PATIENT_FIELDS,
    )
