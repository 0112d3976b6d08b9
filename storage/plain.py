"""Only plain data leaves a transaction: nothing that would still read from a session on another thread."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, singledispatch
from typing import Any, cast

from sqlalchemy import Connection, Row, inspect
from sqlalchemy.engine import Result
from sqlalchemy.orm import Mapper, Query, Session

from storage.errors import LeakedSessionError

_SCALARS = frozenset({str, int, float, bool, bytes, type(None), datetime, date, Decimal})


def ensure_plain(value: Any) -> None:
    """Look through containers, rows and dataclasses; raise LeakedSessionError at anything bound to a session."""
    if type(value) not in _SCALARS:
        _look(value)


def _refuse(value: Any) -> None:
    raise LeakedSessionError(
        f"a database function returned a {type(value).__module__}.{type(value).__qualname__}, which is bound to its "
        "session; return plain values, dictionaries or dataclasses instead"
    )


@singledispatch
def _look(value: Any) -> None:
    if isinstance(value, type):
        return
    names = _names_in(cast("Hashable", type(value)))
    if names is None:
        _refuse(value)
    else:
        for name in names:
            ensure_plain(getattr(value, name))


@lru_cache(512)
def _names_in(kind: Hashable) -> tuple[str, ...] | None:
    """The fields of a dataclass, none of anything else; None for records of the ORM. Asked once for each type."""
    if isinstance(inspect(kind, raiseerr=False), Mapper):
        return None
    return tuple(field.name for field in fields(kind)) if isinstance(kind, type) and is_dataclass(kind) else ()


@_look.register(list)
@_look.register(tuple)
@_look.register(set)
@_look.register(frozenset)
@_look.register(Row)
def _look_inside(value: Any) -> None:
    for item in value:
        ensure_plain(item)


@_look.register(Mapping)
def _look_inside_mapping(value: Mapping[Any, Any]) -> None:
    for key, item in value.items():
        ensure_plain(key)
        ensure_plain(item)


for _bound in (Iterator, Result, Query, Session, Connection):
    _look.register(_bound, _refuse)
