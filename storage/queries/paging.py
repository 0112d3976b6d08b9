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
    values = _values_in(cursor)
    try:
        if len(values) == len(types):
            return tuple(_DECODERS[kind](value) for kind, value in zip(types, values, strict=True))
    except (ValueError, TypeError) as error:
        raise ValueError(_NO_CURSOR) from error
    raise ValueError(_NO_CURSOR)


def _values_in(cursor: str) -> list[Any]:
    if len(cursor) > _LONGEST:
        raise ValueError(_NO_CURSOR)
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(_NO_CURSOR) from error
    return values if isinstance(values, list) else []


@dataclass(frozen=True)
class Stretch:
    """A part of a list with an order of its own; a list is one stretch, or several that follow each other.

    The columns together must be unique and, where ``condition`` holds, never NULL; all go up, or all down. ``name``
    is the stretch's own within its list.
    """

    columns: Sequence[SortColumn]
    descending: bool = False
    name: str = ""
    condition: ColumnElement[bool] | None = None


def empty_last(column: SortColumn, *rest: SortColumn, descending: bool) -> list[Stretch]:
    """A list sorted by a column that may be NULL, then by ``rest``: rows without a value come last either way.

    Two stretches, because databases do not agree on where NULL belongs and find both by the same index.
    """
    return [
        Stretch((column, *rest), descending, "filled", column.is_not(None)),
        Stretch(rest, descending, "empty", column.is_(None)),
    ]


def paged(
    find: Callable[[Select[*S]], Sequence[T]],
    statement: Select[*S],
    stretches: Sequence[Stretch],
    cursor: str | None,
    limit: int,
    value: Callable[[T, str], Any] = getattr,
) -> Page[T]:
    """``limit`` rows of ``statement`` after ``cursor``, in the order of ``stretches``.

    ``find`` runs a statement; ``value`` gives a row's value of a sort column by the column's name. Raises ValueError
    for a cursor of another list.
    """
    left, after = (list(stretches), None) if cursor is None else _opened(cursor, stretches)
    found: list[tuple[Stretch, T]] = []
    for stretch in left:
        part = _part(statement, stretch, after).limit(limit + 1 - len(found))
        found.extend((stretch, row) for row in find(part))
        after = None
        if len(found) > limit:
            break
    kept = [row for _, row in found[:limit]]
    if len(found) <= limit or not kept:
        return Page(kept, None)
    stretch, last = found[limit - 1]
    values = [value(last, str(column.key)) for column in stretch.columns]
    return Page(kept, encode_cursor([stretch.name, *values]))


def _opened(cursor: str, stretches: Sequence[Stretch]) -> tuple[list[Stretch], Sequence[Any]]:
    """The stretches from the one in which ``cursor`` is, and its place in that one."""
    named = _values_in(cursor)[:1]
    for index, stretch in enumerate(stretches):
        if named == [stretch.name]:
            types = [column.type.python_type for column in stretch.columns]
            return list(stretches[index:]), decode_cursor(cursor, [str, *types])[1:]
    raise ValueError(_NO_CURSOR)


def _part(statement: Select[*S], stretch: Stretch, after: Sequence[Any] | None) -> Select[*S]:
    order = [column.desc() if stretch.descending else column.asc() for column in stretch.columns]
    if stretch.condition is not None:
        statement = statement.where(stretch.condition)
    if after is not None:
        statement = statement.where(_beyond(stretch.columns, after, descending=stretch.descending))
    return statement.order_by(*order)


def _beyond(columns: Sequence[SortColumn], values: Sequence[Any], *, descending: bool) -> ColumnElement[bool]:
    """The rows after ``values``. The redundant first condition lets every database use the index for it."""
    first, value = columns[0], values[0]
    strictly: ColumnElement[bool] = first < value if descending else first > value
    if len(columns) == 1:
        return strictly
    rest = _beyond(columns[1:], values[1:], descending=descending)
    return and_(first <= value if descending else first >= value, or_(strictly, rest))


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
