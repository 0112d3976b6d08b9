"""Parts of texts that are on disk: found by their names, and forgotten when nobody needs them any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from callcenter.messaging.incoming.arrivals import Text
from storage.chunks import CHUNK, chunks
from storage.models import SmsArrival
from storage.models.base import table_of

KEPT_FOR = timedelta(days=7)
"""A part whose text is a message is forgotten after this. Nobody needs it but a gateway that brings it again: what has
no name for hours at most, what has one as long as a centre tries to get rid of a text, which is two or three days.
"""
_ARRIVAL = table_of(SmsArrival)


def forget_parts(session: Session, names: Mapping[str, int]) -> None:
    """Forget texts of one part that were written down and never shown. ``names``: name → gateway."""
    for these in _named(names):
        session.execute(delete(_ARRIVAL).where(*these))


def texts_named(session: Session, names: Mapping[str, int]) -> list[Text]:
    """Those of ``names`` (name → gateway) that are no message yet."""
    columns = _ARRIVAL.c
    key = select(columns.gateway_id, columns.number, columns.reference, columns.total)
    found = (Text(*row) for these in _named(names) for row in session.execute(key.where(*these).order_by(columns.id)))
    return list(dict.fromkeys(found))


def _named(names: Mapping[str, int]) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """Conditions that hold together for some of ``names``, and are no message."""
    of_gateway: dict[int, list[str]] = defaultdict(list)
    for name, gateway in names.items():
        of_gateway[gateway].append(name)
    columns = _ARRIVAL.c
    for gateway, mine in of_gateway.items():
        for chunk in chunks(mine):
            yield columns.gateway_id == gateway, columns.fingerprint.in_(chunk), columns.message_id.is_(None)


def forget_joined(session: Session, now: datetime, after: int = 0, limit: int = CHUNK) -> int | None:
    """Forget those of the ``limit`` oldest parts behind the id ``after`` that are a message and kept for long enough.

    Gives the id behind which to go on; None: what follows is younger, or there is nothing.
    """
    columns = _ARRIVAL.c
    # They are numbered as they come, so that the oldest are found by their key.
    oldest = select(columns.id, columns.arrived_at, columns.message_id).where(columns.id > after)
    rows = session.execute(oldest.order_by(columns.id).limit(limit)).all()
    old = [row for row in rows if row.arrived_at < now - KEPT_FOR]
    if done := [row.id for row in old if row.message_id is not None]:
        session.execute(delete(_ARRIVAL).where(columns.id.in_(done)))
    return old[-1].id if len(old) == limit else None
