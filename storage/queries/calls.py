"""Calls and lines as they change while the telephone rings: few statements, each made once.

The unit of work of the ORM costs several times the statement that it ends in. That is nothing for a form that somebody
saves, and most of the time between a ring and the card on the screen. The records here belong to no session.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, case, insert, select, update
from sqlalchemy.orm import Session

from storage.models import CallRecord, PhoneLine
from storage.models.base import Json, Utc, Words, YesNo, table_of

_CALL, _LINE = table_of(CallRecord), table_of(PhoneLine)
_INSERT_CALL = insert(_CALL)
_LOAD_CALL = select(_CALL).where(_CALL.c.id == bindparam("key"))
_UPDATE_CALL = update(_CALL).where(_CALL.c.id == bindparam("key"))
_LOAD_LINE = select(_LINE).where(_LINE.c.id == bindparam("key"))
_MOVE_LINE = (
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
_NOTE_HEARD = update(_LINE).where(_LINE.c.id == bindparam("key"))
_EMPTY_CALL: Mapping[str, Any] = {
    column.key: getattr(column.default, "arg", None) for column in _CALL.columns if not column.primary_key
}


def new_call(**values: Any) -> CallRecord:
    """A call with ``values`` and the table's defaults, not written yet."""
    return CallRecord(**{**_EMPTY_CALL, **values})


def insert_call(session: Session, call: CallRecord) -> None:
    """Write a new call and give it its id."""
    result: Any = session.execute(_INSERT_CALL, {key: getattr(call, key) for key in _EMPTY_CALL})
    call.id = result.inserted_primary_key[0]


def load_call_record(session: Session, call_id: int) -> CallRecord | None:
    """The call as it is now."""
    row = session.execute(_LOAD_CALL, {"key": call_id}).mappings().first()
    return None if row is None else CallRecord(**row)


def update_call(session: Session, call: CallRecord, changes: Mapping[str, Any]) -> None:
    """Set ``changes``, by column, on ``call`` and write them with what follows from them."""
    for key, value in changes.items():
        setattr(call, key, value)
    if changes:
        session.execute(_UPDATE_CALL, {"key": call.id, "talk_seconds": call.talk_seconds, **changes})


def load_line(session: Session, line_id: int) -> PhoneLine:
    """The line as it is now; it must exist."""
    return PhoneLine(**session.execute(_LOAD_LINE, {"key": line_id}).mappings().one())


def move_line(
    session: Session, line_id: int, state: str, at: datetime, reason: Mapping[str, Any], *, out_of_service: bool
) -> PhoneLine:
    """Put a line into ``state``, since ``at`` if it was in another; the line as it is now.

    ``reason`` has the columns ``reason`` and ``reason_said``.
    """
    values = {"key": line_id, "now_in": state, "at": at, "is_out": out_of_service}
    session.execute(_MOVE_LINE, values | {"why": reason["reason"], "why_said": reason["reason_said"]})
    return load_line(session, line_id)


def note_heard(session: Session, line_id: int, source: str, number: int) -> None:
    """The line's signals up to this one, as its sender numbers them, are dealt with."""
    session.execute(_NOTE_HEARD, {"key": line_id, "heard_source": source, "heard_number": number})
