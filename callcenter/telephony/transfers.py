"""What holding and transferring make of call records. Functions run in transactions and give changes by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.telephony.effects import CallTransferred, Direction, PartiesMoved
from callcenter.telephony.views import ENDED
from protocols.signals import Parties
from storage.models import CallRecord
from storage.queries.calls import load_call_record, update_call

_TAKEN_WITHIN = timedelta(minutes=10)
"""So long after a blind transfer a call with the same number at that agent is its continuation."""
_NOBODY: Mapping[str, Any] = {"third_number": "", "third_agent_id": None}


def parties_changes(call: CallRecord, effect: PartiesMoved) -> dict[str, Any]:
    """What is to be written when other people hear each other on ``call``."""
    parties, third = effect.parties, effect.third
    return {
        "parties": "" if parties is Parties.TALKING else parties.value,
        "parties_at": effect.at,
        "third_number": "" if third is None else third.number,
        "third_agent_id": None if third is None else third.agent_id,
        **_hold(call, effect.at, waits=parties.waits),
    }


def on_hold(call: CallRecord) -> bool:
    """Whether the far end of ``call`` waits, as far as was told."""
    return bool(call.parties) and Parties(call.parties).waits


def parties_over(call: CallRecord, at: datetime) -> dict[str, Any]:
    """What is to be written when ``call`` is over, however it was."""
    if not call.parties and call.held_since is None and not call.third_number:
        return {}
    return {"parties": "", "parties_at": None, **_hold(call, at, waits=False), **_NOBODY}


def transfer_changes(effect: CallTransferred) -> dict[str, Any]:
    """What is to be written when the far end of a call was given away."""
    return {
        "transfer": "attended" if effect.attended else "blind",
        "transferred_to": effect.third.number,
        "transferred_agent_id": effect.third.agent_id,
        "transferred_at": effect.at,
    }


def continue_call(session: Session, call: CallRecord) -> Sequence[CallRecord]:
    """The call of the agent to whom ``call`` was given, which was a conversation between agents until now: it is told
    who the far end is. None where that agent has no call yet, or the number is nobody's of ours.
    """
    if call.transferred_agent_id is None or call.transfer != "attended":
        return []
    statement = select(CallRecord.id).where(
        CallRecord.agent_id == call.transferred_agent_id,
        CallRecord.state != ENDED,
        CallRecord.id != call.id,
        CallRecord.started_at >= call.started_at,
    )
    found = session.scalar(statement.order_by(CallRecord.id.desc()).limit(1))
    taker = None if found is None else load_call_record(session, found)
    if taker is None:
        return []
    known = ("number", "number_received", "number_absent", "number_verified", "caller_name")
    changes: dict[str, Any] = {name: getattr(call, name) for name in known}
    patient = taker.patient_id or call.patient_id
    update_call(session, taker, {**changes, "patient_id": patient, "transferred_from_id": call.id})
    return [taker]


def continued_from(session: Session, call: CallRecord, at: datetime) -> dict[str, Any]:
    """Of which call ``call``, just taken, is the continuation after a blind transfer, if it is one."""
    if call.direction != Direction.IN.value or call.agent_id is None or not call.number:
        return {}
    statement = select(CallRecord.id).where(
        CallRecord.number == call.number,
        CallRecord.started_at >= at - timedelta(days=1),
        CallRecord.transferred_agent_id == call.agent_id,
        CallRecord.transferred_at >= at - _TAKEN_WITHIN,
        CallRecord.transfer == "blind",
        CallRecord.id != call.id,
    )
    found = session.scalar(statement.order_by(CallRecord.id.desc()).limit(1))
    return {} if found is None else {"transferred_from_id": found}


def _hold(call: CallRecord, at: datetime, *, waits: bool) -> dict[str, Any]:
    if waits:
        return {} if call.held_since is not None else {"held_since": at}
    if call.held_since is None:
        return {}
    held = max(0, round((at - call.held_since).total_seconds()))
    return {"held_since": None, "hold_seconds": call.hold_seconds + held}
