"""Brings messages to where their parts say that they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from callcenter.messaging.announce import Moved
from callcenter.messaging.outbox.attempts import (
    ATTEMPT,
    MESSAGE,
    hold_messages,
    in_state,
    load_tried,
    move_messages,
    update_messages,
)
from callcenter.messaging.outbox.outcome import Tried, Verdict, pause_after, verdict
from callcenter.messaging.outbox.parked import WORDS_LENGTH
from callcenter.messaging.outbox.spending import spent
from callcenter.messaging.rules.sending import SendingRules, load_rules
from callcenter.messaging.vocabulary import NOT_ARRIVED, MessageState, PartState, Purpose, Reason
from storage.bulk import Keyed
from storage.bulk_ways import Among
from storage.models import SmsGateway
from storage.models.base import table_of

_Values = dict[str, Any]
_COLUMNS = MESSAGE.c
_ROWS = Keyed(
    lambda among: select(
        _COLUMNS.id,
        _COLUMNS.state,
        _COLUMNS.reason,
        _COLUMNS.state_at,
        _COLUMNS.purpose,
        _COLUMNS.batch_id,
        _COLUMNS.gateway_id,
        _COLUMNS.expires_at,
        _COLUMNS.cost,
    ).where(among(_COLUMNS.id))
)
_GATEWAY = table_of(SmsGateway).c
_COSTS = Keyed(lambda among: select(_GATEWAY.id, _GATEWAY.cost).where(among(_GATEWAY.id)))


def _simple(among: Among) -> Select[Any]:
    """Messages of one part that was sent once, with what became of it. The messages are found first, by their keys:
    in what order a join is made PostgreSQL guesses, and badly of tables that it has not looked at yet.
    """
    once = and_(_COLUMNS.attempts == 1, _COLUMNS.parts == 1)
    found = select(_COLUMNS.id, _COLUMNS.batch_id, _COLUMNS.state).where(among(_COLUMNS.id), once)
    each = found.cte("each").prefix_with("MATERIALIZED", dialect="postgresql")
    return (
        select(each.c.id, each.c.batch_id, each.c.state.label("was"), ATTEMPT.c.state.label("part"))
        .select_from(each.join(ATTEMPT, ATTEMPT.c.message_id == each.c.id))
        .where(in_state(PartState.ACCEPTED, PartState.DELIVERED))
    )


_SIMPLE = Keyed(_simple)


def conclude(
    session: Session, ids: Sequence[int], now: datetime, reasons: Mapping[int, Reason] | None = None
) -> Set[tuple[int, int]]:
    """Bring messages to where their parts say that they stand; of which batches one was refused by which gateway.

    ``reasons``: why some are unknown, where we know.
    """
    if not ids:
        return frozenset()
    # First the messages are ours, then their parts are looked at.
    hold_messages(session, ids)
    moved = Moved()
    simple = _conclude_simple(session, ids, now, moved)
    refused = _conclude_others(session, [key for key in ids if key not in simple], now, reasons or {}, moved)
    moved.announce(session)
    return refused


def _conclude_simple(session: Session, ids: Sequence[int], now: datetime, moved: Moved) -> set[int]:
    """Those of one part that was sent once, and was accepted or arrived, which is nearly all: the message is where its
    part is. They are told apart and changed many at a time.
    """
    found: set[int] = set()
    for (batch, was, part), keys in _SIMPLE.grouped(session, ids).items():
        found.update(keys)
        state = MessageState(part)
        if state in _NEXT[MessageState(was)]:
            changes = {"state": state.value, "reason": "", "reason_words": "", "next_at": None, "state_at": now}
            move_messages(session, keys, was, changes)
            moved.add_all(keys, batch)
            if was in NOT_ARRIVED:
                moved.arrive_after_all(keys)
    return found


def _conclude_others(
    session: Session, ids: Sequence[int], now: datetime, reasons: Mapping[int, Reason], moved: Moved
) -> Set[tuple[int, int]]:
    refused: set[tuple[int, int]] = set()
    if not ids:
        return refused
    rules = load_rules(session)
    rows: list[_Values] = []
    tried = load_tried(session, ids)
    gateways = sorted({part.gateway_id for parts in tried.values() for part in parts})
    costs: dict[int, int] = {row[0]: row[1] for row in _COSTS.rows(session, gateways)}
    # Of what was never handed over there is nothing to conclude.
    for key, state, reason, since, purpose, batch, gateway, expires_at, cost in sorted(
        _ROWS.rows(session, ids), key=itemgetter(0)
    ):
        if not tried.get(key):
            continue
        found, was = verdict(tried[key]), MessageState(state)
        doubted = _otherwise_in_doubt(found, was, reason)
        if doubted or found.state in _NEXT[was]:
            change = _change(found, tried[key], Purpose(purpose), expires_at, rules, since if doubted else now)
            if key in reasons and found.state is MessageState.UNKNOWN:
                change["reason"] = reasons[key]
            # What it was handed over for was written down as its cost, and some of it may not have left.
            rows.append({"id": key, "was": state, "cost": spent(tried[key], costs, cost), **change})
            moved.add(key, batch)
            if was in NOT_ARRIVED:
                moved.arrive_after_all([key])
            if batch is not None and found.state is MessageState.FAILED and found.reason == Reason.REFUSED:
                refused.add((batch, gateway))
    update_messages(session, rows, ("state", "reason", "reason_words", "next_at", "state_at", "cost"))
    return refused


def _otherwise_in_doubt(found: Verdict, was: MessageState, reason: str) -> bool:
    """Whether it stays unknown for another reason, by which it may have to be sent again or not."""
    before = Reason.NO_ANSWER if reason == Reason.INTERRUPTED else reason
    return found.state is was is MessageState.UNKNOWN and found.reason != before


_AFTER_ALL = frozenset({MessageState.DELIVERED})
_NEXT: Mapping[MessageState, frozenset[MessageState]] = MappingProxyType(
    {
        MessageState.QUEUED: frozenset({MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.FAILED}),
        MessageState.SENDING: frozenset(
            {
                MessageState.QUEUED,
                MessageState.ACCEPTED,
                MessageState.DELIVERED,
                MessageState.FAILED,
                MessageState.UNKNOWN,
            }
        ),
        MessageState.ACCEPTED: frozenset({MessageState.DELIVERED, MessageState.FAILED, MessageState.UNKNOWN}),
        MessageState.UNKNOWN: frozenset(
            {MessageState.QUEUED, MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.FAILED}
        ),
        # It was given up, and arrived after all.
        **dict.fromkeys(NOT_ARRIVED, _AFTER_ALL),
        MessageState.DELIVERED: frozenset(),
        MessageState.RECEIVED: frozenset(),
    }
)
"""Where a message may go by what becomes of its parts: forward only, but for being queued again."""


def _change(
    found: Verdict, tried: Sequence[Tried], purpose: Purpose, expires_at: datetime, rules: SendingRules, now: datetime
) -> _Values:
    next_at = None
    if found.state is MessageState.QUEUED:
        wait = pause_after(max(one.attempt for one in tried)) if found.later else timedelta(0)
        next_at = min(now + wait, expires_at)
    elif found.state is MessageState.UNKNOWN and found.reason == Reason.NO_ANSWER:
        again = any(one.state is PartState.GIVEN_UP for one in tried)
        # Once: whoever stays silent twice is not believed to have lost both.
        next_at = None if again else rules.resend_at(purpose, now)
    return {
        "state": found.state.value,
        "reason": found.reason,
        "reason_words": found.words[:WORDS_LENGTH],
        "next_at": next_at,
        "state_at": now,
    }
