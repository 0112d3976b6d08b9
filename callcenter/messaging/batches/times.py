"""When those go who get a text to many: at once, or later by which rule; and whom a rule stops altogether."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.clock import iso
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.batches.tally import Tally
from callcenter.messaging.outbox.attempts import MESSAGE, unindexed
from callcenter.messaging.rules.sending import SendingRules, load_rules
from callcenter.messaging.rules.suppression import GOES, HELD_AT_MOST, Facts, Judged, judge, load_facts
from callcenter.messaging.vocabulary import MessageState
from storage.chunks import chunks


@dataclass(frozen=True)
class Waits:
    """How many wait for one rule, when the first of them goes and when the last."""

    count: int
    first: datetime
    last: datetime


@dataclass
class Times:
    """Adds up when they go. What waits for no rule has no reason."""

    waits: dict[str, Waits] = field(default_factory=dict)

    def add(self, verdict: Judged, count: int = 1) -> None:
        """So many more that are queued with this verdict."""
        if not count or verdict.next_at is None:
            return
        known = self.waits.get(verdict.reason, Waits(0, verdict.next_at, verdict.next_at))
        first, last = min(known.first, verdict.next_at), max(known.last, verdict.next_at)
        self.waits[verdict.reason] = Waits(known.count + count, first, last)

    @property
    def view(self) -> dict[str, Any]:
        """``goes_at`` is when the first go, None where nobody gets it; ``waits`` those whom a rule makes wait."""
        held = {why: one for why, one in sorted(self.waits.items()) if why}
        return {
            "waiting": sum(one.count for one in held.values()),
            "goes_at": iso(min((one.first for one in self.waits.values()), default=None)),
            "waits": [
                {"why": why, "count": one.count, "first": iso(one.first), "last": iso(one.last)}
                for why, one in held.items()
            ],
        }


def judge_all(session: Session, draft: BatchDraft, tally: Tally, now: datetime) -> Times:
    """When those of ``tally`` go; who never does is told to it. Hours are the same for all; only numbers with many
    messages differ.
    """
    rules, times = load_rules(session), Times()
    begins = draft.begins(now)
    expires = rules.expiry(draft.expires_at, begins)
    common = judge(rules, Facts(rules.time_zone), "", None, draft.purpose, begins, expires)
    if common.state is not MessageState.QUEUED:
        for number in list(tally.fit):
            tally.forbid(number, common.reason)
        return times
    full = _full_numbers(session, draft, rules, list(tally.fit), now)
    facts = load_facts(session, [(number, tally.fit[number][0]) for number in full], rules, now)
    times.add(common, len(tally.fit) - len(full))
    for number in full:
        verdict = judge(rules, facts, number, tally.fit[number][0], draft.purpose, begins, expires)
        if verdict.state is not MessageState.QUEUED:
            tally.forbid(number, verdict.reason)
        else:
            times.add(verdict)
    return times


def _full_numbers(
    session: Session, draft: BatchDraft, rules: SendingRules, numbers: Sequence[str], now: datetime
) -> list[str]:
    """Those that may have a day's share already: so many messages, of whatever day."""
    if not rules.daily_cap or draft.purpose not in rules.capped:
        return []
    columns = MESSAGE.c
    found: list[str] = []
    for chunk in chunks(numbers):
        statement = (
            select(columns.number)
            .where(
                columns.number.in_(chunk), columns.created_at >= now - HELD_AT_MOST, columns.direction == "out",
                unindexed(columns.state).in_(GOES), columns.purpose.in_([one.value for one in rules.capped]),
            )
            .group_by(columns.number)
            .having(func.count() >= rules.daily_cap)
        )  # fmt: skip
        found += session.scalars(statement)
    return found
