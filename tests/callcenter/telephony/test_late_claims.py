"""A call that was lifted at a handset, and that nobody took on the screen, is claimed afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, NotAllowedError, NotFoundError
from callcenter.telephony.calls import WrapUpDraft
from callcenter.telephony.reports import By, ReportFilter, load_report
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.settings import TelephonySettings
from protocols.signals import CallerIdentified, HandsetLifted, HandsetReplaced, Rang, RingingStopped
from storage.models import AuditEntry, CallRecord
from tests.peers.call_center import ANNA, BEN, CARL, DORA, NOW, SUSAN, CallCenter, audit_actions, make_group

HOUR = 3600
CALLER = CallerIdentified("13800138000")


async def spoken(hospital: CallCenter, *people: Principal) -> int:
    """A call of two minutes at the handset of line 1 that rang for ``people`` and that nobody took."""
    for person in people:
        await hospital.telephony.agents.connected(person)
    await hospital.hear(Rang(), CALLER, HandsetLifted())
    hospital.clock.advance(119)
    await hospital.hear(HandsetReplaced())
    ended = hospital.last("call.ended")
    assert (ended["agent"], ended["answered_at"] is not None, ended["wrap_up"]) == (None, True, "")
    return int(ended["id"])


def figures(session: Session) -> dict[Any, tuple[int, int, float]]:
    """Agent → calls answered, handled, seconds spoken, by the report of the day."""
    settings, day = TelephonySettings(), date(2026, 3, 2)
    report = load_report(session, SUSAN, settings, ReportFilter(day, day, By.AGENT), NOW.replace(hour=23))
    rows = {row["key"]: (row["answered"], row["handled"], row["talked"]) for row in report["rows"]}
    return {key: row for key, row in rows.items() if any(row)}


async def listed(hospital: CallCenter, person: Principal) -> list[int]:
    return [call["id"] for call in (await hospital.telephony.late_claims.list(person)).items]


@pytest_twisted.ensureDeferred
async def test_who_spoke_says_so_and_writes_down_what_came_of_it(hospital: CallCenter) -> None:
    late, calls = hospital.telephony.late_claims, hospital.telephony.calls
    call_id = await spoken(hospital, ANNA, BEN)
    assert await listed(hospital, ANNA) == await listed(hospital, BEN) == [call_id]
    assert await hospital.database.read(figures) == {0: (1, 0, 0)}

    mine = await late.claim(ANNA, call_id)
    await hospital.settle()
    told = hospital.told("call.updated")[-1]
    assert mine["agent"] == told.data["agent"] == {"id": ANNA.user_id, "name": "Anna"}
    assert (mine["state"], mine["wrap_up"]) == ("ended", "open")
    assert BEN.user_id in told.audience["users"]
    assert [call["id"] for call in await calls.open_for(ANNA)] == [call_id]
    assert await hospital.database.read(figures) == {ANNA.user_id: (1, 1, 120)}
    assert await listed(hospital, ANNA) == await listed(hospital, BEN) == []
    done = await calls.save_wrap_up(ANNA, call_id, WrapUpDraft(outcome="completed"), finish=True)
    assert done["wrap_up"] == "done"
    assert (await hospital.database.read(audit_actions))[-2:] == ["claim-late", "wrap-up"]


@pytest_twisted.ensureDeferred
async def test_what_was_said_is_not_for_whom_it_was_never_offered_to(hospital: CallCenter) -> None:
    call_id = await spoken(hospital, ANNA)

    def reached(session: Session, person: Principal, permission: str) -> list[int]:
        may = replace(person, grants={**person.grants, "recordings.play": Scope.OWN})
        return list(session.scalars(select(CallRecord.id).where(scope_clause(may, permission))))

    for person, heard in ((ANNA, [call_id]), (BEN, [])):
        assert await hospital.database.read(reached, person, "calls.view") == [call_id]
        assert await hospital.database.read(reached, person, "recordings.play") == heard


@pytest_twisted.ensureDeferred
async def test_one_says_so_and_the_other_hears_who(hospital: CallCenter) -> None:
    late = hospital.telephony.late_claims
    call_id = await spoken(hospital, ANNA, BEN)
    first = await late.claim(ANNA, call_id)
    assert await late.claim(ANNA, call_id) == first
    with pytest.raises(ConflictError) as caught:
        await late.claim(BEN, call_id)
    assert caught.value.details["agent"] == {"id": ANNA.user_id, "name": "Anna"}
    assert (await hospital.database.read(audit_actions)).count("claim-late") == 1


@pytest_twisted.ensureDeferred
async def test_it_need_not_have_been_offered_but_the_line_is_ones_work(hospital: CallCenter) -> None:
    late = hospital.telephony.late_claims
    call_id = await spoken(hospital)
    assert set(hospital.told("call.ended")[-1].audience["users"]) >= {ANNA.user_id, BEN.user_id}
    assert await listed(hospital, BEN) == [call_id]
    assert await listed(hospital, CARL) == []
    assert not await late.may_claim(CARL, call_id)
    with pytest.raises(NotFoundError):
        await late.claim(CARL, call_id)
    hospital.events.clear()
    await late.claim(ANNA, await spoken(hospital))
    await hospital.settle()
    # Whoever has it on the page sees that it is gone.
    assert BEN.user_id in hospital.told("call.updated")[-1].audience["users"]
    await hospital.database.run(lambda session: make_group(session, [CARL], "all"))
    assert await listed(hospital, BEN) == []
    assert await late.may_claim(CARL, call_id)
    await late.claim(CARL, call_id)


@pytest_twisted.ensureDeferred
async def test_whoever_handles_no_calls_took_none(hospital: CallCenter) -> None:
    late = hospital.telephony.late_claims
    call_id = await spoken(hospital, ANNA)
    assert not await late.may_claim(DORA, call_id)
    for refused in (late.claim(DORA, call_id), late.list(DORA), late.claim(replace(ANNA, user_id=None), call_id)):
        with pytest.raises((NotAllowedError, NotFoundError)):
            await refused
    assert await hospital.database.read(lambda session: session.get_one(CallRecord, call_id).agent_id) is None


@pytest_twisted.ensureDeferred
async def test_until_a_day_after_it_began(hospital: CallCenter) -> None:
    late = hospital.telephony.late_claims
    call_id = await spoken(hospital, ANNA)
    began = (await hospital.telephony.calls.get(ANNA, call_id))["started_at"]
    hospital.clock.advance(24 * HOUR - 122)
    assert await late.may_claim(ANNA, call_id), began
    hospital.clock.advance(2)
    assert not await late.may_claim(ANNA, call_id)
    assert await listed(hospital, ANNA) == []
    with pytest.raises(ConflictError, match="24 hours"):
        await late.claim(ANNA, call_id)


@pytest_twisted.ensureDeferred
async def test_what_still_goes_on_or_nobody_answered_is_not_claimed_like_this(hospital: CallCenter) -> None:
    late = hospital.telephony.late_claims
    await hospital.telephony.agents.connected(ANNA)
    await hospital.hear(Rang(), CALLER, RingingStopped())
    missed = hospital.last("call.ended")["id"]
    await hospital.hear(Rang(), HandsetLifted())
    talking = hospital.last("call.answered")["id"]
    for call_id, why in ((missed, "Nobody here answered"), (talking, "still going on")):
        with pytest.raises(ConflictError, match=why):
            await late.claim(ANNA, call_id)
    assert await listed(hospital, ANNA) == []


@pytest_twisted.ensureDeferred
async def test_who_called_in_vain_before_was_spoken_with_but_not_who_called_again(hospital: CallCenter) -> None:
    await hospital.hear(Rang(), CALLER, RingingStopped())
    before = hospital.last("call.ended")["id"]
    call_id = await spoken(hospital, ANNA)
    await hospital.hear(Rang(), CALLER, RingingStopped())
    after = hospital.last("call.ended")["id"]
    await hospital.telephony.late_claims.claim(ANNA, call_id)
    assert [call["id"] for call in (await hospital.telephony.calls.missed(ANNA)).items] == [after]
    assert before != after


@pytest_twisted.ensureDeferred
async def test_the_state_of_the_agent_tells_what_they_do_now(hospital: CallCenter) -> None:
    call_id = await spoken(hospital, ANNA)
    await hospital.telephony.late_claims.claim(ANNA, call_id)
    assert [one["state"] for one in await hospital.telephony.agents.list(ANNA)] == ["available"]


async def claimed(hospital: CallCenter, person: Principal, call_id: int) -> None:
    """A minute later the person says that it was they."""
    hospital.clock.advance(60)
    await hospital.telephony.late_claims.claim(person, call_id)


@pytest_twisted.ensureDeferred
async def test_who_said_so_by_mistake_takes_it_back_and_the_right_one_says_so(hospital: CallCenter) -> None:
    late, calls = hospital.telephony.late_claims, hospital.telephony.calls
    call_id = await spoken(hospital, ANNA, BEN)
    assert not await late.may_take_back(ANNA, call_id)
    await claimed(hospital, ANNA, call_id)
    await calls.save_wrap_up(ANNA, call_id, WrapUpDraft(outcome="completed", notes="说错了"))
    assert [await late.may_take_back(one, call_id) for one in (ANNA, BEN, DORA)] == [True, False, False]
    for stranger in (BEN, SUSAN):
        with pytest.raises((ConflictError, NotFoundError)):
            await late.take_back(stranger, call_id)

    given = await late.take_back(ANNA, call_id)
    await hospital.settle()
    told = hospital.told("call.updated")[-1]
    assert given["agent"] is told.data["agent"] is None
    assert (given["wrap_up"], given["claimed_at"], given["outcome"], given["notes"]) == ("", None, "", "")
    assert {ANNA.user_id, BEN.user_id} <= set(told.audience["users"])
    assert await hospital.database.read(figures) == {0: (1, 0, 0)}
    assert await late.take_back(ANNA, call_id) == given
    assert (await hospital.database.read(audit_actions))[-2:] == ["claim-late", "take-back-claim"]
    assert await listed(hospital, ANNA) == await listed(hospital, BEN) == [call_id]
    assert (await late.claim(BEN, call_id))["agent"]["name"] == "Ben"


@pytest_twisted.ensureDeferred
async def test_what_was_written_is_in_the_audit_log(hospital: CallCenter) -> None:
    late = hospital.telephony.late_claims
    call_id = await spoken(hospital, ANNA)
    await claimed(hospital, ANNA, call_id)
    await hospital.telephony.calls.save_wrap_up(ANNA, call_id, WrapUpDraft(notes="说错了"))
    await late.take_back(ANNA, call_id)
    statement = select(AuditEntry.before, AuditEntry.after).where(AuditEntry.action == "take-back-claim")
    before, after = await hospital.database.read(lambda session: tuple(session.execute(statement).one()))
    assert (before["agent_id"], before["notes"]) == (ANNA.user_id, "说错了")
    assert (after["agent_id"], after["notes"]) == (None, "")


@pytest_twisted.ensureDeferred
async def test_what_is_finished_or_was_taken_in_time_is_not_taken_back(hospital: CallCenter) -> None:
    late, calls = hospital.telephony.late_claims, hospital.telephony.calls
    call_id = await spoken(hospital, ANNA)
    await claimed(hospital, ANNA, call_id)
    await calls.save_wrap_up(ANNA, call_id, WrapUpDraft(outcome="completed"), finish=True)
    await hospital.hear(Rang(), CALLER, HandsetLifted())
    in_time = hospital.last("call.answered")["id"]
    await calls.claim(ANNA, in_time)
    hospital.clock.advance(60)
    await hospital.hear(HandsetReplaced())
    for one, why in ((call_id, "finished"), (in_time, "while it went on")):
        assert not await late.may_take_back(ANNA, one)
        with pytest.raises(ConflictError, match=why):
            await late.take_back(ANNA, one)


@pytest_twisted.ensureDeferred
async def test_what_a_supervisor_wrote_before_is_left(hospital: CallCenter) -> None:
    late, calls = hospital.telephony.late_claims, hospital.telephony.calls
    call_id = await spoken(hospital, ANNA)
    await calls.save_wrap_up(SUSAN, call_id, WrapUpDraft(outcome="completed", notes="已核实"), finish=True)
    await claimed(hospital, ANNA, call_id)
    given = await late.take_back(ANNA, call_id)
    assert (given["wrap_up"], given["outcome"], given["notes"]) == ("done", "completed", "已核实")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("spoken_since", [False, True])
async def test_the_missed_calls_that_it_settled_wait_again(hospital: CallCenter, spoken_since: bool) -> None:
    late, calls = hospital.telephony.late_claims, hospital.telephony.calls
    await hospital.hear(Rang(), CALLER, RingingStopped())
    before = hospital.last("call.ended")["id"]
    await hospital.hear(Rang(), CallerIdentified("13900139000"), RingingStopped())
    others = hospital.last("call.ended")["id"]
    call_id = await spoken(hospital, ANNA, BEN)
    await claimed(hospital, ANNA, call_id)
    await calls.handle_missed(ANNA, others)
    if spoken_since:
        await hospital.hear(Rang(), CALLER, HandsetLifted())
        await calls.claim(BEN, hospital.last("call.answered")["id"])
        await hospital.hear(HandsetReplaced())
    hospital.clock.advance(60)
    hospital.events.clear()
    await late.take_back(ANNA, call_id)
    await hospital.settle()
    waiting = [] if spoken_since else [before]
    assert [call["id"] for call in (await calls.missed(BEN)).items] == waiting
    told = [event for event in hospital.told("call.updated") if event.data["id"] == before]
    assert [event.data["missed_handled_at"] for event in told] == [None] * len(waiting)
    assert all(BEN.user_id in event.audience["users"] for event in told)
