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

from dataclasses import replace
from datetime import datetime

from callcenter.telephony.effects import (
    Effect,
    EndReason,
    LineMoved,
    LineNoted,
    LineService,
    LineStateName,
    NumbersMissing,
    ServiceChanged,
)
from callcenter.telephony.line_calls import Handlers, Step, close_call, close_if_open, in_state
from callcenter.telephony.line_conversation import CONVERSATION
from callcenter.telephony.line_incoming import INCOMING
from callcenter.telephony.line_model import Line, News, SetService
from callcenter.telephony.line_parties import PARTIES
from protocols.signals import DeviceWarns, DigitHeard, LineLost, LineReady, NumberlessCalls, OutOfReach


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


def _ready(line: Line, news: LineReady, at: datetime) -> Step:
    return replace(line, ready=True, lost_reason=""), ()


def _lost(line: Line, news: LineLost, at: datetime) -> Step:
    line, closed = close_if_open(line, at, EndReason.UNKNOWN)
    return replace(line, ready=False, lost_reason=news.reason, handset_up=False), closed


def _out_of_reach(line: Line, news: OutOfReach, at: datetime) -> Step:
    return replace(line, ready=False, lost_reason=news.reason), ()


def _set_service(line: Line, news: SetService, at: datetime) -> Step:
    line = replace(line, out_of_service=news.out, service_reason=news.reason if news.out else "")
    if news.out and in_state(line, LineStateName.RINGING):
        # A line that rings without end is why it is taken out; a conversation is let finish.
        return close_call(line, at, EndReason.UNKNOWN)
    return line, ()


def _numberless(line: Line, news: NumberlessCalls, at: datetime) -> Step:
    return replace(line, numberless=True), (NumbersMissing(at, news.count),)


def _device_warns(line: Line, news: DeviceWarns, at: datetime) -> Step:
    return line, (LineNoted(at, news.detail),)


def _heard_only(line: Line, news: DigitHeard, at: datetime) -> Step:
    return line, ()


_HEARD_OUT_OF_SERVICE = frozenset({LineReady, LineLost, OutOfReach, SetService})

_HANDLERS: Handlers = {
    **INCOMING,
    **CONVERSATION,
    **PARTIES,
    LineReady: _ready,
    LineLost: _lost,
    OutOfReach: _out_of_reach,
    SetService: _set_service,
    NumberlessCalls: _numberless,
    DeviceWarns: _device_warns,
    DigitHeard: _heard_only,
}
