"""Statements compiled once and handed to the driver directly, for the few places where that is felt.

SQLAlchemy takes some ten times as long around a small statement as the database in it. Between a ring and the card on
the screen there are some twenty of them. Here SQLAlchemy still writes the SQL and converts the values by their types,
so a statement is as portable as any other; what is left out is everything that it asks anew at each execution.

Only statements with a fixed number of parameters, no ``IN`` of a list (see ``storage.queries.offers`` for those), and
with a value for each column that has a default in Python. For others there is a TypeError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

Statement = Select[Any] | Insert | Update | Delete
Values = Mapping[str, Any]
Row = tuple[Any, ...]
_Converter = Callable[[Any], Any]

_DIRECT = frozenset({"sqlite", "postgresql"})
"""Oracle gives what an INSERT returns through variables that its dialect prepares for each execution."""
_CONNECTION = "prepared_connection"


@dataclass(frozen=True)
class _Compiled:
    """``keys``: the driver's names of the parameters, None where they have places. ``parameters``: of each the name,
    the converter or None, and what it always is, converted already, if it has no name. ``results``: the places of the
    columns that are converted, with their converters.
    """

    sql: str
    keys: Sequence[str] | None
    parameters: Sequence[tuple[str, _Converter | None, Any]]
    results: Sequence[tuple[int, _Converter]]

    def bind(self, values: Values) -> Any:
        """What the driver wants: a list, or a dictionary where its parameters have names."""
        found = [
            constant if not name else values[name] if convert is None else convert(values[name])
            for name, convert, constant in self.parameters
        ]
        return found if self.keys is None else dict(zip(self.keys, found, strict=True))

    def read(self, rows: Iterable[Row]) -> list[Row]:
        """Rows as the types say."""
        return [self._converted(row) for row in rows] if self.results else list(rows)

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for place, convert in self.results:
            values[place] = convert(values[place])
        return tuple(values)


class Prepared:
    """One statement. ``names`` are those of its columns, in the order of what rows hold.

    The methods run it in the transaction of ``session``; ``values`` has its parameters by name, and for INSERT and
    UPDATE without explicit values the columns to write. They raise KeyError for a parameter that is missing, what a
    type says to a value that it refuses, and of the database SQLAlchemy's errors, as ``session.execute`` does.

    What is pending in the session is not flushed before: whoever changed records flushes first.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        columns = statement.selected_columns if isinstance(statement, Select) else statement.exported_columns
        self._columns = list(columns)
        self.names = tuple(str(column.key) for column in self._columns)
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}

    def all(self, session: Session, values: Values) -> list[Row]:
        """Every row."""
        if (direct := self._direct(session, values)) is None:
            return [tuple(row) for row in session.execute(self._statement, values)]
        connection, compiled = direct
        parameters = compiled.bind(values)
        with _cursor(connection, compiled.sql, parameters) as cursor:
            cursor.execute(compiled.sql, parameters)
            return compiled.read(cursor.fetchall())

    def first(self, session: Session, values: Values) -> Row | None:
        """The first row, None if there is none."""
        rows = self.all(session, values)
        return rows[0] if rows else None

    def scalar(self, session: Session, values: Values) -> Any:
        """The first value of the first row, None if there is none."""
        row = self.first(session, values)
        return None if row is None else row[0]

    def run(self, session: Session, values: Values) -> int:
        """Carry it out; how many rows it changed."""
        if (direct := self._direct(session, values)) is None:
            return counted(session.execute(self._statement, values))
        connection, compiled = direct
        parameters = compiled.bind(values)
        with _cursor(connection, compiled.sql, parameters) as cursor:
            cursor.execute(compiled.sql, parameters)
            changed: int = cursor.rowcount
            return changed

    def run_each(self, session: Session, rows: Sequence[Values]) -> None:
        """Carry it out once for each of ``rows``, which all have the same keys."""
        if not rows:
            return
        if (direct := self._direct(session, rows[0])) is None:
            session.execute(self._statement, rows)
        else:
            connection, compiled = direct
            _execute_each(connection, compiled, [compiled.bind(values) for values in rows])

    def _direct(self, session: Session, values: Values) -> tuple[Connection, _Compiled] | None:
        """What it is carried out by for values with these keys; None where SQLAlchemy has to do it."""
        connection = _connection(session)
        dialect = connection.dialect
        if dialect.name not in _DIRECT:
            return None
        key = (dialect.name, tuple(values))
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = compile_statement(self._statement, self._columns, dialect, list(values))
        return connection, found


def _connection(session: Session) -> Connection:
    """The connection, asked for once: the first question opens the savepoint of a function in a group.

    Inside ``begin_nested`` each question may open a savepoint, and a session whose flush failed refuses to answer.
    """
    if session.in_nested_transaction() or not session.is_active:
        return session.connection()
    found: Connection | None = session.info.get(_CONNECTION)
    if found is None:
        found = session.info[_CONNECTION] = session.connection()
    return found


def compile_statement(statement: Statement, columns: Sequence[Any], dialect: Dialect, keys: list[str]) -> _Compiled:
    """``statement``, whose rows have ``columns``, for values with these ``keys``. Raises KeyError and TypeError."""
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for the types
    if compiled.post_compile_params or compiled.literal_execute_params:
        raise TypeError(f"a statement whose text depends on its values cannot be prepared: {compiled.string}")
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError(f"a statement that leaves values to the defaults of its columns cannot be prepared: {compiled}")
    names = compiled.positiontup if compiled.positiontup is not None else list(compiled.binds)
    parameters = [_parameter(compiled, name, keys, dialect) for name in names]
    by_name = None if compiled.positiontup is not None else names
    return _Compiled(compiled.string, by_name, parameters, converters(columns, dialect))


def converters(columns: Sequence[Any], dialect: Dialect) -> list[tuple[int, _Converter]]:
    """What makes of the driver's values what the types of ``columns`` say: the places where something is to be done,
    with what does it.
    """
    found = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return [(place, convert) for place, convert in enumerate(found) if convert is not None]


def counted(result: Any) -> int:
    """The row count of a statement that changes."""
    return result.rowcount if isinstance(result, CursorResult) else 0


def _parameter(
    compiled: SQLCompiler, name: str, keys: Sequence[str], dialect: Dialect
) -> tuple[str, _Converter | None, Any]:
    bind = compiled.binds[name]
    convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if bind.key in keys:
        return bind.key, convert, None
    if bind.required:
        raise KeyError(bind.key)
    return "", None, bind.value if convert is None else convert(bind.value)


def say(connection: Connection, sql: str) -> None:
    """Have the driver carry out ``sql``, which takes nothing and gives nothing. Raises SQLAlchemy's errors."""
    with _cursor(connection, sql, ()) as cursor:
        cursor.execute(sql)


def _execute_each(connection: Connection, compiled: _Compiled, parameters: Sequence[Any]) -> None:
    with _cursor(connection, compiled.sql, parameters) as cursor:
        cursor.executemany(compiled.sql, parameters)


@contextmanager
def _cursor(connection: Connection, sql: str, parameters: Any) -> Iterator[Any]:
    """A cursor of the driver, whose errors are told as SQLAlchemy tells them."""
    cursor: Any = None
    try:
        cursor = connection.connection.cursor()
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        failure = _told(connection, cursor, sql, parameters, error)
        raise failure from error
    finally:
        if cursor is not None:
            cursor.close()


def _told(connection: Connection, cursor: Any, sql: str, parameters: Any, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy tells it; a connection that is broken is given up."""
    dialect = connection.dialect
    broken = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)  # type: ignore[arg-type]
    told = DBAPIError.instance(
        sql,
        parameters,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=connection.engine.hide_parameters,
        connection_invalidated=broken,
        dialect=dialect,
    )
    if broken:
        connection.invalidate(error)
    return told
