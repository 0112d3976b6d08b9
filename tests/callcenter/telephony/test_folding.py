"""What a call's opening tells of what follows it in the same transaction."""

from __future__ import annotations

from callcenter.telephony.effects import (
    CallClosed,
    Caller,
    CallerLearned,
    CallOpened,
    Direction,
    EndReason,
    LineMoved,
    LineStateName,
    RingsCounted,
)
from callcenter.telephony.folding import folded
from tests.peers.call_center import NOW

RINGING = LineMoved(NOW, LineStateName.RINGING, False, "", 1)
CLOSED = CallClosed(NOW, 1, EndReason.ABANDONED, 2)


def opened(caller: Caller, rings: int, call: int = 1) -> CallOpened:
    return CallOpened(NOW, call, Direction.IN, caller, rings)


def test_a_ring_and_its_caller_are_one_opening() -> None:
    known = Caller("13800138000")
    effects = [opened(Caller(), 1), RINGING, CallerLearned(NOW, 1, known, 1), RingsCounted(NOW, 1, 2)]
    assert folded(effects) == [opened(known, 2), RINGING]


def test_the_rest_stays_as_it_was_and_in_its_order() -> None:
    second = CallerLearned(NOW, 2, Caller("13900139000"), 1)
    effects = [CallerLearned(NOW, 1, Caller("1"), 1), CLOSED, RINGING, opened(Caller(), 1, 2), second]
    assert folded(effects) == [*effects[:3], opened(Caller("13900139000"), 1, 2)]
