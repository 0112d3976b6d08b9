"""The declarative base: naming convention, portable types, primary keys by sequence.

The rules hold for SQLite, PostgreSQL and Oracle from 11.2 on. Names stay within 30 characters because Oracle before
12.2 allows no more. Booleans are 0/1 numbers because old Oracle has no BOOLEAN. Times are stored in UTC without zone
and are aware in Python. JSON is text. Oracle keeps an empty string as NULL, so every text that may be empty is
a ``Words`` column: NULL in every database, ``""`` in Python; ask for emptiness with ``column.is_(None)``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Computed,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Sequence,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    literal,
    text,
)
from sqlalchemy.dialects.oracle import TIMESTAMP
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

MAXIMUM_NAME_LENGTH = 30

# On SQLite only INTEGER PRIMARY KEY is the row id itself.
Key = BigInteger().with_variant(Integer(), "sqlite")


class Utc(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC with microseconds."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """What cursors of lists sorted by such a column hold."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Oracle's DATE has no fractions of a second."""
        return dialect.type_descriptor(TIMESTAMP() if dialect.name == "oracle" else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: it would silently be another moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone cannot be stored: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time back as aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class YesNo(TypeDecorator[bool]):
    """A boolean kept as 0 or 1."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        """True is 1."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        """1 is True."""
        return None if value is None else bool(value)


YES = literal(True, YesNo())
NO = literal(False, YesNo())
"""To compare YesNo columns with: they are numbers in every database."""


class Words(TypeDecorator[str]):
    """Text that may be empty: ``""`` in Python, NULL in the database."""

    impl = String
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """What cursors of lists sorted by such a column hold."""
        return str

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Empty is NULL."""
        return value or None

    def process_result_value(self, value: str | None, dialect: Dialect) -> str:
        """NULL is empty."""
        return value or ""


class CodePoints(TypeDecorator[str]):
    """Text compared and sorted by its code points in every database, so that a range is a set of prefixes."""

    impl = String
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """What cursors of lists sorted by such a column hold."""
        return str

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite and Oracle compare so anyway; PostgreSQL would use the order of a language."""
        length = getattr(self.impl_instance, "length", None)
        return dialect.type_descriptor(String(length, collation="C" if dialect.name == "postgresql" else None))


class LongWords(Words):
    """Like Words without a length: notes, articles. Cannot be compared or indexed (a CLOB on Oracle)."""

    impl = Text
    cache_ok = True


# ``json.dumps`` would make an encoder for each value, which takes longer than most values.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Json(TypeDecorator[Any]):
    """Plain data as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Compact, with Chinese readable."""
        return None if value is None else _encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Back to plain data."""
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """Base of every record."""

    # What the database computes is for its indexes: no INSERT has to give it back.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - declared by SQLAlchemy
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table_of(record: type[Base]) -> Table:
    """The table of a record. Statements made of tables skip the ORM: for the few where its time is felt."""
    return cast("Table", record.__table__)


def empty_row(table: Table) -> dict[str, Any]:
    """Column → what it holds when nothing is said of it; without the primary key and what the database computes."""
    written = [column for column in table.columns if not column.primary_key and column.computed is None]
    return {column.key: getattr(column.default, "arg", None) for column in written}


def partial(condition: str) -> dict[str, Any]:
    """For an ``Index`` of the rows only for which ``condition`` is true, where the database has such indexes."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


@compiles(Computed, "postgresql")
def _stored(element: Computed, compiler: Any, **_: Any) -> str:
    """What a column is computed of is kept there: of any other PostgreSQL makes no index. SQLite and Oracle do."""
    expression = compiler.sql_compiler.process(element.sqltext, include_table=False, literal_binds=True)
    return f"GENERATED ALWAYS AS ({expression}) STORED"


def roomy() -> dict[str, Any]:
    """For a table whose rows change soon after they were written: PostgreSQL leaves half of each page free for that.
    A change that fits into its page, and concerns no column that an index has, costs no index anything.
    """
    return {"postgresql_with": {"fillfactor": "50"}}


def primary_key(table: str) -> Mapped[int]:
    """A surrogate key fed by the sequence ``<table>_seq``."""
    return mapped_column(Key, Sequence(f"{table}_seq"), primary_key=True)
