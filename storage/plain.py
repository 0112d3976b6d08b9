"""Only plain data leaves a transaction: nothing that would still read from a session on another thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import singledispatch
from typing import Any

from sqlalchemy import Connection, Row, inspect
from sqlalchemy.engine import Result
from sqlalchemy.orm import InstanceState, Query, Session

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
    if isinstance(inspect(value, raiseerr=False), InstanceState):
        _refuse(value)
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            ensure_plain(getattr(value, field.name))


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
