"""Writes a line's effects: rows and events, in the transaction of the caller, in the order in which they came.

One batch holds what one or several signals made true. It is written whole or not at all, and may be written again after
a failure: ``again`` says that an earlier attempt may after all have been committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import singledispatch

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.events import CallAnswered, CallEnded, CallRinging, CallUpdated, Event
from callcenter.numbers import normalise
from callcenter.telephony.agent_states import AgentState, enter_call, leave_call
from callcenter.telephony.announce import announce_call, announce_line
from callcenter.telephony.effects import (
    Audited,
    CallClosed,
    Caller,
    CallerLearned,
    CallOpened,
    CallTaken,
    Direction,
    Effect,
    EndReason,
    LineMoved,
    LineNoted,
    LineStateName,
    WaitingCallerSeen,
)
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.matching import match_patients
from callcenter.telephony.missed import settle_missed
from callcenter.telephony.offers import bound_agent, group_agents, offer_call
from callcenter.telephony.views import ENDED
from protocols.text import clean_text
from storage.models import CallRecord, PhoneLine

_REASON_LENGTH = 200
_RECEIVED_LENGTH = 80


class Batch:
    """The transaction's view of one line: ``ids`` maps the line's call numbers to record ids and grows.

    ``candidates`` is how many patients have a number, for those that were matched.
    """

    def __init__(self, session: Session, line: LineContext, ids: Mapping[int, int], *, again: bool) -> None:
        self.session = session
        self.line = line
        self.ids = dict(ids)
        self.again = again
        # Held on to for the whole batch: a session forgets records that nobody holds, and reads them again.
        self.record = session.get_one(PhoneLine, line.line_id)
        self.candidates: dict[str, int] = {}

    def call(self, number: int) -> CallRecord | None:
        """The record of a call, or None if its opening was never written."""
        key = self.ids.get(number)
        return None if key is None else self.session.get(CallRecord, key)


def write_effects(
    session: Session, line: LineContext, effects: Sequence[Effect], ids: Mapping[int, int], again: bool = False
) -> dict[int, int]:
    """Write ``effects`` and give the call numbers' record ids, the new ones included."""
    batch = Batch(session, line, ids, again=again)
    for effect in effects:
        write(effect, batch)
    return batch.ids


@singledispatch
def write(effect: Effect, batch: Batch) -> None:
    """Write one effect."""
    raise TypeError(f"no way to write {effect!r}")


@write.register
def _(effect: CallOpened, batch: Batch) -> None:
    if batch.again and (known := _already_written(effect, batch)) is not None:
        batch.ids[effect.call] = known
        return
    incoming = effect.direction is Direction.IN
    state = LineStateName.RINGING if incoming else LineStateName.DIALLING
    call = _new_call(batch.line, effect.at, effect.direction, state.value)
    call.rings = effect.rings
    if effect.request is not None:
        call.number, call.agent_id = effect.request.number, effect.request.agent_id
        call.claimed_at = effect.at
        call.department_id = batch.line.department_id or effect.request.department_id
        call.patient_id = effect.request.patient_id or _match(call.number, batch)
    _set_caller(call, effect.caller, batch)
    batch.session.add(call)
    batch.session.flush()
    batch.ids[effect.call] = call.id
    if incoming:
        offer_call(batch.session, call.id, batch.line)
    elif call.agent_id is not None:
        enter_call(batch.session, call.agent_id, AgentState.RINGING, effect.at)
    _announce(CallRinging if incoming else CallUpdated, call, batch)


@write.register
def _(effect: CallerLearned, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is None:
        return
    _set_caller(call, effect.caller, batch)
    call.rings = effect.rings
    _announce(CallRinging, call, batch)


@write.register
def _(effect: CallTaken, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is None:
        return
    call.state = LineStateName.TALKING.value
    call.answered_at, call.certainty, call.rings = effect.at, effect.certainty, effect.rings
    if call.agent_id is None and effect.by_handset:
        # Whoever sits at a bound line lifted its handset.
        call.agent_id = bound_agent(batch.session, batch.line)
        call.claimed_at = None if call.agent_id is None else effect.at
    if call.agent_id is not None:
        enter_call(batch.session, call.agent_id, AgentState.TALKING, effect.at)
    _announce(CallAnswered, call, batch)
    if call.direction == Direction.OUT.value and call.number:
        settle_missed(batch.session, call.number, call.agent_id, effect.at)


@write.register
def _(effect: CallClosed, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is not None and call.state != ENDED:
        close_call(batch.session, call, effect, batch.line)


@write.register
def _(effect: WaitingCallerSeen, batch: Batch) -> None:
    call = _new_call(batch.line, effect.at, Direction.IN, ENDED)
    call.ended_at, call.end_reason, call.missed = effect.at, EndReason.BUSY.value, True
    _set_caller(call, effect.caller, batch)
    batch.session.add(call)
    batch.session.flush()
    _announce(CallEnded, call, batch)


@write.register
def _(effect: Audited, batch: Batch) -> None:
    record_audit(
        batch.session,
        effect.principal,
        effect.action,
        effect.subject_type,
        effect.subject_id,
        effect.before,
        effect.after,
        effect.at,
    )


@write.register
def _(effect: LineMoved, batch: Batch) -> None:
    line = batch.record
    if line.state != effect.state.value:
        line.since = effect.at
    line.state, line.out_of_service = effect.state.value, effect.out_of_service
    line.reason = clean_text(effect.reason)[:_REASON_LENGTH]
    announce_line(batch.session, line, batch.line.capabilities)


@write.register
def _(effect: LineNoted, batch: Batch) -> None:
    announce_line(batch.session, batch.record, batch.line.capabilities, clean_text(effect.note))


def close_call(session: Session, call: CallRecord, effect: CallClosed, line: LineContext) -> None:
    """End ``call``: missed when it came in and nobody spoke, open for wrap-up when an agent had it; announce it."""
    unheard = call.direction == Direction.IN.value and call.answered_at is None
    call.state, call.ended_at, call.end_reason = ENDED, max(effect.at, call.started_at), effect.reason.value
    call.rings = max(call.rings, effect.rings)
    call.missed = unheard and effect.reason is not EndReason.ELSEWHERE
    if call.agent_id is not None:
        call.wrap_up = call.wrap_up or ("" if unheard else "open")
        leave_call(session, call.agent_id, effect.at, to_wrap_up=call.wrap_up == "open")
    _announce(CallEnded, call, Batch(session, line, {}, again=False))


_EMPTY = dict.fromkeys(
    column.key for column in CallRecord.__table__.columns if column.nullable and column.default is None
)
"""Said explicitly, so that nothing is read back from the row that was just written."""


def _new_call(line: LineContext, at: datetime, direction: Direction, state: str) -> CallRecord:
    call = CallRecord(**_EMPTY)
    call.line_id, call.department_id, call.started_at = line.line_id, line.department_id, at
    call.direction, call.state = direction.value, state
    return call


def _announce(kind: type[Event], call: CallRecord, batch: Batch) -> None:
    # A missed call that nobody took is work for the whole group.
    left_over = call.missed and call.agent_id is None
    group = group_agents(batch.session, batch.line, available=False) if left_over else []
    announce_call(batch.session, kind, call, group, batch.candidates.get(call.number))


def _already_written(effect: CallOpened, batch: Batch) -> int | None:
    """The record that an attempt of unknown outcome may have left: a line cannot open two calls at one moment."""
    statement = select(CallRecord.id).where(
        CallRecord.line_id == batch.line.line_id,
        CallRecord.started_at == effect.at,
        CallRecord.direction == effect.direction.value,
    )
    return batch.session.scalar(statement)


def _match(number: str, batch: Batch) -> int | None:
    found = match_patients(batch.session, number)
    batch.candidates[number] = found.candidates
    return found.patient_id


def _set_caller(call: CallRecord, caller: Caller, batch: Batch) -> None:
    """Write caller id, cleaned: it is text from strangers. A patient attached by a person stays attached."""
    if not caller.known:
        return
    received = clean_text(caller.number)[:_RECEIVED_LENGTH]
    number = normalise(received, batch.line.area_code).number
    if number != call.number or not call.number:
        call.patient_id = call.patient_id or _match(number, batch)
    call.number, call.number_received, call.number_absent = number, received, caller.absent
    call.number_verified, call.caller_name = caller.verified, clean_text(caller.name)
