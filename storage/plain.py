"""Only plain data leaves a transaction: nothing that would still read from a session on another thread."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache, singledispatch
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Connection, Row, inspect
from sqlalchemy.engine import Result
from sqlalchemy.orm import Mapper, Query, Session

from storage.errors import LeakedSessionError

_PLAIN: set[type] = {str, int, float, bool, bytes, type(None), datetime, date, Decimal}
"""Types that hold nothing else; enumerations are added when they are met. What is handed over may be thousands of
values, so whole containers are held against it at once.
"""


def ensure_plain(value: Any) -> None:
    """Look through containers, rows and dataclasses; raise LeakedSessionError at anything bound to a session."""
    if type(value) not in _PLAIN:
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
    kind = type(value)
    read = _reader(cast("Hashable", kind))
    if read is None:
        _refuse(value)
    elif issubclass(kind, Enum):
        _PLAIN.add(kind)
    else:
        _look_inside(read(value))


@lru_cache(512)
def _reader(kind: Hashable) -> Callable[[Any], Iterable[Any]] | None:
    """What gives the fields of a dataclass, of anything else nothing; None for records of the ORM."""
    if isinstance(inspect(kind, raiseerr=False), Mapper):
        return None
    names = [field.name for field in fields(kind)] if isinstance(kind, type) and is_dataclass(kind) else []
    if len(names) < 2:
        return lambda value: [getattr(value, name) for name in names]
    return attrgetter(*names)


@_look.register(list)
@_look.register(tuple)
@_look.register(set)
@_look.register(frozenset)
@_look.register(Row)
def _look_inside(value: Any) -> None:
    if not _PLAIN.issuperset(map(type, value)):
        for item in value:
            ensure_plain(item)


@_look.register(Mapping)
def _look_inside_mapping(value: Mapping[Any, Any]) -> None:
    for key, item in value.items():
        ensure_plain(key)
        ensure_plain(item)


for _bound in (Iterator, Result, Query, Session, Connection):
    _look.register(_bound, _refuse)
