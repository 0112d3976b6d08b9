"""Receipts that belong to nothing yet: they may have come before the answer that gives the part its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.references import canonical_ref, other_spellings
from callcenter.numbers import normalise
from protocols.sms import Fate, NameHint, ReceiptArrived
from protocols.text import clean_text
from storage.chunks import chunks
from storage.models import SmsReceipt
from storage.models.base import table_of
from storage.prepared import Prepared, counted

CODE_LENGTH, WORDS_LENGTH = 30, 200
PARKED_FOR = timedelta(hours=72)
"""A receipt that belongs to nothing is forgotten after this."""
_RECEIPT = table_of(SmsReceipt)
_ANY = Prepared(select(_RECEIPT.c.id).where(_RECEIPT.c.gateway_id == bindparam("gateway")).limit(1))


class Matched(NamedTuple):
    """A receipt on its way to its part: ``written`` is the number as it came, ``key`` the part's id once known.

    ``arrived_at`` is when it came for the first time, by our clock.
    """

    gateway_id: int
    ref: str
    written: str
    fate: Fate
    code: str
    words: str
    arrived_at: datetime
    key: int = 0
    message_id: int = 0
    named: bool = False
    """The part has its name written down already."""
    hint: NameHint | None = None
    """Not kept while it waits: what it could tell of was named before it came."""

    @property
    def saying(self) -> tuple[Fate, str, str]:
        """What it says, with the gateway's code and words."""
        return self.fate, self.code, self.words

    @property
    def number(self) -> str:
        """Canonical, or empty. Not known before it is asked for: most receipts are told by their names."""
        return normalise(self.written).number[:40]

    @classmethod
    def of(cls, gateway_id: int, signal: ReceiptArrived, now: datetime) -> Matched:
        """As it comes."""
        return cls(
            gateway_id,
            canonical_ref(signal.gateway_id) or "",
            signal.number,
            signal.fate,
            *clean_words(signal.code, signal.words),
            now,
            hint=signal.hint,
        )


@lru_cache(256)
def clean_words(code: str, words: str) -> tuple[str, str]:
    """A gateway's code and words as they are kept. Nearly all receipts say the same."""
    return clean_text(code, CODE_LENGTH), clean_text(words, WORDS_LENGTH)


def park(session: Session, receipts: Sequence[Matched]) -> None:
    """Keep receipts until there is what they belong to. Those that were kept before are no younger by that."""
    if receipts:
        session.execute(insert(_RECEIPT), [_parked(one) for one in receipts])


def unpark(session: Session, refs: Mapping[int, Iterable[str]], numbers: Mapping[int, Iterable[str]]) -> list[Matched]:
    """Take the receipts out that waited for parts of these names, or whose fate at these numbers became unknown."""
    found: list[Matched] = []
    for column, wanted in ((_RECEIPT.c.gateway_ref, refs), (_RECEIPT.c.number, numbers)):
        for gateway, values in wanted.items():
            if not anything_parked(session, gateway):
                continue
            spelt = sorted({spelling for one in values for spelling in (one, *other_spellings(one))})
            for chunk in chunks(spelt):
                here = _RECEIPT.c.gateway_id == gateway, column.in_(chunk)
                rows = session.execute(select(*_RECEIPT.c).where(*here).order_by(_RECEIPT.c.id)).all()
                if rows:
                    session.execute(delete(_RECEIPT).where(_RECEIPT.c.id.in_([row.id for row in rows])))
                found += [_unparked(row) for row in rows]
    return found


def anything_parked(session: Session, gateway: int) -> bool:
    """Whether receipts of this gateway wait. Nearly always none do: one look instead of one for each name."""
    return _ANY.first(session, {"gateway": gateway}) is not None


def forget_parked(session: Session, now: datetime) -> int:
    """Forget receipts that belonged to nothing for too long, and give their number."""
    return counted(session.execute(delete(_RECEIPT).where(_RECEIPT.c.arrived_at < now - PARKED_FOR)))


def _parked(receipt: Matched) -> dict[str, Any]:
    return {
        "gateway_id": receipt.gateway_id,
        "gateway_ref": receipt.ref,
        "number": receipt.number,
        "fate": receipt.fate.value,
        "code": receipt.code,
        "words": receipt.words,
        "arrived_at": receipt.arrived_at,
    }


def _unparked(row: Any) -> Matched:
    return Matched(row.gateway_id, row.gateway_ref, row.number, Fate(row.fate), row.code, row.words, row.arrived_at)
