"""Statements of all tests, compiled by the first that says them.

Each test has databases of its own, and with them engines, each of which would compile every statement anew: that was
nearly half of the time of a test that uses a database.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from storage import engines

# More statements than all tests of a process say.
_MOST = 10_000
# A dialect knows its server. All tests have the same one of each of these kinds.
_KINDS: tuple[type[Dialect], ...] = (SQLiteDialect_pysqlite, PGDialect_psycopg)

_make = engines._engine
_compiled: dict[type[Dialect], Any] = {kind: LRUCache(_MOST) for kind in _KINDS}


def _with_what_others_compiled(*arguments: Any, **settings: Any) -> Engine:
    engine = _make(*arguments, **settings)
    if type(engine.dialect) in _compiled:
        engine._compiled_cache = _compiled[type(engine.dialect)]
    return engine


def _is_of_same_kind(dialect: Dialect, other: object) -> bool:
    return type(dialect) is type(other)


def _hash_of_kind(dialect: Dialect) -> int:
    return hash(type(dialect))


def compile_once() -> None:
    """From now on, for every engine of this process."""
    engines._engine = _with_what_others_compiled
    for kind in _KINDS:
        # SQLAlchemy files what it compiled by the dialect.
        kind.__eq__ = _is_of_same_kind  # type: ignore[method-assign]
        kind.__hash__ = _hash_of_kind  # type: ignore[method-assign]
