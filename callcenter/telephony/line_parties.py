"""Third parties and listeners in a line's state machine: calls under the agent's control."""

from __future__ import annotations

from datetime import datetime

from callcenter.telephony.effects import CallTransferred, LineStateName, ListenerMoved, PartiesMoved, Third
from callcenter.telephony.line_calls import Handlers, Step, with_call
from callcenter.telephony.line_model import Line, ThirdAsked, ThirdNotAsked
from protocols.signals import ListenerChanged, Parties, PartiesChanged, Transferred


def _third_asked(line: Line, news: ThirdAsked, at: datetime) -> Step:
    call = line.call
    if call is None or call.number != news.call:
        return line, ()
    return with_call(line, asked=news.third, asked_at=at), ()


def _third_not_asked(line: Line, news: ThirdNotAsked, at: datetime) -> Step:
    return (with_call(line, asked=None), ()) if line.call is not None and line.call.number == news.call else (line, ())


def _parties_changed(line: Line, news: PartiesChanged, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.TALKING:
        return line, ()
    third, asked = None, call.asked
    if news.parties not in (Parties.TALKING, Parties.HELD):
        # What the agent typed or chose says more than what went over the wire.
        third, asked = call.asked or call.third or Third(news.other), None
    return with_call(line, parties=news.parties, third=third, asked=asked), (
        PartiesMoved(at, call.number, news.parties, third),
    )


def _transferred(line: Line, news: Transferred, at: datetime) -> Step:
    call = line.call
    if call is None or call.state is not LineStateName.TALKING:
        return line, ()
    third = call.asked or call.third or Third(news.other)
    return with_call(line, given=True, asked=None), (CallTransferred(at, call.number, third, news.attended),)


def _listener_changed(line: Line, news: ListenerChanged, at: datetime) -> Step:
    # Tokens are ids of ours; anything else is none.
    if not (news.listener.isascii() and news.listener.isdigit()):
        return line, ()
    # No note of the line: its agent is not told that somebody wanted to listen.
    return line, (ListenerMoved(at, int(news.listener), news.on, news.why),)


PARTIES: Handlers = {
    ThirdAsked: _third_asked,
    ThirdNotAsked: _third_not_asked,
    PartiesChanged: _parties_changed,
    Transferred: _transferred,
    ListenerChanged: _listener_changed,
}
"""What is heard of third parties and listeners."""
