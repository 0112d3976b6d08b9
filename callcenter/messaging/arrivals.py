"""Parts of texts that come in: each written down once, whatever the gateway repeats, and joined in whatever order.

A part is on disk before the gateway is told that it was taken. Joining is another transaction: when it fails, or the
daemon ends between the two, the parts are there and it is done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from callcenter.messaging.attempts import chunks
from callcenter.messaging.queueing import Received, receive_text
from callcenter.messaging.segments import message_text
from callcenter.numbers import normalise
from protocols.sms import TextArrived
from storage.models import SmsArrival
from storage.models.base import table_of

INCOMPLETE_AFTER = timedelta(minutes=30)
"""Networks deliver the parts of a text within moments; after this the missing ones do not come."""
GAP = "…"
"""Stands for a part that never came."""
_PART_LENGTH = 1000
_SAME_MINUTE = "%Y-%m-%d %H:%M"
_ARRIVAL = table_of(SmsArrival)


@dataclass(frozen=True)
class Text:
    """What joins the parts of one text."""

    gateway_id: int
    number: str
    reference: int
    total: int


def fingerprint(gateway_id: int, signal: TextArrived, now: datetime) -> str:
    """The same for the same part when it comes again. Without a name or time of the gateway's, the same words of the
    same sender within a minute are taken for a repetition.
    """
    when = signal.at.isoformat() if signal.at is not None else ""
    once = signal.gateway_id or when or now.strftime(_SAME_MINUTE)
    parts = (gateway_id, once, when, signal.sender, signal.reference, signal.position, signal.total, signal.text)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def store_parts(session: Session, arrived: Sequence[tuple[int, TextArrived]], now: datetime) -> list[Text]:
    """Write down what is new of (gateway, part); the texts that may be whole now."""
    marked = {(gateway, fingerprint(gateway, signal, now)): signal for gateway, signal in arrived}
    columns = _ARRIVAL.c
    known: set[tuple[int, str]] = set()
    for gateway in {gateway for gateway, _ in marked}:
        for chunk in chunks(sorted(mark for key, mark in marked if key == gateway)):
            here = columns.gateway_id == gateway, columns.fingerprint.in_(chunk)
            known |= {(gateway, mark) for mark in session.scalars(select(columns.fingerprint).where(*here))}
    rows = [
        _row(gateway, mark, signal, now) for (gateway, mark), signal in marked.items() if (gateway, mark) not in known
    ]
    if rows:
        session.execute(insert(_ARRIVAL), rows)
    return list(dict.fromkeys(Text(row["gateway_id"], row["number"], row["reference"], row["total"]) for row in rows))


def _row(gateway_id: int, mark: str, signal: TextArrived, now: datetime) -> dict[str, Any]:
    sender = signal.sender.strip()
    total = min(max(signal.total, 1), 255)
    return {
        "gateway_id": gateway_id,
        "fingerprint": mark,
        # Senders of services are words; they are kept as they are.
        "number": (normalise(sender).number or message_text(sender) or "?")[:40],
        "recipient": message_text(signal.recipient)[:30],
        "reference": min(max(signal.reference, 0), 0xFFFF),
        "position": min(max(signal.position, 1), total),
        "total": total,
        "text": message_text(signal.text)[:_PART_LENGTH],
        "arrived_at": now,
    }


def open_texts(session: Session, now: datetime, limit: int = 2000) -> list[Text]:
    """Texts that are whole, or whose missing parts do not come any more, and that are no message yet."""
    columns = _ARRIVAL.c
    key = (columns.gateway_id, columns.number, columns.reference, columns.total)
    ready = (func.count(func.distinct(columns.position)) >= columns.total) | (
        func.min(columns.arrived_at) <= now - INCOMPLETE_AFTER
    )
    statement = select(*key).where(columns.message_id.is_(None)).group_by(*key).having(ready).limit(limit)
    return [Text(*row) for row in session.execute(statement)]


def join_texts(session: Session, texts: Sequence[Text], received: Received, now: datetime) -> None:
    """``join_text`` for each, until nothing of it can be joined any more."""
    for text in texts:
        while join_text(session, text, received, now) is not None:
            pass


def join_text(session: Session, text: Text, received: Received, now: datetime) -> int | None:
    """Make a message of ``text`` if it is whole or overdue; its id, None if it has to wait for other parts."""
    columns = _ARRIVAL.c
    statement = select(*columns).where(
        columns.gateway_id == text.gateway_id,
        columns.number == text.number,
        columns.reference == text.reference,
        columns.total == text.total,
        columns.message_id.is_(None),
    )
    rows = session.execute(statement.order_by(columns.id).with_for_update()).all()
    if not rows:
        return None
    # Two texts of one reference: each takes the first of each position, and the rest are the next one's.
    parts: dict[int, Any] = {}
    for row in rows:
        parts.setdefault(row.position, row)
    if text.total == 1:
        parts = {1: rows[0]}
    incomplete = len(parts) < text.total
    began = min(row.arrived_at for row in parts.values())
    if incomplete and began > now - INCOMPLETE_AFTER:
        return None
    words = "".join(parts[place].text if place in parts else GAP for place in range(1, text.total + 1))
    first = parts[min(parts)]
    message_id = receive_text(
        session,
        gateway_id=text.gateway_id,
        number=text.number,
        recipient=first.recipient,
        text=_without_double_gaps(words),
        at=began,
        now=now,
        incomplete=incomplete,
        received=received,
    )
    ids = [row.id for row in parts.values()]
    session.execute(update(_ARRIVAL).where(columns.id.in_(ids)).values(message_id=message_id))
    return message_id


def _without_double_gaps(words: str) -> str:
    while GAP + GAP in words:
        words = words.replace(GAP + GAP, GAP)
    return words
