"""How each kind of database is given a statement about many keys: see ``storage.bulk``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Dialect, String, Text, any_, bindparam, func, select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine, UserDefinedType

from storage.chunks import chunks
from storage.prepared import Prepared, Statement, Values, converters, counted

ONE_DATABASE = "one_database"
"""The option of statements that are for one kind of database: what others get for the same purpose."""
Found = Sequence[Any]


class Among(Protocol):
    """That a column has one of the keys, or of another list with that name."""

    def __call__(self, column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
        """The condition."""
        ...


def prepare(portable: Statement, special: Statement) -> Prepared:
    """``special``, for one kind of database; ``portable`` is what others are given instead."""
    return Prepared(special.execution_options(**{ONE_DATABASE: portable}))


def wide(kind: TypeEngine[Any]) -> Any:
    """What PostgreSQL is to read a text as: without a length, at which it would be cut instead of refused."""
    return _WIDE.get(kind.python_type, kind)


_INTEGER = BigInteger()
_WIDE: Mapping[type[Any], TypeEngine[Any]] = MappingProxyType({int: _INTEGER, str: Text()})


class Way(Protocol):
    """How a ``storage.bulk.Keyed`` is carried out on one kind of database."""

    def __init__(self, build: Callable[[Among], Statement], lists: Sequence[str], dialect: Dialect) -> None: ...

    def rows(self, session: Session, keys: Sequence[Any], values: Values) -> list[Found]:
        """See there."""
        ...

    def grouped(self, session: Session, keys: Sequence[Any], values: Values) -> dict[Found, list[int]]:
        """See there."""
        ...

    def run(self, session: Session, keys: Sequence[Any], values: Values) -> int:
        """See there."""
        ...


class Listed:
    """Keys as a list of parameters, a few hundred at a time."""

    def __init__(self, build: Callable[[Among], Statement], lists: Sequence[str], dialect: Dialect) -> None:
        self._statement = listed(build)

    def rows(self, session: Session, keys: Sequence[Any], values: Values) -> list[Found]:
        """See ``storage.bulk.Keyed``."""
        return [tuple(row) for each in _parameters(keys, values) for row in session.execute(self._statement, each)]

    def grouped(self, session: Session, keys: Sequence[Any], values: Values) -> dict[Found, list[int]]:
        """See ``storage.bulk.Keyed``."""
        found: dict[Found, list[int]] = {}
        for key, *others in self.rows(session, keys, values):
            found.setdefault(tuple(others), []).append(key)
        return found

    def run(self, session: Session, keys: Sequence[Any], values: Values) -> int:
        """See ``storage.bulk.Keyed``."""
        return sum(counted(session.execute(self._statement, each)) for each in _parameters(keys, values))


def listed(build: Callable[[Among], Statement]) -> Statement:
    """The statement as every database understands it."""
    return build(_in_list)


def _in_list(column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
    return column.in_(bindparam(name, [0], expanding=True, type_=column.type))


def _parameters(keys: Sequence[Any], values: Values) -> Iterator[dict[str, Any]]:
    for chunk in chunks(keys):
        yield {**values, "keys": list(chunk)}


class _Arrays:
    """PostgreSQL: keys as the text of an array, rows as they come."""

    def __init__(self, build: Callable[[Among], Statement], lists: Sequence[str], dialect: Dialect) -> None:
        self._lists = lists
        self._portable = listed(build)
        self._statement = build(_in_array)
        self._prepared = prepare(self._portable, self._statement)
        self._grouping: Prepared | None = None

    def rows(self, session: Session, keys: Sequence[Any], values: Values) -> list[Found]:
        """See ``storage.bulk.Keyed``."""
        return [*self._prepared.all(session, self._parameters(keys, values))]

    def grouped(self, session: Session, keys: Sequence[Any], values: Values) -> dict[Found, list[int]]:
        """See ``storage.bulk.Keyed``."""
        if self._grouping is None:
            first, *others = self._statement.subquery("found").c  # type: ignore[union-attr]
            collected = select(func.array_agg(first, type_=ARRAY(BigInteger)), *others).group_by(*others)
            self._grouping = prepare(self._portable, collected)
        return {
            tuple(others): list(ids) for ids, *others in self._grouping.all(session, self._parameters(keys, values))
        }

    def run(self, session: Session, keys: Sequence[Any], values: Values) -> int:
        """See ``storage.bulk.Keyed``."""
        return self._prepared.run(session, self._parameters(keys, values))

    def _parameters(self, keys: Sequence[Any], values: Values) -> Values:
        others = {name: _array(values[name]) for name in self._lists}
        return {**values, **others, "keys": _array(keys)}


def _in_array(column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
    return column == any_(bindparam(name, type_=_ArrayText("BIGINT" if wide(column.type) is _INTEGER else "TEXT")))


class _ArrayText(UserDefinedType[str]):
    """The text of an array as a parameter of that type. Cast from text it would be read for each row anew."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, element: str) -> None:
        self.element = element

    def get_col_spec(self, **_: Any) -> str:
        """As PostgreSQL calls it."""
        return f"{self.element}[]"


def _array(keys: Sequence[Any]) -> str:
    """The text of an array (PostgreSQL, "Array Value Input"): texts in quotes, with two signs to be escaped."""
    if not keys or isinstance(keys[0], int):
        return "{" + ",".join(map(str, keys)) + "}"
    return "{" + ",".join('"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys) + "}"


class _OneText:
    """SQLite: keys as one text, and what is found as one text in one row."""

    def __init__(self, build: Callable[[Among], Statement], lists: Sequence[str], dialect: Dialect) -> None:
        self._lists = lists
        self._portable = listed(build)
        self._statement = build(_in_text)
        self._dialect = dialect
        self._running: Prepared | None = None
        self._reading: tuple[Prepared, list[tuple[int, Callable[[Any], Any]]]] | None = None
        self._grouping: tuple[Prepared, list[tuple[int, Callable[[Any], Any]]]] | None = None

    def rows(self, session: Session, keys: Sequence[Any], values: Values) -> list[Found]:
        """See ``storage.bulk.Keyed``."""
        if self._reading is None:
            inner = self._statement.subquery("found").c  # type: ignore[union-attr]
            whole = select(func.json_group_array(func.json_array(*inner), type_=String))
            self._reading = prepare(self._portable, whole), converters(list(inner), self._dialect)
        return self._read(session, self._reading, keys, values)

    def grouped(self, session: Session, keys: Sequence[Any], values: Values) -> dict[Found, list[int]]:
        """See ``storage.bulk.Keyed``."""
        if self._grouping is None:
            first, *others = self._statement.subquery("found").c  # type: ignore[union-attr]
            ids = func.json_group_array(first, type_=String).label("ids")
            groups = select(ids, *others).group_by(*others).subquery("groups").c
            each = func.json_array(func.json(groups.ids), *list(groups)[1:])
            whole = select(func.json_group_array(each, type_=String))
            self._grouping = prepare(self._portable, whole), converters(list(groups), self._dialect)
        return {tuple(others): ids for ids, *others in self._read(session, self._grouping, keys, values)}

    def run(self, session: Session, keys: Sequence[Any], values: Values) -> int:
        """See ``storage.bulk.Keyed``."""
        if self._running is None:
            self._running = prepare(self._portable, self._statement)
        return self._running.run(session, self._parameters(keys, values))

    def _parameters(self, keys: Sequence[Any], values: Values) -> Values:
        others = {name: _text(values[name]) for name in self._lists}
        return {**values, **others, "keys": _text(keys)}

    def _read(
        self,
        session: Session,
        how: tuple[Prepared, list[tuple[int, Callable[[Any], Any]]]],
        keys: Sequence[Any],
        values: Values,
    ) -> list[Any]:
        prepared, converted = how
        rows: list[list[Any]] = json.loads(prepared.scalar(session, self._parameters(keys, values)))
        for place, convert in converted:
            known: dict[Any, Any] = {}
            for row in rows:
                value = row[place]
                if value not in known:
                    known[value] = convert(value)
                row[place] = known[value]
        return rows


def _in_text(column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
    return column.in_(select(func.json_each(bindparam(name, type_=String)).table_valued("value").c.value))


def _text(keys: Sequence[Any]) -> str:
    return json.dumps(keys, ensure_ascii=False, separators=(",", ":"))


WAYS: Mapping[str, type[Way]] = MappingProxyType({"sqlite": _OneText, "postgresql": _Arrays})
