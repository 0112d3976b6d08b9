"""Attempts and states of messages as rows, read and written many at a time; of tables, without objects in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, literal_column, or_, select, update
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.outcome import Tried
from callcenter.messaging.vocabulary import PartState
from storage.bulk import Keyed
from storage.many import Inserts
from storage.models import SmsAttempt, SmsMessage
from storage.models.base import table_of

MESSAGE = table_of(SmsMessage)
ATTEMPT = table_of(SmsAttempt)
TOLD_BY_NUMBER = (PartState.ACCEPTED, PartState.UNKNOWN, PartState.GIVEN_UP)
"""Without a gateway's name for it, what became of a part in one of these is told by its number and the time."""
Key = tuple[int, int, int]
"""Message, attempt and position of a part."""


def part_key(message_id: int, attempt: int, position: int) -> str:
    """How gateways name the part in their signals."""
    return f"{message_id}.{attempt}.{position}"


def read_key(key: str) -> Key:
    """What ``part_key`` made it of; ValueError for anything else."""
    message, attempt, position = key.split(".")
    return int(message), int(attempt), int(position)


_TRIED = Keyed(
    lambda among: select(
        ATTEMPT.c.message_id,
        ATTEMPT.c.attempt,
        ATTEMPT.c.position,
        ATTEMPT.c.total,
        ATTEMPT.c.gateway_id,
        ATTEMPT.c.state,
        ATTEMPT.c.reference,
        ATTEMPT.c.code,
        ATTEMPT.c.words,
        ATTEMPT.c.answered_at,
    ).where(among(ATTEMPT.c.message_id))
)
_HELD = Keyed(lambda among: select(MESSAGE.c.id).where(among(MESSAGE.c.id)).order_by(MESSAGE.c.id).with_for_update())
_INSERT = Inserts(
    ATTEMPT,
    ("message_id", "gateway_id", "number", "sender", "attempt", "position", "total", "reference", "state", "sent_at"),
)
NewAttempt = tuple[int, int, str, str, int, int, int, int, str, datetime]
"""Of a part that is about to be sent: message, gateway, number, our number, attempt, position, total, reference, state,
time.
"""


def load_tried(session: Session, message_ids: Sequence[int]) -> Mapping[int, list[Tried]]:
    """Message → all its parts of all attempts, as they stand."""
    found: dict[int, list[Tried]] = defaultdict(list)
    for message_id, attempt, position, total, gateway, state, *rest in _TRIED.rows(session, message_ids):
        found[message_id].append(Tried(attempt, position, total, gateway, PartState(state), *rest))
    return found


def hold_messages(session: Session, ids: Sequence[int]) -> None:
    """Lock messages until the commit, in the order of their ids: of two who want the same ones the second waits for the
    first, and neither for the other.
    """
    _HELD.hold(session, ids)


def insert_attempts(session: Session, rows: Sequence[NewAttempt]) -> None:
    """Write new parts down."""
    _INSERT.run(session, rows)


def update_messages(session: Session, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int:
    """Set the columns ``names`` of many messages that are in the state they were seen in; how many there were.

    Each row has ``id``, ``was`` (that state) and a value for each name. Most rows of a turn are alike: those are
    changed by one statement.
    """
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in rows:
        alike[row["was"], *(row[name] for name in names)].append(row["id"])
    return sum(
        move_messages(session, ids, was, dict(zip(names, values, strict=True))) for (was, *values), ids in alike.items()
    )


def move_messages(session: Session, ids: Sequence[int], was: str, changes: Mapping[str, Any]) -> int:
    """Set the columns ``changes`` of the messages ``ids`` that are in the state ``was``; how many there were."""
    values = {f"new_{name}": value for name, value in changes.items()}
    return _moving(tuple(changes)).run(session, ids, {"was": was, **values})


@lru_cache(32)
def _moving(names: tuple[str, ...]) -> Keyed:
    return Keyed(
        lambda among: (
            update(MESSAGE)
            .where(among(MESSAGE.c.id), unindexed(MESSAGE.c.state) == bindparam("was", type_=String))
            .values({name: bindparam(f"new_{name}", type_=MESSAGE.c[name].type) for name in names})
            .values(version=MESSAGE.c.version + 1)
        )
    )


def in_state(*states: PartState) -> ColumnElement[bool]:
    """That a part is in one of ``states``. Statements that are run with many sets of values know no IN."""
    return or_(*(ATTEMPT.c.state == plain(state) for state in states))


def unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """``column`` so that no index is used for it: SQLite would read all that is queued rather than look up the 500 keys
    beside it.
    """
    return column.concat(literal_column("''", String))


def plain(state: PartState) -> ColumnElement[str]:
    """``state`` as a part of the statement itself and no value of it; it is one of ours and no foreign text."""
    return literal_column(f"'{state.value}'", String)
