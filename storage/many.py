"""Many rows written by one statement, their values as one text: see ``storage.bulk``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Dialect,
    String,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from storage.bulk_ways import prepare, wide
from storage.prepared import Prepared, Statement, Values, counted

Given = Mapping[str, ColumnElement[Any]]
"""Name → the value that the row has for it."""
_NOTHING: Values = MappingProxyType({})
_REMEMBERED = 64
"""Combinations of columns for which statements are kept."""


class Changes:
    """An UPDATE or DELETE that is carried out for each of many rows of values, no two of which may mean the same row.

    ``types`` are those of the values, by name, in the order that they have in a row; ``build`` makes the statement.
    """

    def __init__(self, types: Mapping[str, TypeEngine[Any]], build: Callable[[Given], Statement]) -> None:
        self._types = types
        self._build = build
        self._portable = build({name: bindparam(f"given_{name}", type_=kind) for name, kind in types.items()})
        self._made: dict[str, tuple[Prepared, _Converters]] = {}

    def run(self, session: Session, rows: Sequence[Sequence[Any]], values: Values = _NOTHING) -> int:
        """Carry it out; how many rows it changed."""
        if not rows:
            return 0
        dialect = session.get_bind().dialect
        if dialect.name not in _GIVEN:
            names = [f"given_{name}" for name in self._types]
            return counted(
                session.execute(self._portable, [{**dict(zip(names, row, strict=True)), **values} for row in rows])
            )
        if (made := self._made.get(dialect.name)) is None:
            statement = self._build(_GIVEN[dialect.name](self._types)[0])
            made = self._made[dialect.name] = prepare(self._portable, statement), _Converters(self._types, dialect)
        prepared, converters = made
        return prepared.run(session, {"rows": converters.text(rows), **values})


class Inserts:
    """An INSERT of many rows. ``names`` are the columns of a row, in order; others have their defaults.

    What all rows have in common is sent once.
    """

    def __init__(self, table: Table, names: Sequence[str]) -> None:
        self._table = table
        self._names = names
        self._made: dict[tuple[str, tuple[int, ...]], tuple[Prepared, _Converters]] = {}

    def run(self, session: Session, rows: Sequence[Sequence[Any]]) -> None:
        """Write ``rows``."""
        if not rows:
            return
        dialect = session.get_bind().dialect
        if dialect.name not in _GIVEN:
            session.execute(insert(self._table), [dict(zip(self._names, row, strict=True)) for row in rows])
            return
        columns = list(zip(*rows, strict=True))
        differing = tuple([place for place, values in enumerate(columns) if values.count(values[0]) != len(values)])
        if (made := self._made.get((dialect.name, differing))) is None:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            made = self._made[dialect.name, differing] = self._make(dialect, [self._names[one] for one in differing])
        prepared, converters = made
        common = {f"all_{name}": values[0] for name, values in zip(self._names, columns, strict=True)}
        each = [*zip(*[columns[place] for place in differing], strict=True)] or [()] * len(rows)
        prepared.run(session, {**common, "rows": converters.text(each)})

    def run_numbered(self, session: Session, rows: Sequence[Sequence[Any]]) -> list[int]:
        """Write ``rows``, whose first value is None: the id, which they get here; the ids, in the order of ``rows``."""
        if not rows:
            return []
        take = _NUMBERS.get(session.get_bind().dialect.name)
        if take is None:
            each = [dict(zip(self._names[1:], row[1:], strict=True)) for row in rows]
            statement = insert(self._table).returning(self._table.c.id, sort_by_parameter_order=True)
            return list(session.scalars(statement, each))
        ids = take(session, self._table, len(rows))
        self.run(session, [(key, *row[1:]) for key, row in zip(ids, rows, strict=True)])
        return ids

    def _make(self, dialect: Dialect, differing: Sequence[str]) -> tuple[Prepared, _Converters]:
        types = {name: self._table.c[name].type for name in differing}
        given, source = _GIVEN[dialect.name](types)
        same = {name: bindparam(f"all_{name}", type_=self._table.c[name].type) for name in self._names}
        columns = {**self._defaults(dialect), **same, **given}
        chosen = select(*columns.values()).select_from(source)
        written = insert(self._table).from_select(list(columns), chosen, include_defaults=False)
        each = insert(self._table).values({name: bindparam(name) for name in self._names})
        return prepare(each, written), _Converters(types, dialect)

    def _defaults(self, dialect: Dialect) -> dict[str, ColumnElement[Any]]:
        """What stands in columns of which nothing is said."""
        found: dict[str, ColumnElement[Any]] = {}
        for column in self._table.columns:
            default: Any = column.default
            if default is not None and default.is_scalar:
                found[column.name] = literal(default.arg, column.type)
            elif default is not None and dialect.supports_sequences:
                found[column.name] = default.next_value()
        return found


def _next_rows(session: Session, table: Table, count: int) -> list[int]:
    """SQLite: nobody else writes, and a new row has the number after the highest."""
    last = _highest(table).scalar(session, _NOTHING) or 0
    return list(range(last + 1, last + 1 + count))


def _from_sequence(session: Session, table: Table, count: int) -> list[int]:
    return [*_numbers(table).scalar(session, {"count": count})]


@lru_cache(64)
def _highest(table: Table) -> Prepared:
    return Prepared(select(func.max(table.c.id)))


@lru_cache(64)
def _numbers(table: Table) -> Prepared:
    one = select(func.max(table.c.id))
    each = func.generate_series(1, bindparam("count", type_=BigInteger)).table_valued("place")
    number: Any = table.c.id.default
    return prepare(one, select(func.array_agg(number.next_value(), type_=ARRAY(BigInteger))).select_from(each))


_NUMBERS: Mapping[str, Callable[[Session, Table, int], list[int]]] = MappingProxyType(
    {"sqlite": _next_rows, "postgresql": _from_sequence}
)
"""Where ids are known before the rows are written. Others give them back."""


class _Converters:
    """Makes one text of many rows. A value that many rows have is converted once."""

    def __init__(self, types: Mapping[str, TypeEngine[Any]], dialect: Dialect) -> None:
        made = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in types.values()]
        self._places = [(place, convert) for place, convert in enumerate(made) if convert is not None]

    def text(self, rows: Sequence[Sequence[Any]]) -> str:
        """As JSON."""
        if self._places:
            rows = [list(row) for row in rows]
        for place, convert in self._places:
            known: dict[Any, Any] = {}
            for row in rows:
                value = row[place]
                if value not in known:
                    known[value] = convert(value)
                row[place] = known[value]  # type: ignore[index]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=str)


_Source = tuple[Given, Any]
"""The values of a row, and what they are selected from."""


def _in_sqlite(types: Mapping[str, TypeEngine[Any]]) -> _Source:
    given = func.json_each(bindparam("rows", type_=String)).table_valued("value", name="given")
    values = {
        name: func.json_extract(given.c.value, literal_column(f"'$[{place}]'"), type_=kind)
        for place, (name, kind) in enumerate(types.items())
    }
    return values, given


def _in_postgresql(types: Mapping[str, TypeEngine[Any]]) -> _Source:
    given = func.jsonb_array_elements(cast(bindparam("rows", type_=Text), JSONB)).table_valued("value", name="given")
    values = {
        name: cast(given.c.value.op("->>")(literal_column(str(place))), wide(kind))
        for place, (name, kind) in enumerate(types.items())
    }
    return values, given


_GIVEN: Mapping[str, Callable[[Mapping[str, TypeEngine[Any]]], _Source]] = MappingProxyType(
    {"sqlite": _in_sqlite, "postgresql": _in_postgresql}
)
"""The databases that take the rows of one text apart, and how."""
