"""What a line saw is written once, also when nobody knows whether an earlier attempt was committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from callcenter.telephony.effects import (
    Audited,
    CallClosed,
    Caller,
    CallOpened,
    CallTaken,
    DialRequest,
    Direction,
    Effect,
    EndReason,
    LineService,
    NumbersBack,
    NumbersMissing,
    Parties,
    PartiesMoved,
    ServiceChanged,
    WaitingCallerSeen,
)
from callcenter.telephony.recorder import write_effects
from storage.models import AgentStateSpan, Alarm, AlarmDelivery, AuditEntry, CallRecord, LineServiceSpan
from storage.models.base import table_of
from tests.peers.call_center import ANNA, NOW, CallCenter

FIRST, SECOND = Caller("13800138000"), Caller("13600136000")
TABLES: list[Table] = [
    table_of(one) for one in (CallRecord, AuditEntry, LineServiceSpan, Alarm, AlarmDelivery, AgentStateSpan)
]


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def rows(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All that a line's history is made of."""
    return {table.name: [tuple(row) for row in session.execute(select(table))] for table in TABLES}


async def twice(hospital: CallCenter, *effects: Effect) -> tuple[dict[int, int], dict[int, int]]:
    """Write ``effects`` and then, as if nobody knew, again; the ids of the calls as either said. Nothing may change."""
    line = replace(next(iter(hospital.telephony._board)).journal.line, capabilities=("caller_id",))
    first = await hospital.database.run(write_effects, line, effects, {}, False)
    before = await hospital.look(rows)
    second = await hospital.database.run(write_effects, line, effects, {}, True)
    assert await hospital.look(rows) == before
    return first, second


async def once(hospital: CallCenter, *effects: Effect) -> dict[int, int]:
    """Write what was not written before, although it may have been."""
    line = next(iter(hospital.telephony._board)).journal.line
    ids: dict[int, int] = await hospital.database.run(write_effects, line, effects, {}, True)
    return ids


@pytest_twisted.ensureDeferred
async def test_a_caller_who_waits_is_missed_once(hospital: CallCenter) -> None:
    await twice(hospital, WaitingCallerSeen(NOW, FIRST))
    assert [call["number"] for call in await missed(hospital)] == ["+8613800138000"]


@pytest_twisted.ensureDeferred
async def test_two_callers_who_wait_at_one_moment_are_missed_once_each(hospital: CallCenter) -> None:
    await twice(hospital, WaitingCallerSeen(NOW, FIRST), WaitingCallerSeen(NOW, SECOND))
    assert {call["number"] for call in await missed(hospital)} == {"+8613800138000", "+8613600136000"}


@pytest_twisted.ensureDeferred
async def test_a_call_is_not_the_caller_who_waited_at_the_same_moment(hospital: CallCenter) -> None:
    await once(hospital, WaitingCallerSeen(NOW, FIRST))
    ids = await once(hospital, CallOpened(NOW, 1, Direction.IN, SECOND))
    assert (hospital.last("call.ringing")["id"], hospital.last("call.ringing")["number"]) == (ids[1], "+8613600136000")
    assert await once(hospital, CallOpened(NOW, 2, Direction.IN, SECOND)) == {2: ids[1]}


@pytest_twisted.ensureDeferred
async def test_two_calls_that_are_told_to_have_begun_at_one_moment_stay_two(hospital: CallCenter) -> None:
    opened = [CallOpened(NOW, number, Direction.IN, caller) for number, caller in ((1, FIRST), (2, SECOND))]
    first, second = await twice(hospital, *opened)
    assert first == second
    assert len(set(first.values())) == 2


@pytest_twisted.ensureDeferred
async def test_a_deed_is_in_the_audit_log_once(hospital: CallCenter) -> None:
    await twice(hospital, Audited(NOW, ANNA, "hang-up", "call", "7"), Audited(NOW, ANNA, "hang-up", "call", "8"))
    await once(hospital, Audited(later(1), ANNA, "hang-up", "call", "7"))
    logged = (await hospital.look(rows))["audit_entry"]
    assert len([entry for entry in logged if "hang-up" in entry]) == 3


@pytest_twisted.ensureDeferred
async def test_a_line_was_lost_once(hospital: CallCenter) -> None:
    await twice(
        hospital,
        ServiceChanged(later(1), LineService.LOST, "unplugged"),
        ServiceChanged(later(2), LineService.IN_SERVICE, ""),
    )
    assert [event.data["times"] for event in hospital.told("alarm.opened")] == [1]


@pytest.mark.parametrize(
    "effects",
    [
        (NumbersMissing(later(1), 3),),
        (NumbersMissing(later(1), 3), NumbersBack(later(2))),
        (NumbersMissing(later(1), 3), NumbersBack(later(2)), NumbersMissing(later(3), 3)),
    ],
    ids=["missing", "back", "missing again"],
)
@pytest_twisted.ensureDeferred
async def test_callers_numbers_were_missing_once(hospital: CallCenter, effects: tuple[Effect, ...]) -> None:
    await twice(hospital, *effects)


@pytest_twisted.ensureDeferred
async def test_a_caller_waited_on_hold_once(hospital: CallCenter) -> None:
    first, second = await twice(
        hospital,
        CallOpened(NOW, 1, Direction.IN, FIRST),
        CallTaken(later(1), 1, False, "sure", 1),
        PartiesMoved(later(2), 1, Parties.HELD),
        PartiesMoved(later(12), 1, Parties.TALKING),
    )
    assert first == second
    assert hospital.last("call.updated")["hold_seconds"] == 10


@pytest_twisted.ensureDeferred
async def test_an_agent_spoke_once(hospital: CallCenter) -> None:
    assert ANNA.user_id is not None
    await twice(
        hospital,
        CallOpened(NOW, 1, Direction.OUT, Caller(), request=DialRequest("10086", ANNA.user_id)),
        CallTaken(later(1), 1, False, "sure", 0),
        CallClosed(later(9), 1, EndReason.FAR_END, 0),
    )
    assert hospital.last("agent.updated")["state"] == "wrap_up"


async def missed(hospital: CallCenter) -> Sequence[Any]:
    return (await hospital.telephony.calls.missed(ANNA)).items
