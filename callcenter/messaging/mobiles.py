"""Which numbers take texts, as a question about one of them and as a condition on a column."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from callcenter.number_plan import HOME_CODE
from callcenter.numbers import NumberKind, normalise
from storage.chunks import chunks
from storage.models import PatientPhone
from storage.models.base import table_of

_TAKE_SMS = (NumberKind.MOBILE, NumberKind.FOREIGN)
_HOME = f"+{HOME_CODE}"
_PHONE = table_of(PatientPhone).c


def takes_texts(number: str) -> bool:
    """Whether a canonical number can be written to at all."""
    return ";" not in number and normalise(number).kind in _TAKE_SMS


def _that_take_texts(number: ColumnElement[str]) -> ColumnElement[bool]:
    """``takes_texts`` of a column of canonical numbers: mobiles of 11 digits at home, and every number abroad."""
    begins = func.substr(number, 1, len(_HOME))
    home = and_(
        begins == _HOME,
        func.length(number) == len(_HOME) + 11,
        func.substr(number, len(_HOME) + 1, 1) == "1",
        func.substr(number, len(_HOME) + 2, 1).in_(list("3456789")),
    )
    return and_(or_(home, and_(func.substr(number, 1, 1) == "+", begins != _HOME)), number.not_like("%;%"))


THAT_TAKE_TEXTS = _that_take_texts(_PHONE.number)
"""``takes_texts`` of the numbers of patients."""


def mobiles_of(session: Session, patient_ids: Sequence[int]) -> dict[int, list[str]]:
    """Patient → the numbers that take texts, in the order of the record; patients without one are missing."""
    found: dict[int, list[str]] = {}
    for chunk in chunks(patient_ids):
        statement = (
            select(_PHONE.patient_id, _PHONE.number)
            .where(_PHONE.patient_id.in_(chunk), THAT_TAKE_TEXTS)
            .order_by(_PHONE.patient_id, _PHONE.position, _PHONE.id)
        )
        for key, number in session.execute(statement):
            found.setdefault(key, []).append(number)
    return found


def first_mobiles(session: Session, patient_ids: Sequence[int]) -> dict[int, str]:
    """Patient → the first of the numbers that takes texts; patients without one are missing."""
    return {key: numbers[0] for key, numbers in mobiles_of(session, patient_ids).items()}
