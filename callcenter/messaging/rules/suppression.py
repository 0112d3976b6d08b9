"""Whether a number may be written to now: opt-outs, do-not-contact, the daily cap, quiet hours.

Asked when a message is queued and again when it is about to be sent: a person may have said stop meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.attempts import unindexed
from callcenter.messaging.rules.sending import LONGEST_AHEAD, SendingRules
from callcenter.messaging.vocabulary import (
    NOT_OUT,
    OPT_OUTS,
    UNWANTED_BY_DO_NOT_CONTACT,
    MessageState,
    Purpose,
    Reason,
)
from storage.bulk import Keyed
from storage.models import Patient, PatientPhone, SmsAttempt, SmsMessage, SmsOptOut
from storage.models.base import table_of

HELD_AT_MOST = LONGEST_AHEAD + timedelta(days=31)
"""What goes on a day was written at most so long before: ahead of its time, and then held until it would expire."""
GOES = (
    MessageState.QUEUED.value,
    MessageState.SENDING.value,
    MessageState.ACCEPTED.value,
    MessageState.DELIVERED.value,
    MessageState.UNKNOWN.value,
)


class Judged(NamedTuple):
    """What the rules make of a message: queued (not before ``next_at``, and why) or suppressed."""

    state: MessageState
    reason: str
    next_at: datetime | None

    @classmethod
    def suppressed(cls, reason: Reason) -> Judged:
        """Never."""
        return cls(MessageState.SUPPRESSED, reason, None)


_OPT_OUT, _MESSAGE, _ATTEMPT = table_of(SmsOptOut).c, table_of(SmsMessage).c, table_of(SmsAttempt).c
_PATIENT, _PHONE = table_of(Patient).c, table_of(PatientPhone).c
_STOPPED = Keyed(
    lambda among: select(_OPT_OUT.number, _OPT_OUT.kind, _OPT_OUT.signature).where(
        among(_OPT_OUT.number), _OPT_OUT.ended_at.is_(None)
    )
)
# One table each: what PostgreSQL makes of a join of tables that it has not looked at yet takes a hundred times as long.
_OWNERS = Keyed(lambda among: select(_PHONE.number, _PHONE.patient_id).where(among(_PHONE.number)))
_PEOPLE = Keyed(lambda among: select(_PATIENT.id, _PATIENT.do_not_call, _PATIENT.disabled).where(among(_PATIENT.id)))
_COUNTED = Keyed(
    lambda among: select(
        _MESSAGE.id,
        _MESSAGE.number,
        _MESSAGE.purpose,
        _MESSAGE.state,
        _MESSAGE.state_at,
        _MESSAGE.next_at,
        _MESSAGE.created_at,
    ).where(
        among(_MESSAGE.number),
        _MESSAGE.created_at >= bindparam("oldest"),
        _MESSAGE.direction == "out",
        or_(*(unindexed(_MESSAGE.state) == state for state in GOES)),
        among(_MESSAGE.purpose, "purposes"),
    ),
    lists=("purposes",),
)
_SENT = Keyed(
    lambda among: select(_ATTEMPT.message_id, _ATTEMPT.state, _ATTEMPT.sent_at).where(among(_ATTEMPT.message_id))
)


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
    _openings: dict[tuple[Purpose, datetime], datetime] = field(default_factory=dict)

    def count(self, number: str, purpose: Purpose, at: datetime | None) -> None:
        """One more message for ``number`` on the day of ``at``."""
        if at is not None and purpose in self.capped:
            self.days[number, self._day(at)] += 1

    def counted(self, number: str, at: datetime) -> int:
        """How many the number has on that day."""
        return self.days.get((number, self._day(at)), 0)

    def opening(self, rules: SendingRules, purpose: Purpose, begins: datetime) -> datetime:
        """See ``SendingRules.opening``; asked once for all that begin at the same moment."""
        if (known := self._openings.get((purpose, begins))) is None:
            known = self._openings[purpose, begins] = rules.opening(purpose, begins)
        return known

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
    allowed, reason = facts.opening(rules, purpose, begins), ""
    if allowed is not begins and allowed > begins:
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
    # An opt-out may have been written down a moment ago, in the same transaction.
    session.flush()
    numbers = sorted({number for number, _ in asked if number})
    for number, kind, signature in _STOPPED.rows(session, numbers):
        facts.opted_out[number].add((kind, signature))
    _add_people(session, numbers, {patient for _, patient in asked if patient is not None}, facts)
    if rules.daily_cap:
        _add_days(session, numbers, rules, now, facts, without)
    return facts


def _add_people(session: Session, numbers: Sequence[str], patients: Collection[int], facts: Facts) -> None:
    """A number whose patient is not to be contacted is not either, unless another patient who may be has it too."""
    owners = _OWNERS.rows(session, numbers)
    rows = _PEOPLE.rows(session, sorted({*patients, *(patient for _, patient in owners)}))
    people = {key: (refuses, disabled) for key, refuses, disabled in rows}
    facts.not_contacted.update(key for key in patients if key in people and people[key][0])
    said: dict[str, bool] = {}
    for number, patient in owners:
        refuses, disabled = people[patient]
        if not disabled:
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
    purposes = [purpose.value for purpose in rules.capped]
    rows = _COUNTED.rows(session, numbers, {"oldest": now - HELD_AT_MOST, "purposes": purposes})
    today = rules.day(now)
    older: dict[int, tuple[str, Purpose, datetime]] = {}
    for key, number, purpose, state, state_at, next_at, created_at in rows:
        if key in without:
            continue
        if state == MessageState.QUEUED.value:
            facts.count(number, Purpose(purpose), next_at)
        elif created_at >= today:
            facts.count(number, Purpose(purpose), state_at)
        elif state_at >= today:
            # A receipt of today may tell of what went before midnight.
            older[key] = number, Purpose(purpose), state_at
    went = _first_sent(session, list(older))
    for key, (number, purpose, state_at) in older.items():
        facts.count(number, purpose, went.get(key, state_at))


def _first_sent(session: Session, messages: Sequence[int]) -> dict[int, datetime]:
    """Message → when the first attempt began that was not turned down."""
    first: dict[int, datetime] = {}
    for key, state, sent_at in _SENT.rows(session, messages):
        if state not in NOT_OUT:
            first[key] = min(first.get(key, sent_at), sent_at)
    return first
