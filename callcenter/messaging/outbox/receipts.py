"""Finds the part that a receipt tells of, however the gateway writes its name and whenever the receipt comes.

A receipt may come before the answer that gives the part its name: it is parked until then. It may come again, or for a
part whose answer was lost: then the number and the time tell which it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.attempts import ATTEMPT, TOLD_BY_NUMBER, in_state
from callcenter.messaging.outbox.fates import Saying, write_fates, write_names
from callcenter.messaging.outbox.parked import Matched, park, unpark
from callcenter.messaging.outbox.references import canonical_ref, other_spellings
from callcenter.messaging.vocabulary import PartState
from protocols.sms import Fate, NameHint, ReceiptArrived
from storage.bulk import Keyed
from storage.chunks import chunks

TOLD_WITHIN = timedelta(days=3)
"""A part is found by its number if it was sent so lately."""
Told = tuple[int, ReceiptArrived]
"""A gateway, and what it said."""
HINTED_WITHIN = timedelta(days=1)
"""So far the time that a gateway hints at may be from ours: clocks and zones are wrong."""
_COLUMNS = ATTEMPT.c
_NAMED = Keyed(
    lambda among: select(_COLUMNS.gateway_ref, _COLUMNS.id, _COLUMNS.message_id).where(
        _COLUMNS.gateway_id == bindparam("gateway"), among(_COLUMNS.gateway_ref)
    )
)


def settle_receipts(session: Session, told: Sequence[Told], waited: Sequence[Matched], now: datetime) -> set[int]:
    """Write down what was told, and what ``waited`` until now; park what belongs to nothing yet. The messages that
    they tell of.
    """
    messages, rest = _settle_named(session, told, now)
    found = _found(session, [*waited, *rest], now)
    told_of = [one for one in found if one.key]
    write_fates(session, [(one.saying, one.key) for one in told_of if one.named], now)
    write_names(session, [(one.saying, (one.key, one.ref)) for one in told_of if not one.named], now)
    # What is on its way says nothing that would be missed.
    park(session, [one for one in found if not one.key and one.fate is not Fate.UNDER_WAY])
    return messages | {one.message_id for one in told_of}


def _settle_named(session: Session, told: Sequence[Told], now: datetime) -> tuple[set[int], list[Matched]]:
    """Those that name one part as it was named, which are nearly all: found and written many at a time. The messages
    that they tell of, and the receipts that have to be looked at more closely.
    """
    by_gateway: dict[int, list[tuple[str, ReceiptArrived]]] = defaultdict(list)
    for gateway, signal in told:
        by_gateway[gateway].append((canonical_ref(signal.gateway_id) or "", signal))
    messages: set[int] = set()
    rest: list[Matched] = []
    fates: list[tuple[Saying, int]] = []
    for gateway, receipts in by_gateway.items():
        parts = _parts_named(session, gateway, {ref for ref, _ in receipts if ref})
        for ref, signal in receipts:
            if (part := parts.get(ref)) is None:
                rest.append(Matched.of(gateway, signal, now))
            else:
                fates.append(((signal.fate, signal.code, signal.words), part[0]))
                messages.add(part[1])
    write_fates(session, fates, now)
    return messages, rest


def _parts_named(session: Session, gateway: int, names: set[str]) -> dict[str, tuple[int, int]]:
    """Name → part and message, for names that one part has and no other."""
    found: dict[str, tuple[int, int]] = {}
    several: set[str] = set()
    for name, part, message in _NAMED.rows(session, sorted(names), {"gateway": gateway}):
        if name in found:
            several.add(name)
        found[name] = part, message
    for name in several:
        del found[name]
    return found


def _found(session: Session, receipts: Sequence[Matched], now: datetime) -> list[Matched]:
    """By name; by the name in another base; by a hint at the name; by number, for parts whose answer was lost."""
    left = list(receipts)
    found: list[Matched] = []
    for look in (_by_ref, _by_other_spelling, _by_hint):
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


def _by_hint(session: Session, receipts: Sequence[Matched]) -> dict[Matched, list[Any]]:
    hinted = [(one, one.hint) for one in receipts if one.hint is not None and one.number]
    return {one: found for one, hint in hinted if (found := _nearest(session, one, hint))}


def _nearest(session: Session, receipt: Matched, hint: NameHint) -> list[Any]:
    """The one part for the number that was sent nearest to the time of ``hint`` with such a name; none where a part
    without a name is nearer, or two are as near.
    """
    first, last = hint.sent_at - HINTED_WITHIN, min(hint.sent_at + HINTED_WITHIN, receipt.arrived_at)
    wanted = _COLUMNS.id, _COLUMNS.message_id, _COLUMNS.gateway_ref, _COLUMNS.sent_at
    here = _COLUMNS.gateway_id == receipt.gateway_id, _COLUMNS.number == receipt.number
    nameless = and_(_COLUMNS.gateway_ref.is_(None), in_state(PartState.SENDING, PartState.UNKNOWN, PartState.GIVEN_UP))
    may_be = or_(_COLUMNS.gateway_ref.is_not(None), nameless)
    rows = session.execute(select(*wanted).where(*here, _COLUMNS.sent_at.between(first, last), may_be))
    fits = [row for row in rows if row.gateway_ref is None or row.gateway_ref.endswith(hint.ending)]
    away = {row.id: abs(row.sent_at - hint.sent_at) for row in fits}
    nearest = [row for row in fits if away[row.id] == min(away.values())]
    return nearest if len(nearest) == 1 and nearest[0].gateway_ref is not None else []


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
    """Receipts for ``number`` with the parts that they can only be for: those whose answer was lost or had no name in
    it, the oldest first.

    None that came before the part was sent: it told of something else. None while another part for the number has no
    answer yet, for then it may be that one's. And of a text of which several parts are in doubt, all or none: which
    part a receipt is for cannot be told, and one that comes twice, or for a part that went twice, must not stand for
    another.
    """
    columns = ATTEMPT.c
    # What is being sent or in doubt has no name yet, nor ever what a gateway took that gives none.
    here = columns.gateway_id == gateway, columns.number == number
    waiting = select(columns.id).where(*here, columns.nameless == PartState.SENDING.value)
    if session.scalar(waiting.limit(1)) is not None:
        return group
    doubtful = columns.nameless.in_([state.value for state in TOLD_BY_NUMBER])
    lately = columns.sent_at >= now - TOLD_WITHIN
    wanted = columns.id, columns.message_id, columns.gateway_ref, columns.sent_at
    statement = select(*wanted).where(*here, doubtful, lately)
    texts: dict[int, list[Any]] = {}
    # Asked for in order, SQLite would read all that was sent so lately, for the sake of that order.
    for row in sorted(session.execute(statement), key=attrgetter("sent_at", "id")):
        texts.setdefault(row.message_id, []).append(row)
    if not texts:
        return group
    first = next(iter(texts.values()))[0].sent_at
    if sum(map(len, texts.values())) > sum(came >= first for came in _arrivals(group).values()):
        group = [*group, *unpark(session, {}, {gateway: (number,)})]
    chosen = _chosen(texts.values(), _arrivals(group))
    return [_told(one, chosen[name]) if (name := _name(one, at)) in chosen else one for at, one in enumerate(group)]


def _chosen(texts: Iterable[Sequence[Any]], arrivals: dict[str, datetime]) -> dict[str, Any]:
    """Name → part: those that came first for what was sent first, as far as there are enough."""
    chosen: dict[str, Any] = {}
    for parts in texts:
        sent = parts[-1].sent_at
        names = [*islice((name for name, came in arrivals.items() if came >= sent), len(parts))]
        if len(names) < len(parts):
            break
        for name, part in zip(names, parts, strict=True):
            del arrivals[name]
            chosen[name] = part
    return chosen


def _arrivals(group: Sequence[Matched]) -> dict[str, datetime]:
    """The names in ``group`` with when each came first, in that order: what comes again is not another receipt."""
    found: dict[str, datetime] = {}
    for came, at in sorted((one.arrived_at, at) for at, one in enumerate(group)):
        found.setdefault(_name(group[at], at), came)
    return found


def _name(receipt: Matched, at: int) -> str:
    return receipt.ref or f"#{at}"
