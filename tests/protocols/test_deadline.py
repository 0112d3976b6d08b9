"""The timer of a session: once, not early, and after what had come was read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from protocols.deadline import Deadline


class Rig:
    """A deadline whose acts are written down with their time."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.acts: list[float] = []
        self.deadline = Deadline(self.clock, lambda: self.acts.append(self.clock.seconds()))


def test_it_acts_once_when_its_moment_has_come() -> None:
    rig = Rig()
    rig.deadline.set(5.0)
    rig.clock.pump([4.0, 0.5])
    assert rig.acts == []
    rig.clock.pump([0.5, 10.0])
    assert rig.acts == [5.0]
    assert not rig.clock.getDelayedCalls()


def test_one_that_is_put_off_acts_at_its_new_moment_alone() -> None:
    rig = Rig()
    rig.deadline.set(5.0)
    rig.deadline.set(8.0)
    rig.clock.pump([1.0] * 7)
    assert rig.acts == []
    rig.clock.pump([1.0] * 7)
    assert rig.acts == [8.0]


def test_one_that_is_put_forward_does_not_wait() -> None:
    rig = Rig()
    rig.deadline.set(8.0)
    rig.deadline.set(2.0)
    rig.clock.pump([1.0] * 10)
    assert rig.acts == [2.0]


def test_one_that_is_taken_back_leaves_no_timer() -> None:
    rig = Rig()
    rig.deadline.set(5.0)
    rig.deadline.set(None)
    assert not rig.clock.getDelayedCalls()
    rig.deadline.cancel()
    rig.clock.advance(10)
    assert rig.acts == []


def test_what_is_read_after_the_reactor_stood_still_may_put_it_off() -> None:
    rig = Rig()
    rig.deadline.set(5.0)
    rig.clock.callLater(6.0, rig.deadline.set, 20.0)
    rig.clock.advance(7)
    assert rig.acts == []
    rig.clock.advance(13)
    assert rig.acts == [20.0]


def test_what_comes_without_a_pause_does_not_put_off_what_has_passed() -> None:
    rig = Rig()

    def hear(left: int) -> None:
        if left and not rig.acts:
            rig.deadline.set(5.0)
            rig.clock.callLater(0, hear, left - 1)

    rig.deadline.set(5.0)
    rig.clock.callLater(5.0, hear, 100)
    rig.clock.advance(6)
    # Before the hundred turns were over.
    assert rig.acts == [6.0]


@given(st.lists(st.tuples(st.floats(0, 3), st.none() | st.floats(0, 20)), max_size=20))
def test_however_it_is_set_it_acts_once_for_the_last_moment_and_not_before(
    steps: list[tuple[float, float | None]],
) -> None:
    rig = Rig()
    due: float | None = None
    for wait, moment in steps:
        before = len(rig.acts)
        rig.clock.advance(wait)
        now = rig.clock.seconds()
        if due is not None and due <= now:
            assert rig.acts[before:] == [now]
            due = None
        assert len(rig.acts) == before or due is None
        due = moment
        rig.deadline.set(moment)
    rig.clock.advance(30)
    assert not rig.clock.getDelayedCalls()
