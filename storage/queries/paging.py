"""Keyset paging: a page starts after the last row of the one before, so page 10,000 is as fast as page 1.

The place between two pages travels as an opaque cursor: URL-safe base64 of a JSON list with the sort columns' values.
It comes back from outside, so nothing in it is believed: number, types and ranges of its values are checked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

T = TypeVar("T")
S = TypeVarTuple("S")

SortColumn = ColumnElement[Any] | InstrumentedAttribute[Any]

_LARGEST = 2**63 - 1
_LONGEST = 2_000
_NO_CURSOR = "this is not a cursor of this list"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items in order, and the cursor that leads to those after them: None on the last page."""

    items: list[T]
    next: str | None


def encode_cursor(values: Sequence[Any]) -> str:
    """The cursor for the place after the row with these values of the sort columns: text, whole numbers, times."""
    text = json.dumps([_ENCODERS.get(type(value), _as_it_is)(value) for value in values], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, types: Sequence[type]) -> tuple[Any, ...]:
    """The values in ``cursor``, one for each of ``types``. Raises ValueError for anything else."""
    try:
        values = _values_in(cursor)
        if len(values) == len(types):
            return tuple(_DECODERS[kind](value) for kind, value in zip(types, values, strict=True))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(_NO_CURSOR) from error
    raise ValueError(_NO_CURSOR)


def _values_in(cursor: str) -> list[Any]:
    if len(cursor) > _LONGEST:
        return []
    raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    values = json.loads(raw.decode())
    return values if isinstance(values, list) else []


def keyset(
    statement: Select[*S],
    columns: Sequence[SortColumn],
    cursor: str | None,
    limit: int,
    *,
    descending: bool = False,
) -> Select[*S]:
    """``statement`` sorted by ``columns``, beginning after ``cursor``, with one row more than ``limit``.

    The columns together must be unique and never NULL; all go up, or all down. Raises ValueError for a bad cursor.
    Give the rows to ``page_of``.
    """
    order = [column.desc() if descending else column.asc() for column in columns]
    if cursor is not None:
        values = decode_cursor(cursor, [column.type.python_type for column in columns])
        statement = statement.where(_beyond(columns, values, descending=descending))
    return statement.order_by(*order).limit(limit + 1)


def _beyond(columns: Sequence[SortColumn], values: Sequence[Any], *, descending: bool) -> ColumnElement[bool]:
    """The rows after ``values``. The redundant first condition lets every database use the index for it."""
    first, value = columns[0], values[0]
    strictly: ColumnElement[bool] = first < value if descending else first > value
    if len(columns) == 1:
        return strictly
    rest = _beyond(columns[1:], values[1:], descending=descending)
    return and_(first <= value if descending else first >= value, or_(strictly, rest))


def page_of(rows: Sequence[Any], limit: int, key: Callable[[Any], Sequence[Any]], item: Callable[[Any], T]) -> Page[T]:
    """A page from what a ``keyset`` statement found. ``key`` gives a row's sort values, ``item`` what to keep of it."""
    kept = rows[:limit]
    more = len(rows) > limit
    return Page([item(row) for row in kept], encode_cursor(key(kept[-1])) if more and kept else None)


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("not a text")
    value.encode()
    return value


def _whole_number(value: Any) -> int:
    if type(value) is not int or abs(value) > _LARGEST:
        raise ValueError("not a number of a record")
    return value


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment.astimezone(UTC)


_ENCODERS: Mapping[type, Callable[[Any], Any]] = {datetime: datetime.isoformat, date: date.isoformat}
_DECODERS: Mapping[type, Callable[[Any], Any]] = {
    str: _text,
    int: _whole_number,
    datetime: _time,
    date: date.fromisoformat,
}
