"""The calls on a patient's card and timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.errors import InvalidError, NotFoundError
from storage.models import CallRecord, PhoneLine
from tests.peers.hospital import NOW, SHARED, Hospital


def add_calls(session: Session, agents: list[int | None]) -> None:
    session.add(PhoneLine(id=1, name="line 1", driver="hayes", state="idle", since=NOW))
    session.flush()
    for minute, agent in enumerate(agents):
        session.add(
            CallRecord(
                line_id=1, direction="in", state="ended", number=SHARED, patient_id=1, agent_id=agent,
                notes="said in confidence", started_at=NOW - timedelta(minutes=minute), missed=agent is None,
                outcome="completed" if agent else "",
            )
        )  # fmt: skip


async def fill(hospital: Hospital) -> tuple[Any, Any]:
    agent, other = hospital.people["agent"], hospital.people["supervisor"]
    await hospital.database.run(add_calls, [agent.user_id, other.user_id, None, agent.user_id, other.user_id] * 3)
    return agent, other


@pytest_twisted.ensureDeferred
async def test_an_agent_sees_that_others_called_and_what_came_of_it_but_not_their_notes(hospital: Hospital) -> None:
    agent, _ = await fill(hospital)
    card = await hospital.records.patients.card(agent, 1)
    contacts = card["last_contacts"]
    assert len(contacts) == 5
    own = [call for call in contacts if call["in_reach"]]
    others = [call for call in contacts if not call["in_reach"]]
    assert {call["notes"] for call in own if not call["missed"]} == {"said in confidence"}
    assert {(call["notes"], call["number"], call["outcome"]) for call in others} == {("", "", "completed")}
    assert {call["agent"]["name"] for call in others} == {"Supervisor"}
    assert card["missed_open"] == 3


@pytest_twisted.ensureDeferred
async def test_the_timeline_has_every_call_once_newest_first(hospital: Hospital) -> None:
    _, supervisor = await fill(hospital)
    seen: list[str] = []
    cursor = None
    while True:
        page = await hospital.records.patients.timeline(supervisor, 1, cursor, 4)
        seen += [item["at"] for item in page.items]
        assert {item["kind"] for item in page.items} == {"call"}
        if (cursor := page.next) is None:
            break
    assert len(seen) == 15
    assert seen == sorted(seen, reverse=True)
    with pytest.raises(InvalidError):
        await hospital.records.patients.timeline(supervisor, 1, "nonsense")
    with pytest.raises(NotFoundError):
        await hospital.records.patients.timeline(supervisor, 2**70)


@pytest_twisted.ensureDeferred
async def test_numbers_of_calls_are_masked_and_without_calls_view_there_are_none(hospital: Hospital) -> None:
    await fill(hospital)
    doctor = hospital.people["doctor"]
    page = await hospital.records.patients.timeline(doctor, 1)
    assert {item["call"]["number"] for item in page.items} == {"138****8000"}
    assert "00138000" not in str(await hospital.records.patients.card(doctor, 1))
    without = replace(doctor, grants={"patients.view": Scope.DEPARTMENT})
    assert (await hospital.records.patients.timeline(without, 1)).items == []
    assert "last_contacts" not in await hospital.records.patients.card(without, 1)
