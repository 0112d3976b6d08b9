"""Calls and lines as they change while it rings, written without the ORM's unit of work: the same rows come of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.database import Database
from storage.models import CallOffer, CallRecord, PhoneLine, UserAccount
from storage.queries.calls import insert_call, load_call_record, load_line, move_line, new_call, update_call
from storage.queries.offers import fetch_ids, insert_offers, offered_to

WHY: dict[str, Any] = {"reason": "why", "reason_said": {"code": "x"}}
NO_REASON: dict[str, Any] = {"reason": "", "reason_said": None}
NOW = datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)


def a_line(session: Session) -> int:
    line = PhoneLine(name="front desk", driver="hayes", state="idle", since=NOW)
    session.add(line)
    session.flush()
    return line.id


def a_call(session: Session) -> CallRecord:
    call = new_call(line_id=a_line(session), direction="in", state="ringing", started_at=NOW)
    insert_call(session, call)
    return call


def some_agents(session: Session, count: int) -> list[int]:
    agents = [
        UserAccount(username=f"a{n}", display_name=f"坐席{n}", password_hash="", created_at=NOW) for n in range(count)
    ]
    session.add_all(agents)
    session.flush()
    return [agent.id for agent in agents]


@pytest_twisted.ensureDeferred
async def test_a_new_call_is_what_the_orm_would_have_written(database: Database) -> None:
    def write(session: Session) -> tuple[dict[str, Any], dict[str, Any]]:
        lean = a_call(session)
        usual = CallRecord(line_id=lean.line_id, direction="in", state="ringing", started_at=NOW)
        session.add(usual)
        session.flush()
        first, second = session.get_one(CallRecord, lean.id), usual
        session.refresh(second)
        columns = [column.key for column in CallRecord.__table__.columns if column.key != "id"]
        return {key: getattr(first, key) for key in columns}, {key: getattr(second, key) for key in columns}

    first, second = await database.run(write)
    assert first == second
    assert first["number"] == ""
    assert first["version"] == 1


@pytest_twisted.ensureDeferred
async def test_changes_are_written_and_seen_by_the_orm(database: Database) -> None:
    def write(session: Session) -> tuple[Any, ...]:
        call = a_call(session)
        update_call(session, call, {"number": "+8613800138000", "rings": 2, "missed": True, "ended_at": NOW})
        update_call(session, call, {"caller_name": ""})
        update_call(session, call, {})
        stored, again = session.get_one(CallRecord, call.id), load_call_record(session, call.id)
        assert again is not None
        return tuple(
            (one.number, one.rings, one.missed, one.ended_at, one.caller_name) for one in (call, stored, again)
        )

    assert set(await database.run(write)) == {("+8613800138000", 2, True, NOW, "")}


@pytest_twisted.ensureDeferred
async def test_a_call_that_is_not_there(database: Database) -> None:
    assert await database.run(lambda session: load_call_record(session, 4711)) is None


@pytest_twisted.ensureDeferred
async def test_a_line_is_in_its_state_since_it_came_into_it(database: Database) -> None:
    later = NOW + timedelta(minutes=1)

    def write(session: Session) -> list[tuple[Any, ...]]:
        line_id = a_line(session)
        seen: list[tuple[Any, ...]] = []
        for state, at, reason, out in (("idle", later, WHY, True), ("lost", later, NO_REASON, False)):
            line = move_line(session, line_id, state, at, reason, out_of_service=out)
            stored = session.get_one(PhoneLine, line_id)
            session.refresh(stored)
            seen += [
                (one.name, one.state, one.since, one.reason, one.reason_said, one.out_of_service, one.removed)
                for one in (line, stored, load_line(session, line_id))
            ]
        return seen

    idle, lost = (
        ("front desk", "idle", NOW, "why", {"code": "x"}, True, False),
        ("front desk", "lost", later, "", None, False, False),
    )
    assert await database.run(write) == [idle] * 3 + [lost] * 3


def test_a_call_has_no_columns_that_its_table_has_not() -> None:
    with pytest.raises(TypeError, match="directon"):
        new_call(line_id=1, directon="in")


@pytest_twisted.ensureDeferred
async def test_offers_to_many_and_to_nobody(database: Database) -> None:
    def write(session: Session) -> tuple[Any, ...]:
        call, nobodys = a_call(session).id, new_call(line_id=1, direction="in", state="ringing", started_at=NOW)
        nobodys.line_id = session.scalar(select(PhoneLine.id))  # type: ignore[assignment]
        insert_call(session, nobodys)
        agents = some_agents(session, 120)
        insert_offers(session, call, list(reversed(agents)))
        insert_offers(session, nobodys.id, [])
        rows = session.execute(select(CallOffer.call_id, CallOffer.user_id).order_by(CallOffer.user_id)).all()
        assert [tuple(row) for row in rows] == [(call, agent) for agent in agents]
        few = select(UserAccount.id).where(UserAccount.id.between(agents[0], agents[2])).order_by(UserAccount.id.desc())
        return (
            offered_to(session, call) == (agents, []),
            offered_to(session, nobodys.id),
            fetch_ids(session, few) == agents[:3],
        )

    assert await database.run(write) == (True, ([], []), True)
