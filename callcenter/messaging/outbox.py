"""Takes what is due out of the queue: judged by the rules once more, routed, divided, and written down as being sent.

All of it happens in one transaction, before a byte leaves. Whoever dies after it has left a trace of every part that
may have gone out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from callcenter.messaging.announce import announce_moved
from callcenter.messaging.attempts import (
    MESSAGE,
    chunks,
    insert_attempts,
    load_tried,
    part_key,
    unindexed,
    update_messages,
)
from callcenter.messaging.batch_stops import load_stops
from callcenter.messaging.consigning import Consigned, Due, Put, consign
from callcenter.messaging.outcome import Missing, missing
from callcenter.messaging.routing import Route
from callcenter.messaging.rules import SendingRules, load_rules
from callcenter.messaging.suppression import Facts, load_facts
from callcenter.messaging.vocabulary import LOWEST_PRIORITY, MessageState, Purpose
from protocols.sms import Part
from storage.models import Conversation
from storage.models.base import table_of

PAGE = 500
PAGES = 4
"""Looked at in one transaction at most, so that what waits for one gateway does not hold up what another can take."""
_TALK = table_of(Conversation).c
_QUEUED = MessageState.QUEUED.value
_NOTHING = Missing(1)


@dataclass(frozen=True)
class Claimed:
    """What is to be handed over now, by gateway, in order. ``more``: there is room, and more may be due."""

    handed: dict[int, tuple[Part, ...]] = field(default_factory=dict)
    more: bool = False

    @property
    def count(self) -> int:
        """How many parts."""
        return sum(map(len, self.handed.values()))


def claim(session: Session, routes: Sequence[Route], now: datetime) -> Claimed:
    """Write as much as the gateways have room for down as being sent, and give it."""
    room = {route.gateway_id: route.room for route in routes}
    taken = _Taken(now)
    rules = load_rules(session)
    more = False
    for ids in _pages(session, now, max(50, min(PAGE, 2 * sum(room.values())))):
        rows = _locked(session, ids, now)
        facts = load_facts(
            session,
            [(row.number, row.patient_id) for row in rows],
            rules,
            now,
            without={row.id for row in rows},
        )
        _take_page(session, rows, routes, room, rules, facts, taken)
        more = any(room.values())
        if not more:
            break
    else:
        more = False
    taken.write(session)
    return Claimed({key: tuple(parts) for key, parts in taken.handed.items()}, more or taken.settled > 0)


def next_due(session: Session, now: datetime) -> datetime | None:
    """When the next message that is not due yet becomes due: queued, or unknown and to be sent again."""
    columns = MESSAGE.c
    moments = []
    for state in (_QUEUED, MessageState.UNKNOWN.value):
        for priority in range(1, LOWEST_PRIORITY + 1):
            statement = (
                select(columns.next_at)
                .where(columns.state == state, columns.priority == priority, columns.next_at > now)
                .order_by(columns.next_at)
                .limit(1)
            )
            moments.append(session.scalar(statement))
    return min((one for one in moments if one is not None), default=None)


def anything_due(session: Session, now: datetime) -> bool:
    """Whether something waits that could be sent: one look into an index."""
    columns = MESSAGE.c
    statement = select(columns.id).where(
        columns.state == _QUEUED, columns.priority.in_(range(1, LOWEST_PRIORITY + 1)), columns.next_at <= now
    )
    return session.scalar(statement.limit(1)) is not None


def expire(session: Session, now: datetime) -> int:
    """End what is too late, a few hundred at a time; how many it were. For when no gateway takes anything."""
    columns = MESSAGE.c
    late = and_(columns.state == _QUEUED, columns.expires_at <= now, columns.next_at <= now)
    ids = list(session.scalars(select(columns.id).where(late).order_by(columns.id).limit(PAGE)))
    put = Put(MessageState.EXPIRED, "too_late")
    taken = _Taken(now)
    for row in _locked(session, ids, now):
        taken.put(row.id, row.batch_id, put)
    taken.write(session)
    return taken.settled


def _pages(session: Session, now: datetime, limit: int) -> Iterator[list[int]]:
    """Ids of what is due: urgent first, then by when it was due. Each priority has its own stretch of the index."""
    columns = MESSAGE.c
    left = PAGES
    for priority in range(1, LOWEST_PRIORITY + 1):
        after: tuple[datetime, int] | None = None
        while left:
            due = and_(columns.state == _QUEUED, columns.priority == priority, columns.next_at <= now)
            if after is not None:
                moment, key = after
                due = and_(due, or_(columns.next_at > moment, and_(columns.next_at == moment, columns.id > key)))
            statement = select(columns.id, columns.next_at).where(due).order_by(columns.next_at, columns.id)
            rows = session.execute(statement.limit(limit)).all()
            if rows:
                left -= 1
                yield [row.id for row in rows]
            if len(rows) < limit:
                break
            after = rows[-1].next_at, rows[-1].id


def _locked(session: Session, ids: Sequence[int], now: datetime) -> list[Any]:
    """The rows that are queued and due still and now ours until the commit, in the order of ``ids``.

    Both are asked again: whoever held the lock before may have sent it, or put it off.
    """
    columns = MESSAGE.c
    found: dict[int, Any] = {}
    for chunk in chunks(ids):
        statement = select(
            columns.id,
            columns.number,
            columns.text,
            columns.purpose,
            columns.patient_id,
            columns.conversation_id,
            columns.batch_id,
            columns.gateway_id,
            columns.sender,
            columns.cost,
            columns.attempts,
            columns.expires_at,
        ).where(columns.id.in_(chunk), unindexed(columns.state) == _QUEUED, columns.next_at <= now)
        found |= {row.id: row for row in session.execute(statement.with_for_update())}
    return [found[key] for key in ids if key in found]


def _take_page(
    session: Session,
    rows: Sequence[Any],
    routes: Sequence[Route],
    room: dict[int, int],
    rules: SendingRules,
    facts: Facts,
    taken: _Taken,
) -> None:
    talks = _talks(session, [row.conversation_id for row in rows if row.conversation_id is not None])
    tried = load_tried(session, [row.id for row in rows if row.attempts])
    stops = load_stops(session, [row.batch_id for row in rows if row.batch_id is not None])
    for key, number, text, purpose, patient, talk, batch, gateway, sender, cost, attempts, expires_at in rows:
        known, our_number = talks.get(talk, (None, ""))
        due = Due(
            message_id=key,
            batch_id=batch,
            number=number,
            text=text,
            purpose=Purpose(purpose),
            patient_id=patient,
            # Once it was tried, ``gateway_id`` says by which it left last, and binds nobody.
            only=gateway if not attempts or purpose == Purpose.TEST else None,
            rather=known,
            sender=sender or our_number,
            cost=cost,
            attempts=attempts,
            expires_at=expires_at,
            missing=missing(tried.get(key, ()), taken.now) if attempts else _NOTHING,
        )
        # What is missing of a text that went out in part follows it, whatever became of its batch.
        if batch in stops and due.missing.pinned is None:
            result: Consigned | Put | None = stops[batch]
        else:
            result = consign(due, routes, room, rules, facts, taken.now)
        taken.add(due, result)


def _talks(session: Session, ids: Sequence[int]) -> dict[int | None, tuple[int | None, str]]:
    found: dict[int | None, tuple[int | None, str]] = {}
    for chunk in chunks(sorted(set(ids))):
        statement = select(_TALK.id, _TALK.gateway_id, _TALK.our_number).where(_TALK.id.in_(chunk))
        found |= {row.id: (row.gateway_id, row.our_number) for row in session.execute(statement)}
    return found


class _Taken:
    """What one transaction decides, written together."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.handed: dict[int, list[Part]] = defaultdict(list)
        self.settled = 0
        self._sent: list[dict[str, Any]] = []
        self._attempts: list[dict[str, Any]] = []
        self._put: list[dict[str, Any]] = []
        self._told: list[tuple[int, int | None]] = []

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
                "was": _QUEUED,
                "state": put.state.value,
                "reason": put.reason,
                "next_at": put.next_at,
                "state_at": self.now,
            }
        )
        self._told.append((message_id, batch_id))

    def _send(self, due: Due, sent: Consigned) -> None:
        attempt = due.missing.attempt
        gateway = sent.route.gateway_id
        for position, words in sent.parts:
            self.handed[gateway].append(
                Part(
                    key=part_key(due.message_id, attempt, position),
                    number=due.number,
                    text=words,
                    encoding=sent.encoding,
                    validity=max(60.0, (due.expires_at - self.now) / timedelta(seconds=1)),
                    sender=sent.sender,
                    reference=sent.reference,
                    position=position,
                    total=sent.total,
                    receipt=sent.route.receipts,
                )
            )
            self._attempts.append(
                {
                    "message_id": due.message_id,
                    "gateway_id": gateway,
                    "number": due.number,
                    "attempt": attempt,
                    "position": position,
                    "total": sent.total,
                    "reference": sent.reference,
                    "state": MessageState.SENDING.value,
                    "sent_at": self.now,
                }
            )
        self._sent.append(
            {
                "id": due.message_id,
                "was": _QUEUED,
                "state": MessageState.SENDING.value,
                "reason": "",
                "reason_words": "",
                "state_at": self.now,
                "next_at": None,
                "gateway_id": gateway,
                "parts": sent.total,
                "cost": due.cost + len(sent.parts) * sent.route.cost,
                "attempts": attempt,
            }
        )
        self._told.append((due.message_id, due.batch_id))

    def write(self, session: Session) -> None:
        """All of it; raises when a row that we hold is not as it was, so that nothing is handed over."""
        insert_attempts(session, self._attempts)
        names = ("state", "reason", "reason_words", "state_at", "next_at", "gateway_id", "parts", "cost", "attempts")
        written = update_messages(session, self._sent, names)
        written += update_messages(session, self._put, ("state", "reason", "next_at", "state_at"))
        if written != len(self._sent) + len(self._put):
            raise RuntimeError("messages that were locked are not queued any more")
        announce_moved(session, self._told)
