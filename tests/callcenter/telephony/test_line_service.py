"""The history of a line's service, and its alarms, across stops, crashes and changes of the configuration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.alarms.service import AlarmFilter, AlarmService
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from protocols.signals import CallerIdentified, LineLost, LineReady, NumberlessCalls, Rang, RingingStopped
from storage.database import Database
from storage.models import Alarm, AlarmDelivery, AlarmTarget, AuditEntry, LineServiceSpan
from tests.peers.call_center import (
    ANNA,
    CARDIOLOGY,
    FOLLOW_UP,
    LINES,
    NOW,
    SUSAN,
    CallCenter,
    LineEntry,
    clock_at,
    fill,
)


def spans(session: Session) -> list[tuple[str, str, float | None]]:
    """Of the first line: state, reason, seconds it lasted."""
    first = session.scalar(select(LineServiceSpan.line_id).order_by(LineServiceSpan.line_id).limit(1))
    found = select(LineServiceSpan).where(LineServiceSpan.line_id == first).order_by(LineServiceSpan.id)
    return [
        (one.state, one.reason, (one.ended_at - one.started_at).total_seconds() if one.ended_at else None)
        for one in session.scalars(found)
    ]


def deliveries(session: Session) -> list[tuple[str, str, float]]:
    found = session.scalars(select(AlarmDelivery).order_by(AlarmDelivery.id))
    return [(one.event, one.state, (one.due_at - one.created_at).total_seconds()) for one in found]


def service(hospital: CallCenter) -> AlarmService:
    return AlarmService(hospital.database, hospital.clock)


@pytest_twisted.ensureDeferred
async def test_a_lost_line_is_one_alarm_however_often_it_is_tried(hospital: CallCenter) -> None:
    for reason in ("unplugged", "unplugged", "occupied", "unplugged"):
        await hospital.hear(LineLost(reason))
    (alarm,) = await service(hospital).open_for(SUSAN)
    assert (alarm["kind"], alarm["times"], alarm["cleared_at"], alarm["reason"]) == ("line_lost", 1, None, "unplugged")
    assert alarm["line"]["name"] == "line 1"
    assert [event.type for event in hospital.events if event.topic == "alarms"][:1] == ["alarm.opened"]
    assert len(hospital.told("alarm.opened")) == 1
    assert hospital.last("alarm.updated") == alarm


@pytest_twisted.ensureDeferred
async def test_an_alarm_stays_after_the_trouble_is_over_until_somebody_says_what_was_done(hospital: CallCenter) -> None:
    await hospital.hear(LineLost("unplugged"), LineReady("modem"))
    alarms = service(hospital)
    (alarm,) = await alarms.open_for(SUSAN)
    assert alarm["cleared_at"] == "2026-03-02T08:00:02.000Z"
    for bad in ("", " \u202e ", "x" * 501):
        with pytest.raises(InvalidError):
            await alarms.handle(SUSAN, alarm["id"], bad)
    handled = await alarms.handle(SUSAN, alarm["id"], "换了网线")
    assert (handled["note"], handled["handled_by"]) == ("换了网线", {"id": SUSAN.user_id, "name": "Susan"})
    assert hospital.last("alarm.updated") == handled
    assert await alarms.open_for(SUSAN) == []
    with pytest.raises(ConflictError, match="Susan"):
        await alarms.handle(SUSAN, alarm["id"], "again")
    assert await hospital.look(lambda session: list(session.scalars(select(AuditEntry.action)))) == ["handle-alarm"]
    # Now it is another one.
    await hospital.hear(LineLost("unplugged"))
    (second,) = await alarms.open_for(SUSAN)
    assert second["id"] != alarm["id"]


@pytest_twisted.ensureDeferred
async def test_what_is_handled_before_it_is_over_does_not_come_again_by_itself(hospital: CallCenter) -> None:
    alarms = service(hospital)
    await hospital.hear(LineLost("unplugged"))
    (alarm,) = await alarms.open_for(SUSAN)
    await alarms.handle(SUSAN, alarm["id"], "called the technician")
    await hospital.hear(LineLost("occupied"), LineLost("unplugged"))
    assert await alarms.open_for(SUSAN) == []
    await hospital.hear(LineReady("modem"), LineLost("unplugged"))
    assert [one["times"] for one in await alarms.open_for(SUSAN)] == [1]
    assert len((await alarms.list(SUSAN)).items) == 2


@pytest_twisted.ensureDeferred
async def test_a_line_that_comes_and_goes_is_one_alarm_and_told_outside_when_it_settles(hospital: CallCenter) -> None:
    await hospital.database.run(lambda session: session.add(AlarmTarget(name="duty", kind="line_lost")))
    await hospital.hear(LineLost("unplugged"))
    await hospital.database.run(_begin_to_send)
    await hospital.hear(LineReady("modem"), LineLost("unplugged"), LineReady("modem"), LineLost("unplugged"))
    (alarm,) = await service(hospital).open_for(SUSAN)
    assert (alarm["times"], alarm["cleared_at"]) == (3, None)
    assert len(hospital.told("alarm.opened")) == 1
    assert await hospital.look(deliveries) == [
        ("opened", "waiting", 0.0),
        ("cleared", "superseded", 0.0),
        ("opened", "superseded", 60.0),
        ("cleared", "superseded", 60.0),
        ("opened", "waiting", 60.0),
    ]


def _begin_to_send(session: Session) -> None:
    session.scalars(select(AlarmDelivery)).one().attempts = 1


@pytest_twisted.ensureDeferred
async def test_calls_without_numbers_alarm_where_the_line_can_tell_them(hospital: CallCenter) -> None:
    alarms = service(hospital)
    await hospital.hear(NumberlessCalls(5), NumberlessCalls(10))
    (alarm,) = await alarms.open_for(SUSAN)
    assert alarm["kind"] == "numberless"
    assert alarm["reason_said"] == {"code": "numberless", "values": {"count": 10}}
    await hospital.hear(Rang(), CallerIdentified("13800138000"), RingingStopped())
    (cleared,) = await alarms.open_for(SUSAN)
    assert cleared["cleared_at"] is not None


@pytest_twisted.ensureDeferred
async def test_a_line_that_cannot_tell_numbers_is_not_blamed(hospital: CallCenter) -> None:
    hospital.line.capabilities = type(hospital.line.capabilities).RING
    await hospital.hear(NumberlessCalls(5))
    assert await service(hospital).open_for(SUSAN) == []


@pytest_twisted.ensureDeferred
async def test_history_and_alarms_survive_a_stop_and_a_crash(database: Database) -> None:
    await database.run(fill)
    first = CallCenter(database, clock_at(NOW))
    await first.telephony.start()
    await first.settle()
    await first.hear(LineLost("unplugged"), NumberlessCalls(5))
    # The process dies here; an hour later another one finds the line as it was, then well.
    second = CallCenter(database, clock_at(NOW + timedelta(hours=1)))
    await second.telephony.start()
    await second.settle()
    assert len(await service(second).open_for(SUSAN)) == 2
    assert not second.told("alarm.opened")
    await second.hear(CallerIdentified("13800138000"), RingingStopped())
    assert [bool(one["cleared_at"]) for one in await service(second).open_for(SUSAN)] == [True, True]
    await second.telephony.stop()
    found = await database.read(spans)
    assert [state for state, _, _ in found] == ["stopped", "in_service", "lost", "stopped", "in_service", "stopped"]
    # What was true when the process died ended with its last sign of life, not with the start of the next.
    assert found[2][1] == "unplugged"
    assert found[2][2] is not None
    assert found[-1][2] is None
    assert not second.told("alarm.opened")


@pytest_twisted.ensureDeferred
async def test_a_line_that_is_configured_no_more_has_no_trouble(database: Database) -> None:
    await database.run(fill)
    first = CallCenter(database, clock_at(NOW))
    await first.telephony.start()
    await first.hear(LineLost("unplugged"))
    second = CallCenter(database, clock_at(NOW + timedelta(hours=1)), entries=(LineEntry("line 2"),))
    await second.telephony.start()
    await second.settle()
    (alarm,) = await service(second).open_for(SUSAN)
    assert alarm["cleared_at"] == "2026-03-02T09:00:00.000Z"
    await second.telephony.stop()
    assert (await database.read(spans))[-1][0] == "lost"
    assert LINES[0].name == alarm["line"]["name"]


@pytest_twisted.ensureDeferred
async def test_a_department_sees_the_alarms_of_its_lines(hospital: CallCenter) -> None:
    alarms = service(hospital)
    await hospital.hear(LineLost("unplugged"))
    (alarm,) = await alarms.open_for(SUSAN)
    grants = dict.fromkeys(("alarms.view", "alarms.handle", "alarms.export"), Scope.DEPARTMENT)
    other = Principal(98, "other", "Other", CARDIOLOGY, grants)
    assert await alarms.open_for(other) == []
    assert (await alarms.list(other)).items == []
    assert [chunk async for chunk in alarms.export(other)] == [[]]
    with pytest.raises(NotFoundError):
        await alarms.handle(other, alarm["id"], "mine")
    with pytest.raises(NotAllowedError):
        await alarms.open_for(ANNA)
    head = Principal(SUSAN.user_id, "head", "Head", FOLLOW_UP, grants)
    assert [one["id"] for one in await alarms.open_for(head)] == [alarm["id"]]
    (event,) = hospital.told("alarm.opened")
    assert event.audience == {"permission": "alarms.view", "departments": [FOLLOW_UP], "users": []}


def many(session: Session) -> None:
    for number in range(1, 26):
        handled = NOW if number % 2 else None
        session.add(
            Alarm(
                kind="line_lost" if number % 5 else "numberless", subject="1", details={"line": "1"},
                opened_at=NOW + timedelta(minutes=number // 2), cleared_at=NOW, handled_at=handled,
                handled_by=SUSAN.user_id if handled else None, live_key=None if handled else f"k{number}", note="",
            )
        )  # fmt: skip
        session.flush()


@pytest_twisted.ensureDeferred
async def test_past_alarms_page_by_page_and_whole(hospital: CallCenter) -> None:
    await hospital.database.run(many)
    alarms = service(hospital)
    hospital.clock.advance(3600)
    everything: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await alarms.list(SUSAN, limit=4, cursor=cursor)
        everything += page.items
        if (cursor := page.next) is None:
            break
    assert [one["id"] for one in everything] == sorted((one["id"] for one in everything), reverse=True)
    assert len(everything) == 25
    for wanted, count in (
        (AlarmFilter(kind="numberless"), 5),
        (AlarmFilter(handled=True), 13),
        (AlarmFilter(handled=False), 12),
        (AlarmFilter(since=NOW + timedelta(minutes=10)), 6),
        (AlarmFilter(until=NOW + timedelta(minutes=10)), 19),
    ):
        assert len((await alarms.list(SUSAN, wanted)).items) == count
        assert sum([len(chunk) async for chunk in alarms.export(SUSAN, wanted)]) == count
    assert len(await alarms.open_for(SUSAN)) == 12
    for bad in ({"cursor": "x"}, {"sort": "note"}):
        with pytest.raises(InvalidError):
            await alarms.list(SUSAN, **bad)
