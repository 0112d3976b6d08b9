"""Who of many patients gets a message, and who does not for what reason: what each chunk of a batch is made by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.crm.scope import patient_scope_clause
from callcenter.messaging.batches.choices import Member
from callcenter.messaging.batches.reach import bulk_reach
from callcenter.messaging.mobiles import mobiles_of
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.rules.sending import SendingRules, load_rules
from callcenter.messaging.rules.suppression import Facts, judge, load_facts
from callcenter.messaging.texts.filling import patient_values
from callcenter.messaging.texts.placeholders import fill
from callcenter.messaging.texts.quoting import load_tariff
from callcenter.messaging.vocabulary import MessageState, Purpose, Reason
from storage.chunks import chunks
from storage.models import Patient
from storage.models.base import NO


class Obstacle(StrEnum):
    """Why a patient gets no message."""

    NOT_FOUND = "not_found"
    NO_MOBILE = "no_mobile"
    UNFILLED = "unfilled"
    """A placeholder has no value for them."""
    UNWRITABLE = "unwritable"
    """No gateway that may take it can write all its characters."""
    TOO_LONG = "too_long"
    """None takes so many."""
    OPTED_OUT = "opted_out"
    DO_NOT_CONTACT = "do_not_contact"
    DAILY_CAP = "daily_cap"
    """Today's share is used up, and the message would be too late tomorrow."""
    TOO_LATE = "too_late"
    DUPLICATE = "duplicate"
    """Somebody before gets it at the same number."""


OBSTACLES: Mapping[str, Obstacle] = {
    Reason.UNWRITABLE: Obstacle.UNWRITABLE,
    Reason.TOO_LONG: Obstacle.TOO_LONG,
    Reason.OPTED_OUT: Obstacle.OPTED_OUT,
    Reason.DO_NOT_CONTACT: Obstacle.DO_NOT_CONTACT,
    Reason.DAILY_CAP: Obstacle.DAILY_CAP,
}
"""What a reason is called here; every other one of a rule is too late."""


@dataclass(frozen=True)
class BatchDraft:
    """One text to many: ``text`` with its placeholders, what it is for, when it goes and until when it makes sense.
    ``template_id``: what it was written from.
    """

    text: str
    purpose: Purpose
    title: str = ""
    at: datetime | None = None
    expires_at: datetime | None = None
    template_id: int | None = None

    def begins(self, now: datetime) -> datetime:
        """The first moment at which it may go."""
        return max(now, self.at) if self.at else now


@dataclass(frozen=True)
class Recipient:
    """A patient who gets a message: where, and what."""

    patient_id: int
    number: str
    text: str


@dataclass(frozen=True)
class LeftOut:
    """A patient who gets none; ``number`` is empty where that is not the matter."""

    patient_id: int
    number: str
    why: Obstacle


@dataclass(frozen=True)
class Chosen:
    """The members of a chunk in their order."""

    fit: tuple[Recipient, ...]
    left_out: tuple[LeftOut, ...]


def choose_recipients(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    members: Sequence[Member],
    common: Mapping[str, str],
    now: datetime,
    batch_id: int | None = None,
) -> Chosen:
    """Look at each member once. ``common`` are the values that are everybody's; who has a message of ``batch_id``
    already gets none.
    """
    ids = list(dict.fromkeys(member.patient_id for member in members))
    known = _known(session, principal, ids)
    mobiles = mobiles_of(session, sorted(known))
    numbers = [_number(member, mobiles) for member in members]
    rules = load_rules(session)
    asked = [(number, member.patient_id) for member, number in zip(members, numbers, strict=True)]
    earlier = _had(session, batch_id, numbers)
    # What this batch made already is no reason to call a number's share used up: it is the same message.
    judging = _Judging(draft, rules, load_facts(session, asked, rules, now, without=set(earlier.values())), now)
    texts = _Texts(draft.text, common, patient_values(session, sorted(known)))
    tariff = load_tariff(session)
    had = set(earlier)
    fit: list[Recipient] = []
    left_out: list[LeftOut] = []
    for member, number in zip(members, numbers, strict=True):
        key = member.patient_id
        text, complete = texts.of(key)
        obstacle = _looked_at(key, number, known, complete)
        if obstacle is None and (why := tariff.hopeless(number, draft.purpose, text)):
            obstacle = OBSTACLES[why]
        obstacle = obstacle or judging.obstacle(number, key)
        obstacle = obstacle or (Obstacle.DUPLICATE if number in had else None)
        if obstacle is not None:
            left_out.append(LeftOut(key, number, obstacle))
            continue
        had.add(number)
        fit.append(Recipient(key, number, text))
    return Chosen(tuple(fit), tuple(left_out))


def name_left_out(session: Session, principal: Principal, left_out: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    """(patient, why) as lists show them to ``principal``; of those who are out of reach, of whoever sent or of whoever
    reads, there is no name.
    """
    wanted = sorted({key for key, why in left_out if why != Obstacle.NOT_FOUND})
    heads: dict[int, tuple[str, str]] = {}
    if "patients.view" in principal.grants:
        reach = patient_scope_clause(principal)
        for chunk in chunks(wanted):
            statement = select(Patient.id, Patient.name, Patient.record_number).where(Patient.id.in_(chunk), reach)
            heads |= {key: (name, record) for key, name, record in session.execute(statement)}
    shown = []
    for key, why in left_out:
        name, record = heads.get(key, ("", "")) if why != Obstacle.NOT_FOUND else ("", "")
        shown.append({"patient_id": key, "name": name, "record_number": record, "why": why})
    return shown


@dataclass(frozen=True)
class _Texts:
    template: str
    common: Mapping[str, str]
    values: Mapping[int, Mapping[str, str]]

    def of(self, patient_id: int) -> tuple[str, bool]:
        """The text for one patient, and whether it is complete."""
        text, gaps = fill(self.template, {**self.common, **self.values.get(patient_id, {})})
        return text, not gaps


@dataclass(frozen=True)
class _Judging:
    draft: BatchDraft
    rules: SendingRules
    facts: Facts
    now: datetime

    def obstacle(self, number: str, patient_id: int) -> Obstacle | None:
        """Which rule forbids it, if one does."""
        begins = self.draft.begins(self.now)
        expires = self.rules.expiry(self.draft.expires_at, begins)
        verdict = judge(self.rules, self.facts, number, patient_id, self.draft.purpose, begins, expires)
        if verdict.state is MessageState.QUEUED:
            return None
        return OBSTACLES.get(verdict.reason, Obstacle.TOO_LATE)


def _looked_at(key: int, number: str, known: Collection[int], complete: bool) -> Obstacle | None:
    if key not in known:
        return Obstacle.NOT_FOUND
    if not number:
        return Obstacle.NO_MOBILE
    return None if complete else Obstacle.UNFILLED


def _number(member: Member, mobiles: Mapping[int, Sequence[str]]) -> str:
    """The number that was chosen, as long as it is the patient's; else the first that takes texts."""
    own = mobiles.get(member.patient_id, ())
    if member.number:
        return member.number if member.number in own else ""
    return own[0] if own else ""


def source_in(batch_id: int, number: str) -> str:
    """The source of a batch's message to a number: of each there is one."""
    return f"batch:{batch_id}:{number}"


def _had(session: Session, batch_id: int | None, numbers: Sequence[str]) -> dict[str, int]:
    """Number → its message of the batch, of those that have one; by what each has alone, however large the batch is."""
    found: dict[str, int] = {}
    if batch_id is not None:
        columns = MESSAGE.c
        for chunk in chunks(sorted(set(numbers) - {""})):
            sources = [source_in(batch_id, number) for number in chunk]
            made = select(columns.number, columns.id).where(columns.source.in_(sources))
            found |= {number: key for number, key in session.execute(made)}  # noqa: C416 - rows are no pairs to mypy
    return found


def _known(session: Session, principal: Principal, wanted: Sequence[int]) -> set[int]:
    """Those to whom whoever sends may send."""
    found: set[int] = set()
    for chunk in chunks(wanted):
        statement = select(Patient.id).where(Patient.id.in_(chunk), Patient.disabled == NO, bulk_reach(principal))
        found.update(session.scalars(statement))
    return found
