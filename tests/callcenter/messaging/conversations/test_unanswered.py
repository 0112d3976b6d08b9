"""A patient waits for an answer: when somebody is told, and when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.unanswered import UnansweredWatch
from callcenter.messaging.rules.desk import DESK, DeskRules
from callcenter.messaging.rules.row import ROW
from storage.models import Alarm, Conversation, MessagingRules
from tests.peers.call_center import NOW
from tests.peers.sms_desk import HEARTS_NUMBER, HOUSE, STRANGER, Desk


def alarms(session: Session) -> list[tuple[str, bool, int]]:
    """Kind, whether it still is so, how often it was."""
    found = session.scalars(select(Alarm).order_by(Alarm.id))
    return [(alarm.kind, alarm.cleared_at is None, alarm.times) for alarm in found]


def rule(session: Session, **values: Any) -> None:
    session.merge(MessagingRules(id=ROW, rules={DESK.key: values}))


def put_off(session: Session) -> None:
    session.execute(update(Conversation).values(state="snoozed", snoozed_until=NOW + timedelta(days=1)))


class Watched:
    """A desk that is looked at a minute after another. It is Monday, 16:00, and staffed until 17:30."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.watch = UnansweredWatch(desk.database, desk.clock, HOUSE.time_zone)

    async def after(self, minutes: float) -> list[tuple[str, bool, int]]:
        self.desk.clock.advance(minutes * 60)
        await self.watch.look()
        return list(await self.desk.database.read(alarms))


@pytest_twisted.ensureDeferred
async def test_who_waits_for_half_an_hour_is_told_of_once_until_answered(desk: Desk) -> None:
    watched = Watched(desk)
    await desk.hear(HEARTS_NUMBER, "伤口有点红")
    assert await watched.after(29) == []
    assert await watched.after(1) == [("unanswered", True, 1)]
    await desk.hear(STRANGER, "请问挂号")
    assert await watched.after(1) == [("unanswered", True, 1)]
    await desk.change(put_off)
    assert await watched.after(1) == [("unanswered", False, 1)]


@pytest_twisted.ensureDeferred
async def test_a_text_of_the_night_counts_from_the_morning(desk: Desk) -> None:
    watched = Watched(desk)
    desk.clock.advance(2 * 3600)
    await desk.hear(HEARTS_NUMBER, "在吗")
    assert await watched.after(60) == []
    # Tuesday, 08:29.
    assert await watched.after(13 * 60 + 29) == []
    assert await watched.after(1) == [("unanswered", True, 1)]


@pytest_twisted.ensureDeferred
async def test_the_evening_ends_no_alarm_and_a_restart_neither(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "在吗")
    assert await Watched(desk).after(60) == [("unanswered", True, 1)]
    again = Watched(desk)
    assert await again.after(60) == [("unanswered", True, 1)]
    await desk.change(put_off)
    assert await again.after(1) == [("unanswered", False, 1)]


@pytest_twisted.ensureDeferred
async def test_a_hospital_that_wants_no_alarm_has_none(desk: Desk) -> None:
    watched = Watched(desk)
    await desk.hear(HEARTS_NUMBER, "在吗")
    assert await watched.after(45) == [("unanswered", True, 1)]
    await desk.change(lambda session: rule(session, answer_minutes=0))
    assert await watched.after(1) == [("unanswered", False, 1)]


@pytest_twisted.ensureDeferred
async def test_only_minutes_count_in_which_somebody_was_there(desk: Desk) -> None:
    watched = Watched(desk)
    desk.clock.advance(75 * 60)
    # Monday, 17:15.
    await desk.hear(HEARTS_NUMBER, "在吗")
    # Tuesday, 08:14.
    assert await watched.after(14 * 60 + 59) == []
    assert await watched.after(1) == [("unanswered", True, 1)]


@pytest_twisted.ensureDeferred
async def test_a_hospital_may_want_to_be_told_of_the_next_day_only(desk: Desk) -> None:
    watched = Watched(desk)
    await desk.change(lambda session: rule(session, answer_minutes=12 * 60))
    await desk.hear(HEARTS_NUMBER, "在吗")
    # An hour and a half on Monday, nine and a half on Tuesday, and the rest on Wednesday until 09:00.
    assert await watched.after(41 * 60 - 1) == []
    assert await watched.after(1) == [("unanswered", True, 1)]


@pytest.mark.parametrize(
    ("minutes", "until", "since"),
    [
        (30, "2026-03-02T08:30+08:00", "2026-03-02T08:00+08:00"),
        (30, "2026-03-02T08:29+08:00", "2026-02-27T17:29+08:00"),
        (30, "2026-03-02T17:30+08:00", "2026-03-02T17:00+08:00"),
        (30, "2026-03-02T23:00+08:00", "2026-03-02T17:00+08:00"),
        (30, "2026-03-01T12:00+08:00", "2026-02-27T17:00+08:00"),
        (24 * 60, "2026-03-06T12:00+08:00", "2026-03-04T12:00+08:00"),
    ],
)
def test_since_when_somebody_was_there_for_so_long(minutes: int, until: str, since: str) -> None:
    found = DeskRules(staffed_to="20:00" if minutes > 600 else "17:30").staffed_since(
        timedelta(minutes=minutes), datetime.fromisoformat(until), "Asia/Shanghai"
    )
    assert found == datetime.fromisoformat(since)


def test_a_desk_that_is_always_staffed_has_no_night() -> None:
    rules = DeskRules(staffed_from="00:00", staffed_to="23:59", days=(1, 2, 3, 4, 5, 6, 7))
    until = datetime.fromisoformat("2026-03-02T00:10+08:00")
    assert rules.staffed_since(timedelta(minutes=30), until, "Asia/Shanghai") == until - timedelta(minutes=31)


def test_an_hour_that_the_clocks_skip_is_none() -> None:
    rules = DeskRules(staffed_from="01:00", days=(7,))
    until = datetime.fromisoformat("2026-03-29T04:00+02:00")
    assert rules.staffed_since(timedelta(hours=2), until, "Europe/Berlin") == until - timedelta(hours=2)


def test_where_nobody_ever_is_nobody_is_late() -> None:
    now = datetime.fromisoformat("2026-03-02T12:00+08:00")
    assert DeskRules(days=()).staffed_since(timedelta(minutes=1), now, "Asia/Shanghai") is None
