"""Incoming calls in a line's state machine: rings and callers, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from callcenter.telephony.effects import (
    Caller,
    CallerLearned,
    Direction,
    Effect,
    EndReason,
    LineStateName,
    NumbersBack,
    RingsCounted,
    WaitingCallerSeen,
)
from callcenter.telephony.line_calls import Handlers, Step, close_call, in_state, open_call, take_call, with_call
from callcenter.telephony.line_model import Claimed, Line, OpenCall
from protocols.signals import CallerIdentified, Certainty, Rang, RingingStopped, TakenElsewhere

_MAX_RINGS = 9999
RINGS_TOLD_EVERY = timedelta(seconds=3)
"""Shorter than the pause between two rings anywhere, so that people see every ring of a telephone."""


def _rang(line: Line, news: Rang, at: datetime) -> Step:
    effects: tuple[Effect, ...] = ()
    if in_state(line, LineStateName.DIALLING):
        # A caller was faster than our dial tone; our call never left the house. Of a handset's call we cannot say.
        held = line.call is not None and line.call.held
        line, effects = close_call(line, at, EndReason.FAILED if held else EndReason.UNKNOWN)
    elif in_state(line, LineStateName.TALKING):
        line, effects = close_call(line, at, EndReason.UNKNOWN)
    if line.call is not None:
        return _rang_again(line, line.call, at)
    line, opened = open_call(replace(line, handset_up=False), at, Direction.IN, Caller(), rings=1)
    return line, (*effects, *opened)


def _rang_again(line: Line, call: OpenCall, at: datetime) -> Step:
    rings = min(call.rings + 1, _MAX_RINGS)
    line = with_call(line, rings=rings, last_ring_at=at)
    if rings == call.rings or timedelta(0) <= at - call.told_at < RINGS_TOLD_EVERY:
        return line, ()
    return with_call(line, told_at=at), (RingsCounted(at, call.number, rings),)


def _identified(line: Line, news: CallerIdentified, at: datetime) -> Step:
    caller = Caller(news.number, news.name, news.absent.value if news.absent else "", news.verified)
    if not caller.known:
        return line, ()
    # Withheld or not: the network tells of callers again.
    back = (NumbersBack(at),) if line.numberless else ()
    line, effects = _caller_known(replace(line, numberless=False), news, caller, at)
    return line, (*effects, *back)


def _caller_known(line: Line, news: CallerIdentified, caller: Caller, at: datetime) -> Step:
    call = line.call
    if call is None:
        return open_call(line, at, Direction.IN, caller)
    if call.state is LineStateName.RINGING:
        return _identified_while_ringing(line, call, caller, at)
    if news.present and call.direction is Direction.IN and not _contradicts(call.caller, caller):
        return _learned(line, call, caller, at)
    if call.state is LineStateName.DIALLING or call.held or line.hook_seen:
        return _second_caller(line, call, caller, at)
    # Nobody saw the end of the conversation that we believed in.
    line, closed = close_call(line, at, EndReason.UNKNOWN)
    line, opened = open_call(line, at, Direction.IN, caller)
    return line, (*closed, *opened)


def _identified_while_ringing(line: Line, call: OpenCall, caller: Caller, at: datetime) -> Step:
    known = call.caller
    if _contradicts(known, caller):
        if not caller.verified:
            # A damaged repetition of what we have already.
            return line, ()
        line, closed = close_call(line, call.last_ring_at, EndReason.ABANDONED)
        line, opened = open_call(line, at, Direction.IN, caller)
        return line, (*closed, *opened)
    return _learned(line, call, caller, at)


def _learned(line: Line, call: OpenCall, caller: Caller, at: datetime) -> Step:
    merged = _merged(call.caller, caller)
    if merged == call.caller:
        return line, ()
    return with_call(line, caller=merged, told_at=at), (CallerLearned(at, call.number, merged, call.rings),)


def _contradicts(known: Caller, caller: Caller) -> bool:
    """Two verified numbers of which neither is the beginning or the end of the other."""
    first, second = known.number, caller.number
    if not first or not second or not known.verified:
        return False
    return not (first in second or second in first)


def _merged(known: Caller, caller: Caller) -> Caller:
    """The better of both. A cut-off repetition does not replace the whole number, nor silence a number."""
    better = len(caller.number) > len(known.number) if caller.verified == known.verified else caller.verified
    use_new = bool(caller.number) and (better or not known.number)
    number, verified = (caller.number, caller.verified) if use_new else (known.number, known.verified)
    return Caller(number, caller.name or known.name, "" if number else caller.absent or known.absent, verified)


def _second_caller(line: Line, call: OpenCall, caller: Caller, at: datetime) -> Step:
    sign = caller.number or caller.name or caller.absent
    if sign in (call.waiting, call.caller.number):
        return line, ()
    return with_call(line, waiting=sign), (WaitingCallerSeen(at, caller),)


def _ringing_stopped(line: Line, news: RingingStopped, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.RINGING:
        return line, ()
    if call.claimed and not line.hook_seen:
        return take_call(line, call.last_ring_at, held=False, certainty=Certainty.PRESUMED)
    return close_call(line, call.last_ring_at, EndReason.ABANDONED)


def _taken_elsewhere(line: Line, news: TakenElsewhere, at: datetime) -> Step:
    return close_call(line, at, EndReason.ELSEWHERE) if in_state(line, LineStateName.RINGING) else (line, ())


def _claimed(line: Line, news: Claimed, at: datetime) -> Step:
    if line.call is None or line.call.number != news.call:
        return line, ()
    return with_call(line, claimed=True), ()


INCOMING: Handlers = {
    Rang: _rang,
    CallerIdentified: _identified,
    RingingStopped: _ringing_stopped,
    TakenElsewhere: _taken_elsewhere,
    Claimed: _claimed,
}
"""What is heard of incoming calls."""
