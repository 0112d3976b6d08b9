"""Handsets, outgoing calls, and what ends or begins a conversation, in a line's state machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from callcenter.telephony.effects import Caller, Direction, EndReason, LineNoted, LineStateName, RecordingFailed
from callcenter.telephony.line_calls import (
    Handlers,
    Step,
    close_call,
    close_if_open,
    in_state,
    open_call,
    take_call,
    with_call,
)
from callcenter.telephony.line_model import DeclaredOver, Dial, Line
from protocols.sayings import command_failed
from protocols.signals import (
    Answered,
    Certainty,
    CommandFailed,
    DialFailed,
    DialFailure,
    Ended,
    FarEndRinging,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
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
_ASKING = frozenset({"consult", "transfer"})


# Handsets.


def _handset_lifted(line: Line, news: HandsetLifted, at: datetime) -> Step:
    line = replace(line, handset_up=True, hook_seen=True)
    if in_state(line, LineStateName.RINGING):
        return take_call(line, at, held=False, certainty=Certainty.SURE)
    return line, ()


def _handset_replaced(line: Line, news: HandsetReplaced, at: datetime) -> Step:
    line = replace(line, handset_up=False)
    if in_state(line, LineStateName.TALKING, LineStateName.DIALLING) and line.call is not None and not line.call.held:
        return close_call(line, at, EndReason.HANDSET)
    return line, ()


def _handset_dialled(line: Line, news: HandsetDialled, at: datetime) -> Step:
    if line.call is not None and line.call.held:
        return line, ()
    # Whoever dials has no other call: of the one that we believed in nobody saw the end.
    line, closed = close_if_open(line, at, EndReason.UNKNOWN)
    line, opened = open_call(line, at, Direction.OUT, Caller(news.number))
    return with_call(line, held=False), (*closed, *opened)


# Outgoing calls.


def _dial(line: Line, news: Dial, at: datetime) -> Step:
    return open_call(line, at, Direction.OUT, Caller(), news.request) if line.free else (line, ())


def _far_end_ringing(line: Line, news: FarEndRinging, at: datetime) -> Step:
    return (with_call(line, far_end_rang=True), ()) if in_state(line, LineStateName.DIALLING) else (line, ())


def _dial_failed(line: Line, news: DialFailed, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.DIALLING:
        return line, ()
    reason = _DIAL_FAILURES[news.failure]
    if news.failure is DialFailure.TIMED_OUT and call.far_end_rang:
        reason = EndReason.NO_ANSWER
    return close_call(line, at, reason)


# Either way.


def _answered(line: Line, news: Answered, at: datetime) -> Step:
    if in_state(line, LineStateName.TALKING):
        # Taken at the handset before: now the device holds the call too, and can end it.
        return with_call(line, held=True), ()
    if line.call is None:
        return line, ()
    held = line.call is not None and (line.call.held or line.call.direction is Direction.IN)
    return take_call(line, at, held=held, certainty=news.certainty)


def _ended(line: Line, news: Ended, at: datetime) -> Step:
    call = line.call
    if call is None:
        return line, ()
    if call.state is LineStateName.RINGING:
        return close_call(line, at, EndReason.ABANDONED if news.by_far_end else EndReason.HUNG_UP)
    if call.given:
        return close_call(line, at, EndReason.TRANSFERRED)
    if not news.by_far_end and line.handset_up and call.state is LineStateName.TALKING:
        # The device let go, but the handset beside it still holds the call.
        return with_call(line, held=False), ()
    return close_call(line, at, EndReason.FAR_END if news.by_far_end else EndReason.HUNG_UP)


def _declared_over(line: Line, news: DeclaredOver, at: datetime) -> Step:
    if line.call is None or line.call.number != news.call:
        return line, ()
    return close_call(line, at, news.reason)


def _command_failed(line: Line, news: CommandFailed, at: datetime) -> Step:
    noted = LineNoted(at, command_failed(news.command, news.detail))
    if news.command == "dial" and in_state(line, LineStateName.DIALLING):
        line, closed = close_call(line, at, EndReason.FAILED)
        return line, (*closed, noted)
    if news.command == "hang_up" and line.call is not None and line.call.held:
        # There is nothing to hang up: the call ended unseen.
        line, closed = close_call(line, at, EndReason.UNKNOWN)
        return line, (*closed, noted)
    if news.command in _ASKING and line.call is not None:
        return with_call(line, asked=None), (noted,)
    if news.command == "record" and line.call is not None:
        if not line.call.held:
            # Nothing is wrong with the line: what it does not hold it does not hear.
            return line, (RecordingFailed(at, line.call.number, on_handset=True),)
        return line, (RecordingFailed(at, line.call.number), noted)
    return line, (noted,)


CONVERSATION: Handlers = {
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
}
"""What is heard of conversations, and asked for."""
