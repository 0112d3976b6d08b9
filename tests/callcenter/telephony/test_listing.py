"""Call records: filters, pages, export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import InvalidError
from callcenter.telephony.calls import CallFilter
from storage.models import AuditEntry, CallRecord, PhoneLine
from tests.peers.call_center import ANNA, BEN, NOW, SUSAN, ZHANG, CallCenter


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
