"""The time between two moments in seconds, inside a statement: every database has its own way to say that."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.queries.functions import both


class seconds_between(FunctionElement[float]):  # noqa: N801 - used like a function of SQL
    """``seconds_between(start, end)`` of two UTC columns, with fractions; NULL when one of them is.

    SQLite counts milliseconds, Oracle whole seconds.
    """

    type = Float()
    inherit_cache = True
    name = "seconds_between"

    def __init__(self, start: SQLColumnExpression[Any], end: SQLColumnExpression[Any]) -> None:
        super().__init__(start, end)


@compiles(seconds_between, "sqlite")
def _sqlite(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    start, end = both(element, compiler, **options)
    # A Julian day is a float that is right to some 40 microseconds: without rounding 20 seconds would be more than 20.
    return f"ROUND((julianday({end}) - julianday({start})) * 86400.0, 3)"


@compiles(seconds_between, "postgresql")
def _postgresql(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    start, end = both(element, compiler, **options)
    return f"CAST(EXTRACT(EPOCH FROM (CAST({end} AS TIMESTAMP) - CAST({start} AS TIMESTAMP))) AS DOUBLE PRECISION)"


@compiles(seconds_between, "oracle")
def _oracle(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    start, end = both(element, compiler, **options)
    return f"((CAST({end} AS DATE) - CAST({start} AS DATE)) * 86400)"
