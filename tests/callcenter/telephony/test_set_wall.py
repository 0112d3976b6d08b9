"""The wall is set forward or back by an hour while calls ring and agents write: everything goes on in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest
import pytest_twisted
from sqlalchemy.orm import Session

from callcenter.clock import iso
from callcenter.telephony.agent_states import announce_agent
from callcenter.telephony.heartbeat import INTERVAL_SECONDS, last_heartbeat
from protocols.signals import Answered, CallerIdentified, Ended, Rang
from storage.database import Database
from storage.models import AgentStatus, UserAccount
from tests.peers.call_center import ANNA, BEN, NOW, CallCenter, clock_at, fill, make_group
from tests.peers.set_clock import SetClock

HOUR = 3600.0
AGENTS = (ANNA, BEN)
RING_SECONDS, WRAP_UP_SECONDS = 15, 60
BOTH_WAYS = pytest.mark.parametrize("jump", [HOUR, -HOUR])


@pytest_twisted.async_yield_fixture
async def hospital(database: Database) -> AsyncIterator[CallCenter]:
    """With a wall; Anna, then Ben, are there for all lines."""
    await database.run(fill)
    hospital = CallCenter(database, clock_at(NOW))
    await hospital.telephony.start()
    limits = {"ring_seconds": RING_SECONDS, "wrap_up_seconds": WRAP_UP_SECONDS}
    await database.run(make_group, AGENTS, "longest_idle", **limits)
    for agent in AGENTS:
        await hospital.telephony.agents.connected(agent)
        hospital.clock.advance(1)
    await hospital.settle()
    yield hospital
    await hospital.telephony.stop()


def set_wall(hospital: CallCenter, jump: float) -> None:
    cast("SetClock", hospital.clock).set(jump)


async def later(hospital: CallCenter, seconds: float) -> None:
    hospital.clock.advance(seconds)
    await hospital.settle()


def wall(seconds: float) -> str | None:
    """What the wall shows so long after the beginning."""
    return iso(NOW + timedelta(seconds=seconds))


@BOTH_WAYS
@pytest_twisted.ensureDeferred
async def test_a_call_goes_on_to_the_next_agent_in_time(hospital: CallCenter, jump: float) -> None:
    await hospital.hear(Rang(), CallerIdentified("13800138000"))
    assert hospital.last("call.ringing")["offered_to"] == [ANNA.user_id]
    assert hospital.last("call.ringing")["offered_until"] == wall(3 + RING_SECONDS)
    set_wall(hospital, jump)
    await later(hospital, RING_SECONDS - 1.5)
    assert hospital.last("call.ringing")["offered_to"] == [ANNA.user_id]
    await later(hospital, 0.5)
    assert hospital.last("call.ringing")["offered_to"] == [BEN.user_id]
    assert hospital.last("call.ringing")["offered_until"] == wall(3 + 2 * RING_SECONDS + jump)
    await later(hospital, RING_SECONDS)
    assert hospital.last("call.ringing")["offer_why"] == "untaken"


async def wrapping_up(hospital: CallCenter) -> None:
    await hospital.hear(Rang())
    await hospital.telephony.calls.claim(ANNA, hospital.last("call.ringing")["id"])
    await hospital.hear(Answered(), Ended(by_far_end=True))
    assert (hospital.last("agent.updated")["state"], hospital.last("agent.updated")["until"]) == (
        "wrap_up", wall(5 + WRAP_UP_SECONDS),
    )  # fmt: skip


def announce_again(session: Session) -> None:
    """Something of no consequence happens, and the agent's state is told once more."""
    announce_agent(session, session.get_one(UserAccount, ANNA.user_id), session.get_one(AgentStatus, ANNA.user_id))


@BOTH_WAYS
@pytest_twisted.ensureDeferred
async def test_a_wrap_up_ends_in_time(hospital: CallCenter, jump: float) -> None:
    await wrapping_up(hospital)
    set_wall(hospital, jump)
    await later(hospital, WRAP_UP_SECONDS - 30)
    await hospital.database.run(announce_again)
    await later(hospital, 29.5)
    assert hospital.last("agent.updated")["state"] == "wrap_up"
    await later(hospital, 0.5)
    assert (hospital.last("agent.updated")["id"], hospital.last("agent.updated")["state"]) == (
        ANNA.user_id,
        "available",
    )


@pytest_twisted.ensureDeferred
async def test_no_part_of_a_call_is_over_before_it_began(hospital: CallCenter) -> None:
    await hospital.hear(Rang())
    await hospital.telephony.calls.claim(ANNA, hospital.last("call.ringing")["id"])
    set_wall(hospital, -HOUR)
    await hospital.hear(Answered())
    set_wall(hospital, -HOUR)
    await hospital.hear(Ended(by_far_end=True))
    ended = hospital.last("call.ended")
    assert (ended["started_at"], ended["answered_at"], ended["ended_at"]) == (wall(3), wall(3), wall(3))
    await hospital.hear(Rang())
    assert hospital.last("call.ringing")["started_at"] == wall(6 - 2 * HOUR)


@BOTH_WAYS
@pytest_twisted.ensureDeferred
async def test_the_sign_of_life_goes_on_and_tells_what_the_wall_shows(hospital: CallCenter, jump: float) -> None:
    async def beaten(seconds: float) -> bool:
        """Whether the last beat is of then. It is written on another thread, and nothing waits for it."""
        for _ in range(20):
            await hospital.settle()
            if await hospital.look(last_heartbeat) == NOW + timedelta(seconds=seconds):
                return True
        return False

    await later(hospital, INTERVAL_SECONDS - 2)
    assert await beaten(INTERVAL_SECONDS)
    set_wall(hospital, jump)
    await later(hospital, INTERVAL_SECONDS - 1)
    assert await beaten(INTERVAL_SECONDS)
    await later(hospital, 1)
    assert await beaten(2 * INTERVAL_SECONDS + jump)
