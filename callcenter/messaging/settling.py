"""Writes down what gateways say of parts, and what follows for their messages: a turn of it in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import bindparam, null, select, update
from sqlalchemy.orm import Session

from callcenter.messaging.announce import announce_moved
from callcenter.messaging.attempts import (
    ATTEMPT,
    MESSAGE,
    chunks,
    in_state,
    load_tried,
    plain,
    read_key,
    update_messages,
)
from callcenter.messaging.outcome import Tried, Verdict, pause_after, verdict
from callcenter.messaging.receipts import Matched, canonical_ref, settle_receipts, unpark
from callcenter.messaging.rules import SendingRules, load_rules
from callcenter.messaging.vocabulary import MessageState, PartState, Purpose, Reason
from callcenter.text import N_
from protocols.sms import (
    GatewaySignal,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    ReceiptArrived,
    Refusal,
)
from protocols.text import clean_text
from storage.models import SmsGateway
from storage.models.base import table_of

CODE_LENGTH = 30
WORDS_LENGTH = 200
_GATEWAY = table_of(SmsGateway)
_Values = dict[str, Any]

_REFUSED: Mapping[Refusal, PartState] = MappingProxyType(
    {Refusal.LATER: PartState.LATER, Refusal.NEVER: PartState.REFUSED, Refusal.GATEWAY: PartState.ELSEWHERE}
)


class Heard(NamedTuple):
    """What a gateway reported."""

    gateway_id: int
    signal: GatewaySignal


_THE_PART = (
    ATTEMPT.c.message_id == bindparam("message"),
    ATTEMPT.c.attempt == bindparam("try"),
    ATTEMPT.c.position == bindparam("place"),
    in_state(PartState.SENDING, PartState.UNKNOWN, PartState.GIVEN_UP),
)
_STATEMENT = (
    update(ATTEMPT)
    .where(*_THE_PART)
    .values(
        state=bindparam("new_state"),
        gateway_ref=null(),
        code=bindparam("new_code"),
        words=bindparam("new_words"),
        answered_at=bindparam("at"),
    )
)


# What nearly every part comes to has few values: each of them costs, thousands of times a second.
_ACCEPTED = (
    update(ATTEMPT)
    .where(*_THE_PART)
    .values(
        state=plain(PartState.ACCEPTED), gateway_ref=bindparam("ref"), code=null(), words=null(),
        answered_at=bindparam("at"),
    )
)  # fmt: skip


def _refused(signal: PartRefused) -> _Values:
    return {
        "new_state": _REFUSED[signal.refusal].value,
        "new_code": clean_text(signal.code, CODE_LENGTH),
        "new_words": clean_text(signal.words, WORDS_LENGTH),
    }


def _unknown(signal: PartUnknown) -> _Values:
    return {"new_state": PartState.UNKNOWN.value, "new_words": clean_text(str(signal.reason), WORDS_LENGTH)}


def _unsent(_: PartUnsent) -> _Values:
    return {"new_state": PartState.UNSENT.value}


_ANSWERS: Mapping[type[GatewaySignal], Callable[[Any], _Values]] = MappingProxyType(
    {PartRefused: _refused, PartUnknown: _unknown, PartUnsent: _unsent}
)
ANSWERS = frozenset({PartAccepted, *_ANSWERS})
"""The signals that say what became of a part that was handed over."""


def settle(session: Session, heard: Sequence[Heard], now: datetime) -> None:
    """Write answers and receipts down, in this order: a receipt may have overtaken the answer it belongs to."""
    _one_after_the_other(session, {one.gateway_id for one in heard})
    taken = [_taken(one.signal, now) for one in heard if isinstance(one.signal, PartAccepted)]
    others = [_answer(one, now) for one in heard if type(one.signal) in _ANSWERS]
    for statement, rows in ((_ACCEPTED, taken), (_STATEMENT, others)):
        if rows:
            session.execute(statement, rows)
    touched = {row["message"] for row in (*taken, *others)}
    # Receipts that waited because something was being sent to their number may be for what is in doubt there.
    matched = unpark(session, _new_refs(heard), _doubtful(session, touched))
    receipts = [Matched.of(one.gateway_id, one.signal) for one in heard if isinstance(one.signal, ReceiptArrived)]
    touched |= settle_receipts(session, [*matched, *receipts], now)
    conclude(session, sorted(touched), now)


def _one_after_the_other(session: Session, gateways: set[int]) -> None:
    """Hold the gateways until the commit: what two transactions park and take of the same receipts would deadlock.

    Not so that the key is locked, which would hold up whoever hands parts to the gateway meanwhile.
    """
    mine = select(_GATEWAY.c.id).where(_GATEWAY.c.id.in_(sorted(gateways))).order_by(_GATEWAY.c.id)
    session.execute(mine.with_for_update(key_share=True)).all()


def _taken(signal: PartAccepted, now: datetime) -> _Values:
    message, attempt, position = read_key(signal.key)
    ref = canonical_ref(signal.gateway_id)
    return {"message": message, "try": attempt, "place": position, "ref": ref, "at": now}


def _answer(heard: Heard, now: datetime) -> _Values:
    signal: Any = heard.signal
    message, attempt, position = read_key(signal.key)
    nothing = {"new_code": None, "new_words": None}
    key = {"message": message, "try": attempt, "place": position, "at": now}
    return {**nothing, **_ANSWERS[type(signal)](signal), **key}


def _new_refs(heard: Iterable[Heard]) -> dict[int, set[str]]:
    """Gateway → the names that it has just given to parts."""
    found: dict[int, set[str]] = {}
    for one in heard:
        if isinstance(one.signal, PartAccepted) and one.signal.gateway_id:
            found.setdefault(one.gateway_id, set()).add(canonical_ref(one.signal.gateway_id) or "")
    return found


def _doubtful(session: Session, ids: Iterable[int]) -> dict[int, set[str]]:
    """Gateway → numbers of the parts of these messages whose fate is unknown."""
    found: dict[int, set[str]] = {}
    for chunk in chunks(sorted(set(ids))):
        columns = ATTEMPT.c
        unknown = select(columns.gateway_id, columns.number).where(
            columns.message_id.in_(chunk),
            columns.state.in_([PartState.UNKNOWN.value, PartState.GIVEN_UP.value]),
            columns.gateway_ref.is_(None),
        )
        for gateway, number in session.execute(unknown):
            found.setdefault(gateway, set()).add(number)
    return found


def conclude(session: Session, ids: Sequence[int], now: datetime, reasons: Mapping[int, Reason] | None = None) -> None:
    """Bring messages to where their parts say that they stand. ``reasons``: why some are unknown, where we know."""
    moved: list[tuple[int, int | None]] = []
    rules = load_rules(session)
    rows: list[_Values] = []
    for chunk in chunks(ids):
        columns = MESSAGE.c
        chosen = select(columns.id, columns.state, columns.purpose, columns.batch_id, columns.expires_at).where(
            columns.id.in_(chunk)
        )
        messages = session.execute(chosen.order_by(columns.id).with_for_update()).all()
        tried = load_tried(session, [row.id for row in messages])
        for row in messages:
            found = verdict(tried[row.id])
            if found.state.value != row.state and found.state in _NEXT[MessageState(row.state)]:
                why = (reasons or {}).get(row.id)
                rows.append(_change(row, found, tried[row.id], rules, now, why))
                moved.append((row.id, row.batch_id))
    update_messages(session, rows, ("state", "reason", "reason_words", "next_at", "state_at"))
    announce_moved(session, moved)


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
        MessageState.FAILED: _AFTER_ALL,
        MessageState.EXPIRED: _AFTER_ALL,
        MessageState.CANCELLED: _AFTER_ALL,
        MessageState.SUPPRESSED: _AFTER_ALL,
        MessageState.DELIVERED: frozenset(),
        MessageState.RECEIVED: frozenset(),
    }
)
"""Where a message may go by what becomes of its parts: forward only, but for being queued again."""


def _change(
    row: Any, found: Verdict, tried: Sequence[Tried], rules: SendingRules, now: datetime, why: Reason | None
) -> _Values:
    next_at = None
    if found.state is MessageState.QUEUED:
        wait = pause_after(max(one.attempt for one in tried)) if found.later else timedelta(0)
        next_at = min(now + wait, row.expires_at)
    elif found.state is MessageState.UNKNOWN and found.reason == Reason.NO_ANSWER:
        again = any(one.state is PartState.GIVEN_UP for one in tried)
        # Once: whoever stays silent twice is not believed to have lost both.
        next_at = None if again else rules.resend_at(Purpose(row.purpose), now)
    return {
        "id": row.id,
        "was": row.state,
        "state": found.state.value,
        "reason": why if why is not None and found.state is MessageState.UNKNOWN else found.reason,
        "reason_words": found.words[:WORDS_LENGTH],
        "next_at": next_at,
        "state_at": now,
    }


def resend_unknown(session: Session, now: datetime, limit: int = 500) -> int:
    """Queue those again whose fate stayed unknown for so long and whose purpose wants it; how many it were."""
    columns = MESSAGE.c
    due = select(columns.id).where(columns.state == MessageState.UNKNOWN.value, columns.next_at <= now)
    ids = list(session.scalars(due.order_by(columns.id).limit(limit)))
    for chunk in chunks(ids):
        session.scalars(select(columns.id).where(columns.id.in_(chunk)).order_by(columns.id).with_for_update()).all()
        session.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.message_id.in_(chunk), ATTEMPT.c.state == PartState.UNKNOWN.value)
            .values(state=PartState.GIVEN_UP.value)
        )
    conclude(session, ids, now)
    return len(ids)


def recover(session: Session, now: datetime, limit: int = 500) -> int:
    """After a start: what was being sent when the last process ended may have gone out or not. How many messages.

    To be called until it gives 0, before anything is handed to a gateway.
    """
    columns = MESSAGE.c
    lost = select(columns.id).where(columns.state == MessageState.SENDING.value).order_by(columns.id).limit(limit)
    ids = list(session.scalars(lost))
    for chunk in chunks(ids):
        session.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.message_id.in_(chunk), ATTEMPT.c.state == PartState.SENDING.value)
            .values(state=PartState.UNKNOWN.value, words=_INTERRUPTED, answered_at=now)
        )
    # A receipt may have come when the part was still being sent, and have waited for the answer that was lost.
    told = settle_receipts(session, unpark(session, {}, _doubtful(session, ids)), now)
    tried = load_tried(session, ids)
    untried = [{"id": key, "was": MessageState.SENDING.value, **_as_queued(now)} for key in ids if not tried.get(key)]
    update_messages(session, untried, ("state", "reason", "next_at", "state_at"))
    tried_ids = sorted({key for key in ids if tried.get(key)} | told)
    conclude(session, tried_ids, now, dict.fromkeys(ids, Reason.INTERRUPTED))
    return len(ids)


_INTERRUPTED = N_("The daemon ended before the answer came.")


def _as_queued(now: datetime) -> _Values:
    return {"state": MessageState.QUEUED.value, "reason": "", "next_at": now, "state_at": now}
