"""Whether a number may be written to now: opt-outs, do-not-contact, the daily cap, quiet hours.

Asked when a message is queued and again when it is about to be sent: a person may have said stop meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.attempts import unindexed
from callcenter.messaging.rules import SendingRules
from callcenter.messaging.vocabulary import (
    OPT_OUTS,
    UNWANTED_BY_DO_NOT_CONTACT,
    MessageState,
    Purpose,
    Reason,
)
from storage.models import Patient, PatientPhone, SmsMessage, SmsOptOut
from storage.models.base import NO, YES, table_of

T = TypeVar("T")

_CHUNK = 500
_OPT_OUT = table_of(SmsOptOut).c
_PATIENT, _PHONE = table_of(Patient), table_of(PatientPhone)
HELD_AT_MOST = timedelta(days=31)
GOES = (
    MessageState.QUEUED.value,
    MessageState.SENDING.value,
    MessageState.ACCEPTED.value,
    MessageState.DELIVERED.value,
    MessageState.UNKNOWN.value,
)


@dataclass(frozen=True)
class Judged:
    """What the rules make of a message: queued (not before ``next_at``, and why) or suppressed."""

    state: MessageState
    reason: str
    next_at: datetime | None

    @classmethod
    def suppressed(cls, reason: Reason) -> Judged:
        """Never."""
        return cls(MessageState.SUPPRESSED, reason, None)


@dataclass
class Facts:
    """What is known of numbers and patients. ``count`` adds what is decided meanwhile in the same transaction."""

    zone: str
    opted_out: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """Number → kinds of opt-out, each with its signature."""
    not_contacted: set[int | str] = field(default_factory=set)
    """Ids of patients, and numbers."""
    days: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    """Number and day → messages that count for the cap."""
    capped: Collection[Purpose] = ()
    _dates: dict[datetime, date] = field(default_factory=dict)

    def count(self, number: str, purpose: Purpose, at: datetime | None) -> None:
        """One more message for ``number`` on the day of ``at``."""
        if at is not None and purpose in self.capped:
            self.days[number, self._day(at)] += 1

    def counted(self, number: str, at: datetime) -> int:
        """How many the number has on that day."""
        return self.days.get((number, self._day(at)), 0)

    def _day(self, at: datetime) -> date:
        # Most are asked for the present moment.
        if (known := self._dates.get(at)) is None:
            known = self._dates[at] = at.astimezone(ZoneInfo(self.zone)).date()
        return known


def judge(
    rules: SendingRules,
    facts: Facts,
    number: str,
    patient_id: int | None,
    purpose: Purpose,
    begins: datetime,
    expires: datetime,
    signature: str = "",
) -> Judged:
    """What becomes of a message that could be sent from ``begins`` on, under ``signature`` if that is known already."""
    stopped = facts.opted_out.get(number)
    if stopped and any((kind, mark) in stopped for kind in OPT_OUTS[purpose] for mark in {"", signature}):
        return Judged.suppressed(Reason.OPTED_OUT)
    if purpose in UNWANTED_BY_DO_NOT_CONTACT and not facts.not_contacted.isdisjoint((patient_id, number)):
        return Judged.suppressed(Reason.DO_NOT_CONTACT)
    allowed, reason = rules.opening(purpose, begins), ""
    if allowed > begins:
        reason = Reason.QUIET_HOURS
    if rules.daily_cap and purpose in rules.capped:
        # A number that has its day's share waits for a day that has room; one that never comes before it expires ends.
        while facts.counted(number, allowed) >= rules.daily_cap and allowed < expires:
            allowed, reason = rules.tomorrow(purpose, allowed), Reason.DAILY_CAP
    if allowed >= expires:
        return Judged.suppressed(Reason(reason or Reason.TOO_LATE))
    return Judged(MessageState.QUEUED, reason, allowed)


def load_facts(
    session: Session,
    asked: Sequence[tuple[str, int | None]],
    rules: SendingRules,
    now: datetime,
    *,
    without: Collection[int] = (),
) -> Facts:
    """What judging needs of each (number, patient). Messages ``without`` do not count: they are being judged."""
    facts = Facts(rules.time_zone, capped=rules.capped)
    numbers = sorted({number for number, _ in asked if number})
    for chunk in _chunks(numbers):
        live = _OPT_OUT.number.in_(chunk), _OPT_OUT.ended_at.is_(None)
        for number, kind, signature in session.execute(
            select(_OPT_OUT.number, _OPT_OUT.kind, _OPT_OUT.signature).where(*live)
        ):
            facts.opted_out[number].add((kind, signature))
        _add_unknown_people(session, chunk, facts)
        if rules.daily_cap:
            _add_days(session, chunk, rules, now, facts, without)
    for ids in _chunks(sorted({patient for _, patient in asked if patient is not None})):
        refused = select(Patient.id).where(Patient.id.in_(ids), Patient.do_not_call == YES)
        facts.not_contacted.update(session.scalars(refused))
    return facts


def _add_unknown_people(session: Session, numbers: Sequence[str], facts: Facts) -> None:
    """A number whose patient is not to be contacted is not either, unless another patient who may be has it too."""
    said: dict[str, bool] = {}
    patient, phone = _PATIENT.c, _PHONE.c
    people = (
        select(phone.number, patient.do_not_call)
        .select_from(_PHONE.join(_PATIENT, patient.id == phone.patient_id))
        .where(phone.number.in_(numbers), patient.disabled == NO)
    )
    for number, refuses in session.execute(people):
        said[number] = refuses and said.get(number, True)
    facts.not_contacted.update(number for number, refuses in said.items() if refuses)


def _add_days(
    session: Session,
    numbers: Sequence[str],
    rules: SendingRules,
    now: datetime,
    facts: Facts,
    without: Collection[int],
) -> None:
    columns = table_of(SmsMessage).c
    purposes = [purpose.value for purpose in rules.capped]
    statement = select(
        columns.id, columns.number, columns.purpose, columns.state, columns.state_at, columns.next_at
    ).where(
        columns.number.in_(numbers),
        columns.created_at >= now - HELD_AT_MOST,
        columns.direction == "out",
        unindexed(columns.state).in_(GOES),
        columns.purpose.in_(purposes),
    )
    for row in session.execute(statement):
        if row.id not in without:
            queued = row.state == MessageState.QUEUED.value
            facts.count(row.number, Purpose(row.purpose), row.next_at if queued else row.state_at)


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[first : first + _CHUNK] for first in range(0, len(values), _CHUNK))


def purposes_of(names: Iterable[str]) -> tuple[Purpose, ...]:
    """Purposes by name; what is no purpose any more is left out."""
    known = {purpose.value for purpose in Purpose}
    return tuple(Purpose(name) for name in names if name in known)
