"""Takes what is due out of the queue: judged by the rules once more, routed, divided, and written down as being sent.

All of it happens in one transaction, before a byte leaves. Whoever dies after it has left a trace of every part that
may have gone out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from callcenter.messaging.announce import Moved
from callcenter.messaging.batches.stops import load_stops
from callcenter.messaging.gateways.choosing import Choosing
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.outbox.attempts import (
    MESSAGE,
    NewAttempt,
    insert_attempts,
    load_tried,
    move_messages,
    part_key,
    update_messages,
)
from callcenter.messaging.outbox.consigning import Consigned, Due, Put, consign
from callcenter.messaging.outbox.due_messages import DuePages, DueRow, Place, lock_due
from callcenter.messaging.outbox.outcome import Missing, missing
from callcenter.messaging.outbox.spending import spent
from callcenter.messaging.rules.sending import SendingRules, load_rules
from callcenter.messaging.rules.suppression import Facts, load_facts
from callcenter.messaging.vocabulary import FOR_A_GATEWAY, MessageState, Purpose, Reason
from protocols.sms import Part
from storage.bulk import Keyed
from storage.models import Conversation
from storage.models.base import table_of

FEWEST, PAGE = 50, 500
"""So many are looked at together: as many as there is room for, within these."""
MOST = 1000
"""When so many were taken, a claim ends and another may follow: SQLite's one writer is needed by calls as well."""
_TALK = table_of(Conversation).c
_TALKS = Keyed(lambda among: select(_TALK.id, _TALK.gateway_id, _TALK.our_number).where(among(_TALK.id)))
_REASONS = Keyed(lambda among: select(MESSAGE.c.id, MESSAGE.c.reason).where(among(MESSAGE.c.id)))
_QUEUED = MessageState.QUEUED.value
_SENDING = MessageState.SENDING.value
_NOTHING = Missing(1)
_WORDS = "reason_words"
_SHORTEST = 60.0
"""Seconds that a gateway is given at least to bring a message."""
_PURPOSES = {purpose.value: purpose for purpose in Purpose}


@dataclass(frozen=True)
class Claimed:
    """What is to be handed over now: gateway → its parts, in order. ``more``: there is room left, and more may be due.

    ``after`` is set when nothing that was looked at could go, because all of it waits for gateways that are full: what
    other gateways may take is due behind this place.
    """

    handed: dict[int, tuple[Part, ...]] = field(default_factory=dict)
    more: bool = False
    after: Place | None = None


def claim(session: Session, routes: Sequence[Route], now: datetime, after: Place | None = None) -> Claimed:
    """Write down as being sent as much as the gateways have room for, and return it. Looks at what is due behind
    ``after`` only.
    """
    choosing = Choosing(routes)
    taken = _Taken(now)
    rules = load_rules(session)
    pages = DuePages(session, now, _page_size(choosing.left, after), after)
    seen: set[int] = set()
    room = True
    for ids in pages:
        rows = lock_due(session, ids, now)
        seen.update(ids)
        facts = load_facts(session, [(row.number, row.patient_id) for row in rows], rules, now, without=seen)
        # What was decided on earlier pages is not written yet.
        for number, purpose in taken.went:
            facts.count(number, purpose, now)
        _take_page(session, rows, choosing, rules, facts, taken)
        room = choosing.left > 0
        if not room or len(taken.went) >= MOST:
            break
    taken.write(session)
    more = taken.settled > 0 or (room and bool(taken.went) and pages.reached is not None)
    behind = pages.reached if room and not taken.went else None
    return Claimed({key: tuple(parts) for key, parts in taken.handed.items()}, more, behind)


def _page_size(room: int, after: Place | None) -> int:
    """As many as there is room for; behind what waits for full gateways there may be much more that does."""
    return PAGE if after is not None else max(FEWEST, min(PAGE, room))


def expire(session: Session, now: datetime) -> int:
    """End what is too late, a few hundred at a time; how many it were. For when no gateway takes anything."""
    columns = MESSAGE.c
    late = and_(columns.stage == _QUEUED, columns.expires_at <= now, columns.next_at <= now)
    ids = list(session.scalars(select(columns.id).where(late).order_by(columns.id).limit(PAGE)))
    put = Put(MessageState.EXPIRED, Reason.TOO_LATE)
    taken = _Taken(now)
    for row in lock_due(session, ids, now):
        taken.put(row.id, row.batch_id, put)
    taken.write(session)
    return taken.settled


def _take_page(
    session: Session, rows: Sequence[DueRow], choosing: Choosing, rules: SendingRules, facts: Facts, taken: _Taken
) -> None:
    talks = _talks(session, [row.conversation_id for row in rows if row.conversation_id is not None])
    tried = load_tried(session, [row.id for row in rows if row.attempts])
    stops = load_stops(session, [row.batch_id for row in rows if row.batch_id is not None])
    for key, number, text, what_for, patient, talk, batch, gateway, sender, cost, attempts, expires_at in rows:
        known, our_number = talks.get(talk, (None, ""))
        purpose = _PURPOSES[what_for]
        parts = tried.get(key, ()) if attempts else ()
        due = Due(
            key,
            batch,
            number,
            text,
            purpose,
            patient,
            # Once it was tried, ``gateway_id`` says by which it left last, and binds nobody.
            gateway if not attempts or purpose is Purpose.TEST else None,
            known,
            sender,
            our_number,
            # A claim adds the cost of all that it hands over. Only now is it known what of that did not leave.
            spent(parts, choosing.costs, cost) if attempts else cost,
            attempts,
            expires_at,
            missing(parts, taken.now) if attempts else _NOTHING,
        )
        # What is missing of a text that went out in part follows it, whatever became of its batch.
        if batch is not None and batch in stops and due.missing.pinned is None:
            taken.add(due, stops[batch])
        else:
            result = consign(due, choosing, rules, facts, taken.now)
            if result is None and not choosing.left:
                # Nobody takes anything more: the others are looked at when somebody does.
                break
            taken.add(due, result)


def _talks(session: Session, ids: Sequence[int]) -> dict[int | None, tuple[int | None, str]]:
    return {key: (gateway, number) for key, gateway, number in _TALKS.rows(session, sorted(set(ids)))}


class _Taken:
    """What one transaction decides, written together; what is alike by one statement."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.handed: dict[int, list[Part]] = defaultdict(list)
        self.went: list[tuple[str, Purpose]] = []
        """Number and purpose of each message that is sent."""
        self.settled = 0
        self._sent: dict[tuple[int, int, int, int], list[int]] = defaultdict(list)
        """Gateway, parts, cost and attempts → the messages that are now so."""
        self._attempts: list[NewAttempt] = []
        self._put: list[dict[str, Any]] = []
        self._moved = Moved()
        self._validity: dict[datetime, float] = {}

    def add(self, due: Due, result: Consigned | Put | None) -> None:
        """Take ``result`` over; None leaves the message where it is."""
        match result:
            case Consigned():
                self._send(due, result)
            case Put():
                self.put(due.message_id, due.batch_id, result)

    def put(self, message_id: int, batch_id: int | None, put: Put) -> None:
        """It is not sent, now or ever."""
        self.settled += 1
        self._put.append(
            {
                "id": message_id,
                "batch_id": batch_id,
                "was": _QUEUED,
                "state": put.state.value,
                "reason": put.reason,
                "next_at": put.next_at,
                "state_at": self.now,
                **({_WORDS: put.words} if put.words else {}),
            }
        )

    def _send(self, due: Due, sent: Consigned) -> None:
        key, number = due.message_id, due.number
        self.went.append((number, due.purpose))
        route, parts, total, encoding, reference, sender = sent
        attempt, gateway = due.missing.attempt, route.gateway_id
        ours = sender or route.number
        if (validity := self._validity.get(due.expires_at)) is None:
            validity = max(_SHORTEST, (due.expires_at - self.now) / timedelta(seconds=1))
            self._validity[due.expires_at] = validity
        handed = self.handed[gateway]
        for position, words in parts:
            handed.append(
                Part(
                    part_key(key, attempt, position), number, words, encoding, validity, sender, reference, position,
                    total, route.receipts,
                )
            )  # fmt: skip
            self._attempts.append((key, gateway, number, ours, attempt, position, total, reference, _SENDING, self.now))
        self._sent[gateway, total, due.cost + len(parts) * route.cost, attempt].append(key)
        self._moved.add(key, due.batch_id)

    def write(self, session: Session) -> None:
        """All of it; raises when a row that we hold is not as it was, so that nothing is handed over."""
        insert_attempts(session, self._attempts)
        wanted = len(self._put)
        written = self._write_put(session)
        for (gateway, parts, cost, attempts), ids in self._sent.items():
            wanted += len(ids)
            changes = {
                "state": _SENDING,
                "reason": "",
                _WORDS: "",
                "state_at": self.now,
                "next_at": None,
                "gateway_id": gateway,
                "parts": parts,
                "cost": cost,
                "attempts": attempts,
            }
            written += move_messages(session, ids, _QUEUED, changes)
        if written != wanted:
            raise RuntimeError("messages that were locked are not queued any more")
        self._moved.announce(session)

    def _write_put(self, session: Session) -> int:
        """What is not sent. What waits on for the same has done so since before; for a gateway, that is no news."""
        waiting = [row["id"] for row in self._put if row["state"] == _QUEUED]
        reasons = {key: reason for key, reason in _REASONS.rows(session, waiting)}  # noqa: C416 - rows are no pairs
        same: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for row in self._put:
            stays = row["state"] == _QUEUED and row["reason"] == reasons[row["id"]]
            (same if stays else moved).append(row)
            if not stays or row["reason"] not in FOR_A_GATEWAY:
                self._moved.add(row["id"], row["batch_id"])
        names = "state", "reason", "next_at", "state_at"
        return (
            update_messages(session, same, ("next_at",))
            + update_messages(session, [row for row in moved if _WORDS not in row], names)
            + update_messages(session, [row for row in moved if _WORDS in row], (*names, _WORDS))
        )
