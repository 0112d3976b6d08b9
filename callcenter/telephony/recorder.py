"""Writes a line's effects: rows and events, in the transaction of the caller, in the order in which they came.

One batch holds what one or several signals made true. It is written whole or not at all, and may be written again after
a failure: ``again`` says that an earlier attempt may after all have been committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import singledispatch
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.alarms.kinds import AlarmKind
from callcenter.events import CallAnswered, CallEnded, CallRinging, CallUpdated, Event
from callcenter.numbers import normalise
from callcenter.recordings.fields import Reason
from callcenter.recordings.rows import lose_recording
from callcenter.telephony import written_before
from callcenter.telephony.agent_states import AgentState, enter_call, leave_call
from callcenter.telephony.announce import announce_call, announce_line
from callcenter.telephony.candidates import agents_of, bound_agent
from callcenter.telephony.effects import (
    Audited,
    CallClosed,
    Caller,
    CallerLearned,
    CallOpened,
    CallTaken,
    CallTransferred,
    Direction,
    Effect,
    EndReason,
    LineMoved,
    LineNoted,
    LineStateName,
    ListenerMoved,
    NumbersBack,
    NumbersMissing,
    PartiesMoved,
    RecordingFailed,
    RingsCounted,
    ServiceChanged,
    SignalHeard,
    WaitingCallerSeen,
)
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.line_service import caller_left, numbers_back, numbers_missing, service_changed
from callcenter.telephony.line_words import reason_columns
from callcenter.telephony.listeners import end_listening, move_listener
from callcenter.telephony.matching import match_patients
from callcenter.telephony.missed import settle_missed
from callcenter.telephony.offers import first_offer, reroute
from callcenter.telephony.routing import Why
from callcenter.telephony.transfers import (
    continue_call,
    continued_from,
    on_hold,
    parties_changes,
    parties_over,
    transfer_changes,
)
from callcenter.telephony.views import ENDED, Facts
from callcenter.worklist.attempts import begin_attempt
from protocols.sayings import cleaned
from protocols.text import clean_text
from storage.models import CallRecord, PhoneLine
from storage.queries.calls import (
    insert_call,
    load_call_record,
    load_line,
    move_line,
    new_call,
    note_heard,
    update_call,
)
from storage.queries.offers import insert_offers

_RECEIVED_LENGTH = 80


class Batch:
    """The transaction's view of one line: ``ids`` maps the line's call numbers to record ids and grows."""

    def __init__(self, session: Session, line: LineContext, ids: Mapping[int, int], *, again: bool) -> None:
        self.session = session
        self.line = line
        self.ids = dict(ids)
        self.again = again
        self.heard: SignalHeard | None = None
        # Read once in this transaction: the calls, how many patients have a number, to whom a new call was offered.
        self._calls: dict[int, CallRecord] = {}
        self._candidates: dict[str, int] = {}
        self._offered: dict[int, list[int]] = {}
        # The agents of the calls that were told of; None while there were none.
        self._concerned: set[int] | None = None

    def call(self, number: int) -> CallRecord | None:
        """The record of a call, or None if its opening was never written."""
        key = self.ids.get(number)
        return None if key is None else self.record(key)

    def record(self, call_id: int) -> CallRecord | None:
        """The record ``call_id``."""
        call = self._calls.get(call_id) or load_call_record(self.session, call_id)
        if call is not None:
            self._calls[call_id] = call
        return call

    def add(self, call: CallRecord) -> None:
        """Write a new call."""
        insert_call(self.session, call)
        self._calls[call.id] = call

    def update(self, call: CallRecord, changes: Mapping[str, Any]) -> None:
        """Write ``changes`` of ``call``, by column."""
        update_call(self.session, call, changes)

    def opened_before(self, effect: CallOpened) -> int | None:
        """The record that an earlier attempt left of the call."""
        known = {*self._calls, *self.ids.values()}
        return written_before.opened_call(self.session, self.line.line_id, effect.at, effect.direction, known)

    def waited_before(self, effect: WaitingCallerSeen) -> bool:
        """Whether an earlier attempt wrote down that a second caller was announced."""
        found = written_before.waiting_caller(self.session, self.line.line_id, effect.at, self._calls)
        return found is not None and self.record(found) is not None

    def match(self, number: str) -> int | None:
        """The patient whom ``number`` means."""
        found = match_patients(self.session, number)
        self._candidates[number] = found.candidates
        return found.patient_id

    def open(self, call: CallRecord, at: datetime) -> None:
        """Write a new incoming call, and show it to the agents to whom it belongs."""
        agents = first_offer(self.session, call, self.line, at)
        self.add(call)
        insert_offers(self.session, call.id, agents)
        self._offered[call.id] = agents

    def reoffer(self, call: CallRecord, at: datetime) -> bool:
        """The caller is known now, which may decide to whom a ringing call belongs: whether it is new to somebody."""
        new = reroute(self.session, call, self.line, at)
        if new is not None:
            self._offered.pop(call.id, None)
        return bool(new)

    def announce(self, kind: type[Event], call: CallRecord) -> None:
        """Tell of ``call``, leaning on what this batch knows already."""
        known = Facts(self.line.name, self._candidates.get(call.number), self._offered.get(call.id))
        # What nobody took is work for the whole group: to call back, or to say who it was that spoke.
        spoken = call.state == ENDED and call.answered_at is not None and call.direction == Direction.IN.value
        left_over = (call.missed or spoken) and call.agent_id is None
        group = agents_of(self.session, self.line) if left_over else []
        view = announce_call(self.session, kind, call, group, known)
        agents = {*view["offered_to"], *([] if call.agent_id is None else [call.agent_id])}
        self._concerned = agents | (self._concerned or set())

    def announce_line(self, line: PhoneLine, note: str = "", call_id: int | None = None) -> None:
        """Tell of the line, which is of interest to the agents of its calls."""
        concerned = None if self._concerned is None else sorted(self._concerned)
        announce_line(self.session, line, self.line, note, call_id, concerned)


def write_effects(
    session: Session, line: LineContext, effects: Sequence[Effect], ids: Mapping[int, int], again: bool = False
) -> dict[int, int]:
    """Write ``effects`` and give the call numbers' record ids, the new ones included."""
    batch = Batch(session, line, ids, again=again)
    for effect in effects:
        write(effect, batch)
    if (heard := batch.heard) is not None:
        note_heard(session, line.line_id, heard.source, heard.number)
    return batch.ids


@singledispatch
def write(effect: Effect, batch: Batch) -> None:
    """Write one effect."""
    raise TypeError(f"no way to write {effect!r}")


@write.register
def _(effect: CallOpened, batch: Batch) -> None:
    if batch.again and (known := batch.opened_before(effect)) is not None:
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
        call.patient_id = effect.request.patient_id or batch.match(call.number)
        call.task_id = effect.request.task_id
    _learn(call, effect.caller, batch)
    if call.task_id is not None:
        begin_attempt(batch.session, call.task_id)
    if incoming:
        batch.open(call, effect.at)
    else:
        batch.add(call)
    batch.ids[effect.call] = call.id
    if call.agent_id is not None:
        enter_call(batch.session, call.agent_id, AgentState.RINGING, effect.at)
    batch.announce(CallRinging if incoming else CallUpdated, call)


@write.register
def _(effect: CallerLearned, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is None:
        return
    batch.update(call, {"rings": effect.rings, **_caller_changes(call, effect.caller, batch)})
    waits = call.offer_why == Why.NUMBER and call.state == LineStateName.RINGING.value and call.agent_id is None
    new_to_some = waits and batch.reoffer(call, effect.at)
    # Of an answered call it is no reason to ring again.
    batch.announce(CallRinging if call.state == LineStateName.RINGING.value else CallUpdated, call)
    if new_to_some:
        # They have not heard yet what the line can do.
        batch.announce_line(load_line(batch.session, batch.line.line_id), call_id=call.id)


@write.register
def _(effect: RingsCounted, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is not None:
        batch.update(call, {"rings": effect.rings})
        batch.announce(CallUpdated, call)


@write.register
def _(effect: CallTaken, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is None or call.state == ENDED:
        return
    changes: dict[str, Any] = {
        "state": LineStateName.TALKING.value,
        "answered_at": max(effect.at, call.started_at),
        "certainty": effect.certainty,
        "rings": effect.rings,
    }
    at_the_seat = effect.by_handset or call.direction == Direction.IN.value
    if call.agent_id is None and at_the_seat and (bound := bound_agent(batch.session, batch.line)) is not None:
        # Whoever sits at a bound line lifted its handset, or pressed the button of its headset.
        changes |= {"agent_id": bound, "claimed_at": effect.at}
    batch.update(call, changes)
    batch.update(call, continued_from(batch.session, call, effect.at))
    if call.agent_id is not None:
        enter_call(batch.session, call.agent_id, AgentState.TALKING, effect.at)
    batch.announce(CallAnswered, call)
    if call.number and (call.direction == Direction.OUT.value or call.agent_id is not None):
        settle_missed(batch.session, call.number, call.agent_id, effect.at)


@write.register
def _(effect: CallClosed, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is not None and call.state != ENDED:
        close_call(call, effect, batch)


@write.register
def _(effect: PartiesMoved, batch: Batch) -> None:
    call = batch.call(effect.call)
    # Who waited until then has waited once.
    over = batch.again and call is not None and call.parties_at is not None and call.parties_at > effect.at
    if call is not None and call.state != ENDED and not over:
        batch.update(call, parties_changes(call, effect))
        batch.announce(CallUpdated, call)


@write.register
def _(effect: CallTransferred, batch: Batch) -> None:
    call = batch.call(effect.call)
    if call is None or call.state == ENDED:
        return
    batch.update(call, transfer_changes(effect))
    for taker in continue_call(batch.session, call):
        # A call of another line, of which this batch knows nothing.
        announce_call(batch.session, CallUpdated, taker)


@write.register
def _(effect: ListenerMoved, batch: Batch) -> None:
    move_listener(batch.session, effect.listener, effect.on, effect.at, cleaned(effect.why))


@write.register
def _(effect: RecordingFailed, batch: Batch) -> None:
    call_id = batch.ids.get(effect.call)
    if call_id is not None:
        lose_recording(batch.session, call_id, Reason.HANDSET if effect.on_handset else Reason.DEVICE)


@write.register
def _(effect: WaitingCallerSeen, batch: Batch) -> None:
    if batch.again and batch.waited_before(effect):
        return
    call = _new_call(batch.line, effect.at, Direction.IN, ENDED)
    call.ended_at, call.end_reason, call.missed = effect.at, EndReason.BUSY.value, True
    _learn(call, effect.caller, batch)
    batch.add(call)
    batch.announce(CallEnded, call)


@write.register
def _(effect: Audited, batch: Batch) -> None:
    if batch.again and written_before.audited(batch.session, effect):
        return
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
    line = move_line(
        batch.session,
        batch.line.line_id,
        effect.state.value,
        effect.at,
        reason_columns(effect.reason),
        out_of_service=effect.out_of_service,
    )
    call_id = None if effect.call is None else batch.ids.get(effect.call)
    batch.announce_line(line, call_id=call_id)


@write.register
def _(effect: LineNoted, batch: Batch) -> None:
    line = load_line(batch.session, batch.line.line_id)
    batch.announce_line(line, cleaned(effect.note))


@write.register
def _(effect: SignalHeard, batch: Batch) -> None:
    # Of a flood of signals the last says all.
    batch.heard = effect


@write.register
def _(effect: ServiceChanged, batch: Batch) -> None:
    line_id = batch.line.line_id
    if batch.again and written_before.service_entered(batch.session, line_id, effect.service, effect.at):
        return
    service_changed(batch.session, batch.line, effect.service, effect.reason, effect.at)


@write.register
def _(effect: NumbersMissing, batch: Batch) -> None:
    subject = str(batch.line.line_id)
    if batch.again and written_before.alarm_raised(batch.session, AlarmKind.NUMBERLESS, subject, effect.at):
        return
    numbers_missing(batch.session, batch.line, effect.count, effect.at)


@write.register
def _(effect: NumbersBack, batch: Batch) -> None:
    subject = str(batch.line.line_id)
    if batch.again and written_before.alarm_raised_after(batch.session, AlarmKind.NUMBERLESS, subject, effect.at):
        return
    numbers_back(batch.session, batch.line, effect.at)


def close_call(call: CallRecord, effect: CallClosed, batch: Batch) -> None:
    """End ``call``: missed when it came in and nobody spoke, open for wrap-up when an agent had it; announce it."""
    unheard = call.direction == Direction.IN.value and call.answered_at is None
    changes: dict[str, Any] = {
        "state": ENDED,
        "ended_at": max(effect.at, call.answered_at or call.started_at),
        "end_reason": effect.reason.value,
        "rings": max(call.rings, effect.rings),
        "missed": unheard and effect.reason is not EndReason.ELSEWHERE,
    }
    if call.agent_id is not None and not call.wrap_up and not unheard:
        changes["wrap_up"] = "open"
    if effect.reason is EndReason.UNKNOWN and on_hold(call):
        caller_left(batch.session, batch.line, effect.at)
    batch.update(call, changes | parties_over(call, effect.at))
    end_listening(batch.session, call.id, effect.at)
    if call.agent_id is not None:
        leave_call(batch.session, call.agent_id, call.line_id, effect.at, to_wrap_up=call.wrap_up == "open")
    batch.announce(CallEnded, call)


def _new_call(line: LineContext, at: datetime, direction: Direction, state: str) -> CallRecord:
    return new_call(
        line_id=line.line_id, department_id=line.department_id, started_at=at, direction=direction.value, state=state
    )


def _learn(call: CallRecord, caller: Caller, batch: Batch) -> None:
    for key, value in _caller_changes(call, caller, batch).items():
        setattr(call, key, value)


def _caller_changes(call: CallRecord, caller: Caller, batch: Batch) -> dict[str, Any]:
    """Caller id, cleaned: it is text from strangers. A patient attached by a person stays attached."""
    if not caller.known:
        return {}
    received = clean_text(caller.number)[:_RECEIVED_LENGTH]
    number = normalise(received, batch.line.area_code).number
    changes: dict[str, Any] = {
        "number": number,
        "number_received": received,
        "number_absent": caller.absent,
        "number_verified": caller.verified,
        "caller_name": clean_text(caller.name),
    }
    if call.patient_id is None and (number != call.number or not call.number):
        changes["patient_id"] = batch.match(number)
    return changes
