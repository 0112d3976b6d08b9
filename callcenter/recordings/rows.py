"""The records of recordings: functions for one transaction each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import SYSTEM, Principal
from callcenter.errors import NotFoundError
from callcenter.recordings.fields import Reason, State
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.visible import visible_call
from callcenter.text import N_
from storage.models import CallRecord, CallRecording

_TALKING, _ENDED = "talking", "ended"
_AT_ONCE = 200


@dataclass(frozen=True)
class Recording:
    """A recording as its record has it. ``line_id`` is the line of its call."""

    id: int
    call_id: int
    line_id: int
    name: str
    state: str
    started_at: datetime
    seconds: int | None


def begin_recording(session: Session, call_id: int, name: str, at: datetime) -> int | None:
    """Write down that the call is about to be recorded as ``name``; its id, None if nobody speaks or it is already."""
    state = session.scalar(select(CallRecord.state).where(CallRecord.id == call_id))
    present = session.scalar(select(CallRecording.id).where(CallRecording.call_id == call_id))
    if state != _TALKING or present is not None:
        return None
    recording = CallRecording(call_id=call_id, name=name, state=State.RECORDING.value, started_at=at)
    session.add(recording)
    session.flush()
    return recording.id


def lose_recording(session: Session, call_id: int, reason: Reason) -> None:
    """There will be no recording of the call; of one on the handset there was nothing to lose."""
    state = State.NONE if reason is Reason.HANDSET else State.LOST
    _change(session, call_id, (State.RECORDING,), state=state, reason=reason)


def postpone_recording(session: Session, call_id: int, reason: Reason) -> None:
    """The recording is still where the device left it."""
    _change(session, call_id, (State.RECORDING,), reason=reason)


def keep_recording(session: Session, call_id: int, size: int, seconds: int) -> None:
    """The recording is ours."""
    values = {"state": State.KEPT, "reason": None, "size_bytes": size, "seconds": seconds}
    _change(session, call_id, (State.RECORDING,), **values)


def waiting_recordings(session: Session, call_ids: Collection[int] | None = None) -> list[Recording]:
    """The recordings to be taken over, of these calls or of all: their calls are over."""
    statement = _recordings().where(CallRecording.state == State.RECORDING.value, CallRecord.state == _ENDED)
    if call_ids is not None:
        statement = statement.where(CallRecord.id.in_(sorted(call_ids)[:_AT_ONCE]))
    return [Recording(*row) for row in session.execute(statement)]


def expire_recordings(session: Session, before: datetime, at: datetime) -> int:
    """Delete, in the name of the daemon, what was begun before ``before``; how many, at most some hundred at once."""
    old = _recordings().where(CallRecording.state == State.KEPT.value, CallRecording.started_at < before)
    found = [Recording(*row) for row in session.execute(old.limit(_AT_ONCE))]
    for one in found:
        _delete(session, SYSTEM, one.call_id, Reason.EXPIRED, at)
    return len(found)


def delete_recording(session: Session, principal: Principal, call_id: int, at: datetime) -> Recording:
    """Delete the call's recording; ``NotFoundError`` as in ``find_recording``."""
    recording = find_recording(session, principal, call_id, "recordings.delete")
    _delete(session, principal, call_id, Reason.BY_HAND, at)
    return recording


def removable_recordings(session: Session) -> list[Recording]:
    """Deleted ones whose file may still be there."""
    left = _recordings().where(CallRecording.state == State.DELETED.value, CallRecording.size_bytes.is_not(None))
    return [Recording(*row) for row in session.execute(left.limit(_AT_ONCE))]


def removed_recordings(session: Session, call_ids: Sequence[int]) -> None:
    """The files of these deleted recordings are gone."""
    for call_id in call_ids:
        _change(session, call_id, (State.DELETED,), size_bytes=None)


def find_recording(session: Session, principal: Principal, call_id: int, permission: str) -> Recording:
    """The recording that is kept of the call.

    ``NotFoundError`` if there is none, or none that ``permission`` and ``calls.view`` both reach.
    """
    visible_call(session, call_id, scope_clause(principal), scope_clause(principal, permission))
    kept = _recordings().where(CallRecording.call_id == call_id, CallRecording.state == State.KEPT.value)
    row = session.execute(kept).first()
    if row is None:
        raise NotFoundError(N_("There is no recording of this call."), call_id=call_id)
    return Recording(*row)


def describe_recordings(session: Session, principal: Principal, call_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Call id → its recording as JSON data, of those that the principal may play."""
    columns = (CallRecording.call_id, CallRecording.state, CallRecording.reason, CallRecording.seconds)
    statement = (
        select(*columns, CallRecording.size_bytes)
        .join(CallRecord, CallRecord.id == CallRecording.call_id)
        .where(CallRecord.id.in_(sorted(call_ids)))
        .where(scope_clause(principal), scope_clause(principal, "recordings.play"))
    )
    return {
        row.call_id: {"state": row.state, "reason": row.reason, "seconds": row.seconds, "bytes": row.size_bytes}
        for row in session.execute(statement)
    }


def note_playback(session: Session, principal: Principal, call_id: int, at: datetime) -> None:
    """Keep that somebody listens to the recording of the call."""
    record_audit(session, principal, "play-recording", "call", call_id, None, None, at)


def _recordings() -> Any:
    return (
        select(
            CallRecording.id, CallRecording.call_id, CallRecord.line_id, CallRecording.name, CallRecording.state,
            CallRecording.started_at, CallRecording.seconds,
        )
        .join(CallRecord, CallRecord.id == CallRecording.call_id)
        .order_by(CallRecording.id)
    )  # fmt: skip


def _delete(session: Session, principal: Principal, call_id: int, reason: Reason, at: datetime) -> None:
    _change(session, call_id, (State.KEPT,), state=State.DELETED, reason=reason)
    record_audit(session, principal, "delete-recording", "call", call_id, None, {"recording": reason.value}, at)


def _change(session: Session, call_id: int, states: Collection[State], **values: Any) -> None:
    """Only from one of ``states``: whoever was first has decided."""
    allowed = CallRecording.state.in_([state.value for state in states])
    session.execute(update(CallRecording).where(CallRecording.call_id == call_id, allowed).values(**values))
