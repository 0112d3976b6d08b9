"""What a person writes: filled in, checked, and priced before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.values import clean
from callcenter.errors import InvalidError
from callcenter.messaging.rules.sending import LONGEST_AHEAD
from callcenter.messaging.texts.filling import hospital_values, patient_values, sender_values
from callcenter.messaging.texts.placeholders import LONGEST_TEXT, Gaps, empty_words, fill
from callcenter.messaging.vocabulary import Purpose
from callcenter.placeholders import used_in
from callcenter.text import N_, Text
from storage.models import Department
from storage.models.base import NO, YES

_KEY = re.compile(r"[A-Za-z0-9_-]{8,36}")

_REVEALING = re.compile(
    "肿瘤|癌|化疗|放疗|精神|心理|艾滋|梅毒|淋病|性病|性传播|乙肝|丙肝|结核|妇科|不孕|不育|流产|人流|男科|肛肠|戒毒|癫痫"
    "|HIV|AIDS|cancer|oncolog|chemotherap|psychiatr|syphilis|hepatitis|tuberculosis|abortion|infertil",
    re.IGNORECASE,
)
"""What nobody wants others to read on the screen of a phone that lies on a table."""


class Caution(StrEnum):
    """What whoever writes should think about before it goes."""

    DEPARTMENT = "department"
    """The text names a department: it tells what somebody is treated for."""
    REVEALING = "revealing"
    """The text has a word that tells a diagnosis."""
    OPTED_OUT = "opted_out"
    """The number wants no such messages."""


@dataclass(frozen=True)
class House:
    """What the hospital itself fills in: its name; ``time_zone`` is where its clock hangs."""

    hospital: str
    time_zone: str
    area_code: str = ""


@dataclass(frozen=True)
class Filled:
    """A text for one person: what is read, and what is missing in it."""

    text: str
    gaps: Gaps


def read_text(typed: str) -> str:
    """A text as it was typed, without signs that turn or hide what others read. Raises InvalidError."""
    text = clean(typed, lines=True)
    if not text:
        raise InvalidError(N_("Write something."), {"text": N_("Write something.")})
    if len(text) > LONGEST_TEXT:
        message = Text(N_("At most {limit} characters."), limit=LONGEST_TEXT)
        raise InvalidError(message, {"text": message})
    return text


def read_key(key: str) -> str:
    """What makes a form's second click the same as its first. Raises InvalidError."""
    if not _KEY.fullmatch(key):
        message = N_("A key has 8 to 36 letters, digits, - and _.")
        raise InvalidError(message, {"key": message})
    return key


def read_time(at: datetime | None, now: datetime) -> datetime | None:
    """When it is to go, None for now; what is past is now. Raises InvalidError for what is too far away."""
    if at is None or at <= now:
        return None
    if at > now + LONGEST_AHEAD:
        message = N_("Choose a time that is to come, at most 90 days from now.")
        raise InvalidError(message, {"at": message})
    return at


def fill_for(
    session: Session, principal: Principal, text: str, patient_id: int | None, house: House, now: datetime
) -> Filled:
    """``text`` for one patient, or for a number of which no patient is known."""
    known = patient_values(session, [patient_id]).get(patient_id, {}) if patient_id is not None else {}
    values = common_values(principal, house, now) | dict(known)
    return Filled(*fill(text, values))


def common_values(principal: Principal, house: House, now: datetime) -> dict[str, str]:
    """What has the same value for everybody who is written to at once."""
    return hospital_values(house.hospital, house.time_zone, now) | sender_values(principal)


def require_filled(filled: Filled) -> str:
    """The text; raises InvalidError that names the placeholder which is none or has no value."""
    if filled.gaps.fault:
        raise InvalidError(N_("The text has a placeholder that there is not."), {"text": filled.gaps.fault.words})
    if filled.gaps.empty:
        raise InvalidError(N_("The text has a placeholder without a value."), {"text": empty_words(filled.gaps.empty)})
    return filled.text


def warnings_about(session: Session, written: str, filled: str, purpose: Purpose) -> list[str]:
    """What the text of a message that nobody asked for would tell somebody who looks over a shoulder.

    An answer to somebody who asked may say what it has to say.
    """
    if purpose is Purpose.REPLY:
        return []
    found = []
    if "department" in used_in(written) or any(name in filled for name in _clinical(session)):
        found.append(Caution.DEPARTMENT.value)
    if _REVEALING.search(filled):
        found.append(Caution.REVEALING.value)
    return found


def _clinical(session: Session) -> list[str]:
    names = select(Department.name).where(Department.clinical == YES, Department.disabled == NO)
    return [name for name in session.scalars(names) if name]


def gaps_view(gaps: Gaps) -> Mapping[str, Any]:
    """What is missing, for a form. ``unpaired`` are the words around a brace without a partner if it is the first."""
    unpaired = gaps.fault.around if gaps.fault and gaps.fault.unpaired else ""
    return {"unknown": list(gaps.unknown), "empty": list(gaps.empty), "unpaired": unpaired}
