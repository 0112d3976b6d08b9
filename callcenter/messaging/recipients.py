"""Who of many patients gets a message, and who does not for what reason: the same for the preview and the sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.crm.scope import patient_scope_clause
from callcenter.errors import InvalidError
from callcenter.messaging.composing import House, common_values
from callcenter.messaging.filling import patient_values
from callcenter.messaging.placeholders import fill
from callcenter.messaging.rules import SendingRules, load_rules
from callcenter.messaging.suppression import Facts, judge, load_facts
from callcenter.messaging.vocabulary import MessageState, Purpose, Reason
from callcenter.numbers import NumberKind, normalise
from callcenter.text import N_
from storage.models import Patient, PatientPhone
from storage.models.base import NO

MOST_AT_ONCE = 1000
_CHUNK = 500
_TAKE_SMS = (NumberKind.MOBILE, NumberKind.FOREIGN)


class Obstacle(StrEnum):
    """Why a patient gets no message."""

    NOT_FOUND = "not_found"
    NO_MOBILE = "no_mobile"
    DUPLICATE = "duplicate"
    """Somebody before has the same number."""
    OPTED_OUT = "opted_out"
    DO_NOT_CONTACT = "do_not_contact"
    DAILY_CAP = "daily_cap"
    """Today's share is used up, and the message would be too late tomorrow."""
    TOO_LATE = "too_late"
    UNFILLED = "unfilled"
    """A placeholder has no value for them."""


_OBSTACLES: Mapping[str, Obstacle] = {
    Reason.OPTED_OUT: Obstacle.OPTED_OUT,
    Reason.DO_NOT_CONTACT: Obstacle.DO_NOT_CONTACT,
    Reason.DAILY_CAP: Obstacle.DAILY_CAP,
}


@dataclass(frozen=True)
class BatchDraft:
    """One text to many: ``text`` with its placeholders, what it is for, when it goes and until when it makes sense."""

    text: str
    purpose: Purpose
    title: str = ""
    at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Recipient:
    """A patient who gets a message: where, and what. ``waits`` when a rule keeps it back for later."""

    patient_id: int
    name: str
    number: str
    text: str
    waits: str = ""


@dataclass(frozen=True)
class Chosen:
    """Patients in their order. ``refused`` maps those who get nothing to the reason."""

    fit: tuple[Recipient, ...]
    refused: Mapping[int, Obstacle]
    known: Mapping[int, Mapping[str, Any]]


def choose_recipients(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    patient_ids: Sequence[int],
    house: House,
    now: datetime,
) -> Chosen:
    """Look at each patient once. Raises ``InvalidError`` for nobody or too many at a time."""
    wanted = list(dict.fromkeys(patient_ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        message = N_("Choose between 1 and 1000 patients at a time.")
        raise InvalidError(message, {"patient_ids": message})
    known = _known(session, principal, wanted)
    mobiles = first_mobiles(session, list(known))
    rules = load_rules(session)
    facts = load_facts(session, [(mobiles.get(key, ""), key) for key in known], rules, now)
    texts = _Texts(draft.text, common_values(principal, house, now), patient_values(session, list(known)))
    fit: list[Recipient] = []
    refused: dict[int, Obstacle] = {}
    taken: set[str] = set()
    for key in wanted:
        obstacle, waits = _looked_at(key, known, mobiles, taken, texts), ""
        if obstacle is None:
            obstacle, waits = _judged(key, mobiles[key], draft, rules, facts, now)
        if obstacle is not None:
            refused[key] = obstacle
            continue
        taken.add(mobiles[key])
        fit.append(Recipient(key, known[key]["name"], mobiles[key], texts.of(key)[0], waits))
    return Chosen(tuple(fit), refused, known)


@dataclass(frozen=True)
class _Texts:
    template: str
    common: Mapping[str, str]
    values: Mapping[int, Mapping[str, str]]

    def of(self, patient_id: int) -> tuple[str, bool]:
        """The text for one patient, and whether it is complete."""
        text, gaps = fill(self.template, {**self.common, **self.values.get(patient_id, {})})
        return text, not gaps


def _looked_at(
    key: int, known: Mapping[int, Any], mobiles: Mapping[int, str], taken: set[str], texts: _Texts
) -> Obstacle | None:
    if key not in known:
        return Obstacle.NOT_FOUND
    if key not in mobiles:
        return Obstacle.NO_MOBILE
    if mobiles[key] in taken:
        return Obstacle.DUPLICATE
    return None if texts.of(key)[1] else Obstacle.UNFILLED


def _judged(
    key: int, number: str, draft: BatchDraft, rules: SendingRules, facts: Facts, now: datetime
) -> tuple[Obstacle | None, str]:
    """Why there is no message; or None and what it waits for, empty for nothing."""
    begins = max(now, draft.at) if draft.at else now
    verdict = judge(rules, facts, number, key, draft.purpose, begins, rules.expiry(draft.expires_at, begins))
    if verdict.state is not MessageState.QUEUED:
        return _OBSTACLES.get(verdict.reason, Obstacle.TOO_LATE), ""
    facts.count(number, draft.purpose, verdict.next_at)
    return None, str(verdict.reason)


def _known(session: Session, principal: Principal, wanted: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The patients in reach of whoever sends, with what a list of them shows."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(wanted), _CHUNK):
        statement = select(Patient.id, Patient.name, Patient.record_number).where(
            Patient.id.in_(wanted[start : start + _CHUNK]), Patient.disabled == NO, patient_scope_clause(principal)
        )
        for key, name, record_number in session.execute(statement):
            found[key] = {"name": name, "record_number": record_number}
    return found


def first_mobiles(session: Session, patient_ids: Sequence[int]) -> dict[int, str]:
    """Patient → the first of the numbers that takes texts; patients without one are missing."""
    found: dict[int, str] = {}
    for start in range(0, len(patient_ids), _CHUNK):
        statement = (
            select(PatientPhone.patient_id, PatientPhone.number)
            .where(PatientPhone.patient_id.in_(patient_ids[start : start + _CHUNK]))
            .order_by(PatientPhone.patient_id, PatientPhone.position, PatientPhone.id)
        )
        for key, number in session.execute(statement):
            if key not in found and takes_texts(number):
                found[key] = number
    return found


def takes_texts(number: str) -> bool:
    """Whether a canonical number can be written to at all."""
    return ";" not in number and normalise(number).kind in _TAKE_SMS
