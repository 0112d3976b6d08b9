"""Whose numbers they are, and who is there to answer: what many conversations need to know, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, select
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.talks import Talk
from storage.chunks import chunks
from storage.models import Department, NumberChoice, Patient, PatientPhone, UserAccount
from storage.models.base import NO, table_of

_PATIENT, _PHONE, _CHOICE, _USER, _DEPARTMENT = (
    table_of(record) for record in (Patient, PatientPhone, NumberChoice, UserAccount, Department)
)
_HEAD = [
    _PATIENT.c[name]
    for name in (
        "id", "name", "record_number", "sex", "birth_date", "tier", "allergies", "do_not_call", "department_id",
        "doctor_id",
    )
]  # fmt: skip
_ASKED: BindParameter[Any] = bindparam("asked", expanding=True)
_WITH_NUMBER = (
    select(_PHONE.c.number, *_HEAD)
    .select_from(_PHONE.join(_PATIENT, _PATIENT.c.id == _PHONE.c.patient_id))
    .where(_PHONE.c.number.in_(_ASKED), _PATIENT.c.disabled == NO)
    .order_by(_PATIENT.c.id)
)
_BY_ID = select(*_HEAD).where(_PATIENT.c.id.in_(_ASKED), _PATIENT.c.disabled == NO)
_CHOSEN = select(_CHOICE.c.number, _CHOICE.c.patient_id).where(_CHOICE.c.number.in_(_ASKED))
_HERE = select(_USER.c.id, _USER.c.display_name).where(_USER.c.id.in_(_ASKED), _USER.c.disabled == NO)
_NAMES = select(_DEPARTMENT.c.id, _DEPARTMENT.c.name).where(_DEPARTMENT.c.id.in_(_ASKED))


@dataclass(frozen=True)
class People:
    """``patients`` (id → row) are enabled, and so are ``users`` (id → name). ``sharing`` is number → ids of the enabled
    patients who have it; ``chosen`` number → the patient whom somebody said to remember for it.
    """

    patients: Mapping[int, Row[Any]]
    sharing: Mapping[str, Sequence[int]]
    chosen: Mapping[str, int]
    users: Mapping[int, str]
    departments: Mapping[int, str]

    def settle(self, talk: Talk) -> Row[Any] | None:
        """Tie the conversation to the patient whom its number means, if that is certain, and give the patient.

        Whoever was chosen stays while the number stays with them. Several who share it: the one who was said to
        remember, else nobody until somebody chooses.
        """
        tied = None if talk.patient_id is None else self.patients.get(talk.patient_id)
        having = self.sharing.get(talk.number, ())
        # Tied by hand to a number that is on no record: that was somebody's word, and nothing contradicts it.
        if tied is not None and (tied.id in having or not having):
            return tied
        talk.patient_id = having[0] if len(having) == 1 else self._remembered(talk.number, having)
        return None if talk.patient_id is None else self.patients[talk.patient_id]

    def is_here(self, user_id: int) -> bool:
        """Whether somebody can be given a conversation: has not left."""
        return user_id in self.users

    def _remembered(self, number: str, having: Sequence[int]) -> int | None:
        chosen = self.chosen.get(number)
        return chosen if chosen in having else None


def load_people(session: Session, talks: Collection[Talk]) -> People:
    """All that is to be known for ``talks``, in a few statements."""
    patients: dict[int, Row[Any]] = {}
    sharing: dict[str, list[int]] = defaultdict(list)
    for row in _each(session, _WITH_NUMBER, {talk.number for talk in talks}):
        patients[row.id] = row
        sharing[row.number].append(row.id)
    tied = {talk.patient_id for talk in talks} - {None} - patients.keys()
    patients |= {row.id: row for row in _each(session, _BY_ID, tied)}
    shared = [number for number, having in sharing.items() if len(having) > 1]
    users = {talk.assigned_to for talk in talks} | {row.doctor_id for row in patients.values()}
    departments = {talk.department_id for talk in talks} | {row.department_id for row in patients.values()}
    return People(
        patients,
        sharing,
        dict(map(tuple, _each(session, _CHOSEN, shared))),
        dict(map(tuple, _each(session, _HERE, users - {None}))),
        dict(map(tuple, _each(session, _NAMES, departments - {None}))),
    )


def _each(session: Session, statement: Select[Any], asked: Iterable[Any]) -> Iterator[Row[Any]]:
    for chunk in chunks(sorted(asked)):
        yield from session.execute(statement, {"asked": chunk})
