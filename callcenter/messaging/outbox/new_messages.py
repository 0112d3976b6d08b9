"""New messages, written many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from callcenter.messaging.outbox.attempts import MESSAGE
from storage.many import Inserts
from storage.models.base import empty_row

_EMPTY = empty_row(MESSAGE)
_INSERT = Inserts(MESSAGE, ("id", *_EMPTY))


def insert_messages(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Write new messages down; their ids, in the order of ``rows``. What a row does not say has its default."""
    return _INSERT.run_numbered(session, [(None, *(_EMPTY | row).values()) for row in rows])
