"""States of agents: chosen, forced, brought about by pages that come and go."""

from __future__ import annotations

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callcenter.errors import ConflictError, InvalidError
from callcenter.telephony.agents import RELOAD_SECONDS
from protocols.signals import Answered, Ended, Rang
from storage.models import AgentStateSpan, AgentStatus
from tests.peers.call_center import ANNA, BEN, CARL, DORA, SUSAN, CallCenter, audit_actions


def stretches(session: Session, user_id: int) -> list[tuple[str, str, bool]]:
    statement = select(AgentStateSpan.state, AgentStateSpan.reason, AgentStateSpan.ended_at.is_(None))
    found = session.execute(statement.where(AgentStateSpan.user_id == user_id).order_by(AgentStateSpan.id))
    return [(state, reason, bool(is_open)) for state, reason, is_open in found]


def state(session: Session, user_id: int) -> tuple[str, str]:
    status = session.get_one(AgentStatus, user_id)
    return status.state, status.reason


async def idle_out(hospital: CallCenter) -> None:
    for seconds in (RELOAD_SECONDS, 31):
        hospital.clock.advance(seconds)
        await hospital.settle()


@pytest_twisted.ensureDeferred
async def test_pages_come_and_go(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    await agents.connected(ANNA)
    await agents.connected(ANNA)
    assert await hospital.look(state, ANNA.user_id) == ("available", "")
    await agents.set_state(ANNA, "away", "lunch")
    await agents.disconnected(ANNA)
    await idle_out(hospital)
    assert await hospital.look(state, ANNA.user_id) == ("away", "lunch")
    await agents.disconnected(ANNA)
    hospital.clock.advance(20)
    await agents.connected(ANNA)
    await idle_out(hospital)
    assert await hospital.look(state, ANNA.user_id) == ("away", "lunch")
    await agents.disconnected(ANNA)
    await idle_out(hospital)
    assert await hospital.look(state, ANNA.user_id) == ("offline", "disconnected")
    await agents.connected(ANNA)
    assert await hospital.look(state, ANNA.user_id) == ("away", "lunch")
    assert await hospital.look(stretches, ANNA.user_id) == [
        ("available", "", False),
        ("away", "lunch", False),
        ("offline", "disconnected", False),
        ("away", "lunch", True),
    ]


@pytest_twisted.ensureDeferred
async def test_who_chose_to_be_offline_stays_so_until_signing_in(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    await agents.connected(ANNA)
    await agents.set_state(ANNA, "offline")
    await agents.connected(ANNA)
    assert await hospital.look(state, ANNA.user_id) == ("offline", "")
    await agents.signed_in(ANNA)
    assert await hospital.look(state, ANNA.user_id) == ("available", "")


@pytest_twisted.ensureDeferred
async def test_who_watches_the_others_takes_calls_when_they_say_so(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    await agents.signed_in(SUSAN)
    await agents.connected(SUSAN)
    assert await hospital.look(state, SUSAN.user_id) == ("offline", "")
    await agents.set_state(SUSAN, "available")
    await agents.disconnected(SUSAN)
    await idle_out(hospital)
    assert await hospital.look(state, SUSAN.user_id) == ("offline", "disconnected")
    # The page that was open yesterday, then a new day.
    await agents.connected(SUSAN)
    assert await hospital.look(state, SUSAN.user_id) == ("available", "")
    await agents.disconnected(SUSAN)
    await idle_out(hospital)
    await agents.signed_in(SUSAN)
    await agents.connected(SUSAN)
    assert await hospital.look(state, SUSAN.user_id) == ("offline", "")


@pytest_twisted.ensureDeferred
async def test_a_call_keeps_an_agent_whose_page_closed(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    await agents.connected(ANNA)
    await hospital.hear(Rang())
    call_id = hospital.told("call.ringing")[-1].data["id"]
    await hospital.telephony.calls.claim(ANNA, call_id)
    await hospital.hear(Answered())
    await agents.disconnected(ANNA)
    await idle_out(hospital)
    assert await hospital.look(state, ANNA.user_id) == ("talking", "")
    await hospital.hear(Ended(by_far_end=True))
    await idle_out(hospital)
    assert await hospital.look(state, ANNA.user_id) == ("offline", "disconnected")


def disk_full(*_: object) -> None:
    raise OperationalError("select …", {}, Exception("disk full"))


@pytest.mark.parametrize("step", ["lose_pages", "go_offline"])
@pytest_twisted.ensureDeferred
async def test_who_left_while_the_database_was_away_is_gone_when_it_is_back(
    hospital: CallCenter, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    agents = hospital.telephony.agents
    await agents.connected(ANNA)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(f"callcenter.telephony.agents.{step}", disk_full)
        await agents.disconnected(ANNA)
        await idle_out(hospital)
    assert await hospital.look(state, ANNA.user_id) == ("available", "")
    hospital.clock.advance(1)
    await hospital.settle()
    await idle_out(hospital)
    assert await hospital.look(state, ANNA.user_id) == ("offline", "disconnected")


@pytest_twisted.ensureDeferred
async def test_nothing_waits_for_who_leaves_while_the_daemon_stops(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    await agents.connected(ANNA)
    await agents.disconnected(ANNA)
    hospital.clock.advance(RELOAD_SECONDS)
    # Its transaction is under way.
    await hospital.telephony.stop()
    assert hospital.clock.getDelayedCalls() == []


@pytest_twisted.ensureDeferred
async def test_who_may_choose_what(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    await agents.connected(ANNA)
    for bad in ("talking", "ringing", "asleep", ""):
        with pytest.raises(InvalidError):
            await agents.set_state(ANNA, bad)
    await hospital.hear(Rang())
    await hospital.telephony.calls.claim(ANNA, hospital.told("call.ringing")[-1].data["id"])
    with pytest.raises(ConflictError):
        await agents.set_state(ANNA, "away")
    forced = await agents.force(SUSAN, ANNA.user_id, "away", "stuck")
    assert (forced["state"], forced["reason"]) == ("away", "stuck")
    assert (await hospital.look(audit_actions))[-1] == "force-state"
    await hospital.hear(Answered(), Ended(by_far_end=True))
    assert (await agents.list(ANNA))[0]["state"] == "wrap_up"


@pytest_twisted.ensureDeferred
async def test_doctors_are_no_agents(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(DORA)
    await hospital.telephony.agents.disconnected(DORA)
    assert list(await hospital.telephony.agents.list(SUSAN)) == []


@pytest_twisted.ensureDeferred
async def test_whom_one_sees(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    for person in (ANNA, BEN, CARL):
        await agents.connected(person)
    assert [agent["name"] for agent in await agents.list(SUSAN)] == ["Anna", "Ben", "Carl"]
    assert [agent["name"] for agent in await agents.list(BEN)] == ["Ben"]
    updated = hospital.told("agent.updated")[0]
    assert updated.audience["users"] == [ANNA.user_id]
    assert updated.data == {
        "id": ANNA.user_id,
        "name": "Anna",
        "state": "available",
        "reason": "",
        "since": "2026-03-02T08:00:00.000Z",
        "line": "",
        "until": None,
        "connected": True,
    }
