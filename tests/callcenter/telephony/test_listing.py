"""Call records: filters, pages, export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callcenter.errors import InvalidError
from callcenter.telephony.call_orders import call_sorts, call_stretches
from callcenter.telephony.calls import CallFilter
from storage.models import AuditEntry, CallRecord, PhoneLine, UserAccount
from storage.queries.paging import paged
from tests.peers.call_center import ANNA, BEN, DORA, NOW, SUSAN, ZHANG, CallCenter


def fifty_calls(session: Session) -> None:
    lines = dict(session.execute(select(PhoneLine.name, PhoneLine.id)).all())
    for index in range(50):
        outgoing = index % 5 == 0
        answered = index % 2 == 0
        call = CallRecord(
            id=index + 1,
            line_id=lines["line 1" if index < 40 else "line 2"],
            direction="out" if outgoing else "in",
            state="ended",
            # Three at a time began in the same microsecond.
            started_at=NOW + timedelta(microseconds=index // 3),
            number=f"+861380013{index:04}" if index else "+861062345678",
            patient_id=ZHANG if index == 7 else None,
            agent_id=(ANNA if index < 25 else BEN).user_id if answered else None,
        )
        call.answered_at = call.started_at if answered else None
        call.ended_at = call.started_at + timedelta(seconds=index)
        call.missed = not answered and not outgoing
        call.outcome = "completed" if index == 8 else ""
        call.wrap_up = "open" if index == 10 else ""
        session.add(call)


@pytest_twisted.ensureDeferred
async def test_pages_hold_every_call_once_newest_first(hospital: CallCenter) -> None:
    await hospital.database.run(fifty_calls)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = await hospital.telephony.calls.list(SUSAN, limit=7, cursor=cursor)
        seen += [call["id"] for call in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == list(range(50, 0, -1))


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"direction": "out"}, [1, 6, 11, 16, 21, 26, 31, 36, 41, 46]),
        ({"number": "0013 0049"}, [50]),
        ({"number": "００１３　００４９"}, [50]),
        ({"number": "010 6234"}, [1]),
        ({"patient_id": ZHANG}, [8]),
        ({"agent_id": BEN.user_id, "longest": 30}, [27, 29, 31]),
        ({"outcome": "completed"}, [9]),
        ({"wrap_up": "open"}, [11]),
        ({"shortest": 46}, [47, 49]),
        ({"since": NOW + timedelta(microseconds=16)}, [49, 50]),
        ({"until": NOW + timedelta(microseconds=1)}, [1, 2, 3]),
        ({"missed": True, "until": NOW + timedelta(microseconds=2)}, [2, 4]),
        ({"missed": False, "until": NOW + timedelta(microseconds=1)}, [1, 3]),
        ({"state": "ringing"}, []),
        ({"number": "%"}, None),
    ],
)
async def test_filters(hospital: CallCenter, wanted: dict[str, Any], ids: list[int] | None) -> None:
    await hospital.database.run(fifty_calls)
    if ids is None:
        with pytest.raises(InvalidError, match="digits"):
            await hospital.telephony.calls.list(SUSAN, CallFilter(**wanted))
        return
    page = await hospital.telephony.calls.list(SUSAN, CallFilter(**wanted))
    assert sorted(call["id"] for call in page.items) == ids


@pytest_twisted.ensureDeferred
async def test_export_gives_everything_in_chunks_and_is_audited(hospital: CallCenter, monkeypatch) -> None:
    monkeypatch.setattr("callcenter.telephony.calls.EXPORT_CHUNK", 20)
    await hospital.database.run(fifty_calls)
    chunks = [chunk async for chunk in hospital.telephony.calls.export(SUSAN, CallFilter(since=NOW))]
    assert [len(chunk) for chunk in chunks] == [20, 20, 10]

    def audit(session: Session) -> list[tuple[str, Any]]:
        return [(entry.action, entry.after) for entry in session.scalars(select(AuditEntry))]

    assert await hospital.look(audit) == [("export", {"since": "2026-03-02T08:00:00.000Z"})]


@pytest_twisted.ensureDeferred
async def test_outcomes_come_with_their_keys(hospital: CallCenter) -> None:
    outcomes = await hospital.telephony.calls.outcomes(ANNA)
    assert [outcome["key"] for outcome in outcomes] == list(range(1, 10))
    assert [outcome["code"] for outcome in outcomes if outcome["needs_time"]] == ["call_back"]


async def walk(hospital: CallCenter, sort: str, limit: int = 7) -> list[dict[str, Any]]:
    """Every call, page by page."""
    calls: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await hospital.telephony.calls.list(SUSAN, limit=limit, cursor=cursor, sort=sort)
        calls += page.items
        cursor = page.next
        if cursor is None:
            return calls


def values_of(name: str, calls: list[dict[str, Any]]) -> list[Any]:
    read: dict[str, Any] = {
        "agent": lambda call: call["agent"] and call["agent"]["name"],
        "line": lambda call: call["line"]["name"],
        "talk_seconds": lambda call: call["id"] - 1 if call["answered_at"] else None,
        "started_at": lambda call: (call["id"] - 1) // 3,
    }
    return [read.get(name, lambda call: call[name] or None)(call) for call in calls]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("name", call_sorts(SUSAN))
async def test_every_order_shows_every_call_once(hospital: CallCenter, name: str) -> None:
    await hospital.database.run(fifty_calls)
    for sort in (name, f"-{name}"):
        calls = await walk(hospital, sort)
        assert sorted(call["id"] for call in calls) == list(range(1, 51)), sort
        values = values_of(name, calls)
        filled = [value for value in values if value is not None]
        assert filled == sorted(filled, reverse=sort.startswith("-")), sort
        assert values == filled + [None] * (50 - len(filled)), sort
        exported = [call["id"] async for chunk in hospital.telephony.calls.export(SUSAN, sort=sort) for call in chunk]
        assert exported == [call["id"] for call in calls]


@pytest_twisted.ensureDeferred
async def test_agents_come_by_name_and_their_newest_call_first(hospital: CallCenter) -> None:
    await hospital.database.run(fifty_calls)

    def rename(session: Session) -> None:
        for key, name in ((ANNA.user_id, "赵敏"), (BEN.user_id, "陈亮")):
            session.get_one(UserAccount, key).display_name = name

    await hospital.database.run(rename)
    calls = await walk(hospital, "agent")
    names = [call["agent"]["name"] for call in calls if call["agent"]]
    assert names == ["陈亮"] * names.count("陈亮") + ["赵敏"] * names.count("赵敏")
    firsts = [call["id"] for call in calls if call["agent"] and call["agent"]["name"] == "陈亮"]
    assert firsts == sorted(firsts, reverse=True)


@pytest_twisted.ensureDeferred
async def test_unknown_orders_and_cursors_of_other_orders_are_refused(hospital: CallCenter) -> None:
    await hospital.database.run(fifty_calls)
    calls = hospital.telephony.calls
    for sort in ("notes", "id", "--started_at", "started_at desc", "agent; drop table call_record", "1"):
        with pytest.raises(InvalidError, match="Allowed are: started_at, direction"):
            await calls.list(SUSAN, sort=sort)
    for sort, other in (("agent", "outcome"), ("number", "talk_seconds"), ("-started_at", "agent"), ("line", "")):
        cursor = (await calls.list(SUSAN, limit=2, sort=sort)).next
        with pytest.raises(InvalidError, match="beginning"):
            await calls.list(SUSAN, limit=2, sort=other, cursor=cursor)


@pytest_twisted.ensureDeferred
async def test_whoever_may_not_see_numbers_cannot_sort_by_them(hospital: CallCenter) -> None:
    with pytest.raises(InvalidError, match="sort is not known here"):
        await hospital.telephony.calls.list(DORA, sort="number")


def explained(session: Session, sort: str, cursor: str | None) -> list[str]:
    """The steps of SQLite's plans for all stretches of a page, as far as they find and order calls."""
    steps: list[str] = []

    def find(part: Select[Any]) -> list[Any]:
        text = part.compile(session.connection(), compile_kwargs={"literal_binds": True})
        steps.extend(row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
        return []

    paged(find, select(CallRecord.notes), call_stretches(session, SUSAN, sort), cursor, 7)
    return steps


@pytest_twisted.ensureDeferred
async def test_no_order_sorts_the_whole_table(hospital: CallCenter) -> None:
    """Page 10,000 is as fast as page 1: on SQLite every stretch walks an index."""
    await hospital.database.run(fifty_calls)
    if hospital.database.dialect != "sqlite":
        pytest.skip("the planner of PostgreSQL goes by what is in the table")
    for name in call_sorts(SUSAN):
        for sort in (name, f"-{name}"):
            page = await hospital.telephony.calls.list(SUSAN, limit=7, sort=sort)
            for cursor in (None, page.next):
                steps = await hospital.look(explained, sort, cursor)
                assert steps
                assert not [step for step in steps if " USING INDEX ix_call_" not in step], (sort, steps)
