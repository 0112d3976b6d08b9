"""One line as a pure state machine: what is known of it, and what a signal or a command makes of that.

No clock, no reactor, no database: ``step(line, news, at)`` gives the new line and the effects to be written down.
It never raises, never has two calls open, and closes every call it opened.

What an analog line does not tell is decided here:

- An incoming call may show itself by a ring or by caller id, in either order.
- When ringing stops, a call that nobody claimed was given up; a claimed one was answered at a handset, unless this line
  has shown before that it tells when a handset is lifted: what a device claims to see is believed once it was seen.
  The last ring is the moment that counts, not the end of the silence.
- Every ring is counted, but told of at most every ``RINGS_TOLD_EVERY``: noise can be a flood of rings.
- A second number during the same ringing is a second caller if it came after a further ring or contradicts a verified
  one; a caller announced during a conversation that the device holds or sees is noted as missed.
- A line that rings is not in a conversation: whatever we believed to be one is over, its end unseen.
- A line that nobody can see for a while keeps its call: what became of it is told later.
- A call dialled at a handset is the handset's: nobody of ours asked for it, and it ends when the handset is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from callcenter.telephony.effects import (
    CallClosed,
    Caller,
    CallerLearned,
    CallOpened,
    CallTaken,
    CallTransferred,
    DialRequest,
    Direction,
    Effect,
    EndReason,
    LineMoved,
    LineNoted,
    LineService,
    LineStateName,
    ListenerMoved,
    NumbersBack,
    NumbersMissing,
    PartiesMoved,
    RecordingFailed,
    RingsCounted,
    ServiceChanged,
    Third,
    WaitingCallerSeen,
)
from callcenter.telephony.line_model import (
    Claimed,
    DeclaredOver,
    Dial,
    Line,
    News,
    OpenCall,
    SetService,
    ThirdAsked,
    ThirdNotAsked,
)
from protocols.sayings import command_failed
from protocols.signals import (
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DeviceWarns,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    FarEndRinging,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    ListenerChanged,
    NumberlessCalls,
    OutOfReach,
    Parties,
    PartiesChanged,
    Rang,
    RingingStopped,
    TakenElsewhere,
    Transferred,
)

_DIAL_FAILURES = {
    DialFailure.BUSY: EndReason.BUSY,
    DialFailure.NO_ANSWER: EndReason.NO_ANSWER,
    DialFailure.NO_DIAL_TONE: EndReason.NO_DIAL_TONE,
    DialFailure.NO_CARRIER: EndReason.FAILED,
    DialFailure.REJECTED: EndReason.FAILED,
    # The device never said what came of it.
    DialFailure.TIMED_OUT: EndReason.UNKNOWN,
}
_MAX_RINGS = 9999
RINGS_TOLD_EVERY = timedelta(seconds=3)
"""Shorter than the pause between two rings anywhere, so that people see every ring of a telephone."""


Step = tuple[Line, tuple[Effect, ...]]


def step(line: Line, news: News, at: datetime) -> Step:
    """What ``news``, heard at ``at`` (aware), makes of ``line``, and what is to be written down."""
    if line.out_of_service and line.call is None and type(news) not in _HEARD_OUT_OF_SERVICE:
        return line, ()
    handler = _HANDLERS.get(type(news))
    if handler is None:
        return line, ()
    after, effects = handler(line, news, at)
    if (after.state, after.reason, after.out_of_service) != (line.state, line.reason, line.out_of_service):
        open_call = None if after.call is None else after.call.number
        effects = (*effects, LineMoved(at, after.state, after.out_of_service, after.reason, open_call))
    return after, (*effects, *_service_news(line, after, at))


def _service_news(before: Line, after: Line, at: datetime) -> tuple[Effect, ...]:
    lost_anew = after.service is LineService.LOST and after.lost_reason != before.lost_reason
    if after.service is before.service and not lost_anew:
        return ()
    return (ServiceChanged(at, after.service, after.reason),)


# Openings and endings.


def _open(
    line: Line, at: datetime, direction: Direction, caller: Caller, request: DialRequest | None = None, rings: int = 0
) -> Step:
    number = line.calls_seen + 1
    incoming = direction is Direction.IN
    state = LineStateName.RINGING if incoming else LineStateName.DIALLING
    call = OpenCall(number, direction, state, at, at, caller, rings, held=not incoming)
    opened = CallOpened(at, number, direction, caller, rings, request)
    return replace(line, call=call, calls_seen=number), (opened,)


def _close(line: Line, at: datetime, reason: EndReason) -> Step:
    """Close the open call; ``line`` must have one."""
    call = line.call
    assert call is not None  # noqa: S101 - every caller has looked
    return replace(line, call=None), (CallClosed(at, call.number, reason, call.rings),)


def _close_if_open(line: Line, at: datetime, reason: EndReason) -> Step:
    return _close(line, at, reason) if line.call is not None else (line, ())


def _with_call(line: Line, **changes: Any) -> Line:
    assert line.call is not None  # noqa: S101 - every caller has looked
    return replace(line, call=replace(line.call, **changes))


def _in(line: Line, *states: LineStateName) -> bool:
    return line.call is not None and line.call.state in states


def _take(line: Line, at: datetime, *, held: bool, certainty: Certainty) -> Step:
    call = line.call
    assert call is not None  # noqa: S101 - every caller has looked
    taken = CallTaken(at, call.number, not held, certainty.value, call.rings)
    return _with_call(line, state=LineStateName.TALKING, held=held), (taken,)


# Incoming calls.


def _rang(line: Line, news: Rang, at: datetime) -> Step:
    effects: tuple[Effect, ...] = ()
    if _in(line, LineStateName.DIALLING):
        # A caller was faster than our dial tone; our call never left the house. Of a handset's call we cannot say.
        held = line.call is not None and line.call.held
        line, effects = _close(line, at, EndReason.FAILED if held else EndReason.UNKNOWN)
    elif _in(line, LineStateName.TALKING):
        line, effects = _close(line, at, EndReason.UNKNOWN)
    if line.call is not None:
        return _rang_again(line, line.call, at)
    line, opened = _open(replace(line, handset_up=False), at, Direction.IN, Caller(), rings=1)
    return line, (*effects, *opened)


def _rang_again(line: Line, call: OpenCall, at: datetime) -> Step:
    rings = min(call.rings + 1, _MAX_RINGS)
    line = _with_call(line, rings=rings, last_ring_at=at)
    if rings == call.rings or timedelta(0) <= at - call.told_at < RINGS_TOLD_EVERY:
        return line, ()
    return _with_call(line, told_at=at), (RingsCounted(at, call.number, rings),)


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
        return _open(line, at, Direction.IN, caller)
    if call.state is LineStateName.RINGING:
        return _identified_while_ringing(line, call, caller, at)
    if news.present and call.direction is Direction.IN and not _contradicts(call.caller, caller):
        return _learned(line, call, caller, at)
    if call.state is LineStateName.DIALLING or call.held or line.hook_seen:
        return _second_caller(line, call, caller, at)
    # Nobody saw the end of the conversation that we believed in.
    line, closed = _close(line, at, EndReason.UNKNOWN)
    line, opened = _open(line, at, Direction.IN, caller)
    return line, (*closed, *opened)


def _identified_while_ringing(line: Line, call: OpenCall, caller: Caller, at: datetime) -> Step:
    known = call.caller
    if _contradicts(known, caller):
        if not caller.verified:
            # A damaged repetition of what we have already.
            return line, ()
        line, closed = _close(line, call.last_ring_at, EndReason.ABANDONED)
        line, opened = _open(line, at, Direction.IN, caller)
        return line, (*closed, *opened)
    return _learned(line, call, caller, at)


def _learned(line: Line, call: OpenCall, caller: Caller, at: datetime) -> Step:
    merged = _merged(call.caller, caller)
    if merged == call.caller:
        return line, ()
    return _with_call(line, caller=merged, told_at=at), (CallerLearned(at, call.number, merged, call.rings),)


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
    return _with_call(line, waiting=sign), (WaitingCallerSeen(at, caller),)


def _ringing_stopped(line: Line, news: RingingStopped, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.RINGING:
        return line, ()
    if call.claimed and not line.hook_seen:
        return _take(line, call.last_ring_at, held=False, certainty=Certainty.PRESUMED)
    return _close(line, call.last_ring_at, EndReason.ABANDONED)


def _taken_elsewhere(line: Line, news: TakenElsewhere, at: datetime) -> Step:
    return _close(line, at, EndReason.ELSEWHERE) if _in(line, LineStateName.RINGING) else (line, ())


def _claimed(line: Line, news: Claimed, at: datetime) -> Step:
    if line.call is None or line.call.number != news.call:
        return line, ()
    return _with_call(line, claimed=True), ()


# Handsets.


def _handset_lifted(line: Line, news: HandsetLifted, at: datetime) -> Step:
    line = replace(line, handset_up=True, hook_seen=True)
    if _in(line, LineStateName.RINGING):
        return _take(line, at, held=False, certainty=Certainty.SURE)
    return line, ()


def _handset_replaced(line: Line, news: HandsetReplaced, at: datetime) -> Step:
    line = replace(line, handset_up=False)
    if _in(line, LineStateName.TALKING, LineStateName.DIALLING) and line.call is not None and not line.call.held:
        return _close(line, at, EndReason.HANDSET)
    return line, ()


def _handset_dialled(line: Line, news: HandsetDialled, at: datetime) -> Step:
    if line.call is not None and line.call.held:
        return line, ()
    # Whoever dials has no other call: of the one that we believed in nobody saw the end.
    line, closed = _close_if_open(line, at, EndReason.UNKNOWN)
    line, opened = _open(line, at, Direction.OUT, Caller(news.number))
    return _with_call(line, held=False), (*closed, *opened)


# Outgoing calls.


def _dial(line: Line, news: Dial, at: datetime) -> Step:
    return _open(line, at, Direction.OUT, Caller(), news.request) if line.free else (line, ())


def _far_end_ringing(line: Line, news: FarEndRinging, at: datetime) -> Step:
    return (_with_call(line, far_end_rang=True), ()) if _in(line, LineStateName.DIALLING) else (line, ())


def _dial_failed(line: Line, news: DialFailed, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.DIALLING:
        return line, ()
    reason = _DIAL_FAILURES[news.failure]
    if news.failure is DialFailure.TIMED_OUT and call.far_end_rang:
        reason = EndReason.NO_ANSWER
    return _close(line, at, reason)


# Either way.


def _answered(line: Line, news: Answered, at: datetime) -> Step:
    if _in(line, LineStateName.TALKING):
        # Taken at the handset before: now the device holds the call too, and can end it.
        return _with_call(line, held=True), ()
    if line.call is None:
        return line, ()
    held = line.call is not None and (line.call.held or line.call.direction is Direction.IN)
    return _take(line, at, held=held, certainty=news.certainty)


def _ended(line: Line, news: Ended, at: datetime) -> Step:
    call = line.call
    if call is None:
        return line, ()
    if call.state is LineStateName.RINGING:
        return _close(line, at, EndReason.ABANDONED if news.by_far_end else EndReason.HUNG_UP)
    if call.given:
        return _close(line, at, EndReason.TRANSFERRED)
    if not news.by_far_end and line.handset_up and call.state is LineStateName.TALKING:
        # The device let go, but the handset beside it still holds the call.
        return _with_call(line, held=False), ()
    return _close(line, at, EndReason.FAR_END if news.by_far_end else EndReason.HUNG_UP)


def _declared_over(line: Line, news: DeclaredOver, at: datetime) -> Step:
    if line.call is None or line.call.number != news.call:
        return line, ()
    return _close(line, at, news.reason)


def _command_failed(line: Line, news: CommandFailed, at: datetime) -> Step:
    noted = LineNoted(at, command_failed(news.command, news.detail))
    if news.command == "dial" and _in(line, LineStateName.DIALLING):
        line, closed = _close(line, at, EndReason.FAILED)
        return line, (*closed, noted)
    if news.command == "hang_up" and line.call is not None and line.call.held:
        # There is nothing to hang up: the call ended unseen.
        line, closed = _close(line, at, EndReason.UNKNOWN)
        return line, (*closed, noted)
    if news.command in _ASKING and line.call is not None:
        return _with_call(line, asked=None), (noted,)
    if news.command == "record" and line.call is not None:
        if not line.call.held:
            # Nothing is wrong with the line: what it does not hold it does not hear.
            return line, (RecordingFailed(at, line.call.number, on_handset=True),)
        return line, (RecordingFailed(at, line.call.number), noted)
    return line, (noted,)


# Calls under the agent's control.


def _third_asked(line: Line, news: ThirdAsked, at: datetime) -> Step:
    call = line.call
    if call is None or call.number != news.call:
        return line, ()
    return _with_call(line, asked=news.third, asked_at=at), ()


def _third_not_asked(line: Line, news: ThirdNotAsked, at: datetime) -> Step:
    return (_with_call(line, asked=None), ()) if line.call is not None and line.call.number == news.call else (line, ())


def _parties_changed(line: Line, news: PartiesChanged, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.TALKING:
        return line, ()
    third, asked = None, call.asked
    if news.parties not in (Parties.TALKING, Parties.HELD):
        # What the agent typed or chose says more than what went over the wire.
        third, asked = call.asked or call.third or Third(news.other), None
    return _with_call(line, parties=news.parties, third=third, asked=asked), (
        PartiesMoved(at, call.number, news.parties, third),
    )


def _transferred(line: Line, news: Transferred, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.TALKING:
        return line, ()
    third = call.asked or call.third or Third(news.other)
    return _with_call(line, given=True, asked=None), (CallTransferred(at, call.number, third, news.attended),)


def _listener_changed(line: Line, news: ListenerChanged, at: datetime) -> Step:
    # Tokens are ids of ours; anything else is none.
    if not (news.listener.isascii() and news.listener.isdigit()):
        return line, ()
    # No note of the line: its agent is not told that somebody wanted to listen.
    return line, (ListenerMoved(at, int(news.listener), news.on, news.why),)


# The line itself.


def _ready(line: Line, news: LineReady, at: datetime) -> Step:
    return replace(line, ready=True, lost_reason=""), ()


def _lost(line: Line, news: LineLost, at: datetime) -> Step:
    line, closed = _close_if_open(line, at, EndReason.UNKNOWN)
    return replace(line, ready=False, lost_reason=news.reason, handset_up=False), closed


def _out_of_reach(line: Line, news: OutOfReach, at: datetime) -> Step:
    return replace(line, ready=False, lost_reason=news.reason), ()


def _set_service(line: Line, news: SetService, at: datetime) -> Step:
    line = replace(line, out_of_service=news.out, service_reason=news.reason if news.out else "")
    if news.out and _in(line, LineStateName.RINGING):
        # A line that rings without end is why it is taken out; a conversation is let finish.
        return _close(line, at, EndReason.UNKNOWN)
    return line, ()


def _numberless(line: Line, news: NumberlessCalls, at: datetime) -> Step:
    return replace(line, numberless=True), (NumbersMissing(at, news.count),)


def _device_warns(line: Line, news: DeviceWarns, at: datetime) -> Step:
    return line, (LineNoted(at, news.detail),)


def _heard_only(line: Line, news: DigitHeard, at: datetime) -> Step:
    return line, ()


_HEARD_OUT_OF_SERVICE = frozenset({LineReady, LineLost, OutOfReach, SetService})

_ASKING = frozenset({"consult", "transfer"})

_HANDLERS: dict[type[News], Callable[[Line, Any, datetime], Step]] = {
    Rang: _rang,
    CallerIdentified: _identified,
    RingingStopped: _ringing_stopped,
    TakenElsewhere: _taken_elsewhere,
    Claimed: _claimed,
    HandsetLifted: _handset_lifted,
    HandsetReplaced: _handset_replaced,
    HandsetDialled: _handset_dialled,
    Dial: _dial,
    FarEndRinging: _far_end_ringing,
    DialFailed: _dial_failed,
    Answered: _answered,
    Ended: _ended,
    DeclaredOver: _declared_over,
    CommandFailed: _command_failed,
    LineReady: _ready,
    LineLost: _lost,
    OutOfReach: _out_of_reach,
    SetService: _set_service,
    NumberlessCalls: _numberless,
    DeviceWarns: _device_warns,
    DigitHeard: _heard_only,
    ThirdAsked: _third_asked,
    ThirdNotAsked: _third_not_asked,
    PartiesChanged: _parties_changed,
    Transferred: _transferred,
    ListenerChanged: _listener_changed,
}
