"""Finding a call for somebody: what is out of reach does not exist, and what is somebody else's is left alone."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, NotFoundError
from callcenter.text import N_
from storage.models import CallRecord


def visible_call(session: Session, call_id: int, *conditions: ColumnElement[bool]) -> CallRecord:
    """The call ``call_id`` if it meets ``conditions`` (among them a ``scope_clause``), else ``NotFoundError``."""
    call = session.scalar(select(CallRecord).where(CallRecord.id == call_id, *conditions))
    if call is None:
        raise NotFoundError(N_("There is no such call."), call_id=call_id)
    return call


def refuse_strangers(principal: Principal, call: CallRecord, *, unclaimed: bool = False) -> None:
    """Raise ``ConflictError`` for a call that is not the principal's, unless ``calls.handle`` reaches further than own.

    ``unclaimed``: one that nobody has is no stranger's.
    """
    if call.agent_id == principal.user_id or (unclaimed and call.agent_id is None):
        return
    if principal.require("calls.handle") is Scope.OWN:
        raise ConflictError(N_("This call belongs to somebody else."), call_id=call.id)
