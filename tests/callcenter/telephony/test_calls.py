"""Calls from the first ring to the finished wrap-up, on a real database."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, UnavailableError
from callcenter.telephony.wrapup import WrapUpDraft
from protocols.signals import (
    Answered,
    CallerIdentified,
    CommandFailed,
    DialFailed,
    DialFailure,
    Ended,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
    RingingStopped,
    TakenElsewhere,
)
from storage.models import UserAccount
from tests.peers.call_center import (
    ANNA,
    BEN,
    CARL,
    DORA,
    FAMILY_ONE,
    FAMILY_TWO,
    FOLLOW_UP,
    HEART,
    SUSAN,
    ZHANG,
    CallCenter,
    add_user,
    audit_actions,
    every_row,
    principal,
)
from tests.peers.scripted_line import MONITOR

CALLER = CallerIdentified("13800138000")
FAMILY = CallerIdentified("1390013 9000")
DONE = WrapUpDraft(outcome="completed", notes="好")


@pytest_twisted.ensureDeferred
async def test_a_call_from_ring_to_wrap_up(hospital: CallCenter) -> None:
    calls, agents = hospital.telephony.calls, hospital.telephony.agents
    await agents.connected(ANNA)
    await hospital.hear(Rang())
    (first,) = hospital.told("call.ringing")
    assert first.data["offered_to"] == [ANNA.user_id]
    assert first.data["patient"] is None
    await hospital.hear(CALLER)
    pop = hospital.told("call.ringing")[-1]
    assert pop.data["patient"]["name"] == "张三"
    assert (pop.data["number"], pop.data["number_formatted"]) == ("+8613800138000", "138 0013 8000")
    assert (pop.data["region"], pop.data["region_en"]) == ("北京市", "Beijing")
    assert pop.data["line"]["name"] == "line 1"
    assert pop.audience == {"permission": "calls.view", "departments": [FOLLOW_UP], "users": [ANNA.user_id]}
    assert [call["id"] for call in await calls.open_for(ANNA)] == [pop.data["id"]]

    call_id = pop.data["id"]
    answered = await calls.answer(ANNA, call_id)
    assert answered["agent"] == {"id": ANNA.user_id, "name": "Anna"}
    assert hospital.line.asked == [("answer", "")]
    assert (await agents.list(ANNA))[0]["state"] == "ringing"
    await hospital.hear(Answered())
    assert hospital.told("call.answered")[-1].data["state"] == "talking"
    assert (await agents.list(ANNA))[0]["state"] == "talking"

    hospital.clock.advance(60)
    await calls.save_wrap_up(ANNA, call_id, WrapUpDraft(notes="typed while talking"))
    await calls.hang_up(ANNA, call_id)
    assert hospital.line.asked[-1] == ("hang_up", "")
    await hospital.hear(Ended(by_far_end=False))
    ended = hospital.told("call.ended")[-1].data
    assert (ended["end_reason"], ended["wrap_up"], ended["missed"]) == ("hung_up", "open", False)
    assert ended["notes"] == "typed while talking"
    assert (await agents.list(ANNA))[0]["state"] == "wrap_up"

    done = await calls.save_wrap_up(ANNA, call_id, DONE, finish=True)
    assert (done["wrap_up"], done["outcome"]) == ("done", "completed")
    assert (await agents.list(ANNA))[0]["state"] == "available"
    assert list(await calls.open_for(ANNA)) == []
    assert await hospital.look(audit_actions) == ["claim", "hang-up", "wrap-up"]
    seqs = [event.seq for event in hospital.events]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


@pytest_twisted.ensureDeferred
async def test_a_call_answered_at_another_telephone_is_not_missed_and_needs_no_wrap_up(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(CALLER, Rang())
    await hospital.telephony.calls.claim(ANNA, hospital.last("call.ringing")["id"])
    await hospital.hear(TakenElsewhere())
    ended = hospital.last("call.ended")
    assert (ended["end_reason"], ended["missed"], ended["wrap_up"]) == ("elsewhere", False, "")
    assert (await hospital.telephony.agents.list(ANNA))[0]["state"] != "wrap_up"
    assert (await hospital.telephony.calls.missed(SUSAN)).items == []


@pytest_twisted.ensureDeferred
async def test_a_call_that_nobody_answers_is_missed_and_worked_down(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    await hospital.hear(Rang(), CALLER, Rang(), RingingStopped())
    ended = hospital.told("call.ended")[-1]
    assert (ended.data["missed"], ended.data["end_reason"], ended.data["rings"]) == (True, "abandoned", 2)
    assert ended.data["ended_at"] == "2026-03-02T08:00:03.000Z"
    assert ended.audience["users"] == [ANNA.user_id, BEN.user_id, SUSAN.user_id]
    for person in (ANNA, SUSAN):
        assert [call["id"] for call in (await calls.missed(person)).items] == [ended.data["id"]]
    assert (await calls.missed(CARL)).items == []
    handled = await calls.handle_missed(BEN, ended.data["id"])
    assert handled["missed_handled_at"] is not None
    again = await calls.handle_missed(ANNA, ended.data["id"])
    assert again["missed_handled_at"] == handled["missed_handled_at"]
    assert (await calls.missed(SUSAN)).items == []
    with pytest.raises(NotFoundError):
        await calls.handle_missed(CARL, ended.data["id"])


@pytest_twisted.ensureDeferred
async def test_a_patient_is_attached_while_the_call_rings_by_whoever_it_is_offered_to(hospital: CallCenter) -> None:
    calls, agents = hospital.telephony.calls, hospital.telephony.agents
    for agent in (ANNA, BEN):
        await agents.connected(agent)
    await hospital.hear(Rang())
    ringing = hospital.last("call.ringing")
    assert (ringing["number"], ringing["offered_to"]) == ("", [ANNA.user_id, BEN.user_id])
    with pytest.raises(NotFoundError):
        await calls.attach_patient(CARL, ringing["id"], HEART)
    attached = await calls.attach_patient(BEN, ringing["id"], FAMILY_ONE)
    assert (attached["patient"]["id"], attached["state"], attached["agent"]) == (FAMILY_ONE, "ringing", None)
    # The number comes and belongs to somebody else: what a person said stands.
    await hospital.hear(CALLER)
    assert hospital.last("call.ringing")["patient"]["id"] == FAMILY_ONE
    await calls.claim(ANNA, ringing["id"])
    with pytest.raises(ConflictError):
        await calls.attach_patient(BEN, ringing["id"], ZHANG)
    assert (await calls.attach_patient(ANNA, ringing["id"], ZHANG))["patient"]["id"] == ZHANG
    assert await hospital.look(audit_actions) == ["attach-patient", "claim", "attach-patient"]


@pytest_twisted.ensureDeferred
async def test_calling_back_settles_the_missed_calls_of_the_number(hospital: CallCenter) -> None:
    await hospital.hear(CALLER, Rang(), RingingStopped(), CALLER, Rang(), RingingStopped())
    assert len((await hospital.telephony.calls.missed(ANNA)).items) == 2
    await hospital.telephony.lines.dial(ANNA, None, "138 0013 8000")
    await hospital.hear(Answered())
    assert (await hospital.telephony.calls.missed(ANNA)).items == []


@pytest.mark.parametrize("claimed_first", [True, False])
@pytest_twisted.ensureDeferred
async def test_who_rings_again_and_is_spoken_with_is_missed_no_more(hospital: CallCenter, claimed_first: bool) -> None:
    await hospital.hear(CALLER, Rang(), RingingStopped(), CALLER, Rang())
    calls = hospital.telephony.calls
    call_id = hospital.told("call.ringing")[-1].data["id"]
    if claimed_first:
        await calls.claim(SUSAN, call_id)
        assert len((await calls.missed(SUSAN)).items) == 1
    await hospital.hear(Answered())
    # Of a call that is nobody's yet one does not know who speaks.
    assert len((await calls.missed(SUSAN)).items) == (0 if claimed_first else 1)
    if not claimed_first:
        await calls.claim(SUSAN, call_id)
    assert (await calls.missed(SUSAN)).items == []


@pytest_twisted.ensureDeferred
async def test_of_fifty_who_claim_at_once_exactly_one_gets_the_call(hospital: CallCenter) -> None:
    crowd = [principal(1000 + index, f"agent{index}", "agent", FOLLOW_UP) for index in range(50)]
    await hospital.database.run(lambda session: [add_user(session, person, "agent") for person in crowd] and None)
    for person in crowd:
        await hospital.telephony.agents.connected(person)
    await hospital.hear(Rang(), CALLER)
    call_id = hospital.told("call.ringing")[-1].data["id"]
    assert len(hospital.told("call.ringing")[-1].data["offered_to"]) == 50
    tries = [Deferred.fromCoroutine(hospital.telephony.calls.claim(person, call_id)) for person in crowd]
    results = await gatherResults([_outcome(one) for one in tries])
    winners = [result for result in results if isinstance(result, dict)]
    losers = [result for result in results if isinstance(result, ConflictError)]
    assert (len(winners), len(losers)) == (1, 49)
    assert {loser.details["agent"]["id"] for loser in losers} == {winners[0]["agent"]["id"]}
    assert len(hospital.told("call.updated")) == 1
    assert set(hospital.told("call.updated")[0].audience["users"]) == {person.user_id for person in crowd}


def _outcome(attempt: Deferred) -> Deferred:
    return attempt.addErrback(lambda failure: failure.value)


@pytest_twisted.ensureDeferred
async def test_a_call_that_is_over_cannot_be_claimed(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang(), RingingStopped())
    with pytest.raises(ConflictError) as refused:
        await hospital.telephony.calls.claim(ANNA, hospital.told("call.ended")[-1].data["id"])
    assert refused.value.details["end_reason"] == "abandoned"


@pytest_twisted.ensureDeferred
async def test_claiming_twice_is_claiming_once(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang())
    call_id = hospital.told("call.ringing")[-1].data["id"]
    first = await hospital.telephony.calls.claim(ANNA, call_id)
    second = await hospital.telephony.calls.claim(ANNA, call_id)
    assert first["claimed_at"] == second["claimed_at"]
    assert await hospital.look(audit_actions) == ["claim"]


@pytest_twisted.ensureDeferred
async def test_a_shared_number_is_asked_about_and_remembered(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang(), FAMILY)
    pop = hospital.told("call.ringing")[-1].data
    assert (pop["patient"], pop["candidates"]) == (None, 2)
    await calls.claim(ANNA, pop["id"])
    with pytest.raises(InvalidError):
        await calls.attach_patient(ANNA, pop["id"], 999)
    chosen = await calls.attach_patient(ANNA, pop["id"], FAMILY_TWO, remember=True)
    assert chosen["patient"]["id"] == FAMILY_TWO
    await hospital.hear(RingingStopped(), Rang(), FAMILY)
    again = hospital.told("call.ringing")[-1].data
    assert (again["patient"]["id"], again["candidates"]) == (FAMILY_TWO, 2)
    await calls.attach_patient(SUSAN, again["id"], FAMILY_ONE)
    await calls.attach_patient(SUSAN, again["id"], None)
    assert (await calls.get(SUSAN, again["id"]))["patient"] is None


@pytest_twisted.ensureDeferred
async def test_a_disabled_patient_is_not_matched(hospital: CallCenter) -> None:
    await hospital.hear(Rang(), CallerIdentified("13500135000"))
    pop = hospital.told("call.ringing")[-1].data
    assert (pop["patient"], pop["candidates"]) == (None, 0)


@pytest_twisted.ensureDeferred
async def test_names_from_the_network_are_data(hospital: CallCenter) -> None:
    evil = "<script>alert(1)</script>\u202e\x1b[31m\r\nX"
    await hospital.hear(Rang(), CallerIdentified("13800138001", evil))
    assert hospital.told("call.ringing")[-1].data["name"] == "<script>alert(1)</script>[31mX"


@pytest_twisted.ensureDeferred
async def test_ringing_is_offered_to_the_bound_agent_alone_while_available(hospital: CallCenter) -> None:
    def bind(session) -> None:
        session.get_one(UserAccount, BEN.user_id).bound_line = "line 1"

    await hospital.database.run(bind)
    for person in (ANNA, BEN):
        await hospital.telephony.agents.connected(person)
    await hospital.hear(Rang())
    assert hospital.told("call.ringing")[-1].data["offered_to"] == [BEN.user_id]
    await hospital.hear(RingingStopped())
    await hospital.telephony.agents.set_state(BEN, "away", "lunch")
    await hospital.hear(Rang())
    assert hospital.told("call.ringing")[-1].data["offered_to"] == [ANNA.user_id]


@pytest_twisted.ensureDeferred
async def test_a_line_is_the_business_of_its_desk_and_of_the_agents_of_its_call(hospital: CallCenter) -> None:
    def bind(session) -> None:
        session.get_one(UserAccount, CARL.user_id).bound_line = "line 1"

    def users() -> list[int]:
        event = hospital.told("line.updated")[-1]
        assert event.audience["permission"] == "lines.view"
        return sorted(event.audience["users"])

    await hospital.database.run(bind)
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang(), CALLER)
    assert hospital.told("call.ringing")[-1].data["offered_to"] == [ANNA.user_id]
    assert users() == sorted([ANNA.user_id, CARL.user_id])
    # Who is offered the call later has not heard yet what the line can do.
    await hospital.telephony.agents.connected(BEN)
    await hospital.settle()
    assert hospital.told("call.ringing")[-1].data["offered_to"] == [ANNA.user_id, BEN.user_id]
    assert users() == sorted([ANNA.user_id, BEN.user_id, CARL.user_id])
    await hospital.telephony.calls.claim(BEN, hospital.last("call.ringing")["id"])
    await hospital.hear(Answered())
    assert hospital.last("line.updated")["state"] == "talking"
    assert {BEN.user_id, CARL.user_id} <= set(users())
    # What only the line has to say in the middle of it: whoever is on the call has to know.
    for news in (CommandFailed("transfer", "no such extension"), LineReady("again")):
        await hospital.hear(news)
        assert {BEN.user_id, CARL.user_id} <= set(users()), news
    assert hospital.last("line.updated")["desk"] == [CARL.user_id]
    await hospital.hear(Ended(by_far_end=True))
    assert hospital.last("line.updated")["state"] == "idle"
    assert users() == sorted([BEN.user_id, CARL.user_id])


@pytest_twisted.ensureDeferred
async def test_the_handset_of_a_bound_line_is_its_agents(hospital: CallCenter) -> None:
    def bind(session) -> None:
        session.get_one(UserAccount, BEN.user_id).bound_line = "line 1"

    await hospital.database.run(bind)
    await hospital.telephony.agents.connected(BEN)
    await hospital.hear(Rang(), HandsetLifted())
    assert hospital.told("call.answered")[-1].data["agent"]["id"] == BEN.user_id
    await hospital.hear(HandsetReplaced())
    ended = hospital.told("call.ended")[-1].data
    assert (ended["end_reason"], ended["wrap_up"]) == ("handset", "open")


@pytest_twisted.ensureDeferred
async def test_a_call_that_was_answered_at_the_seat_is_its_agents(hospital: CallCenter) -> None:
    def bind(session) -> None:
        session.get_one(UserAccount, BEN.user_id).bound_line = "line 1"

    await hospital.database.run(bind)
    await hospital.telephony.agents.connected(BEN)
    await hospital.hear(Rang(), Answered())
    assert hospital.told("call.answered")[-1].data["agent"]["id"] == BEN.user_id
    await hospital.hear(Ended(by_far_end=True))
    ended = hospital.told("call.ended")[-1].data
    assert (ended["end_reason"], ended["wrap_up"]) == ("far_end", "open")


@pytest_twisted.ensureDeferred
async def test_a_group_line_rings_for_its_department_and_a_common_line_for_all(hospital: CallCenter) -> None:
    for person in (ANNA, CARL):
        await hospital.telephony.agents.connected(person)
    await hospital.hear(Rang())
    assert hospital.told("call.ringing")[-1].data["offered_to"] == [ANNA.user_id]
    await hospital.hear(Rang(), line=1)
    assert hospital.told("call.ringing")[-1].data["offered_to"] == [ANNA.user_id, CARL.user_id]


@pytest_twisted.ensureDeferred
async def test_who_becomes_available_is_offered_what_rings(hospital: CallCenter) -> None:
    await hospital.hear(Rang(), CALLER)
    assert hospital.told("call.ringing")[-1].data["offered_to"] == []
    assert len(await hospital.telephony.calls.open_for(SUSAN)) == 1
    await hospital.telephony.agents.connected(ANNA)
    await hospital.settle()
    assert hospital.told("call.ringing")[-1].data["offered_to"] == [ANNA.user_id]
    assert len(await hospital.telephony.calls.open_for(ANNA)) == 1


@pytest_twisted.ensureDeferred
async def test_a_line_that_only_monitors_is_answered_at_the_handset(hospital: CallCenter) -> None:
    hospital.line.capabilities = MONITOR
    calls = hospital.telephony.calls
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang(), CALLER)
    call_id = hospital.told("call.ringing")[-1].data["id"]
    await calls.answer(ANNA, call_id)
    assert hospital.line.asked == []
    await hospital.hear(RingingStopped())
    talking = await calls.get(ANNA, call_id)
    assert (talking["state"], talking["certainty"]) == ("talking", "presumed")
    done = await calls.save_wrap_up(ANNA, call_id, DONE, finish=True)
    assert (done["state"], done["end_reason"], done["wrap_up"]) == ("ended", "handset", "done")
    with pytest.raises(UnavailableError):
        await hospital.telephony.lines.dial(ANNA, (await hospital.telephony.lines.list(ANNA))[0]["id"], "10086")


@pytest_twisted.ensureDeferred
async def test_hanging_up_what_is_not_there_to_be_hung_up(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    await hospital.telephony.agents.connected(ANNA)
    await hospital.telephony.agents.connected(BEN)
    await hospital.hear(Rang())
    call_id = hospital.told("call.ringing")[-1].data["id"]
    await calls.claim(ANNA, call_id)
    with pytest.raises(ConflictError):
        await calls.hang_up(ANNA, call_id)
    await hospital.hear(Answered())
    with pytest.raises(ConflictError):
        await calls.hang_up(BEN, call_id)
    hospital.line.broken = "the modem is gone"
    with pytest.raises(UnavailableError):
        await calls.hang_up(ANNA, call_id)
    await hospital.hear(Ended(by_far_end=True))
    with pytest.raises(ConflictError):
        await calls.hang_up(ANNA, call_id)


@pytest_twisted.ensureDeferred
async def test_a_supervisor_ends_a_forgotten_call(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang())
    call_id = hospital.told("call.ringing")[-1].data["id"]
    await hospital.telephony.calls.claim(ANNA, call_id)
    await hospital.hear(RingingStopped())
    ended = await hospital.telephony.calls.hang_up(SUSAN, call_id)
    assert ended["state"] == "ended"


@pytest_twisted.ensureDeferred
async def test_wrap_up_says_what_is_missing_and_keeps_the_draft(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang())
    call_id = hospital.told("call.ringing")[-1].data["id"]
    await calls.claim(ANNA, call_id)
    await hospital.hear(Answered())
    with pytest.raises(ConflictError):
        await calls.save_wrap_up(ANNA, call_id, DONE, finish=True)
    await hospital.hear(Ended(by_far_end=True))
    for draft, field in (
        (WrapUpDraft(notes="x"), "outcome"),
        (WrapUpDraft(outcome="call_back"), "call_back_at"),
        (WrapUpDraft(outcome="nonsense"), "outcome"),
    ):
        with pytest.raises(InvalidError) as refused:
            await calls.save_wrap_up(ANNA, call_id, draft, finish=True)
        assert list(refused.value.fields) == [field]
    await calls.save_wrap_up(ANNA, call_id, WrapUpDraft(notes="half a sen"))
    await hospital.telephony.agents.set_state(ANNA, "available")
    assert [call["notes"] for call in await calls.open_for(ANNA)] == ["half a sen"]
    with pytest.raises(NotFoundError):
        await calls.save_wrap_up(BEN, call_id, DONE)


@pytest_twisted.ensureDeferred
async def test_losing_the_line_ends_the_call_and_frees_the_agent_to_wrap_up(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang())
    await hospital.telephony.calls.claim(ANNA, hospital.told("call.ringing")[-1].data["id"])
    await hospital.hear(Answered(), LineLost("unplugged"))
    assert hospital.told("call.ended")[-1].data["end_reason"] == "unknown"
    assert hospital.told("line.updated")[-1].data["state"] == "lost"
    assert hospital.told("line.updated")[-1].data["call_id"] is None
    assert (await hospital.telephony.agents.list(ANNA))[0]["state"] == "wrap_up"
    await hospital.hear(LineReady("again"))
    assert hospital.told("line.updated")[-1].data["state"] == "idle"


@pytest_twisted.ensureDeferred
async def test_a_flood_of_rings_is_one_call_and_few_writes(hospital: CallCenter) -> None:
    before = len(hospital.events)
    for _ in range(5000):
        hospital.line.say(Rang())
    await hospital.settle()
    assert len(hospital.events) - before == 2
    assert hospital.last("call.ringing")["rings"] == 1
    # Two minutes of it: the pages hear of it as seldom as of a telephone that rings.
    for _ in range(480):
        hospital.clock.advance(0.25)
        hospital.line.say(Rang())
    await hospital.settle()
    assert len(hospital.told("call.updated")) == 40
    await hospital.hear(RingingStopped())
    assert hospital.told("call.ended")[-1].data["rings"] == 5480


@pytest_twisted.ensureDeferred
async def test_the_rings_are_counted_for_whoever_it_rings_for(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(ANNA)
    for _ in range(3):
        hospital.clock.advance(4)
        await hospital.hear(Rang())
    assert [event.data["rings"] for event in hospital.told("call.updated")] == [2, 3]
    assert hospital.told("call.updated")[-1].audience["users"] == [ANNA.user_id]
    assert (await hospital.telephony.calls.open_for(ANNA))[0]["rings"] == 3


async def _two_calls(hospital: CallCenter) -> tuple[int, int]:
    """A call that Anna took, and one on the common line from a patient of cardiology that nobody took."""
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang(), CALLER)
    first = hospital.told("call.ringing")[-1].data["id"]
    await hospital.telephony.calls.claim(ANNA, first)
    await hospital.telephony.agents.force(SUSAN, ANNA.user_id, "away")
    await hospital.hear(Rang(), CallerIdentified("13600136000"), line=1)
    return first, hospital.told("call.ringing")[-1].data["id"]


@pytest_twisted.ensureDeferred
async def test_scope_is_the_same_for_list_get_and_export(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    first, second = await _two_calls(hospital)
    assert (await calls.get(SUSAN, second))["patient"]["id"] == HEART
    exporter = {"calls.export": None}
    for person, visible in ((ANNA, {first}), (BEN, set()), (DORA, {second}), (SUSAN, {first, second})):
        assert {call["id"] for call in (await calls.list(person)).items} == visible
        for call_id in (first, second):
            if call_id in visible:
                assert (await calls.get(person, call_id))["id"] == call_id
            else:
                with pytest.raises(NotFoundError):
                    await calls.get(person, call_id)
        scope = person.grants["calls.view"]
        allowed = type(person)(
            person.user_id,
            person.username,
            person.display_name,
            person.department_id,
            dict(person.grants) | dict.fromkeys(exporter, scope),
        )
        exported = [call["id"] async for chunk in calls.export(allowed) for call in chunk]
        assert set(exported) == visible
    with pytest.raises(NotAllowedError):
        [chunk async for chunk in calls.export(ANNA)]


@pytest_twisted.ensureDeferred
async def test_what_is_refused_changes_nothing(hospital: CallCenter) -> None:
    calls, agents, lines = hospital.telephony.calls, hospital.telephony.agents, hospital.telephony.lines
    first, second = await _two_calls(hospital)
    line_id = (await lines.list(SUSAN))[0]["id"]
    before = await hospital.look(every_row)
    refused = [
        lambda: calls.claim(BEN, first),
        lambda: calls.claim(DORA, second),
        lambda: calls.answer(BEN, second),
        lambda: calls.hang_up(BEN, first),
        lambda: calls.attach_patient(BEN, first, ZHANG),
        lambda: calls.attach_patient(DORA, second, HEART),
        lambda: calls.save_wrap_up(BEN, first, DONE),
        lambda: calls.save_wrap_up(DORA, second, DONE, finish=True),
        lambda: calls.handle_missed(DORA, second),
        lambda: agents.force(ANNA, BEN.user_id, "offline"),
        lambda: agents.force(SUSAN, 999, "offline"),
        lambda: agents.force(SUSAN, ANNA.user_id, "talking"),
        lambda: agents.set_state(DORA, "available"),
        lambda: lines.set_out_of_service(ANNA, line_id, True, "no"),
        lambda: lines.set_out_of_service(SUSAN, 999, True, "no"),
        lambda: lines.dial(DORA, None, "10086"),
        lambda: lines.dial(BEN, None, "138\r\nATH"),
        lambda: lines.dial(BEN, None, "10086", patient_id=999),
        lambda: lines.dial(BEN, None, "13700137000"),  # asked not to be called
        lambda: lines.dial(BEN, line_id, "10086"),
        lambda: calls.list(BEN, limit=0),
        lambda: calls.list(BEN, cursor="broken"),
        lambda: hospital.telephony.wallboard.figures(ANNA),
    ]
    for attempt in refused:
        with pytest.raises((NotAllowedError, NotFoundError, InvalidError, ConflictError)):
            await attempt()
    assert await hospital.look(every_row) == before
    assert hospital.line.asked == []


@pytest_twisted.ensureDeferred
async def test_outgoing_failures_are_recorded_with_their_reason(hospital: CallCenter) -> None:
    await hospital.telephony.agents.connected(ANNA)
    view = await hospital.telephony.lines.dial(ANNA, None, "13800138000")
    await hospital.hear(DialFailed(DialFailure.BUSY))
    ended = await hospital.telephony.calls.get(ANNA, view["id"])
    assert (ended["end_reason"], ended["wrap_up"], ended["missed"]) == ("busy", "open", False)
    assert (await hospital.telephony.agents.list(ANNA))[0]["state"] == "wrap_up"


@pytest_twisted.ensureDeferred
async def test_a_call_that_the_device_tells_of_only_when_it_is_over(hospital: CallCenter) -> None:
    hospital.clock.advance(1000)
    before = [CallerIdentified("13800138000", age=300), HandsetLifted(age=300), HandsetReplaced()]
    for signal in before:
        hospital.line.say(signal)
    await hospital.settle()
    call = hospital.last("call.ended")
    assert (call["patient"]["name"], call["missed"], call["end_reason"]) == ("张三", False, "handset")
    assert (call["started_at"], call["answered_at"]) == ("2026-03-02T08:11:40.000Z",) * 2
    assert call["ended_at"] == "2026-03-02T08:16:40.000Z"
    # The line was busy until a moment ago, so the next cannot have begun before that.
    hospital.line.say(CallerIdentified("13900139000", age=3600))
    await hospital.settle()
    assert hospital.last("call.ringing")["started_at"] == "2026-03-02T08:16:40.000Z"


@pytest_twisted.ensureDeferred
async def test_a_call_dialled_at_the_handset_is_on_record_with_its_patient(hospital: CallCenter) -> None:
    await hospital.hear(HandsetLifted(), HandsetDialled("13800138000"), HandsetReplaced())
    call = hospital.last("call.ended")
    assert (call["direction"], call["number"], call["patient"]["name"]) == ("out", "+8613800138000", "张三")
    assert (call["missed"], call["answered_at"], call["end_reason"]) == (False, None, "handset")


@pytest_twisted.ensureDeferred
async def test_a_number_that_comes_after_the_answer_names_the_caller_without_ringing_again(
    hospital: CallCenter,
) -> None:
    await hospital.hear(Rang(), HandsetLifted())
    rang = len(hospital.told("call.ringing"))
    await hospital.hear(CallerIdentified("13800138000", present=True))
    assert len(hospital.told("call.ringing")) == rang
    call = hospital.last("call.updated")
    assert (call["state"], call["patient"]["name"]) == ("talking", "张三")
