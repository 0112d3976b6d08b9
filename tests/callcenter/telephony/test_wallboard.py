"""The figures by their definitions, with numbers worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import day_bounds
from callcenter.telephony import wallboard
from protocols.signals import Rang, RingingStopped
from storage.models import AgentStateSpan, AgentStatus, CallRecord, PhoneLine
from tests.peers.call_center import ANNA, CARDIOLOGY, FOLLOW_UP, NOW, SUSAN, CallCenter

# 08:00 UTC is 16:00 in Shanghai; the day began at 16:00 UTC the day before.
MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)


WRAP_UP = MIDNIGHT + timedelta(minutes=90)


def add_call(session: Session, at: datetime, *, wait: float | None, talk: float = 0, **fields: Any) -> None:
    """A call that began ``at`` and was answered after ``wait`` seconds, or given up after ``talk``."""
    line_id = session.scalar(select(PhoneLine.id).where(PhoneLine.name == "line 1"))
    answered = None if wait is None else at + timedelta(seconds=wait)
    call = CallRecord(line_id=line_id, direction="in", state="ended", started_at=at, answered_at=answered)
    call.ended_at = (answered or at) + timedelta(seconds=talk)
    call.missed, call.department_id = wait is None, FOLLOW_UP
    call.end_reason = "abandoned" if wait is None else "far_end"
    call.agent_id = None if wait is None else ANNA.user_id
    for name, value in fields.items():
        setattr(call, name, value)
    session.add(call)


def a_day(session: Session) -> None:
    add_call(session, NOW - timedelta(hours=1), wait=10, talk=100)
    add_call(session, NOW - timedelta(hours=1), wait=20, talk=200)
    # Anna's, see below: it ends when her wrap-up begins.
    add_call(session, WRAP_UP - timedelta(seconds=360), wait=60, talk=300)
    add_call(session, MIDNIGHT, wait=None, talk=30)
    add_call(session, MIDNIGHT, wait=None, talk=4.9)
    add_call(session, NOW - timedelta(hours=1), wait=None, talk=0, end_reason="busy")
    # A conversation whose end nobody saw counts as answered in time, not as handled.
    add_call(session, NOW - timedelta(hours=1), wait=5, talk=5000, end_reason="unknown")
    add_call(session, NOW - timedelta(hours=1), wait=15, talk=100, direction="out")
    # Rang here too, but was answered at another telephone, where it counts.
    add_call(session, NOW - timedelta(hours=1), wait=None, talk=5, end_reason="elsewhere", missed=False)
    # Yesterday, and the same second as tomorrow's first: not today's.
    add_call(session, MIDNIGHT - timedelta(microseconds=1), wait=500, talk=1)
    add_call(session, MIDNIGHT + timedelta(days=1), wait=500, talk=1)


def a_shift(session: Session) -> None:
    """Anna: available from an hour before midnight until an hour after, talking 30 min, wrap-up 10, and some 3 min more
    that she chose herself, long after the call. Handling is all of it, of the call only what followed it.
    """
    start = MIDNIGHT + timedelta(hours=1)
    times = [MIDNIGHT - timedelta(hours=1), start, WRAP_UP, WRAP_UP + timedelta(minutes=10)]
    times += [times[-1] + timedelta(minutes=1), times[-1] + timedelta(minutes=4)]
    states = ["available", "talking", "wrap_up", "available", "wrap_up"]
    for state, since, until in zip(states, times[:-1], times[1:], strict=True):
        session.add(AgentStateSpan(user_id=ANNA.user_id, state=state, started_at=since, ended_at=until))
    session.add(AgentStateSpan(user_id=ANNA.user_id, state="away", started_at=times[-1]))
    session.add(AgentStatus(user_id=ANNA.user_id, state="away", since=times[-1]))


@pytest_twisted.ensureDeferred
async def test_the_figures_of_a_day(hospital: CallCenter) -> None:
    await hospital.database.run(a_day)
    await hospital.database.run(a_shift)
    board = await hospital.telephony.wallboard.figures(SUSAN)
    figures = board["figures"]
    assert board["day_start"] == "2026-03-01T16:00:00.000Z"
    assert board["counts"] == {
        "incoming": 7,
        "outgoing": 1,
        "answered": 4,
        "abandoned": 2,
        "short_abandoned": 1,
        "missed_open": 3,
        "handled": 4,
        "ringing": 0,
        "dialling": 0,
        "talking": 0,
    }
    assert figures["service_level"]["value"] == pytest.approx(3 / 5)
    assert figures["service_level"]["target"] == 0.8
    assert figures["average_speed_of_answer"]["value"] == pytest.approx((10 + 20 + 60 + 5) / 4, abs=0.001)
    assert figures["abandoned"]["value"] == pytest.approx(1 / 5)
    assert figures["longest_wait"]["value"] is None
    assert figures["average_handling_time"]["value"] == pytest.approx((700 + 600) / 4, abs=0.001)
    assert figures["occupancy"]["value"] == pytest.approx(43 / (43 + 61))
    assert board["lines"] == {"idle": 2}
    assert board["agents"] == {"away": 1}


@pytest_twisted.ensureDeferred
async def test_a_day_without_calls_has_no_figures_rather_than_zeros(hospital: CallCenter) -> None:
    figures = (await hospital.telephony.wallboard.figures(SUSAN))["figures"]
    assert {name: figure["value"] for name, figure in figures.items()} == dict.fromkeys(figures)


@pytest_twisted.ensureDeferred
async def test_the_longest_wait_is_the_oldest_call_that_rings(hospital: CallCenter) -> None:
    await hospital.hear(Rang())
    hospital.clock.advance(42)
    await hospital.hear(Rang(), line=1)
    board = await hospital.telephony.wallboard.figures(SUSAN)
    assert board["figures"]["longest_wait"]["value"] == pytest.approx(43)
    assert board["figures"]["longest_wait"]["since"] == "2026-03-02T08:00:01.000Z"
    assert board["counts"]["ringing"] == 2


@pytest_twisted.ensureDeferred
async def test_a_department_sees_its_own_figures(hospital: CallCenter) -> None:
    await hospital.database.run(a_day)
    for department, incoming in ((FOLLOW_UP, 7), (CARDIOLOGY, 0)):
        head = Principal(99, "head", "Head", department, {"wallboard.view": Scope.DEPARTMENT})
        assert (await hospital.telephony.wallboard.figures(head))["counts"]["incoming"] == incoming


@pytest_twisted.ensureDeferred
async def test_figures_are_computed_once_a_second_and_only_for_news(hospital: CallCenter, monkeypatch) -> None:
    computed: list[datetime] = []
    real = wallboard.load_figures

    def counted(session: Session, *arguments: Any) -> dict[str, Any]:
        computed.append(arguments[-1])
        return real(session, *arguments)

    monkeypatch.setattr(wallboard, "load_figures", counted)
    board = hospital.telephony.wallboard
    for _ in range(5):
        await board.figures(SUSAN)
    assert len(computed) == 1
    await hospital.hear(Rang())
    await board.figures(SUSAN)
    assert len(computed) == 2
    hospital.line.say(RingingStopped())
    await hospital.settle()
    await board.figures(SUSAN)
    assert len(computed) == 2
    hospital.clock.advance(1)
    assert (await board.figures(SUSAN))["counts"]["missed_open"] == 1
    hospital.clock.advance(wallboard.STALE_SECONDS)
    await board.figures(SUSAN)
    assert len(computed) == 4


def test_days_of_23_and_25_hours() -> None:
    spring = day_bounds(datetime(2026, 3, 29, 10, tzinfo=UTC), "Europe/Berlin")
    autumn = day_bounds(datetime(2026, 10, 25, 10, tzinfo=UTC), "Europe/Berlin")
    assert (spring[1] - spring[0], autumn[1] - autumn[0]) == (timedelta(hours=23), timedelta(hours=25))
    assert day_bounds(NOW, "Asia/Shanghai")[0] == MIDNIGHT
