"""Failures close a key for longer and longer, never for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.administration.throttle import Limits, Throttle

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LIMITS = Limits(free=3, first=timedelta(seconds=10), longest=timedelta(seconds=60), forgotten_after=timedelta(hours=1))


def test_the_free_failures_have_no_consequence_and_the_next_closes() -> None:
    throttle = Throttle(LIMITS)
    for _ in range(3):
        throttle.count("k", NOW)
        assert throttle.closed_for("k", NOW) == timedelta()
    throttle.count("k", NOW)
    assert throttle.closed_for("k", NOW) == timedelta(seconds=10)
    assert throttle.closed_for("other", NOW) == timedelta()


def test_each_further_failure_closes_twice_as_long_up_to_the_limit() -> None:
    throttle = Throttle(LIMITS)
    closed = [throttle.count("k", NOW).closed_until for _ in range(8)]
    assert [c and (c - NOW).total_seconds() for c in closed] == [None, None, None, 10, 20, 40, 60, 60]


def test_a_closed_key_opens_by_itself_and_is_forgotten_after_a_quiet_time() -> None:
    throttle = Throttle(LIMITS)
    for _ in range(4):
        throttle.count("k", NOW)
    assert throttle.closed_for("k", NOW + timedelta(seconds=10)) == timedelta()
    assert throttle.standing("k", NOW + timedelta(minutes=59)) is not None
    assert throttle.standing("k", NOW + timedelta(minutes=61)) is None


def test_taking_back_undoes_exactly_one() -> None:
    throttle = Throttle(LIMITS)
    for _ in range(4):
        throttle.count("k", NOW)
    throttle.take_back("k")
    assert throttle.closed_for("k", NOW) == timedelta()
    throttle.count("k", NOW)
    assert throttle.closed_for("k", NOW) == timedelta(seconds=10)


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    throttle = Throttle(LIMITS, remembered=10)
    for number in range(100):
        throttle.count(str(number), NOW)
    assert throttle.standing("89", NOW) is None
    assert throttle.standing("99", NOW) is not None


@given(st.integers(min_value=0, max_value=10_000))
def test_no_number_of_failures_closes_for_longer_than_the_limit(failures: int) -> None:
    assert timedelta() <= LIMITS.closed_for(failures) <= LIMITS.longest


def test_nobody_waits_longer_because_the_wall_was_set_back() -> None:
    throttle = Throttle(LIMITS)
    for _ in range(4):
        throttle.count("k", NOW)
    back = NOW - timedelta(hours=1)
    assert throttle.closed_for("k", back) == LIMITS.longest
    assert throttle.closed_for("k", back + timedelta(seconds=59)) == timedelta(seconds=1)
    assert throttle.closed_for("k", back + LIMITS.longest) == timedelta()
