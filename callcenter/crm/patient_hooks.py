"""What is particular to patients among the declared records: numbers, search terms, masks, reach."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.masked_search import whole_or_tail
from callcenter.administration.masks import HIDDEN, mask_document
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.resources import MOST_PER_PAGE, Hooks, ListQuery
from callcenter.administration.values import NEEDED
from callcenter.clock import utc_now
from callcenter.crm.phones import read_phones, settle_phones, store_phones
from callcenter.crm.scope import is_reached, patient_scope_clause
from callcenter.errors import InvalidError
from callcenter.numbers import format_number
from callcenter.text import N_
from storage.models import Patient, PatientPhone
from storage.queries.paging import Page
from storage.queries.patients import Scope as SearchScope
from storage.queries.patients import has_words, index_terms, search_patient_ids
from storage.queries.terms import pinyin_of, words_of

_UNNUMBERED = "new-"
_DOCUMENT_SIGNS = frozenset("-()（）/ ")
_TERMS = ("name", "record_number", "phones")


class PatientHooks(Hooks):
    """``area_code`` completes numbers that are written without one; ``clock`` knows today."""

    def __init__(self, clock: IReactorTime, area_code: str = "") -> None:
        self._clock = clock
        self._area_code = area_code

    async def prepare(self, principal: Principal, values: dict[str, Any]) -> dict[str, Any]:
        """Bring phone numbers into their canonical form."""
        if "phones" in values:
            values = values | {"phones": read_phones(values["phones"], self._area_code)}
        return values

    def reach(self, principal: Principal, permission: str) -> ColumnElement[bool]:
        """One's own patients; the department's; all."""
        return patient_scope_clause(principal, permission)

    def search(
        self, session: Session, principal: Principal, query: ListQuery, conditions: Sequence[ColumnElement[bool]]
    ) -> Page[int] | None:
        """By name, pinyin, initials, record number and number, through the table of terms."""
        everybody = principal.require("patients.view") is Scope.ALL
        scope = SearchScope(
            reach=None if everybody else patient_scope_clause(principal),
            also=[*conditions, *_without_guessing(principal, query.q, self._area_code)],
            disabled=query.disabled,
        )
        limit = min(max(query.limit, 1), MOST_PER_PAGE)
        return search_patient_ids(session, query.q, limit=limit, cursor=query.cursor, scope=scope)

    def matching(self, principal: Principal, query: ListQuery) -> Sequence[ColumnElement[bool]]:
        """The same words and the same limits, asked of each patient."""
        return [*has_words(query.q), *_without_guessing(principal, query.q, self._area_code)]

    def load(self, session: Session, keys: Sequence[Any]) -> Mapping[Any, Mapping[str, Any]]:
        """The phones of the patients, in their order."""
        found: dict[int, list[dict[str, str]]] = {key: [] for key in keys}
        statement = select(PatientPhone.patient_id, PatientPhone.number, PatientPhone.label).where(
            PatientPhone.patient_id.in_(keys)
        )
        for key, number, label in session.execute(statement.order_by(PatientPhone.position, PatientPhone.id)):
            found[key].append({"number": number, "label": label})
        return {key: {"phones": phones} for key, phones in found.items()}

    def complete(self, principal: Principal, values: dict[str, Any]) -> None:
        """A new patient of somebody with a narrow reach is in it, if nothing else was said; a number is given."""
        scope = principal.grants.get("patients.create")
        if scope is Scope.DEPARTMENT:
            values.setdefault("department_id", principal.department_id)
        if scope is Scope.OWN:
            values.setdefault("doctor_id", principal.user_id)
        values["record_number"] = values.get("record_number") or _UNNUMBERED + secrets.token_hex(8)

    def resolve(self, principal: Principal, before: Mapping[str, Any], values: dict[str, Any]) -> None:
        """What was shown masked and comes back masked is what it was."""
        if "phones" in values:
            values["phones"] = settle_phones(values["phones"], before.get("phones", []))
        document = values.get("id_document", "")
        if HIDDEN in document and document == mask_document(before.get("id_document", "")):
            del values["id_document"]

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise InvalidError for what no person can have."""
        wrong: dict[str, str] = {}
        if values.get("record_number") == "":
            wrong["record_number"] = NEEDED
        born = values.get("birth_date")
        if born is not None and born > utc_now(self._clock).date():
            wrong["birth_date"] = N_("This day is still to come.")
        if not all(sign.isalnum() or sign in _DOCUMENT_SIGNS for sign in values.get("id_document", "")):
            wrong["id_document"] = N_("An id document has letters and digits only.")
        if wrong:
            raise InvalidError(N_("Some values are not valid."), wrong)

    def columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The reading of the name."""
        return {"pinyin": pinyin_of(values["name"])[:160]} if "name" in values else {}

    def store(self, session: Session, principal: Principal, row: Any, values: Mapping[str, Any], now: datetime) -> None:
        """Write phones and search terms; give a record number to who has none."""
        if row.record_number.startswith(_UNNUMBERED):
            row.record_number = _free_number(session, row.id)
        if "phones" in values:
            store_phones(session, row.id, values["phones"])
        if any(name in values for name in _TERMS):
            numbers = session.scalars(select(PatientPhone.number).where(PatientPhone.patient_id == row.id))
            index_terms(session, row.id, row.name, row.record_number, list(numbers))

    def decorate(self, records: Sequence[dict[str, Any]]) -> None:
        """Ages, and numbers as people write them."""
        today = utc_now(self._clock).date()
        for record in records:
            record["age"] = age(record["birth_date"] and date.fromisoformat(record["birth_date"]), today)
            record["phones"] = [
                phone | {"number_formatted": format_number(phone["number"])} for phone in record["phones"]
            ]

    def reveals(self, principal: Principal, record: Mapping[str, Any]) -> bool:
        """Whether ``patients.unmask`` reaches this patient."""
        return principal.sees_numbers and is_reached(
            principal, "patients.unmask", record["department_id"], record["doctor_id"]
        )


def age(birth_date: date | None, today: date) -> int | None:
    """Full years lived; None when the birth date is unknown."""
    if not birth_date:
        return None
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def _free_number(session: Session, patient_id: int) -> str:
    """``N0000123``, with something behind it where the hospital uses that already."""
    wanted = f"N{patient_id:07d}"
    taken = session.scalar(select(Patient.id).where(Patient.record_number == wanted))
    return wanted if taken is None else f"{wanted}-{secrets.token_hex(3)}"


def _without_guessing(principal: Principal, query: str, area_code: str) -> list[ColumnElement[bool]]:
    """See ``masked_search``; record numbers are hidden from nobody."""
    unmask, view = principal.grants.get("patients.unmask"), principal.require("patients.view")
    if unmask is not None and unmask.width >= view.width:
        return []
    return [_whole_or_tail(word, area_code) for word in words_of(query) if word.isdecimal()]


def _whole_or_tail(word: str, area_code: str) -> ColumnElement[bool]:
    matches = whole_or_tail(PatientPhone.number, word, area_code)
    owners = select(PatientPhone.patient_id).where(PatientPhone.patient_id == Patient.id, matches)
    return or_(owners.correlate(Patient).exists(), Patient.record_number.startswith(word, autoescape=True))
