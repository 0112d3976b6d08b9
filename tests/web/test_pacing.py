"""Ringing at once, the rest in company, everything in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from storage.event_log import StoredEvent
from web.pacing import INTERVAL, Pacer


def event(seq: int, kind: str = "line.updated") -> StoredEvent:
    return StoredEvent(seq, datetime(2026, 3, 2, tzinfo=UTC), "lines", kind, str(seq), {}, {})


class Told:
    def __init__(self) -> None:
        self.clock = Clock()
        self.tellings: list[list[int]] = []
        self.pacer = Pacer(self.clock, self.tell)

    def tell(self, events: Sequence[StoredEvent]) -> None:
        self.tellings.append([event.seq for event in events])


def test_what_comes_alone_is_told_at_once() -> None:
    told = Told()
    told.pacer.publish([event(1)])
    told.clock.advance(INTERVAL)
    told.pacer.publish([event(2), event(3)])
    assert told.tellings == [[1], [2, 3]]
    assert not told.clock.getDelayedCalls()


def test_what_comes_shortly_after_waits_for_company() -> None:
    told = Told()
    for seq in range(1, 5):
        told.pacer.publish([event(seq)])
        told.clock.advance(INTERVAL / 8)
    assert told.tellings == [[1]]
    told.clock.advance(INTERVAL)
    assert told.tellings == [[1], [2, 3, 4]]


def test_a_ringing_telephone_waits_for_nothing_and_takes_along_what_came_before() -> None:
    told = Told()
    told.pacer.publish([event(1)])
    told.pacer.publish([event(2)])
    told.pacer.publish([event(3, "call.ringing"), event(4)])
    assert told.tellings == [[1], [2, 3, 4]]
    assert not told.clock.getDelayedCalls()


def test_nothing_is_left_when_it_ends() -> None:
    told = Told()
    told.pacer.publish([event(1)])
    told.pacer.publish([event(2)])
    told.pacer.flush()
    told.pacer.flush()
    assert told.tellings == [[1], [2]]
    assert not told.clock.getDelayedCalls()


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 2 * INTERVAL)), max_size=40))
def test_everything_is_told_once_in_order_and_soon(story: list[tuple[bool, float]]) -> None:
    told = Told()
    for seq, (urgent, wait) in enumerate(story):
        told.pacer.publish([event(seq, "call.ringing" if urgent else "line.updated")])
        if urgent:
            assert told.tellings[-1][-1] == seq
        told.clock.advance(wait)
    told.clock.advance(INTERVAL)
    assert [seq for telling in told.tellings for seq in telling] == list(range(len(story)))
