"""Agreed call-backs: whom to call again and when, and what makes them done."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_twisted

from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.telephony.wrapup import WrapUpDraft
from protocols.signals import Answered, CallerIdentified, DialFailed, DialFailure, Ended, Rang
from tests.peers.call_center import ANNA, BEN, CARL, NOW, SUSAN, ZHANG, CallCenter, audit_actions

CALLER = CallerIdentified("13800138000")
STRANGER = CallerIdentified("13666660000")
DONE = WrapUpDraft(outcome="completed")


def later(hours: float) -> WrapUpDraft:
    return WrapUpDraft(outcome="call_back", call_back_at=NOW + timedelta(hours=hours))


async def spoken(hospital: CallCenter, agent: Principal, caller: CallerIdentified, draft: WrapUpDraft) -> int:
    """``agent`` takes a call and wraps it up with ``draft``; the call's id."""
    calls = hospital.telephony.calls
    await hospital.telephony.agents.connected(agent)
    await hospital.hear(Rang(), caller)
    call_id: int = hospital.last("call.ringing")["id"]
    await calls.claim(agent, call_id)
    await hospital.hear(Answered(), Ended(by_far_end=True))
    await calls.save_wrap_up(agent, call_id, draft, finish=True)
    return call_id


async def called(
    hospital: CallCenter, agent: Principal, number: str, patient_id: int | None = None, *heard: object
) -> int:
    """``agent`` dials, speaks unless ``heard`` says otherwise, and has not wrapped up yet; the call's id."""
    call = await hospital.telephony.lines.dial(agent, None, number, patient_id)
    await hospital.hear(*(heard or (Answered(), Ended(by_far_end=True))))
    return int(call["id"])


async def owed(hospital: CallCenter, who: Principal) -> list[int]:
    return [call["id"] for call in (await hospital.telephony.calls.callbacks(who)).items]


@pytest_twisted.ensureDeferred
async def test_an_agreed_call_back_is_owed_until_its_number_was_called_and_wrapped_up(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    call_id = await spoken(hospital, ANNA, CALLER, later(2))
    told = hospital.last("call.updated")
    assert (told["id"], told["call_back"], told["called_back_at"]) == (call_id, "open", None)
    assert await owed(hospital, ANNA) == [call_id]
    back = await called(hospital, ANNA, "138 0013 8000")
    # Until it is written down what came of it, nobody knows whether it is done.
    assert await owed(hospital, ANNA) == [call_id]
    await calls.save_wrap_up(ANNA, back, DONE, finish=True)
    assert await owed(hospital, ANNA) == []
    settled = next(event for event in reversed(hospital.events) if event.data["id"] == call_id)
    assert (settled.type, settled.data["call_back"]) == ("call.updated", "done")
    assert settled.data["called_back_at"] is not None
    assert ANNA.user_id in settled.audience["users"]


@pytest_twisted.ensureDeferred
async def test_a_call_to_the_patient_at_another_number_counts_and_agrees_anew(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    first = await spoken(hospital, ANNA, CALLER, later(2))
    back = await called(hospital, ANNA, "13666660000", ZHANG)
    await calls.save_wrap_up(ANNA, back, later(5), finish=True)
    assert await owed(hospital, ANNA) == [back]
    # What it says itself is another time, not another call: that does not make it done.
    await calls.save_wrap_up(ANNA, back, later(6), finish=True)
    assert await owed(hospital, ANNA) == [back]
    assert (await calls.get(ANNA, first))["call_back"] == "done"
    await calls.save_wrap_up(ANNA, back, DONE)
    assert await owed(hospital, ANNA) == []


@pytest_twisted.ensureDeferred
async def test_neither_a_caller_nor_a_call_that_never_left_the_house_nor_an_earlier_one_is_a_call_back(
    hospital: CallCenter,
) -> None:
    calls = hospital.telephony.calls
    earlier = await called(hospital, ANNA, "13800138000")
    call_id = await spoken(hospital, BEN, CALLER, later(2))
    await calls.save_wrap_up(ANNA, earlier, DONE, finish=True)
    await spoken(hospital, ANNA, CALLER, DONE)
    dead = await called(hospital, ANNA, "13800138000", None, DialFailed(DialFailure.NO_DIAL_TONE))
    await calls.save_wrap_up(ANNA, dead, WrapUpDraft(outcome="no_answer"), finish=True)
    await called(hospital, ANNA, "13666660000")
    assert await owed(hospital, BEN) == [call_id]


@pytest_twisted.ensureDeferred
async def test_ones_own_come_first_then_by_time_page_by_page(hospital: CallCenter) -> None:
    calls, people = hospital.telephony.calls, (ANNA, BEN)
    for agent in people:
        await hospital.telephony.agents.connected(agent)
    agreed = [
        await spoken(hospital, people[index // 2], CallerIdentified(f"1366666000{index}"), later(hours))
        for index, hours in enumerate((9, 3, 1, 3))
    ]
    hers, his = agreed[:2], agreed[2:]
    assert await owed(hospital, ANNA) == [hers[1], hers[0], *his]
    assert await owed(hospital, BEN) == [*his, hers[1], hers[0]]
    assert await owed(hospital, SUSAN) == [his[0], hers[1], his[1], hers[0]]
    assert await owed(hospital, CARL) == []
    seen, cursor = [], None
    while True:
        page = await calls.callbacks(ANNA, 1, cursor)
        seen += [call["id"] for call in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == [hers[1], hers[0], *his]
    for limit, bad in ((0, None), (201, None), (5, "nonsense")):
        with pytest.raises(InvalidError):
            await calls.callbacks(ANNA, limit, bad)


@pytest_twisted.ensureDeferred
async def test_it_is_said_to_be_done_and_taken_back(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    call_id = await spoken(hospital, ANNA, STRANGER, later(2))
    marked = await calls.mark_call_back(ANNA, call_id, True)
    assert (marked["call_back"], marked["call_back_at"]) == ("done", "2026-03-02T10:00:00.000Z")
    assert marked["called_back_at"] is not None
    assert await owed(hospital, ANNA) == []
    await calls.mark_call_back(ANNA, call_id, True)
    assert (await calls.mark_call_back(ANNA, call_id, False))["called_back_at"] is None
    assert await owed(hospital, ANNA) == [call_id]
    assert (await hospital.look(audit_actions))[-2:] == ["call-back", "call-back"]
    with pytest.raises(NotFoundError):
        await calls.mark_call_back(CARL, call_id, True)
    without = await spoken(hospital, ANNA, CALLER, DONE)
    with pytest.raises(ConflictError):
        await calls.mark_call_back(ANNA, without, True)


@pytest_twisted.ensureDeferred
async def test_a_draft_agrees_on_nothing_yet(hospital: CallCenter) -> None:
    calls = hospital.telephony.calls
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang(), CALLER)
    call_id = hospital.last("call.ringing")["id"]
    await calls.claim(ANNA, call_id)
    await hospital.hear(Answered(), Ended(by_far_end=True))
    draft = await calls.save_wrap_up(ANNA, call_id, later(2))
    assert (draft["call_back"], draft["call_back_at"]) == ("", "2026-03-02T10:00:00.000Z")
    assert await owed(hospital, ANNA) == []
