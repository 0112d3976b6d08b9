"""Groups at work: calls that go on to the next agent in time, on real databases and a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from callcenter.administration.principal import Principal
from callcenter.telephony import wrap_up_limit
from callcenter.telephony.agents import RELOAD_SECONDS
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.offers import first_offer
from callcenter.telephony.wrapup import WrapUpDraft
from hardware.line_device import Capability
from protocols.clocks import wall_seconds
from protocols.signals import Answered, CallerIdentified, Ended, Rang, RingingStopped
from storage import prepared
from storage.database import Database
from storage.models import (
    AgentGroup,
    AgentSkill,
    AgentStatus,
    CallOffer,
    CallRecord,
    Patient,
    PatientPhone,
    Skill,
    UserAccount,
)
from storage.models.base import YES
from storage.queries.calls import insert_call, new_call
from storage.queries.offers import insert_offers
from tests.peers.call_center import (
    ANNA,
    BEN,
    CARL,
    FOLLOW_UP,
    HEART,
    NOW,
    SUSAN,
    ZHANG,
    CallCenter,
    add_user,
    make_group,
    principal,
)

SECONDS = 15
CALLER, HEART_CALLER = CallerIdentified("13800138000"), CallerIdentified("13600136000")


async def group(hospital: CallCenter, *members: Principal, rule: str = "longest_idle", **values: Any) -> int:
    """Make the group; its members come one second after the other."""
    key: int = await hospital.database.run(make_group, members, rule, ring_seconds=SECONDS, **values)
    for member in members:
        await hospital.telephony.agents.connected(member)
        hospital.clock.advance(1)
    await hospital.settle()
    return key


async def later(hospital: CallCenter, seconds: float) -> None:
    hospital.clock.advance(seconds)
    await hospital.settle()


def shown(hospital: CallCenter) -> tuple[str, list[int]]:
    """Of the last call that rang: why it is shown, and to whom."""
    data = hospital.last("call.ringing")
    return data["offer_why"], data["offered_to"]


def let_ring(session: Session) -> list[tuple[int, int]]:
    rows = session.execute(select(CallOffer.call_id, CallOffer.user_id).where(CallOffer.let_ring == YES))
    return sorted(tuple(row) for row in rows)


@pytest_twisted.ensureDeferred
async def test_a_call_goes_from_one_to_the_next_and_then_to_everybody(hospital: CallCenter) -> None:
    await group(hospital, ANNA, BEN, CARL)
    await hospital.hear(Rang(), CALLER)
    ringing = hospital.last("call.ringing")
    assert (ringing["offer_why"], ringing["offered_to"]) == ("longest_idle", [ANNA.user_id])
    assert ringing["offered_until"] == "2026-03-02T08:00:19.000Z"
    assert [call["id"] for call in await hospital.telephony.calls.open_for(ANNA)] == [ringing["id"]]
    assert await hospital.telephony.calls.open_for(BEN) == []
    # A supervisor sees it from the first ring on.
    assert [call["id"] for call in await hospital.telephony.calls.open_for(SUSAN)] == [ringing["id"]]
    await later(hospital, SECONDS - 2)
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])
    await later(hospital, 1)
    assert shown(hospital) == ("longest_idle", [BEN.user_id])
    # Whoever was passed over is told, so that the card goes.
    assert ANNA.user_id in hospital.told("call.ringing")[-1].audience["users"]
    await later(hospital, SECONDS)
    assert shown(hospital) == ("longest_idle", [CARL.user_id])
    await later(hospital, SECONDS)
    assert shown(hospital) == ("untaken", [ANNA.user_id, BEN.user_id, CARL.user_id])
    assert hospital.last("call.ringing")["offered_until"] is None
    told = len(hospital.events)
    await later(hospital, 60)
    assert len(hospital.events) == told
    assert await hospital.look(let_ring) == [(ringing["id"], person.user_id) for person in (ANNA, BEN, CARL)]
    assert (await hospital.telephony.agents.history(SUSAN, BEN.user_id))["let_ring"] == 1
    claimed = await hospital.telephony.calls.claim(BEN, ringing["id"])
    assert claimed["agent"]["id"] == BEN.user_id
    waited_for = {timer.func.__qualname__ for timer in hospital.clock.getDelayedCalls()}
    assert waited_for == {"Periodic._begin"}, "only what is done over and over is waited for"


@pytest_twisted.ensureDeferred
async def test_whoever_was_passed_over_may_still_take_it_while_it_rings(hospital: CallCenter) -> None:
    await group(hospital, ANNA, BEN)
    await hospital.hear(Rang(), CALLER)
    await later(hospital, SECONDS)
    assert shown(hospital) == ("longest_idle", [BEN.user_id])
    claimed = await hospital.telephony.calls.claim(ANNA, hospital.last("call.ringing")["id"])
    assert claimed["agent"]["id"] == ANNA.user_id


@pytest_twisted.ensureDeferred
async def test_who_leaves_or_takes_another_call_did_not_let_it_ring(hospital: CallCenter) -> None:
    await group(hospital, ANNA, BEN, CARL)
    await hospital.hear(Rang())
    await hospital.telephony.agents.set_state(ANNA, "away", "lunch")
    await hospital.settle()
    assert shown(hospital) == ("longest_idle", [BEN.user_id])
    await hospital.telephony.lines.dial(BEN, None, "10086")
    await hospital.settle()
    assert shown(hospital) == ("longest_idle", [CARL.user_id])
    # A page that closes cannot ring; one that is only loaded again can.
    await hospital.telephony.agents.disconnected(CARL)
    await later(hospital, RELOAD_SECONDS - 1)
    assert shown(hospital) == ("longest_idle", [CARL.user_id])
    await later(hospital, 1)
    assert shown(hospital) == ("nobody", [])
    await hospital.telephony.agents.connected(CARL)
    await hospital.settle()
    assert shown(hospital) == ("longest_idle", [CARL.user_id])
    assert await hospital.look(let_ring) == []


@pytest_twisted.ensureDeferred
async def test_two_calls_do_not_ring_for_one_agent_alone(hospital: CallCenter) -> None:
    await group(hospital, ANNA)
    await hospital.hear(Rang())
    first = hospital.last("call.ringing")["id"]
    await hospital.hear(Rang(), line=1)
    assert shown(hospital) == ("nobody", [])
    second = hospital.last("call.ringing")["id"]
    # The first caller gives up: the second has waited for that.
    await hospital.hear(RingingStopped())
    assert (hospital.last("call.ringing")["id"], *shown(hospital)) == (second, "longest_idle", [ANNA.user_id])
    assert first != second


@pytest_twisted.ensureDeferred
async def test_who_let_one_call_ring_is_rung_for_the_next(hospital: CallCenter) -> None:
    await group(hospital, ANNA)
    await hospital.hear(Rang())
    first = hospital.last("call.ringing")["id"]
    await hospital.hear(Rang(), line=1)
    await later(hospital, SECONDS - 1)
    told = [(one.data["id"] == first, one.data["offer_why"]) for one in hospital.told("call.ringing")]
    assert told == [(True, "longest_idle"), (False, "nobody"), (True, "untaken"), (False, "longest_idle")]


@pytest_twisted.ensureDeferred
async def test_a_line_that_never_tells_the_number_is_not_waited_for(hospital: CallCenter) -> None:
    hospital.line.capabilities = Capability.RING
    await group(hospital, ANNA, prefer_last=True)
    await hospital.hear(Rang())
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])


@pytest_twisted.ensureDeferred
async def test_of_several_who_wait_the_vip_is_first(hospital: CallCenter) -> None:
    def promote(session: Session) -> None:
        session.get_one(Patient, HEART).tier = "gold"

    await hospital.database.run(promote)
    await group(hospital, ANNA)
    await hospital.telephony.agents.set_state(ANNA, "away")
    await hospital.hear(Rang(), CALLER)
    ordinary = hospital.last("call.ringing")
    await hospital.hear(Rang(), HEART_CALLER, line=1)
    vip = hospital.last("call.ringing")
    assert (ordinary["priority"], vip["priority"]) == ([], ["vip"])
    assert (ordinary["offered_to"], vip["offered_to"]) == ([], [])
    await hospital.telephony.agents.set_state(ANNA, "available")
    await hospital.settle()
    assert (hospital.last("call.ringing")["id"], *shown(hospital)) == (vip["id"], "longest_idle", [ANNA.user_id])
    # Once that one is taken and written down, the other has its turn.
    await hospital.telephony.calls.claim(ANNA, vip["id"])
    await hospital.hear(Answered(), Ended(by_far_end=True), line=1)
    await hospital.telephony.calls.save_wrap_up(ANNA, vip["id"], WrapUpDraft(outcome="completed"), finish=True)
    await hospital.settle()
    assert (hospital.last("call.ringing")["id"], *shown(hospital)) == (ordinary["id"], "longest_idle", [ANNA.user_id])


@pytest_twisted.ensureDeferred
async def test_the_agent_whom_the_patient_knows_is_first(hospital: CallCenter) -> None:
    await group(hospital, ANNA, BEN, prefer_last=True)
    await hospital.hear(CALLER, Rang())
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])
    call_id = hospital.last("call.ringing")["id"]
    await later(hospital, SECONDS)
    await hospital.telephony.calls.claim(BEN, call_id)
    await hospital.hear(Answered(), Ended(by_far_end=True))
    await hospital.telephony.calls.save_wrap_up(BEN, call_id, WrapUpDraft(outcome="completed"), finish=True)
    # The number comes after the first ring: nobody is rung before it is known whom to ring.
    await hospital.hear(Rang())
    assert shown(hospital) == ("number", [])
    await hospital.hear(CALLER)
    ringing = hospital.last("call.ringing")
    assert (ringing["offer_why"], ringing["offered_to"]) == ("last_agent", [BEN.user_id])
    # Ben may not have heard yet what the line can do.
    assert hospital.told("line.updated")[-1].audience["users"] == [BEN.user_id]
    assert ringing["patient"]["id"] == ZHANG
    await later(hospital, SECONDS)
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])


@pytest_twisted.ensureDeferred
async def test_a_number_that_never_comes_is_waited_for_a_moment_only(hospital: CallCenter) -> None:
    await group(hospital, ANNA, prefer_last=True)
    await hospital.hear(Rang())
    assert shown(hospital) == ("number", [])
    await later(hospital, 3)
    assert shown(hospital) == ("number", [])
    await later(hospital, 1)
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])
    assert await hospital.look(let_ring) == []


@pytest_twisted.ensureDeferred
async def test_the_bound_agent_comes_before_the_group(hospital: CallCenter) -> None:
    def bind(session: Session) -> None:
        session.get_one(UserAccount, CARL.user_id).bound_line = "line 1"

    await hospital.database.run(bind)
    await group(hospital, ANNA, BEN, rule="all")
    await hospital.telephony.agents.connected(CARL)
    await hospital.hear(Rang())
    assert shown(hospital) == ("bound", [CARL.user_id])
    await later(hospital, SECONDS)
    assert shown(hospital) == ("group", [ANNA.user_id, BEN.user_id])
    await hospital.hear(RingingStopped())
    await hospital.telephony.agents.set_state(CARL, "away")
    await hospital.hear(Rang())
    assert shown(hospital) == ("group", [ANNA.user_id, BEN.user_id])


@pytest_twisted.ensureDeferred
async def test_a_group_may_ask_for_a_skill(hospital: CallCenter) -> None:
    def teach(session: Session, key: int) -> None:
        session.add(Skill(id=7, name="粤语"))
        session.flush()
        session.add(AgentSkill(user_id=BEN.user_id, skill_id=7))
        session.get_one(AgentGroup, key).skill_id = 7

    await hospital.database.run(teach, await group(hospital, ANNA, BEN, rule="all"))
    await hospital.hear(Rang())
    assert shown(hospital) == ("group", [BEN.user_id])
    await later(hospital, 100)
    await hospital.telephony.agents.connected(CARL)
    await hospital.settle()
    assert shown(hospital) == ("group", [BEN.user_id])


@pytest_twisted.ensureDeferred
async def test_a_missed_call_is_work_for_the_group(hospital: CallCenter) -> None:
    key = await group(hospital, CARL)
    await hospital.telephony.agents.set_state(CARL, "away")
    await hospital.hear(Rang(), RingingStopped())
    ended = hospital.told("call.ended")[-1]
    assert ended.audience["users"] == [CARL.user_id]
    for person, seen in ((CARL, [ended.data["id"]]), (ANNA, [])):
        assert [call["id"] for call in (await hospital.telephony.calls.missed(person)).items] == seen

    def disable(session: Session) -> None:
        session.get_one(AgentGroup, key).disabled = True

    # Without its group the line is its department's again.
    await hospital.database.run(disable)
    for person, seen in ((CARL, []), (ANNA, [ended.data["id"]])):
        assert [call["id"] for call in (await hospital.telephony.calls.missed(person)).items] == seen
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang())
    assert shown(hospital) == ("everyone", [ANNA.user_id])


@pytest_twisted.ensureDeferred
async def test_a_wrap_up_ends_when_the_group_says_so_and_stays_owed(hospital: CallCenter) -> None:
    await group(hospital, ANNA, wrap_up_seconds=60)
    await hospital.hear(Rang())
    call_id = hospital.last("call.ringing")["id"]
    await hospital.telephony.calls.claim(ANNA, call_id)
    await hospital.hear(Answered(), Ended(by_far_end=True))
    wrapping = hospital.last("agent.updated")
    assert (wrapping["state"], wrapping["since"], wrapping["until"]) == (
        "wrap_up", "2026-03-02T08:00:04.000Z", "2026-03-02T08:01:04.000Z",
    )  # fmt: skip
    await hospital.hear(Rang())
    assert shown(hospital) == ("nobody", [])
    await later(hospital, 58)
    assert hospital.last("agent.updated")["state"] == "wrap_up"
    await later(hospital, 1)
    await hospital.settle()
    assert (hospital.last("agent.updated")["state"], hospital.last("agent.updated")["until"]) == ("available", None)
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])
    owed = [call["id"] for call in await hospital.telephony.calls.open_for(ANNA) if call["wrap_up"] == "open"]
    assert owed == [call_id]


@pytest_twisted.ensureDeferred
async def test_an_extended_wrap_up_has_no_limit(hospital: CallCenter) -> None:
    await group(hospital, ANNA, wrap_up_seconds=60)
    await hospital.hear(Rang())
    call_id = hospital.last("call.ringing")["id"]
    await hospital.telephony.calls.claim(ANNA, call_id)
    await hospital.hear(Answered(), Ended(by_far_end=True))
    await hospital.telephony.agents.set_state(ANNA, "away", "crying")
    await later(hospital, 100)
    assert hospital.last("agent.updated")["state"] == "away"


async def wrapping_up(hospital: CallCenter) -> None:
    """Anna has a minute to write down a call that ended at no whole millisecond, as they do."""
    await group(hospital, ANNA, wrap_up_seconds=60)
    hospital.clock.advance(0.0007)
    await hospital.hear(Rang())
    await hospital.telephony.calls.claim(ANNA, hospital.last("call.ringing")["id"])
    await hospital.hear(Answered(), Ended(by_far_end=True))
    assert hospital.last("agent.updated")["until"] == "2026-03-02T08:01:04.000Z"


def disk_full(*_: object) -> None:
    raise OperationalError("select …", {}, Exception("disk full"))


async def until_moment(hospital: CallCenter, moment: float) -> None:
    """Let time go from timer to timer, as a reactor does, which is nowhere in between."""
    while (left := moment - wall_seconds(hospital.clock)) > 0:
        due = min(timer.getTime() for timer in hospital.clock.getDelayedCalls())
        await later(hospital, max(0.0, min(due - hospital.clock.seconds(), left)))


@pytest_twisted.ensureDeferred
async def test_a_wrap_up_ends_though_its_moment_is_told_in_milliseconds(hospital: CallCenter) -> None:
    await wrapping_up(hospital)
    await until_moment(hospital, NOW.timestamp() + 66)
    assert hospital.last("agent.updated")["state"] == "available"
    waited_for = {timer.func.__qualname__ for timer in hospital.clock.getDelayedCalls()}
    assert waited_for == {"Periodic._begin"}, "only what is done over and over is waited for"


@pytest_twisted.ensureDeferred
async def test_a_wrap_up_ends_when_the_database_is_back(hospital: CallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    await wrapping_up(hospital)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(wrap_up_limit, "end_wrap_up", disk_full)
        await until_moment(hospital, NOW.timestamp() + 70)
    assert hospital.last("agent.updated")["state"] == "wrap_up"
    await until_moment(hospital, NOW.timestamp() + 72)
    assert hospital.last("agent.updated")["state"] == "available"


@pytest_twisted.ensureDeferred
async def test_a_wrap_up_that_waits_for_the_database_ends_with_the_daemon(
    hospital: CallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wrapping_up(hospital)
    monkeypatch.setattr(wrap_up_limit, "end_wrap_up", disk_full)
    hospital.clock.advance(60)
    # Its transaction is under way.
    await hospital.telephony.stop()
    assert hospital.clock.getDelayedCalls() == []


def ring(session: Session, line: LineContext) -> list[int]:
    """What a node does when one of its lines rings."""
    call = new_call(line_id=line.line_id, direction="in", state="ringing", started_at=NOW)
    agents = first_offer(session, call, line, NOW)
    insert_call(session, call)
    insert_offers(session, call.id, agents)
    return agents


@asynccontextmanager
async def another_node(database_url: str) -> AsyncIterator[Database]:
    """A database of its own on the same data."""
    database = Database(database_url, reactor)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


@pytest_twisted.ensureDeferred
async def test_round_robin_on_two_nodes_and_after_a_restart(hospital: CallCenter, database_url: str) -> None:
    """Calls at one moment on two nodes go to different agents, and the round goes on where it was."""
    crowd = [ANNA, BEN, CARL]
    await group(hospital, *crowd, rule="round_robin")
    line = next(iter(hospital.telephony._board)).journal.line
    async with another_node(database_url) as other:
        tries = [Deferred.fromCoroutine(node.run(ring, line)) for node in (hospital.database, other, other)]
        assert sorted(await gatherResults(tries)) == [[person.user_id] for person in crowd]

    def stop_ringing(session: Session) -> int | None:
        session.execute(update(CallRecord).values(state="ended"))
        return session.scalar(select(AgentGroup.turn))

    last = await hospital.database.run(stop_ringing)
    wanted = {ANNA.user_id: BEN, BEN.user_id: CARL, CARL.user_id: ANNA}[last]
    async with another_node(database_url) as restarted:
        assert await restarted.run(ring, line) == [wanted.user_id]


@pytest_twisted.ensureDeferred
async def test_an_offer_made_while_the_database_was_away_is_shown_for_a_moment_at_least(hospital: CallCenter) -> None:
    await group(hospital, ANNA, BEN)
    line = hospital.line
    assert line.listener is not None
    line.say(Rang())
    # Written only now, when its time is over.
    hospital.clock.advance(SECONDS + 10)
    await hospital.settle()
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])
    await later(hospital, 3)
    assert shown(hospital) == ("longest_idle", [ANNA.user_id])
    await later(hospital, 1)
    assert shown(hospital) == ("longest_idle", [BEN.user_id])


def many_more(session: Session) -> None:
    """People who do not answer calls now, and patients who do not call."""
    for number in range(2000, 2060):
        add_user(session, principal(number, f"idle{number}", "agent", FOLLOW_UP), "agent")
        session.add(AgentStatus(user_id=number, state="away", since=NOW))
        patient = Patient(id=number, record_number=f"R{number}", name="某人", created_at=NOW, updated_at=NOW)
        session.add(patient)
        session.flush()
        session.add(PatientPhone(patient_id=number, number=f"+86139{number:08}", position=0))


@pytest_twisted.ensureDeferred
async def test_a_ring_asks_the_same_however_many_patients_and_idle_agents_there_are(
    hospital: CallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await group(hospital, ANNA, BEN, rule="round_robin", prefer_last=True)
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # Beginnings and ends of transactions depend on how they are grouped.
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            asked.append(statement)

    cursor = prepared._cursor

    def hear_prepared(connection: Any, sql: str, parameters: Any) -> Any:
        hear(connection, None, sql)
        return cursor(connection, sql, parameters)

    counts = []
    monkeypatch.setattr(prepared, "_cursor", hear_prepared)
    event.listen(Engine, "before_cursor_execute", hear)
    try:
        for _ in range(2):
            asked.clear()
            await hospital.hear(CALLER, Rang())
            counts.append(len(asked))
            await hospital.hear(RingingStopped())
            if len(counts) == 1:
                await hospital.database.run(many_more)
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert counts[0] == counts[1] > 5
