"""Call tasks from their making to their end: each to one agent, each attempt on disk, nothing lost or doubled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import update
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, DeferredList, gatherResults

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, UnavailableError
from callcenter.telephony.wrapup import WrapUpDraft
from callcenter.worklist.creating import TaskDraft
from callcenter.worklist.listing import TaskFilter
from protocols.signals import Answered, DialFailed, DialFailure, Ended
from storage.models import Patient
from tests.peers.call_center import (
    ANNA,
    BEN,
    CARDIOLOGY,
    CARL,
    DORA,
    FAMILY_ONE,
    FAMILY_TWO,
    FOLLOW_UP,
    GONE,
    HEART,
    NOW,
    QUIET,
    SUSAN,
    ZHANG,
    CallCenter,
    add_user,
    audit_actions,
    every_row,
    principal,
)

HERS = TaskDraft("出院后随访", agent_id=ANNA.user_id)
POOL = TaskDraft("出院后随访", department_id=FOLLOW_UP)


async def made(hospital: CallCenter, draft: TaskDraft = HERS, patient_id: int = ZHANG, **more: Any) -> int:
    return int((await hospital.telephony.tasks.create(SUSAN, draft, patient_id, **more))["id"])


async def next_id(hospital: CallCenter, agent: Principal = ANNA) -> int | None:
    task = (await hospital.telephony.tasks.next(agent))["task"]
    return None if task is None else int(task["id"])


async def attempt(hospital: CallCenter, task_id: int, outcome: str, *heard: Any, back: datetime | None = None) -> Any:
    """Anna calls for the task and wraps up; the task as it is then."""
    call = await hospital.telephony.tasks.dial(ANNA, task_id)
    await hospital.hear(*(heard or (Answered(), Ended(by_far_end=True))))
    draft = WrapUpDraft(outcome=outcome, call_back_at=back)
    await hospital.telephony.calls.save_wrap_up(ANNA, call["id"], draft, finish=True)
    return await hospital.telephony.tasks.get(ANNA, task_id)


def set_do_not_call(session: Session, patient_id: int) -> None:
    session.execute(update(Patient).where(Patient.id == patient_id).values(do_not_call=True))


@pytest_twisted.ensureDeferred
async def test_busy_comes_again_after_a_quarter_of_an_hour_and_is_done_when_it_is_done(hospital: CallCenter) -> None:
    task_id = await made(hospital)
    assert await next_id(hospital) == task_id
    busy = await attempt(hospital, task_id, "busy", DialFailed(DialFailure.BUSY))
    assert (busy["state"], busy["attempts"], busy["last_outcome"], busy["claimed_by"]) == ("open", 1, "busy", None)
    at = utc_now(hospital.clock) + timedelta(minutes=15)
    assert busy["next_at"] == at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert await next_id(hospital) is None
    hospital.clock.advance(15 * 60)
    assert await next_id(hospital) == task_id
    done = await attempt(hospital, task_id, "completed")
    assert (done["state"], done["attempts"], done["ended_at"] is not None) == ("done", 2, True)
    assert [call["outcome"] for call in done["calls"]] == ["completed", "busy"]
    assert hospital.line.asked == [("dial", "13800138000")] * 2
    told = [event for event in hospital.told("call_task.updated") if event.data["id"] == task_id]
    assert (told[-1].data["state"], told[-1].audience["users"]) == ("done", [ANNA.user_id])


@pytest_twisted.ensureDeferred
async def test_three_times_no_answer_is_enough(hospital: CallCenter) -> None:
    task_id = await made(hospital)
    states = []
    for _ in range(3):
        states.append((await attempt(hospital, task_id, "no_answer", DialFailed(DialFailure.NO_ANSWER)))["state"])
        hospital.clock.advance(30)
    task = await hospital.telephony.tasks.get(SUSAN, task_id)
    assert (states, task["reason"]) == (["open", "open", "given_up"], "attempts")
    with pytest.raises(ConflictError):
        await hospital.telephony.tasks.claim(ANNA, task_id)
    again = await hospital.telephony.tasks.reschedule(SUSAN, task_id, NOW)
    assert (again["state"], again["reason"], await next_id(hospital)) == ("open", "", task_id)


@pytest_twisted.ensureDeferred
async def test_an_agreed_time_is_kept_by_the_task_and_owes_no_call_back_beside_it(hospital: CallCenter) -> None:
    task_id = await made(hospital)
    back = NOW + timedelta(hours=20)
    task = await attempt(hospital, task_id, "call_back", back=back)
    assert (task["state"], task["next_at"]) == ("open", "2026-03-03T04:00:00.000Z")
    assert (await hospital.telephony.calls.callbacks(ANNA)).items == []
    # Saying it otherwise afterwards decides anew.
    calls = hospital.telephony.calls
    await calls.save_wrap_up(ANNA, task["calls"][0]["id"], WrapUpDraft(outcome="completed"), finish=True)
    assert (await hospital.telephony.tasks.get(ANNA, task_id))["state"] == "done"


@pytest_twisted.ensureDeferred
async def test_what_never_left_the_house_is_no_attempt(hospital: CallCenter) -> None:
    task_id = await made(hospital)
    task = await attempt(hospital, task_id, "no_answer", DialFailed(DialFailure.NO_DIAL_TONE))
    assert (task["state"], task["attempts"]) == ("open", 0)


@pytest_twisted.ensureDeferred
async def test_the_attempt_is_on_disk_when_the_device_fails_and_the_task_waits_for_its_wrap_up(
    hospital: CallCenter,
) -> None:
    task_id = await made(hospital)
    hospital.line.broken = "unplugged"
    with pytest.raises(UnavailableError):
        await hospital.telephony.tasks.dial(ANNA, task_id)
    await hospital.settle()
    task = await hospital.telephony.tasks.get(ANNA, task_id)
    assert (task["state"], task["calling"], len(task["calls"])) == ("claimed", True, 1)
    # However long the wrap-up takes: nobody else gets it, and it is not dialled again before.
    hospital.clock.advance(3600)
    assert await next_id(hospital, BEN) is None
    with pytest.raises(ConflictError):
        await hospital.telephony.tasks.dial(ANNA, task_id)
    draft = WrapUpDraft(outcome="busy")
    await hospital.telephony.calls.save_wrap_up(ANNA, task["calls"][0]["id"], draft, finish=True)
    assert (await hospital.telephony.tasks.get(ANNA, task_id))["state"] == "open"


def add_agents(session: Session, agents: Sequence[Principal]) -> None:
    for agent in agents:
        add_user(session, agent, "agent")


@pytest_twisted.ensureDeferred
async def test_twenty_who_ask_at_once_get_twenty_tasks_and_of_one_task_one_gets_it(hospital: CallCenter) -> None:
    tasks = hospital.telephony.tasks
    agents = [principal(200 + index, f"agent{index}", "agent", FOLLOW_UP) for index in range(20)]
    await hospital.database.run(add_agents, agents)
    numbers = [f"138001{index:05d}" for index in range(20)]
    made = [(await tasks.create(SUSAN, POOL, None, number))["id"] for number in numbers]
    got = await gatherResults([Deferred.fromCoroutine(tasks.next(agent)) for agent in agents])
    assert sorted(answer["task"]["id"] for answer in got) == made
    assert {answer["task"]["claimed_by"]["id"] for answer in got} == {agent.user_id for agent in agents}
    (last,) = [(await tasks.create(SUSAN, POOL, ZHANG))["id"]]
    results = await DeferredList(
        [Deferred.fromCoroutine(tasks.claim(agent, last)) for agent in agents], consumeErrors=True
    )
    assert sum(success for success, _ in results) == 1
    assert all(result.check(ConflictError) for success, result in results if not success)


@pytest_twisted.ensureDeferred
async def test_a_lease_that_ran_out_gives_the_task_to_somebody_else(hospital: CallCenter) -> None:
    task_id = await made(hospital, POOL)
    assert await next_id(hospital) == task_id
    hospital.clock.advance(14 * 60)
    assert await next_id(hospital, BEN) is None
    assert await next_id(hospital) == task_id
    hospital.clock.advance(15 * 60 + 1)
    assert await next_id(hospital, BEN) == task_id
    with pytest.raises(ConflictError):
        await hospital.telephony.tasks.dial(ANNA, task_id)
    assert hospital.line.asked == []


@pytest_twisted.ensureDeferred
async def test_priority_then_ones_own_then_what_waits_longest(hospital: CallCenter) -> None:
    pool = await made(hospital, POOL, HEART)
    own = await made(hospital, HERS, ZHANG)
    urgent = await made(hospital, TaskDraft("复查", priority=1), FAMILY_ONE)
    later = await made(hospital, TaskDraft("复查", ANNA.user_id, due_from=NOW + timedelta(hours=1)), FAMILY_TWO)
    assert [task["id"] for task in (await hospital.telephony.tasks.mine(ANNA)).items] == [own, later, pool, urgent]
    counts = await hospital.telephony.tasks.counts(ANNA)
    assert counts == {"overdue": 0, "today": 4, "now": 3}
    order = []
    while (task_id := await next_id(hospital)) is not None:
        order.append(task_id)
        await hospital.telephony.tasks.skip(ANNA, task_id, "在开会")
    assert order == [urgent, own, pool]
    skipped = await hospital.telephony.tasks.get(ANNA, own)
    assert (skipped["reason"], skipped["note"], skipped["state"]) == ("skipped", "在开会", "open")
    hospital.clock.advance(24 * 3600)
    assert (await hospital.telephony.tasks.counts(ANNA))["overdue"] == 4


@pytest_twisted.ensureDeferred
async def test_nobody_is_called_at_night(hospital: CallCenter) -> None:
    task_id = await made(hospital)
    hospital.clock.advance(4 * 3600)
    assert await hospital.telephony.tasks.next(ANNA) == {"task": None, "opens_at": "2026-03-03T00:00:00.000Z"}
    with pytest.raises(ConflictError) as refused:
        await hospital.telephony.tasks.dial(ANNA, task_id)
    assert refused.value.details["opens_at"] == "2026-03-03T00:00:00.000Z"
    assert hospital.line.asked == []


@pytest_twisted.ensureDeferred
async def test_do_not_call_is_respected_and_can_be_confirmed(hospital: CallCenter) -> None:
    tasks = hospital.telephony.tasks
    with pytest.raises(ConflictError) as refused:
        await tasks.create(SUSAN, HERS, QUIET)
    assert refused.value.details["do_not_call"]
    meanwhile = await made(hospital)
    await hospital.database.run(set_do_not_call, ZHANG)
    assert await next_id(hospital) is None
    ended = await tasks.get(ANNA, meanwhile)
    assert (ended["state"], ended["reason"]) == ("given_up", "do_not_call")
    with pytest.raises(ConflictError):
        await tasks.reschedule(SUSAN, meanwhile, NOW)
    known = await made(hospital, HERS, QUIET, confirmed=True)
    assert await next_id(hospital) == known
    with pytest.raises(ConflictError) as refused:
        await tasks.dial(ANNA, known)
    assert refused.value.details["do_not_call"]
    assert hospital.line.asked == []
    await tasks.dial(ANNA, known, confirmed=True)
    assert "dial-do-not-call" in await hospital.look(audit_actions)


@pytest_twisted.ensureDeferred
async def test_too_late_is_the_end_also_when_nobody_asks(hospital: CallCenter) -> None:
    task_id = await made(hospital, TaskDraft("复查", ANNA.user_id, due_until=NOW + timedelta(minutes=30)))
    hospital.clock.advance(31 * 60)
    await hospital.telephony.tasks.expire()
    task = await hospital.telephony.tasks.get(ANNA, task_id)
    assert (task["state"], task["reason"]) == ("expired", "too_late")
    assert await next_id(hospital) is None


@pytest_twisted.ensureDeferred
async def test_many_are_made_once_and_it_is_said_who_is_left_out(hospital: CallCenter) -> None:
    tasks, everybody = hospital.telephony.tasks, [ZHANG, FAMILY_ONE, QUIET, GONE, HEART, 4242, ZHANG]
    await made(hospital, HERS, HEART)
    before = await hospital.look(every_row)
    shown = await tasks.preview(SUSAN, everybody)
    assert await hospital.look(every_row) == before
    assert shown["count"] == 2
    assert {one["patient_id"]: one["why"] for one in shown["refused"]} == {
        QUIET: "do_not_call", GONE: "not_found", HEART: "has_task", 4242: "not_found",
    }  # fmt: skip
    assert await tasks.create_many(SUSAN, POOL, everybody) == shown
    assert (await tasks.create_many(SUSAN, POOL, everybody))["count"] == 0
    figures = await tasks.progress(SUSAN, TaskFilter(department_id=FOLLOW_UP))
    assert (figures["all"], figures["open"], figures["due"], figures["done"]) == (2, 2, 2, 0)
    for draft in (TaskDraft(" "), TaskDraft("x", agent_id=4242), TaskDraft("x", due_until=NOW)):
        with pytest.raises(InvalidError):
            await tasks.create_many(SUSAN, draft, everybody)


@pytest_twisted.ensureDeferred
async def test_what_is_out_of_reach_does_not_exist(hospital: CallCenter) -> None:
    tasks = hospital.telephony.tasks
    hers, pool = await made(hospital), await made(hospital, POOL, FAMILY_ONE)
    before = await hospital.look(every_row)
    assert [task["id"] for task in (await tasks.list(BEN)).items] == [pool]
    assert (await tasks.list(CARL)).items == []
    for agent, task_id in ((BEN, hers), (CARL, hers), (CARL, pool)):
        for refused in (tasks.get, tasks.claim, tasks.dial):
            with pytest.raises(NotFoundError):
                await refused(agent, task_id)
        with pytest.raises(NotFoundError):
            await tasks.skip(agent, task_id, "x")
    for refused in (tasks.cancel(ANNA, hers), tasks.assign(ANNA, [hers], None, None), tasks.preview(ANNA, [ZHANG])):
        with pytest.raises(NotAllowedError):
            await refused
    with pytest.raises(NotAllowedError):
        await tasks.list(DORA)
    head = Principal(16, "h", "H", CARDIOLOGY, {"call_tasks.view": Scope.ALL, "call_tasks.manage": Scope.DEPARTMENT})
    with pytest.raises(NotFoundError):
        await tasks.cancel(head, hers)
    with pytest.raises(InvalidError):
        await tasks.assign(head, [hers], ANNA.user_id, None)
    assert await hospital.look(every_row) == before


@pytest_twisted.ensureDeferred
async def test_a_colleagues_call_for_it_is_seen_without_what_was_written_down(hospital: CallCenter) -> None:
    tasks = hospital.telephony.tasks
    task_id = await made(hospital, POOL)
    await tasks.claim(ANNA, task_id)
    call = await tasks.dial(ANNA, task_id)
    await hospital.hear(DialFailed(DialFailure.BUSY))
    draft = WrapUpDraft(outcome="busy", notes="only for those who may see the call")
    await hospital.telephony.calls.save_wrap_up(ANNA, call["id"], draft, finish=True)
    await tasks.assign(SUSAN, [task_id], BEN.user_id, None)
    seen = {who.user_id: (await tasks.get(who, task_id))["calls"] for who in (SUSAN, BEN)}
    assert [one["notes"] for one in seen[SUSAN.user_id]] == [draft.notes]
    assert [(one["id"], one["notes"], one["in_reach"]) for one in seen[BEN.user_id]] == [(call["id"], "", False)]
    blind = Principal(BEN.user_id, "ben", "Ben", FOLLOW_UP, {"call_tasks.view": Scope.ALL})
    assert (await tasks.get(blind, task_id))["calls"] == []


@pytest_twisted.ensureDeferred
async def test_it_is_handed_over_cancelled_and_audited(hospital: CallCenter) -> None:
    tasks = hospital.telephony.tasks
    task_id = await made(hospital)
    await tasks.claim(ANNA, task_id)
    (view,) = await tasks.assign(SUSAN, [task_id], BEN.user_id, None)
    assert (view["agent"]["id"], view["state"], view["claimed_by"]) == (BEN.user_id, "open", None)
    assert await next_id(hospital) is None
    assert await next_id(hospital, BEN) == task_id
    cancelled = await tasks.cancel(SUSAN, task_id, "已门诊复查")
    assert (cancelled["state"], cancelled["note"]) == ("cancelled", "已门诊复查")
    assert (await tasks.cancel(SUSAN, task_id))["version"] == cancelled["version"]
    with pytest.raises(ConflictError):
        await tasks.assign(SUSAN, [task_id], ANNA.user_id, None)
    assert (await hospital.look(audit_actions))[-3:] == ["create", "assign", "cancel"]


@pytest_twisted.ensureDeferred
async def test_after_a_crash_the_attempt_is_there_and_nobody_calls_a_second_time(hospital: CallCenter) -> None:
    task_id = await made(hospital, POOL)
    call = await hospital.telephony.tasks.dial(ANNA, task_id)
    restarted = CallCenter(hospital.database, hospital.clock)
    await restarted.telephony.start()
    await restarted.settle()
    tasks = restarted.telephony.tasks
    task = await tasks.get(ANNA, task_id)
    assert [(one["id"], one["end_reason"], one["wrap_up"]) for one in task["calls"]] == [
        (call["id"], "unknown", "open")
    ]
    hospital.clock.advance(3600)
    assert (await tasks.next(BEN))["task"] is None
    draft = WrapUpDraft(outcome="no_answer")
    await restarted.telephony.calls.save_wrap_up(ANNA, call["id"], draft, finish=True)
    task = await tasks.get(ANNA, task_id)
    assert (task["state"], task["attempts"]) == ("open", 1)
    await restarted.telephony.stop()
