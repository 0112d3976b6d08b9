"""Rate, pauses, time and numbers of gateway sessions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.sms_window import (
    Capacity,
    Heartbeat,
    Latecomers,
    PauseLength,
    SequenceNumbers,
    SteadyTime,
    TokenBucket,
    Waiting,
)


@given(st.floats(0.1, 5000), st.lists(st.floats(0, 3), max_size=60))
def test_no_second_has_more_than_the_rate_and_a_tenth(rate: float, steps: list[float]) -> None:
    bucket, now = TokenBucket(rate), 0.0
    went: list[tuple[float, int]] = []
    for step in steps:
        now += step
        count = bucket.tokens(now)
        bucket.take(count)
        went.append((now, count))
    for start, _ in went:
        within = sum(count for at, count in went if start <= at < start + 1)
        assert within <= rate + max(1.0, rate / 10) + 1


@given(st.floats(0.1, 5000), st.integers(1, 1000))
def test_what_is_waited_for_is_there_then(rate: float, waiting: int) -> None:
    bucket = TokenBucket(rate)
    bucket.take(bucket.tokens(5.0))
    ready = bucket.ready_at(waiting)
    assert bucket.tokens(ready) >= 1


def test_time_never_goes_back_and_jumps_count_little() -> None:
    time = SteadyTime()
    for now, due, expected in (
        (100.0, None, 0.0),
        (101.0, 5.0, 1.0),
        (50.0, 5.0, 1.0),
        (54.0, 5.0, 5.0),
        (9999.0, 6.0, 10.0),
        (10000.0, None, 11.0),
    ):
        time.move(now, due)
        assert time.now == expected
    assert time.outside(12.0) == 10001.0


def test_pauses_double_while_it_goes_on_and_begin_again_after_a_success() -> None:
    pauses = PauseLength(1.0, 4.0)
    lengths = [pauses.asked(now, now - 0.1) for now in (10.0, 20.0, 30.0, 40.0)]
    assert lengths == [1.0, 2.0, 4.0, 4.0]
    assert pauses.asked(40.1, 39.0) is None
    pauses.fine(39.0)
    assert pauses.asked(50.0, 49.0) == 4.0
    pauses.fine(51.0)
    assert pauses.asked(60.0, 59.0) == 1.0


def test_capacity_shrinks_to_what_is_managed_and_grows_again() -> None:
    capacity = Capacity(1000.0, 10)
    assert capacity.parts == 1000
    for step in range(1, 50):
        capacity.answered(step / 20, waiting=5)
    assert 10 <= capacity.parts <= 25
    for step in range(50, 200):
        capacity.answered(step / 20, waiting=0)
    assert capacity.parts > 100


def test_capacity_keeps_what_it_promised_until_the_next_second() -> None:
    capacity = Capacity(1000.0, 10)
    for step in range(1, 50):
        capacity.answered(step / 20, waiting=5)
    assert (capacity.parts <= 25, capacity.promised) == (True, 1000)
    for step in range(50, 70):
        capacity.answered(step / 20, waiting=5)
    assert capacity.promised <= 25


def test_a_heartbeat_asks_so_often_and_no_more() -> None:
    heartbeat = Heartbeat(60.0, 10.0, 2)
    heartbeat.heard(0.0)
    asked = []
    for _ in range(3):
        now = heartbeat.due
        asked.append((now, heartbeat.ask(now)))
    assert asked == [(60.0, True), (70.0, True), (80.0, False)]


@pytest.mark.parametrize(
    ("last", "first"), [(0, 1), (0x7FFFFFFE, 0x7FFFFFFF), (0x7FFFFFFF, 1), (2**40, 1 + 2**40 % 0x7FFFFFFF)]
)
def test_sequence_numbers_are_positive(last: int, first: int) -> None:
    assert SequenceNumbers(last).take() == first


def test_of_latecomers_the_newest_are_kept() -> None:
    late = Latecomers(2)
    for sequence in (1, 2, 3):
        late.add(sequence, Waiting(str(sequence), 0.0))
    assert [sequence in late for sequence in (1, 2, 3)] == [False, True, True]
    assert (late.take(1), late.take(3), late.take(3)) == (None, Waiting("3", 0.0), None)
    late.clear()
    assert 2 not in late
