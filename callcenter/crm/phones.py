"""A patient's numbers: read from what was typed, compared with those that are there, written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from callcenter.administration.masks import HIDDEN, mask_number, restore_text
from callcenter.administration.values import LABEL_LENGTH, too_long
from callcenter.errors import InvalidError
from callcenter.numbers import NumberKind, normalise, plain_text
from callcenter.text import N_, Text
from storage.models import NumberChoice, PatientPhone

_DIGITS = re.compile(r"[\d ().\-–—/]+")
Phone = Mapping[str, str]
"""``number``: canonical, or a mask that was shown; ``label``: whose it is."""


def read_phones(typed: Sequence[Phone], area_code: str) -> list[dict[str, str]]:
    """The phones with canonical numbers; masks stay for ``settle_phones``. Raises InvalidError without digits."""
    return [{"number": _canonical(phone["number"], area_code), "label": phone["label"]} for phone in typed]


def _canonical(typed: str, area_code: str) -> str:
    if HIDDEN in typed:
        return typed
    canonical = normalise(typed, area_code)
    short = canonical.kind in (NumberKind.EXTENSION, NumberKind.SERVICE)
    # Of a whole number one may know whose it is by words beside it; "12ab" is no extension 12.
    if canonical.kind is NumberKind.ABSENT or (short and not _DIGITS.fullmatch(plain_text(typed))):
        raise _unreadable(typed)
    return canonical.number


def settle_phones(phones: Sequence[Phone], present: Sequence[Phone]) -> list[dict[str, str]]:
    """The phones without masks and repeats.

    A mask stands for the number of ``present`` that it was made from; where two share it, the first mask for the first.
    A number in a label likewise.
    A number that could not be read may stay where it is, not come in anew. Raises InvalidError.
    """
    known = {phone["number"]: phone["label"] for phone in present}
    left = [phone["number"] for phone in present]
    settled: dict[str, str] = {}
    for phone in phones:
        number = phone["number"]
        if HIDDEN in number:
            number = _behind_mask(number, left)
        elif number not in known and normalise(number).kind is NumberKind.UNKNOWN:
            raise _unreadable(number)
        if number in left:
            left.remove(number)
        label = restore_text(phone["label"], known.get(number) or "")
        if len(label) > LABEL_LENGTH:
            raise InvalidError(N_("Some values are not valid."), {"phones": too_long(LABEL_LENGTH)})
        settled.setdefault(number, label)
    return [{"number": number, "label": label} for number, label in settled.items()]


def _behind_mask(mask: str, left: Sequence[str]) -> str:
    for number in left:
        if mask_number(number) == mask:
            return number
    raise _unreadable(mask)


def _unreadable(typed: str) -> InvalidError:
    message = Text(
        N_("{number} is not a phone number that can be dialled. Write it with its area code or country code."),
        number=typed[:40],
    )
    return InvalidError(N_("Some values are not valid."), {"phones": message})


def store_phones(session: Session, patient_id: int, phones: Sequence[Phone]) -> None:
    """Let a patient have exactly these phones, in this order. A choice for a number that is gone is forgotten."""
    mine = PatientPhone.patient_id == patient_id
    quietly = {"synchronize_session": False}
    session.execute(delete(PatientPhone).where(mine), execution_options=quietly)
    rows = [
        {"patient_id": patient_id, "position": position, "number": phone["number"], "label": phone["label"]}
        for position, phone in enumerate(phones)
    ]
    if rows:
        session.execute(insert(PatientPhone), rows)
    chosen = delete(NumberChoice).where(NumberChoice.patient_id == patient_id)
    numbers = [row["number"] for row in rows]
    session.execute(chosen.where(NumberChoice.number.not_in(numbers)) if numbers else chosen, execution_options=quietly)
