"""Attempts as rows, read and written many at a time; of tables, without objects in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, bindparam, insert, literal_column, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from callcenter.messaging.outcome import Tried
from callcenter.messaging.vocabulary import PartState
from storage.models import SmsAttempt, SmsMessage
from storage.models.base import table_of

T = TypeVar("T")

CHUNK = 500
"""Most values of one IN."""
_MANY = 4
"""From so many rows on, changing them by one statement is the cheaper way."""
MESSAGE = table_of(SmsMessage)
ATTEMPT = table_of(SmsAttempt)
_INSERT = insert(ATTEMPT)
_INSERT_MESSAGES = insert(MESSAGE).returning(MESSAGE.c.id, sort_by_parameter_order=True)
Key = tuple[int, int, int]
"""Message, attempt and position of a part."""


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """``values`` in pieces that fit into one statement."""
    return (values[first : first + size] for first in range(0, len(values), size))


def part_key(message_id: int, attempt: int, position: int) -> str:
    """How gateways name the part in their signals."""
    return f"{message_id}.{attempt}.{position}"


def read_key(key: str) -> Key:
    """What ``part_key`` made it of; ValueError for anything else."""
    message, attempt, position = key.split(".")
    return int(message), int(attempt), int(position)


def load_tried(session: Session, message_ids: Sequence[int]) -> Mapping[int, list[Tried]]:
    """Message → all its parts of all attempts, as they stand."""
    found: dict[int, list[Tried]] = defaultdict(list)
    columns = ATTEMPT.c
    for chunk in chunks(message_ids):
        statement = select(
            columns.message_id,
            columns.attempt,
            columns.position,
            columns.total,
            columns.gateway_id,
            columns.state,
            columns.reference,
            columns.code,
            columns.words,
            columns.answered_at,
        ).where(columns.message_id.in_(chunk))
        for row in session.execute(statement):
            message_id, attempt, position, total, gateway, state, *rest = row
            found[message_id].append(Tried(attempt, position, total, gateway, PartState(state), *rest))
    return found


def insert_attempts(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write new parts down."""
    if rows:
        session.execute(_INSERT, list(rows))


def insert_messages(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Write new messages down; their ids, in the order of ``rows``."""
    return list(session.scalars(_INSERT_MESSAGES, list(rows))) if rows else []


def update_messages(session: Session, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int:
    """Set the columns ``names`` of many messages that are in the state they were seen in; how many there were.

    Each row has ``id``, ``was`` (that state) and a value for each name. Most rows of a turn are alike: those are
    changed by one statement.
    """
    alike: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        alike[row["was"], *(row[name] for name in names)].append(row)
    single: list[Mapping[str, Any]] = []
    written = 0
    for (was, *values), group in alike.items():
        if len(group) < _MANY:
            single += group
            continue
        changes = {MESSAGE.c[name]: value for name, value in zip(names, values, strict=True)}
        for chunk in chunks([row["id"] for row in group]):
            here = MESSAGE.c.id.in_(chunk), unindexed(MESSAGE.c.state) == was
            changed = update(MESSAGE).where(*here).values(changes).values(version=MESSAGE.c.version + 1)
            written += counted(session.execute(changed))
    return written + _update_each(session, single, names)


def _update_each(session: Session, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int:
    if not rows:
        return 0
    statement = (
        update(MESSAGE)
        .where(MESSAGE.c.id == bindparam("id_"), MESSAGE.c.state == bindparam("was_"))
        .values({name: bindparam(f"new_{name}", type_=MESSAGE.c[name].type) for name in names})
        .values(version=MESSAGE.c.version + 1)
    )
    values = [{"id_": row["id"], "was_": row["was"], **{f"new_{name}": row[name] for name in names}} for row in rows]
    return counted(session.execute(statement, values))


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


def counted(result: Any) -> int:
    """The row count of a statement that changes."""
    return result.rowcount if isinstance(result, CursorResult) else 0
