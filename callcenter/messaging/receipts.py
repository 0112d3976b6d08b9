"""Finds the part that a receipt tells of, however the gateway writes its name and whenever the receipt comes.

A receipt may come before the answer that gives the part its name: it is parked until then. It may come again, or for a
part whose answer was lost: then the number and the time tell which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from callcenter.messaging.attempts import ATTEMPT, chunks, counted, in_state
from callcenter.messaging.vocabulary import PartState
from callcenter.numbers import normalise
from protocols.sms import Fate, ReceiptArrived
from protocols.text import clean_text
from storage.models import SmsReceipt
from storage.models.base import table_of

PARKED_FOR = timedelta(hours=72)
"""A receipt that belongs to nothing is forgotten after this."""
TOLD_WITHIN = timedelta(days=3)
"""A part is found by its number if it was sent so lately."""
_REF_LENGTH = 70
_RECEIPT = table_of(SmsReceipt)
_HEX = re.compile(r"[0-9a-f]{1,16}")

_Values = dict[str, Any]


class Matched(NamedTuple):
    """A receipt on its way to its part: ``written`` is the number as it came, ``key`` the part's id once known."""

    gateway_id: int
    ref: str
    written: str
    fate: Fate
    code: str
    words: str
    key: int = 0
    message_id: int = 0
    named: bool = False
    """The part has its name written down already."""

    @property
    def number(self) -> str:
        """Canonical, or empty. Not known before it is asked for: most receipts are told by their names."""
        return normalise(self.written).number[:40]

    @classmethod
    def of(cls, gateway_id: int, signal: ReceiptArrived) -> Matched:
        """As it came."""
        return cls(
            gateway_id,
            canonical_ref(signal.gateway_id) or "",
            signal.number,
            signal.fate,
            clean_text(signal.code, 30),
            clean_text(signal.words, 200),
        )


def canonical_ref(name: str) -> str | None:
    """A gateway's name for a part as we compare it: in lower case, without leading zeros and blanks; None: no name."""
    cleaned = clean_text(name, _REF_LENGTH).strip().lower()
    return (cleaned.lstrip("0") or "0") if cleaned else None


def other_spellings(ref: str) -> tuple[str, ...]:
    """The same number in the other base: gateways answer in one and report in the other."""
    if not _HEX.fullmatch(ref):
        return ()
    spelt = [str(int(ref, 16))]
    if ref.isdigit():
        spelt.append(f"{int(ref):x}")
    return tuple(one for one in spelt if one != ref)


_FATES: Mapping[Fate, tuple[PartState, tuple[PartState, ...]]] = MappingProxyType(
    {
        Fate.DELIVERED: (
            PartState.DELIVERED,
            tuple(one for one in PartState if one not in (PartState.DELIVERED, PartState.UNSENT)),
        ),
        Fate.FAILED: (
            PartState.FAILED,
            (PartState.SENDING, PartState.ACCEPTED, PartState.UNKNOWN, PartState.GIVEN_UP, PartState.UNCERTAIN),
        ),
        Fate.UNCERTAIN: (
            PartState.UNCERTAIN,
            (PartState.SENDING, PartState.ACCEPTED, PartState.UNKNOWN, PartState.GIVEN_UP),
        ),
        Fate.UNDER_WAY: (PartState.ACCEPTED, (PartState.SENDING, PartState.UNKNOWN, PartState.GIVEN_UP)),
    }
)
"""What a receipt makes of a part, and of which: a delivery is the last word, and nothing goes back."""


def settle_receipts(session: Session, receipts: Sequence[Matched], now: datetime) -> set[int]:
    """Write receipts down and park those that belong to nothing yet; the messages that they tell of."""
    found = _found(session, receipts, now)
    for fate, (state, before) in _FATES.items():
        told = [one for one in found if one.fate is fate and one.key]
        if told:
            _write_fate(session, told, state, before, None if fate is Fate.UNDER_WAY else now)
    # What is on its way says nothing that would be missed.
    parked = [one for one in found if not one.key and one.fate is not Fate.UNDER_WAY]
    if parked:
        session.execute(insert(_RECEIPT), [_parked(one, now) for one in parked])
    return {one.message_id for one in found if one.key}


def _write_fate(
    session: Session, told: Sequence[Matched], state: PartState, before: Sequence[PartState], final: datetime | None
) -> None:
    """Most say the same of parts whose name is known: those are written by one statement."""
    alike: dict[tuple[str, str], list[int]] = {}
    for one in told:
        if one.named:
            alike.setdefault((one.code, one.words), []).append(one.key)
    for (code, words), keys in alike.items():
        values = {"state": state.value, "code": code, "words": words, "final_at": final}
        for chunk in chunks(keys):
            session.execute(update(ATTEMPT).where(ATTEMPT.c.id.in_(chunk), in_state(*before)).values(values))
    unnamed = [_row(one, final) for one in told if not one.named]
    if unnamed:
        session.execute(_statement(state, before), unnamed)


def unpark(session: Session, refs: Mapping[int, Iterable[str]], numbers: Mapping[int, Iterable[str]]) -> list[Matched]:
    """Take the receipts out that waited for parts of these names, or whose fate at these numbers became unknown."""
    found: list[Matched] = []
    for column, wanted in ((_RECEIPT.c.gateway_ref, refs), (_RECEIPT.c.number, numbers)):
        for gateway, values in wanted.items():
            if not _anything_parked(session, gateway):
                continue
            spelt = sorted({spelling for one in values for spelling in (one, *other_spellings(one))})
            for chunk in chunks(spelt):
                here = _RECEIPT.c.gateway_id == gateway, column.in_(chunk)
                rows = session.execute(select(*_RECEIPT.c).where(*here).order_by(_RECEIPT.c.id)).all()
                if rows:
                    session.execute(delete(_RECEIPT).where(_RECEIPT.c.id.in_([row.id for row in rows])))
                found += [_unparked(row) for row in rows]
    return found


def _anything_parked(session: Session, gateway: int) -> bool:
    # Nearly always nothing is: one look instead of one for each name.
    return session.scalar(select(_RECEIPT.c.id).where(_RECEIPT.c.gateway_id == gateway).limit(1)) is not None


def forget_parked(session: Session, now: datetime) -> int:
    """Forget receipts that belonged to nothing for too long, and give their number."""
    return counted(session.execute(delete(_RECEIPT).where(_RECEIPT.c.arrived_at < now - PARKED_FOR)))


def _found(session: Session, receipts: Sequence[Matched], now: datetime) -> list[Matched]:
    """By name; by the name in another base; by number, for parts whose answer was lost."""
    left = list(receipts)
    found: list[Matched] = []
    for look in (_by_ref, _by_other_spelling):
        known = look(session, [one for one in left if one.ref])
        found += [_told(one, part) for one in left for part in known.get(one, ())]
        left = [one for one in left if one not in known]
    numbered: dict[tuple[int, str], list[Matched]] = {}
    for one in left:
        numbered.setdefault((one.gateway_id, one.number), []).append(one)
    for (gateway, number), group in numbered.items():
        found += _by_number(session, gateway, number, group, now) if number else group
    return found


def _told(receipt: Matched, part: Any) -> Matched:
    return receipt._replace(key=part.id, message_id=part.message_id, named=part.gateway_ref is not None)


def _by_ref(session: Session, receipts: Sequence[Matched]) -> dict[Matched, list[Any]]:
    return _named(session, {one: (one.ref,) for one in receipts})


def _by_other_spelling(session: Session, receipts: Sequence[Matched]) -> dict[Matched, list[Any]]:
    # In another base a name may be another part's: the number has to agree.
    return _named(session, {one: other_spellings(one.ref) for one in receipts if one.number})


def _named(session: Session, spelt: Mapping[Matched, tuple[str, ...]]) -> dict[Matched, list[Any]]:
    """Receipt → the part of one of these names; of several the one of the same number, and the last.

    A gateway that is given a long text whole has one name for all its parts.
    """
    columns = ATTEMPT.c
    wanted: dict[int, set[str]] = {}
    for one, names in spelt.items():
        wanted.setdefault(one.gateway_id, set()).update(names)
    parts: dict[tuple[int, str], list[Any]] = {}
    for gateway, spellings in wanted.items():
        for chunk in chunks(sorted(spellings)):
            wanted_of_each = columns.id, columns.message_id, columns.attempt, columns.number, columns.gateway_ref
            statement = select(*wanted_of_each).where(columns.gateway_id == gateway, columns.gateway_ref.in_(chunk))
            for row in session.execute(statement.order_by(columns.id)):
                parts.setdefault((gateway, row.gateway_ref), []).append(row)
    found: dict[Matched, list[Any]] = {}
    for one, names in spelt.items():
        named = [part for name in names for part in parts.get((one.gateway_id, name), ())]
        # A gateway may write a number so that we do not know it again; its own name for the part tells enough.
        fits = named if len(named) == 1 and one.ref in names else _same_number(one, named)
        fits = fits or (named if one.ref in names else [])
        if fits:
            last = fits[-1]
            found[one] = [part for part in fits if (part.message_id, part.attempt) == (last.message_id, last.attempt)]
    return found


def _same_number(receipt: Matched, parts: Sequence[Any]) -> list[Any]:
    return [part for part in parts if part.number == receipt.number or not receipt.number]


def _by_number(session: Session, gateway: int, number: str, group: list[Matched], now: datetime) -> list[Matched]:
    """Receipts for ``number`` with the parts that they can only be for: those whose answer was lost, the oldest first.

    None while another part for the number has no answer yet, for then it may be that one's. And of a text of which
    several parts are in doubt, all or none: which part a receipt is for cannot be told, and one that comes twice, or
    for a part that went twice, must not stand for another.
    """
    columns = ATTEMPT.c
    here = columns.gateway_id == gateway, columns.number == number
    waiting = select(columns.id).where(*here, columns.state == PartState.SENDING.value)
    if session.scalar(waiting.limit(1)) is not None:
        return group
    doubtful = columns.state.in_([PartState.UNKNOWN.value, PartState.GIVEN_UP.value])
    lately = columns.sent_at >= now - TOLD_WITHIN
    wanted = columns.id, columns.message_id, columns.gateway_ref
    statement = select(*wanted).where(*here, doubtful, lately, columns.gateway_ref.is_(None))
    texts: dict[int, list[Any]] = {}
    for row in session.execute(statement.order_by(columns.sent_at, columns.id)):
        texts.setdefault(row.message_id, []).append(row)
    if sum(map(len, texts.values())) > len(_distinct(group)):
        group = [*group, *unpark(session, {}, {gateway: (number,)})]
    names = _distinct(group)
    chosen: dict[str, Any] = {}
    for parts in texts.values():
        if len(parts) > len(names):
            break
        chosen |= {names.pop(0): part for part in parts}
    return [_told(one, chosen[name]) if (name := _name(one, at)) in chosen else one for at, one in enumerate(group)]


def _distinct(group: Sequence[Matched]) -> list[str]:
    """The names in ``group``, each once: what comes again is not another receipt."""
    return list(dict.fromkeys(_name(one, at) for at, one in enumerate(group)))


def _name(receipt: Matched, at: int) -> str:
    return receipt.ref or f"#{at}"


def _statement(state: PartState, before: Sequence[PartState]) -> Any:
    return (
        update(ATTEMPT)
        .where(ATTEMPT.c.id == bindparam("key"), in_state(*before))
        .values(
            state=state.value,
            gateway_ref=func.coalesce(ATTEMPT.c.gateway_ref, bindparam("ref", type_=ATTEMPT.c.gateway_ref.type)),
            code=bindparam("new_code"),
            words=bindparam("new_words"),
            final_at=bindparam("at"),
        )
    )


def _row(receipt: Matched, final: datetime | None) -> _Values:
    return {
        "key": receipt.key,
        "ref": receipt.ref or None,
        "new_code": receipt.code,
        "new_words": receipt.words,
        "at": final,
    }


def _parked(receipt: Matched, now: datetime) -> _Values:
    return {
        "gateway_id": receipt.gateway_id,
        "gateway_ref": receipt.ref,
        "number": receipt.number,
        "fate": receipt.fate.value,
        "code": receipt.code,
        "words": receipt.words,
        "arrived_at": now,
    }


def _unparked(row: Any) -> Matched:
    return Matched(row.gateway_id, row.gateway_ref, row.number, Fate(row.fate), row.code, row.words)
