"""Calls and lines as they change while the telephone rings: few statements, each made once.

The unit of work of the ORM costs several times the statement that it ends in. That is nothing for a form that somebody
saves, and most of the time between a ring and the card on the screen. The records here belong to no session.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import String, bindparam, case, insert, select, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session, class_mapper

from storage.models import CallRecord, PhoneLine
from storage.models.base import Base, Json, Utc, Words, YesNo, empty_row, table_of
from storage.prepared import Prepared, Row

T = TypeVar("T", bound=Base)

_CALL, _LINE = table_of(CallRecord), table_of(PhoneLine)
_INSERT_CALL = Prepared(insert(_CALL).returning(_CALL.c.id))
_LOAD_CALL = Prepared(select(_CALL).where(_CALL.c.id == bindparam("key")))
_UPDATE_CALL = Prepared(update(_CALL).where(_CALL.c.id == bindparam("key")))
_LOAD_LINE = Prepared(select(_LINE).where(_LINE.c.id == bindparam("key")))
_MOVE_LINE = Prepared(
    update(_LINE)
    .where(_LINE.c.id == bindparam("key"))
    .values(
        since=case(
            (_LINE.c.state != bindparam("now_in", type_=String), bindparam("at", type_=Utc)), else_=_LINE.c.since
        ),
        state=bindparam("now_in", type_=String),
        reason=bindparam("why", type_=Words),
        reason_said=bindparam("why_said", type_=Json),
        out_of_service=bindparam("is_out", type_=YesNo),
    )
)
_NOTE_HEARD = Prepared(update(_LINE).where(_LINE.c.id == bindparam("key")))
_EMPTY_CALL: Mapping[str, Any] = empty_row(_CALL)


def record_of(kind: type[T], values: Mapping[str, Any]) -> T:
    """A record with ``values``, one for each column, that belongs to no session.

    The constructor of a record looks at each value as a change; here they are what a row holds already, and nothing
    that a record makes of a change (``@validates``) is made.
    """
    record: T = class_mapper(kind).class_manager.new_instance()
    record.__dict__.update(values)
    return record


def record_in(kind: type[T], prepared: Prepared, row: Row) -> T:
    """The record that a row of ``prepared``, which gives every column, holds."""
    return record_of(kind, dict(zip(prepared.names, row, strict=True)))


def new_call(**values: Any) -> CallRecord:
    """A call with ``values`` and the table's defaults, not written yet. Raises TypeError for a column that is none."""
    if wrong := values.keys() - _EMPTY_CALL.keys():
        raise TypeError(f"a call has no {', '.join(sorted(wrong))}")
    return record_of(CallRecord, {"id": None, **_EMPTY_CALL, **values})


def insert_call(session: Session, call: CallRecord) -> None:
    """Write a new call and give it its id."""
    call.id = _INSERT_CALL.scalar(session, {key: getattr(call, key) for key in _EMPTY_CALL})


def load_call_record(session: Session, call_id: int) -> CallRecord | None:
    """The call as it is now."""
    row = _LOAD_CALL.first(session, {"key": call_id})
    return None if row is None else record_in(CallRecord, _LOAD_CALL, row)


def update_call(session: Session, call: CallRecord, changes: Mapping[str, Any]) -> None:
    """Set ``changes``, by column, on ``call`` and write them with what follows from them."""
    for key, value in changes.items():
        setattr(call, key, value)
    if changes:
        _UPDATE_CALL.run(session, {"key": call.id, "talk_seconds": call.talk_seconds, **changes})


def load_line(session: Session, line_id: int) -> PhoneLine:
    """The line as it is now. Raises NoResultFound if there is none."""
    row = _LOAD_LINE.first(session, {"key": line_id})
    if row is None:
        raise NoResultFound(f"there is no line {line_id}")
    return record_in(PhoneLine, _LOAD_LINE, row)


def move_line(
    session: Session, line_id: int, state: str, at: datetime, reason: Mapping[str, Any], *, out_of_service: bool
) -> PhoneLine:
    """Put a line into ``state``, since ``at`` if it was in another; the line as it is now. Raises NoResultFound.

    ``reason`` has the columns ``reason`` and ``reason_said``.
    """
    values = {"key": line_id, "now_in": state, "at": at, "is_out": out_of_service}
    _MOVE_LINE.run(session, values | {"why": reason["reason"], "why_said": reason["reason_said"]})
    return load_line(session, line_id)


def note_heard(session: Session, line_id: int, source: str, number: int) -> None:
    """The line's signals up to this one, as its sender numbers them, are dealt with."""
    _NOTE_HEARD.run(session, {"key": line_id, "heard_source": source, "heard_number": number})
