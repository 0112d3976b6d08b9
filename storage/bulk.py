"""Statements about many rows at once, for the few places where thousands of them are handled each second.

SQLite's driver gives up the interpreter for every row that it reads or writes, and every driver takes its time with
every value. So the keys that a statement is about, the rows that it writes and on SQLite those that it finds travel as
one text each, which the database takes apart. Where a database cannot, the same is done with lists and sets of values.

Values are converted by their types on the way, as SQLAlchemy does it. Keep these objects in modules: what is made of
them is remembered. Like ``storage.prepared``, they write nothing first that is pending in the session.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from storage.bulk_ways import WAYS, Among, Found, Listed, Way
from storage.prepared import Statement, Values

_NOTHING: Values = MappingProxyType({})


class Keyed:
    """A statement about rows that are found by keys. ``build`` makes it, with what says that a column has one of them.

    Whole numbers and texts can be keys. ``values`` are the statement's other parameters, by name; those named in
    ``lists`` are lists as well, which are short.
    """

    def __init__(self, build: Callable[[Among], Statement], lists: Sequence[str] = ()) -> None:
        self._build = build
        self._lists = lists
        self._made: dict[str, Way] = {}

    def rows(self, session: Session, keys: Sequence[Any], values: Values = _NOTHING) -> list[Found]:
        """What it finds, in any order; each row is a sequence of its own."""
        return self._way(session).rows(session, keys, values) if keys else []

    def grouped(self, session: Session, keys: Sequence[Any], values: Values = _NOTHING) -> dict[Found, list[int]]:
        """The first column, whole numbers, of all rows that are alike in the others; by what these have."""
        return self._way(session).grouped(session, keys, values) if keys else {}

    def run(self, session: Session, keys: Sequence[Any], values: Values = _NOTHING) -> int:
        """Carry it out; how many rows it changed."""
        return self._way(session).run(session, keys, values) if keys else 0

    def hold(self, session: Session, keys: Sequence[Any]) -> None:
        """Have what it locks until the commit. On SQLite whoever writes has everything."""
        if session.get_bind().dialect.name != "sqlite":
            self.rows(session, keys)

    def _way(self, session: Session) -> Way:
        dialect = session.get_bind().dialect
        found = self._made.get(dialect.name)
        if found is None:
            found = self._made[dialect.name] = WAYS.get(dialect.name, Listed)(self._build, self._lists, dialect)
        return found


class Whole:
    """A SELECT without keys whose many rows come at once."""

    def __init__(self, statement: Select[Any]) -> None:
        self._keyed = Keyed(lambda _: statement)

    def rows(self, session: Session, values: Values = _NOTHING) -> list[Found]:
        """What it finds, in any order."""
        return self._keyed.rows(session, (0,), values)
