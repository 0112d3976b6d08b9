"""The invented past of a demo could have been: nobody is in two places, and nothing of it is left to do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from storage.demo_calls import fill_history
from storage.models import AgentStateSpan, Alarm, CallRecord, LineServiceSpan, PhoneLine, UserAccount

TODAY = date(2026, 3, 16)
MIDNIGHT = datetime(2026, 3, 15, 16, tzinfo=UTC)
LINES = {1: "1", 2: "2", 3: "3"}
AGENTS = (11, 12, 13)


@pytest.fixture
def past(sqlite_url: str) -> Session:
    engine = create_engine(sqlite_url)
    session = Session(engine)
    for key, name in LINES.items():
        session.add(PhoneLine(id=key, name=name, driver="hayes", state="lost", since=MIDNIGHT))
    people = [
        {"id": key, "username": f"u{key}", "display_name": "x", "password_hash": "-", "created_at": MIDNIGHT}
        for key in (*AGENTS, 14)
    ]
    session.execute(insert(UserAccount), people)
    session.flush()
    assert fill_history(session, LINES, AGENTS, 14, "Asia/Shanghai", TODAY, 21) > 1000
    return session


def no_overlap(stretches: list[tuple[Any, Any]]) -> None:
    for (_, ended), (begins, _) in pairwise(sorted(stretches)):
        assert ended <= begins


def test_no_line_and_no_agent_has_two_calls_at_once(past: Session) -> None:
    calls = list(past.scalars(select(CallRecord)))
    for line_id in LINES:
        taken = [call for call in calls if call.line_id == line_id and call.end_reason != "busy"]
        no_overlap([(call.started_at, call.ended_at) for call in taken])
    for agent_id in AGENTS:
        no_overlap(
            [(call.answered_at, call.ended_at) for call in calls if call.agent_id == agent_id and call.answered_at]
        )
        spans = past.scalars(select(AgentStateSpan).where(AgentStateSpan.user_id == agent_id))
        no_overlap([(span.started_at, span.ended_at) for span in spans])


def test_it_is_over_before_today_and_nothing_is_left_to_do(past: Session) -> None:
    calls = list(past.scalars(select(CallRecord)))
    assert max(call.ended_at for call in calls) < MIDNIGHT
    assert {call.wrap_up for call in calls} == {"", "done"}
    assert all(call.missed_handled_at for call in calls if call.missed)
    assert {call.state for call in calls} == {"ended"}
    assert all(
        call.talk_seconds == int((call.ended_at - call.answered_at).total_seconds())
        for call in calls
        if call.answered_at
    )
    assert not list(past.scalars(select(Alarm.id).where((Alarm.handled_at.is_(None)) | (Alarm.cleared_at.is_(None)))))
    assert {span.state for span in past.scalars(select(LineServiceSpan).where(LineServiceSpan.ended_at.is_(None)))} == {
        "stopped"
    }


def test_a_second_time_invents_nothing(past: Session) -> None:
    assert fill_history(past, LINES, AGENTS, 14, "Asia/Shanghai", TODAY, 21) == 0
