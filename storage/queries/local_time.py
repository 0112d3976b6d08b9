"""A UTC column as the clock on the wall shows it, inside a statement, to group and filter by.

No database is asked what a time zone is: they do not agree, and some have no zones. The caller gives the distance from
UTC in seconds, which is the same on either side of a change of the clocks only (``callcenter.clock.offsets``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, SQLColumnExpression, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.queries.functions import both


class _LocalText(FunctionElement[str]):
    """Base: ``(column, seconds east of UTC)`` → text; NULL for NULL."""

    type = String()
    inherit_cache = True

    def __init__(self, moment: SQLColumnExpression[Any], seconds: int) -> None:
        super().__init__(moment, literal(seconds, Integer))


class local_day(_LocalText):  # noqa: N801 - used like a function of SQL
    """``2026-03-02``."""

    name = "local_day"
    inherit_cache = True


class local_hour(_LocalText):  # noqa: N801 - used like a function of SQL
    """``08``: the hour of the day."""

    name = "local_hour"
    inherit_cache = True


class local_day_hour(_LocalText):  # noqa: N801 - used like a function of SQL
    """``2026-03-02 08``: the hour of one day."""

    name = "local_day_hour"
    inherit_cache = True


_SQLITE: Mapping[str, str] = {"local_day": "%Y-%m-%d", "local_hour": "%H", "local_day_hour": "%Y-%m-%d %H"}
_OTHERS: Mapping[str, str] = {"local_day": "YYYY-MM-DD", "local_hour": "HH24", "local_day_hour": "YYYY-MM-DD HH24"}


@compiles(_LocalText, "sqlite")
def _sqlite(element: _LocalText, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = both(element, compiler, **options)
    return f"strftime('{_SQLITE[element.name]}', {moment}, {seconds} || ' seconds')"


@compiles(_LocalText, "postgresql")
def _postgresql(element: _LocalText, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = both(element, compiler, **options)
    shifted = f"CAST({moment} AS TIMESTAMP) + CAST({seconds} AS INTEGER) * INTERVAL '1 second'"
    return f"to_char({shifted}, '{_OTHERS[element.name]}')"


@compiles(_LocalText, "oracle")
def _oracle(element: _LocalText, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = both(element, compiler, **options)
    return f"TO_CHAR({moment} + NUMTODSINTERVAL({seconds}, 'SECOND'), '{_OTHERS[element.name]}')"
