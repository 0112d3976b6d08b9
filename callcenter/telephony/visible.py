"""Finding a call for somebody: what is out of reach does not exist."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFoundError
from callcenter.text import N_
from storage.models import CallRecord


def visible_call(session: Session, call_id: int, *conditions: ColumnElement[bool]) -> CallRecord:
    """The call ``call_id`` if it meets ``conditions`` (among them a ``scope_clause``), else ``NotFoundError``."""
    call = session.scalar(select(CallRecord).where(CallRecord.id == call_id, *conditions))
    if call is None:
        raise NotFoundError(N_("There is no such call."), call_id=call_id)
    return call
