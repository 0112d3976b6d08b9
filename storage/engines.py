"""Engines for the databases that we know, set up so that a lost power supply loses nothing that was confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import DatabaseUnavailableError
from storage.prepared import say

BUSY_TIMEOUT = 5_000
"""Milliseconds that SQLite waits for another process (a backup, the command line) before it gives up."""

_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "oracle": "oracle+oracledb",
}


def dialect_of(url: str | URL) -> str:
    """Which database ``url`` means: ``sqlite``, ``postgresql`` or ``oracle``.

    Raises DatabaseUnavailableError for an address that cannot be read or a database that we do not know.
    """
    try:
        name = make_url(url).get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise DatabaseUnavailableError("the address of the database cannot be read") from error
    if name not in _DRIVERS:
        raise DatabaseUnavailableError(f"no such kind of database: {name!r}; known are {', '.join(sorted(_DRIVERS))}")
    return name


def writing_engine(url: URL, threads: int) -> Engine:
    """An engine with ``threads`` connections for changes.

    PostgreSQL and Oracle work at READ COMMITTED: work is claimed by UPDATE … WHERE state and its row count, which is
    right there, and every transaction with events ends at the one counter row: under REPEATABLE READ all but one of
    those that meet there would fail. Raises DatabaseUnavailableError when SQLite's folder does not exist.
    """
    return _WRITING[dialect_of(url)](url, threads)


def reading_engine(url: URL, threads: int) -> Engine:
    """An engine with ``threads`` connections whose transactions are one snapshot each and can change nothing."""
    return _READING[dialect_of(url)](url, threads)


_WRITING_PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT}",
    "journal_mode=WAL",
    "synchronous=FULL",  # A commit that was confirmed survives a power failure.
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-32768",
    "journal_size_limit=67108864",
)
_READING_PRAGMAS = (f"busy_timeout={BUSY_TIMEOUT}", "query_only=ON", "temp_store=MEMORY", "cache_size=-32768")


def _sqlite_writing(url: URL, threads: int) -> Engine:
    path = _sqlite_path(url)
    try:
        # Patients' data: nobody else on the machine reads it. SQLite gives its other files the same mode.
        path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnavailableError(f"cannot open the database file {path}: {error.strerror}") from error
    # The write lock is taken at once: a transaction that read first could not get it later without starting anew.
    return _sqlite(url, threads, _WRITING_PRAGMAS, "BEGIN IMMEDIATE")


def _sqlite_reading(url: URL, threads: int) -> Engine:
    return _sqlite(url, threads, _READING_PRAGMAS, "BEGIN")


def _sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise DatabaseUnavailableError("SQLite needs a file: sqlite:///relative/path or sqlite:////absolute/path")
    return Path(url.database)


def _sqlite(url: URL, threads: int, pragmas: tuple[str, ...], begin: str) -> Engine:
    engine = _engine(url, threads, connect_args={"check_same_thread": False})

    def prepare(connection: Any, _record: Any) -> None:
        # Python's driver would begin transactions by itself, and not before a SELECT: we say BEGIN ourselves.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    _say_at_begin(engine, begin)
    _say_savepoints(engine.dialect)
    return engine


def _say_savepoints(dialect: Any) -> None:
    """Savepoints without the statement that SQLAlchemy makes of each: every function of a group of the writer has one,
    and setting and releasing it took an eighth of all that a call took.
    """
    dialect.do_savepoint = lambda connection, name: say(connection, f"SAVEPOINT {name}")
    dialect.do_release_savepoint = lambda connection, name: say(connection, f"RELEASE SAVEPOINT {name}")
    dialect.do_rollback_to_savepoint = lambda connection, name: say(connection, f"ROLLBACK TO SAVEPOINT {name}")


def _postgresql_writing(url: URL, threads: int) -> Engine:
    return _postgresql(url, threads, isolation_level="READ COMMITTED")


def _postgresql_reading(url: URL, threads: int) -> Engine:
    engine = _postgresql(url, threads, isolation_level="REPEATABLE READ")
    return engine.execution_options(postgresql_readonly=True)


# A way to the server that is gone without a word is noticed in half a minute, be it that we said something or that we
# wait for an answer; the system would try for a quarter of an hour, or for ever. Seconds, and milliseconds at the end.
_SILENCE = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}


def _postgresql(url: URL, threads: int, **settings: Any) -> Engine:
    return _engine(
        url,
        threads,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "callcenter", **_SILENCE},
        **settings,
    )


def _oracle_writing(url: URL, threads: int) -> Engine:
    return _engine(url, threads, pool_pre_ping=True)


def _oracle_reading(url: URL, threads: int) -> Engine:
    engine = _engine(url, threads, pool_pre_ping=True)
    _say_at_begin(engine, "SET TRANSACTION READ ONLY")
    return engine


def _engine(url: URL, threads: int, **settings: Any) -> Engine:
    named = url.set(drivername=_DRIVERS[url.get_backend_name()])
    return create_engine(named, pool_size=threads, max_overflow=0, **settings)


def _say_at_begin(engine: Engine, statement: str) -> None:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begin)


_Builder = Callable[[URL, int], Engine]
_WRITING: Mapping[str, _Builder] = {
    "sqlite": _sqlite_writing,
    "postgresql": _postgresql_writing,
    "oracle": _oracle_writing,
}
_READING: Mapping[str, _Builder] = {
    "sqlite": _sqlite_reading,
    "postgresql": _postgresql_reading,
    "oracle": _oracle_reading,
}
