"""When somebody is there to answer: by day, until midnight, and over it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.messaging.rules.desk import DeskRules

DAY = 24 * 60
MINUTE, STEP = timedelta(minutes=1), timedelta(minutes=10)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
# The clocks of the second and third zone are set forward and back within.
MOMENTS = st.integers(0, 366 * DAY // 10).map(lambda steps: datetime(2026, 1, 1, tzinfo=UTC) + steps * STEP)
STEPS = st.integers(0, DAY // 10 - 1)
DAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


HOURS = st.builds(
    DeskRules,
    staffed_from=st.integers(0, DAY - 1).map(clock),
    staffed_to=st.integers(0, DAY).map(clock),
    days=DAYS,
)


@pytest.mark.parametrize(
    ("begins", "ends", "at", "there"),
    [
        ("08:00", "24:00", "2026-03-06T23:59+08:00", True),
        ("08:00", "24:00", "2026-03-07T00:00+08:00", False),
        ("08:00", "00:00", "2026-03-06T23:59+08:00", True),
        ("20:00", "08:00", "2026-03-06T19:59+08:00", False),
        ("20:00", "08:00", "2026-03-06T20:00+08:00", True),
        # Friday's night ends on Saturday; Sunday's was nobody's.
        ("20:00", "08:00", "2026-03-07T07:59+08:00", True),
        ("20:00", "08:00", "2026-03-07T08:00+08:00", False),
        ("20:00", "08:00", "2026-03-09T07:59+08:00", False),
        ("00:00", "24:00", "2026-03-06T23:59+08:00", True),
        ("08:00", "08:00", "2026-03-06T07:59+08:00", True),
    ],
)
def test_whether_somebody_is_there(begins: str, ends: str, at: str, there: bool) -> None:
    rules = DeskRules(staffed_from=begins, staffed_to=ends)
    assert rules.is_staffed(datetime.fromisoformat(at), "Asia/Shanghai") is there


def test_midnight_has_one_name() -> None:
    assert DeskRules(staffed_to="24:00") == DeskRules(staffed_to="00:00")


@given(rules=HOURS, day=st.integers(0, 365), minute=st.integers(0, DAY - 1))
def test_somebody_is_there_for_so_many_minutes_from_each_opening_on(rules: DeskRules, day: int, minute: int) -> None:
    """On clocks that are never set: the minute is one of today's, or of the night that began yesterday."""
    opens, closes = (int(one[:2]) * 60 + int(one[3:]) for one in (rules.staffed_from, rules.staffed_to))
    length = (closes - opens) % DAY or DAY
    today = date(2026, 1, 1) + timedelta(days=day)
    expected = any(
        (today - timedelta(days=ago)).isoweekday() in rules.days and 0 <= minute + ago * DAY - opens < length
        for ago in (0, 1)
    )
    moment = datetime.fromisoformat(f"{today}T{clock(minute)}+08:00")
    assert rules.is_staffed(moment, "Asia/Shanghai") is expected


@given(opens=STEPS, lasts=st.integers(12, DAY // 10), days=DAYS, until=MOMENTS, length=st.integers(1, 30), zone=ZONES)
def test_what_is_counted_is_the_time_in_which_somebody_is_there(
    opens: int, lasts: int, days: tuple[int, ...], until: datetime, length: int, zone: str
) -> None:
    """In steps of ten minutes: each of those between is one in which somebody is there, or none."""
    rules = DeskRules(staffed_from=clock(opens * 10), staffed_to=clock((opens + lasts) * 10 % DAY), days=days)
    since = rules.staffed_since(length * STEP, until, zone)
    assert since is not None
    assert rules.is_staffed(since, zone)
    between = int((until - since) / STEP)
    assert sum(rules.is_staffed(since + step * STEP, zone) for step in range(between)) == length


@given(until=MOMENTS, length=st.integers(1, 24 * 60), ends=st.sampled_from(["24:00", "00:00"]), zone=ZONES)
def test_around_the_clock_every_minute_counts(until: datetime, length: int, ends: str, zone: str) -> None:
    rules = DeskRules(staffed_from="00:00", staffed_to=ends, days=EVERY_DAY)
    assert rules.is_staffed(until, zone)
    assert rules.staffed_since(length * MINUTE, until, zone) == until - length * MINUTE
