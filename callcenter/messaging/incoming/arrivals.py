"""Parts of texts that come in: each written down once, whatever the gateway repeats, and joined in whatever order.

A part is on disk before the gateway is told that it was taken. Joining is another transaction: when it fails, or the
daemon ends between the two, the parts are there and it is done again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from callcenter.messaging.incoming.receiving import IncomingText, Received, receive_texts
from callcenter.messaging.incoming.repetitions import SAME_PART, Mark, mark, piece_name
from callcenter.messaging.texts.segments import message_text
from callcenter.numbers import normalise
from protocols import ucs2
from protocols.sms import TextArrived
from storage.chunks import CHUNK, chunks
from storage.models import SmsArrival
from storage.models.base import table_of

INCOMPLETE_AFTER = SAME_PART
"""Networks deliver the parts of a text within moments; after this the missing ones do not come."""
GAP = "…"
"""Stands for what never came, or was too long."""
ROW_LENGTH = 1000
"""Characters of a text that are kept in one row."""
_MOST_PARTS = 255
_FIRST_HALF, _APART = "\U0010f800", 0x10F800 - 0xD800
"""Where halves of characters are kept until they are joined: the end of the last private plane."""
_ARRIVAL = table_of(SmsArrival)
_OPEN = (
    select(_ARRIVAL.c.id, _ARRIVAL.c.fingerprint)
    .where(
        _ARRIVAL.c.gateway_id == bindparam("gateway"),
        _ARRIVAL.c.number.in_(bindparam("numbers", expanding=True)),
        _ARRIVAL.c.reference == bindparam("reference"),
        _ARRIVAL.c.total == bindparam("parts"),
        _ARRIVAL.c.message_id.is_(None),
    )
    .order_by(_ARRIVAL.c.id)
)
_LOCKED = (
    select(
        *(
            _ARRIVAL.c[name]
            for name in (
                "id", "gateway_id", "number", "reference", "total", "recipient", "position", "text", "arrived_at",
                "fingerprint",
            )
        )
    )
    .where(_ARRIVAL.c.id.in_(bindparam("ids", expanding=True)), _ARRIVAL.c.message_id.is_(None))
    .order_by(_ARRIVAL.c.id)
    .with_for_update()
)  # fmt: skip
_FILED = update(_ARRIVAL).where(_ARRIVAL.c.id == bindparam("part")).values(message_id=bindparam("message"))


@dataclass(frozen=True)
class Text:
    """The key that the parts of one text have in common. It does not tell texts of one part from each other: nearly all
    of those from one number have the same.
    """

    gateway_id: int
    number: str
    reference: int
    total: int


@dataclass(frozen=True)
class Joined:
    """A text and the arrivals that it was made of."""

    text: IncomingText
    part_ids: tuple[int, ...]


def store_parts(session: Session, arrived: Sequence[tuple[int, TextArrived]], now: datetime) -> list[Text]:
    """Write down what is new of (gateway, part); the texts that may be whole now."""
    marked: dict[int, dict[Mark, TextArrived]] = defaultdict(dict)
    for gateway, signal in arrived:
        marked[gateway][mark(gateway, signal, now)] = signal
    rows = [
        row
        for gateway, signals in marked.items()
        for one, signal in _new(session, gateway, signals, now)
        for row in _rows(gateway, one.now, signal, now)
    ]
    if rows:
        session.execute(insert(_ARRIVAL), rows)
    return list(dict.fromkeys(Text(row["gateway_id"], row["number"], row["reference"], row["total"]) for row in rows))


def _new(
    session: Session, gateway_id: int, signals: Mapping[Mark, TextArrived], now: datetime
) -> list[tuple[Mark, TextArrived]]:
    """Those of ``signals`` that were not written down yet."""
    columns = _ARRIVAL.c
    found: dict[str, datetime] = {}
    for chunk in chunks(sorted(name for one in signals for name in one.names), 2 * CHUNK):
        here = columns.gateway_id == gateway_id, columns.fingerprint.in_(chunk)
        found.update(
            (name, at) for name, at in session.execute(select(columns.fingerprint, columns.arrived_at).where(*here))
        )
    return [(one, signal) for one, signal in signals.items() if not one.is_known(found, now)]


def _rows(gateway_id: int, name: str, signal: TextArrived, now: datetime) -> Iterator[dict[str, Any]]:
    """One, or several of a text that came in one piece and is longer than a row: it is joined again like others.

    What is longer still is cut, with a mark.
    """
    sender, text = signal.sender.strip(), _written(signal.text)
    total = min(max(signal.total, 1), _MOST_PARTS)
    row = {
        "gateway_id": gateway_id,
        "fingerprint": name,
        # Senders of services are words; they are kept as they are.
        "number": (normalise(sender).number or message_text(sender) or "?")[:40],
        "recipient": message_text(signal.recipient)[:30],
        "reference": min(max(signal.reference, 0), 0xFFFF),
        "position": min(max(signal.position, 1), total),
        "total": total,
        "text": _cut(text, ROW_LENGTH),
        "arrived_at": now,
    }
    if total > 1 or len(text) <= ROW_LENGTH:
        yield row
        return
    text = _cut(text, _MOST_PARTS * ROW_LENGTH)
    pieces = [text[first : first + ROW_LENGTH] for first in range(0, len(text), ROW_LENGTH)]
    # Not that of any text that came in parts.
    row |= {"reference": 0x10000 + int(name[-7:], 16), "total": len(pieces)}
    for place, piece in enumerate(pieces, 1):
        yield row | {"fingerprint": piece_name(name, place), "position": place, "text": piece}


def _written(text: str) -> str:
    """``text`` as it can be kept: halves of characters, which no database takes, as signs of which no text has any."""
    return "".join(
        chr(ord(piece) + _APART) if place % 2 else message_text(piece)
        for place, piece in enumerate(ucs2.split_halves(text))
    )


def _whole(text: str) -> str:
    """What was ``_written`` in parts, put together."""
    if text.isprintable():  # No half of a character is.
        return text
    return ucs2.joined("".join(chr(ord(sign) - _APART) if sign >= _FIRST_HALF else sign for sign in text))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - len(GAP)] + GAP


def open_texts(session: Session, now: datetime, limit: int = 2000) -> list[Text]:
    """Texts that are whole, or whose missing parts do not come any more, and that are no message yet; those that wait
    longest first.
    """
    columns = _ARRIVAL.c
    key = (columns.gateway_id, columns.number, columns.reference, columns.total)
    ready = (func.count(func.distinct(columns.position)) >= columns.total) | (
        func.min(columns.arrived_at) <= now - INCOMPLETE_AFTER
    )
    waiting = select(*key).where(columns.message_id.is_(None)).group_by(*key).having(ready)
    oldest_first = waiting.order_by(func.min(columns.arrived_at), func.min(columns.id)).limit(limit)
    return [Text(*row) for row in session.execute(oldest_first)]


def join_texts(
    session: Session,
    texts: Sequence[Text],
    received: Received,
    now: datetime,
    most: int,
    skip: int = 0,
    held: Callable[[], Collection[str]] = tuple,
) -> list[Text]:
    """Make messages of those of ``texts`` that are whole or overdue, in their order; the others wait for more parts.

    At most ``most`` messages, the first ``skip`` left out; gives back ``texts`` when more of them are left. ``held``
    gives the names of texts of one part that are not to be shown yet.
    """
    end = skip + most
    waiting, is_cut = _waiting_parts(session, texts, end, held)
    joined = [one for text in dict.fromkeys(texts) for one in islice(_joined(text, waiting[text], now), end + 1)]
    chosen = joined[skip:end]
    ids = receive_texts(session, [one.text for one in chosen], now, received)
    filed = [{"part": part, "message": key} for one, key in zip(chosen, ids, strict=True) for part in one.part_ids]
    if filed:
        session.execute(_FILED, filed)
    return list(texts) if is_cut or len(joined) > end else []


def _waiting_parts(
    session: Session, texts: Sequence[Text], most: int, held: Callable[[], Collection[str]]
) -> tuple[Mapping[Text, list[Any]], bool]:
    """Text → its parts that are no message yet, by id, locked; and whether more than ``most`` texts wait."""
    ids, is_cut = _waiting_ids(session, texts, most, held())
    found: dict[Text, list[Any]] = defaultdict(list)
    # Read first and locked then: Oracle locks nothing that is limited.
    for chunk in chunks(sorted(ids)):
        for row in session.execute(_LOCKED, {"ids": chunk}):
            # Asked again: one that came meanwhile was held before it was written down.
            if row.fingerprint not in held():
                found[Text(row.gateway_id, row.number, row.reference, row.total)].append(row)
    return found, is_cut


def _waiting_ids(session: Session, texts: Sequence[Text], most: int, held: Collection[str]) -> tuple[list[int], bool]:
    """The parts of ``texts``, and whether some are left out: no more than ``most`` of those that are whole by one."""
    numbers: dict[tuple[int, int, int], set[str]] = defaultdict(set)
    for text in texts:
        numbers[text.gateway_id, text.reference, text.total].add(text.number)
    single: list[int] = []
    others: list[int] = []
    for (gateway, reference, total), asked in numbers.items():
        for chunk in chunks(sorted(asked)):
            values = {"gateway": gateway, "reference": reference, "parts": total, "numbers": chunk}
            if total > 1:
                others += session.scalars(_OPEN, values)
            elif len(single) <= most:
                # Those that are held are left out here: thousands of names are too many for a statement.
                rows = session.execute(_OPEN.limit(most + 1 - len(single) + len(held)), values)
                single += islice((row.id for row in rows if row.fingerprint not in held), most + 1 - len(single))
    return single[:most] + others, len(single) > most


def _joined(text: Text, rows: Sequence[Any], now: datetime) -> Iterator[Joined]:
    """Two texts of one reference: each takes the first of each position, and the rest are the next one's.

    No more are made than are asked for.
    """
    if text.total == 1:
        yield from (Joined(_incoming(text, {1: row}, row.arrived_at), (row.id,)) for row in rows)
        return
    while rows:
        parts: dict[int, Any] = {}
        for row in rows:
            parts.setdefault(row.position, row)
        began = min(row.arrived_at for row in parts.values())
        if len(parts) < text.total and began > now - INCOMPLETE_AFTER:
            return
        taken = {row.id for row in parts.values()}
        yield Joined(_incoming(text, parts, began), tuple(taken))
        rows = [row for row in rows if row.id not in taken]


def _incoming(text: Text, parts: Mapping[int, Any], began: datetime) -> IncomingText:
    # One gap for all that is missing in a row.
    places = [place for place in range(1, text.total + 1) if place in parts or place == 1 or place - 1 in parts]
    words = _whole("".join(parts[place].text if place in parts else GAP for place in places))
    recipient = parts[min(parts)].recipient
    whole = len(parts) == text.total
    return IncomingText(text.gateway_id, text.number, recipient, words, began, not whole)
