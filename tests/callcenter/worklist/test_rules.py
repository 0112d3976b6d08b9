"""When a task comes again: by outcome, within the hours, never too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from callcenter.worklist.rules import Hours, OutcomeRule, TaskEffect, TaskState, Verdict, decide
from callcenter.worklist.settings import CallTaskSettings

HOURS = CallTaskSettings().hours("Asia/Shanghai")
NO_ANSWER = OutcomeRule(TaskEffect.RETRY, 120, 3)
BUSY = OutcomeRule(TaskEffect.RETRY, 15)
AT_TIME = OutcomeRule(TaskEffect.AT_TIME)


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


NOON = shanghai(2, 12)


@pytest.mark.parametrize(
    ("rule", "attempts", "at", "agreed", "until", "wanted"),
    [
        (OutcomeRule(TaskEffect.DONE), 1, NOON, None, None, Verdict(TaskState.DONE)),
        (OutcomeRule(TaskEffect.DONE), 1, NOON, shanghai(3, 9), None, Verdict(TaskState.DONE)),
        (OutcomeRule(TaskEffect.GIVE_UP), 1, NOON, shanghai(3, 9), None, Verdict(TaskState.GIVEN_UP, None, "outcome")),
        (NO_ANSWER, 1, NOON, None, None, Verdict(TaskState.OPEN, shanghai(2, 14))),
        (NO_ANSWER, 2, shanghai(2, 18, 1), None, None, Verdict(TaskState.OPEN, shanghai(3, 8))),
        (NO_ANSWER, 1, shanghai(2, 17, 59), None, None, Verdict(TaskState.OPEN, shanghai(2, 19, 59))),
        (NO_ANSWER, 3, NOON, None, None, Verdict(TaskState.GIVEN_UP, None, "attempts")),
        (NO_ANSWER, 3, NOON, shanghai(2, 16), None, Verdict(TaskState.OPEN, shanghai(2, 16))),
        (NO_ANSWER, 1, NOON, None, shanghai(2, 14), Verdict(TaskState.EXPIRED, None, "too_late")),
        (NO_ANSWER, 1, NOON, None, shanghai(2, 14, 1), Verdict(TaskState.OPEN, shanghai(2, 14))),
        (BUSY, 40, NOON, None, None, Verdict(TaskState.OPEN, shanghai(2, 12, 15))),
        (AT_TIME, 9, NOON, shanghai(4, 9, 30), None, Verdict(TaskState.OPEN, shanghai(4, 9, 30))),
        (AT_TIME, 1, NOON, shanghai(4, 21), None, Verdict(TaskState.OPEN, shanghai(5, 8))),
        (AT_TIME, 1, NOON, shanghai(4, 6), None, Verdict(TaskState.OPEN, shanghai(4, 8))),
        (AT_TIME, 1, NOON, shanghai(2, 11), None, Verdict(TaskState.OPEN, NOON)),
        (AT_TIME, 1, NOON, shanghai(4, 9), shanghai(3, 9), Verdict(TaskState.EXPIRED, None, "too_late")),
    ],
)
def test_what_becomes_of_a_task(
    rule: OutcomeRule, attempts: int, at: datetime, agreed: datetime | None, until: datetime | None, wanted: Verdict
) -> None:
    assert decide(rule, attempts, at, agreed, until, HOURS) == wanted


def test_the_hours_are_those_of_the_wall_clock_also_when_clocks_are_changed() -> None:
    berlin = Hours(8 * 60, 20 * 60, ZoneInfo("Europe/Berlin"))
    # On 29 March 2026 the night has an hour less: eight o'clock is 06:00 UTC, not 07:00.
    assert berlin.first(datetime(2026, 3, 28, 19, tzinfo=UTC)) == datetime(2026, 3, 29, 6, tzinfo=UTC)


def test_the_end_of_the_hours_is_outside_and_a_whole_day_has_no_end() -> None:
    edges = (shanghai(2, 7, 59), shanghai(2, 8), shanghai(2, 19, 59), shanghai(2, 20))
    assert [HOURS.contain(moment) for moment in edges] == [False, True, True, False]
    always = CallTaskSettings(earliest="00:00", latest="24:00").hours("Asia/Shanghai")
    for hours in range(24):
        moment = NOON + timedelta(hours=hours, minutes=59)
        assert always.first(moment) == moment


@pytest.mark.parametrize(("earliest", "latest"), [("20:00", "08:00"), ("08:00", "08:00"), ("8:00", "20:00")])
def test_hours_that_are_none_are_refused(earliest: str, latest: str) -> None:
    with pytest.raises(ValidationError):
        CallTaskSettings(earliest=earliest, latest=latest)
