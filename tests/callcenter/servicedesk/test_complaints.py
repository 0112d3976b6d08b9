"""Complaints from the call that brought them to the result: who may, who sees, and whose callers are taken first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.disclosure import masked
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.crm.cards import load_card
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from callcenter.servicedesk.complaints.filing import ComplaintDraft
from callcenter.servicedesk.complaints.handling import Classification, Settlement, Target
from callcenter.servicedesk.complaints.listing import ComplaintFilter
from callcenter.servicedesk.complaints.rules import ComplaintKind, Severity
from callcenter.servicedesk.complaints.service import Complaints
from callcenter.telephony.urgency import has_open_complaint
from protocols.signals import Answered, CallerIdentified, Ended, Rang
from storage.models import Patient
from tests.peers.call_center import (
    ANNA,
    BEN,
    CARDIOLOGY,
    DORA,
    FOLLOW_UP,
    GONE,
    HEART,
    NOW,
    SUSAN,
    ZHANG,
    CallCenter,
    audit_actions,
    every_row,
)

SAID = "等了两个小时没有人叫号"
HEAD = Principal(99, "head", "Head", CARDIOLOGY, {"complaints.view": Scope.DEPARTMENT, "calls.view": Scope.DEPARTMENT})


def draft(kind: ComplaintKind = ComplaintKind.COMPLAINT, **fields: Any) -> ComplaintDraft:
    return ComplaintDraft(**({"kind": kind, "channel": "call", "text": SAID, "patient_id": ZHANG} | fields))


def at_hand(view: dict[str, Any]) -> Target:
    return Target(view["id"], view["version"])


async def ring(hospital: CallCenter, number: str = "13800138000") -> dict[str, Any]:
    await hospital.hear(Rang(), CallerIdentified(number))
    return hospital.last("call.ringing")


@pytest_twisted.ensureDeferred
async def test_who_has_complained_is_taken_first_until_it_is_settled(
    hospital: CallCenter, complaints: Complaints
) -> None:
    await hospital.telephony.agents.connected(ANNA)
    call = await ring(hospital)
    assert call["priority"] == []
    await hospital.telephony.calls.claim(ANNA, call["id"])
    await hospital.hear(Answered())
    filed = await complaints.file(ANNA, draft(patient_id=None, call_id=call["id"]))
    assert (filed["patient"]["id"], filed["number"], filed["call_id"]) == (ZHANG, "+8613800138000", call["id"])
    assert (filed["state"], filed["created_by"]["id"]) == ("open", ANNA.user_id)
    await hospital.hear(Ended(by_far_end=True))
    again = await ring(hospital)
    assert again["priority"] == ["complaint"]
    assert (await hospital.telephony.calls.get(SUSAN, again["id"]))["priority"] == ["complaint"]
    await hospital.hear(Ended(by_far_end=True))
    taken = await complaints.take(SUSAN, at_hand(filed))
    await hospital.hear(Rang(), CallerIdentified("13800138000"))
    assert hospital.last("call.ringing")["priority"] == ["complaint"]
    await hospital.hear(Ended(by_far_end=True))
    settled = await complaints.settle(SUSAN, at_hand(taken), Settlement("upheld", "增加一名叫号员"))
    assert (await ring(hospital))["priority"] == []
    await hospital.hear(Ended(by_far_end=True))
    await complaints.reopen(SUSAN, at_hand(settled), "患者不满意")
    assert (await ring(hospital))["priority"] == ["complaint"]


def ring_plan(session: Session) -> list[str]:
    """The steps of SQLite's plan for what is asked with every ring."""
    statement = select(Patient.id, has_open_complaint(Patient.id)).where(Patient.id == ZHANG)
    text = statement.compile(session.connection(), compile_kwargs={"literal_binds": True})
    return [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]


@pytest_twisted.ensureDeferred
async def test_a_ring_asks_the_index_alone_whether_there_is_a_complaint(hospital: CallCenter) -> None:
    if hospital.database.dialect != "sqlite":
        pytest.skip("the planner of PostgreSQL goes by what is in the table")
    steps = [step for step in await hospital.look(ring_plan) if "complaint" in step]
    assert len(steps) == 1
    assert "ix_complaint_open (patient_id=? AND kind=? AND state=?)" in steps[0]


@pytest_twisted.ensureDeferred
async def test_praise_and_suggestions_hurry_nobody_and_praise_is_never_due(
    hospital: CallCenter, complaints: Complaints
) -> None:
    praise = await complaints.file(ANNA, draft(ComplaintKind.PRAISE))
    suggestion = await complaints.file(ANNA, draft(ComplaintKind.SUGGESTION, severity=Severity.MINOR))
    assert praise["due_at"] is None
    assert suggestion["due_at"] == iso(NOW + timedelta(days=7))
    assert (await ring(hospital))["priority"] == []
    hospital.clock.advance(8 * 86_400)
    late = await complaints.list(SUSAN, ComplaintFilter(overdue=True))
    assert [one["id"] for one in late.items] == [suggestion["id"]]


@pytest_twisted.ensureDeferred
async def test_every_step_is_kept_with_who_and_when_and_told_and_audited(
    hospital: CallCenter, complaints: Complaints
) -> None:
    filed = await complaints.file(ANNA, draft(about_id=DORA.user_id, severity=Severity.SERIOUS))
    # The department follows from the person.
    assert (filed["department"]["id"], filed["due_at"]) == (CARDIOLOGY, iso(NOW + timedelta(days=1)))
    given = await complaints.assign(SUSAN, at_hand(filed), SUSAN.user_id or 0)
    noted = await complaints.note(SUSAN, at_hand(given), "已联系科室")
    settled = await complaints.settle(SUSAN, at_hand(noted), Settlement("partly", "已道歉", "", "扣除当月奖金 200 元"))
    told = await complaints.tell_patient(SUSAN, at_hand(settled), "电话告知")
    hospital.clock.advance(3 * 86_400)
    again = await complaints.reopen(SUSAN, at_hand(told), "患者再次来电")
    assert (again["state"], again["outcome"], again["told_at"], again["findings"]) == ("in_hand", "", None, "已道歉")
    assert again["due_at"] == iso(NOW + timedelta(days=4))
    whole = await complaints.get(SUSAN, filed["id"])
    assert [(one["kind"], one["note"]) for one in whole["steps"]] == [
        ("filed", ""), ("assigned", "Susan"), ("note", "已联系科室"), ("settled", "已道歉"),
        ("told", "电话告知"), ("reopened", "患者再次来电"),
    ]  # fmt: skip
    assert {one["by"]["name"] for one in whole["steps"][1:]} == {"Susan"}
    assert (settled["penalty"], settled["settled_at"], told["told_at"]) == ("扣除当月奖金 200 元", iso(NOW), iso(NOW))
    done = [action for action in await hospital.look(audit_actions) if action != "sign-in"]
    assert done == ["create", "assign", "note", "settle", "tell-result", "reopen"]
    events = hospital.told("complaint.updated")
    assert [event.data["version"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[-1].audience["departments"] == [CARDIOLOGY]
    assert events[-1].audience["users"] == [ANNA.user_id, SUSAN.user_id]


@pytest_twisted.ensureDeferred
async def test_whoever_comes_second_changes_nothing(hospital: CallCenter, complaints: Complaints) -> None:
    filed = await complaints.file(ANNA, draft())
    await complaints.take(SUSAN, at_hand(filed))
    before = await hospital.look(every_row)
    wanted = Classification(ComplaintKind.PRAISE, Severity.MINOR, None, None, None, None)
    stale = at_hand(filed)
    for attempt in (
        complaints.take(SUSAN, stale), complaints.note(SUSAN, stale, "x"), complaints.reopen(SUSAN, stale, "x"),
        complaints.assign(SUSAN, stale, SUSAN.user_id or 0), complaints.classify(SUSAN, stale, wanted),
        complaints.settle(SUSAN, stale, Settlement("upheld", "x")), complaints.tell_patient(SUSAN, stale),
    ):  # fmt: skip
        with pytest.raises(ConflictError) as refused:
            await attempt
        assert refused.value.details["version"] == 2
    assert await hospital.look(every_row) == before


@pytest_twisted.ensureDeferred
async def test_what_is_settled_stays_so_until_it_is_opened_again(hospital: CallCenter, complaints: Complaints) -> None:
    filed = await complaints.file(ANNA, draft())
    for early in (complaints.reopen(SUSAN, at_hand(filed), "x"), complaints.tell_patient(SUSAN, at_hand(filed))):
        with pytest.raises(ConflictError):
            await early
    settled = await complaints.settle(SUSAN, at_hand(filed), Settlement("withdrawn", "患者撤回", told=True))
    assert (settled["told_at"], settled["handler"]["id"]) == (iso(NOW), SUSAN.user_id)
    wanted = Classification(ComplaintKind.PRAISE, Severity.MINOR, None, None, None, None)
    for late in (
        complaints.take(SUSAN, at_hand(settled)), complaints.classify(SUSAN, at_hand(settled), wanted),
        complaints.settle(SUSAN, at_hand(settled), Settlement("upheld", "x")),
        complaints.assign(SUSAN, at_hand(settled), SUSAN.user_id or 0),
    ):  # fmt: skip
        with pytest.raises(ConflictError):
            await late


@pytest_twisted.ensureDeferred
async def test_bad_input_names_the_field_and_writes_nothing(hospital: CallCenter, complaints: Complaints) -> None:
    filed = await complaints.file(ANNA, draft(about_id=SUSAN.user_id))
    own = await complaints.file(ANNA, draft())
    before = await hospital.look(every_row)
    for field, wrong in (
        ("text", draft(text=" \u202e\u0000 ")), ("patient_id", draft(patient_id=GONE)),
        ("patient_id", draft(patient_id=424242)), ("call_id", draft(call_id=424242)),
        ("department_id", draft(department_id=424242)), ("about_id", draft(about_id=424242)),
        ("due_at", draft(due_at=NOW)),
    ):  # fmt: skip
        with pytest.raises(InvalidError) as refused:
            await complaints.file(ANNA, wrong)
        assert field in refused.value.fields
    for attempt, name in (
        (complaints.note(SUSAN, at_hand(own), " "), "note"),
        (complaints.settle(SUSAN, at_hand(own), Settlement("upheld", "\n")), "findings"),
        (complaints.assign(SUSAN, at_hand(own), ANNA.user_id or 0), "handler_id"),
    ):
        with pytest.raises(InvalidError) as refused:
            await attempt
        assert name in refused.value.fields
    # Nobody judges what is said about themselves.
    with pytest.raises(NotAllowedError):
        await complaints.settle(SUSAN, at_hand(filed), Settlement("not_upheld", "没有的事"))
    with pytest.raises(NotFoundError):
        await complaints.take(SUSAN, Target(424242, 1))
    assert await hospital.look(every_row) == before


@pytest_twisted.ensureDeferred
async def test_each_sees_what_their_scope_reaches_and_nothing_of_the_rest(
    hospital: CallCenter, complaints: Complaints
) -> None:
    mine = await complaints.file(ANNA, draft(department_id=FOLLOW_UP))
    hers = await complaints.file(BEN, draft(patient_id=HEART, department_id=CARDIOLOGY))
    before = await hospital.look(every_row)
    for person, seen in ((ANNA, [mine["id"]]), (BEN, [hers["id"]]), (HEAD, [hers["id"]])):
        assert [one["id"] for one in (await complaints.list(person)).items] == seen
        assert (await complaints.counts(person))["all"] == 1
        assert [one["id"] for one in await complaints.unsettled(person)] == seen
    for person, other in ((ANNA, hers), (BEN, mine), (HEAD, mine)):
        with pytest.raises(NotFoundError):
            await complaints.get(person, other["id"])
    for attempt in (
        complaints.list(DORA), complaints.counts(DORA), complaints.get(DORA, mine["id"]), complaints.people(DORA),
        complaints.file(DORA, draft()), complaints.take(ANNA, at_hand(mine)), complaints.note(HEAD, at_hand(hers), "x"),
        anext(aiter(complaints.export(ANNA))),
    ):  # fmt: skip
        with pytest.raises(NotAllowedError):
            await attempt
    assert await hospital.look(every_row) == before


@pytest_twisted.ensureDeferred
async def test_the_card_tells_that_there_is_a_complaint_and_what_it_is_only_to_whom_it_concerns(
    hospital: CallCenter, complaints: Complaints
) -> None:
    filed = await complaints.file(ANNA, draft(about_id=SUSAN.user_id))
    await complaints.file(ANNA, draft(ComplaintKind.PRAISE))
    own = (await hospital.look(load_card, ANNA, ZHANG, NOW))["complaints"]
    assert [(one["id"], one["text"], one["in_reach"]) for one in own] == [(filed["id"], SAID, True)]
    other = (await hospital.look(load_card, BEN, ZHANG, NOW))["complaints"]
    assert [(one["id"], one["text"], one["about"], one["in_reach"]) for one in other] == [
        (filed["id"], "", None, False)
    ]
    nobody = Principal(98, "x", "X", FOLLOW_UP, {"patients.view": Scope.ALL})
    assert (await hospital.look(load_card, nobody, ZHANG, NOW))["complaints"] == []


@pytest_twisted.ensureDeferred
async def test_whose_it_is_may_be_found_out_later(hospital: CallCenter, complaints: Complaints) -> None:
    filed = await complaints.file(ANNA, draft(patient_id=None, number="13800138000"))
    await hospital.hear(Rang(), CallerIdentified("13800138000"))
    assert hospital.last("call.ringing")["priority"] == []
    wanted = Classification(ComplaintKind.COMPLAINT, Severity.SERIOUS, ZHANG, FOLLOW_UP, None, NOW + timedelta(days=2))
    changed = await complaints.classify(SUSAN, at_hand(filed), wanted)
    assert (changed["patient"]["id"], changed["severity"], changed["text"]) == (ZHANG, 1, SAID)
    await hospital.hear(Ended(by_far_end=True), Rang(), CallerIdentified("13800138000"))
    assert hospital.last("call.ringing")["priority"] == ["complaint"]
    for patient_id in (GONE, 424242):
        with pytest.raises(InvalidError) as refused:
            await complaints.classify(SUSAN, at_hand(changed), replace(wanted, patient_id=patient_id))
        assert "patient_id" in refused.value.fields


@pytest_twisted.ensureDeferred
async def test_what_is_typed_over_masked_numbers_keeps_them(hospital: CallCenter, complaints: Complaints) -> None:
    blind = replace(SUSAN, grants={name: scope for name, scope in SUSAN.grants.items() if name != "patients.unmask"})
    filed = await complaints.file(SUSAN, draft())
    settled = await complaints.settle(SUSAN, at_hand(filed), Settlement("upheld", "已致电 13800138000"))
    again = await complaints.reopen(SUSAN, at_hand(settled), "x")
    shown = masked(again)["findings"]
    assert shown == "已致电 138****8000"
    ended = await complaints.settle(blind, at_hand(again), Settlement("upheld", f"{shown}，已解决"))
    assert ended["findings"] == "已致电 13800138000，已解决"


@pytest_twisted.ensureDeferred
async def test_lists_page_by_key_in_both_orders_and_filter(hospital: CallCenter, complaints: Complaints) -> None:
    ids = []
    for number in range(5):
        hospital.clock.advance(60)
        kind = ComplaintKind.PRAISE if number == 2 else ComplaintKind.COMPLAINT
        ids.append((await complaints.file(ANNA, draft(kind, severity=Severity(1 + number % 3))))["id"])

    async def all_pages(sort: str) -> list[int]:
        found, cursor = [], None
        while True:
            page = await complaints.list(SUSAN, limit=2, cursor=cursor, sort=sort)
            found += [one["id"] for one in page.items]
            if (cursor := page.next) is None:
                return found

    assert await all_pages("") == ids[::-1]
    # Serious ones are due first, praise never.
    assert await all_pages("due_at") == [ids[0], ids[3], ids[1], ids[4], ids[2]]
    assert await all_pages("-due_at") == [ids[4], ids[1], ids[3], ids[0], ids[2]]
    hospital.clock.advance(2 * 86_400)
    counts = await complaints.counts(SUSAN)
    assert (counts["all"], counts["open"], counts["settled"], counts["overdue"]) == (5, 5, 0, 2)
    for wanted, found in (
        (ComplaintFilter(overdue=True), [ids[3], ids[0]]), (ComplaintFilter(severity=2), [ids[4], ids[1]]),
        (ComplaintFilter(kind="praise"), [ids[2]]), (ComplaintFilter(state="settled"), []),
        (ComplaintFilter(since=NOW + timedelta(seconds=240), state="unsettled"), [ids[4], ids[3]]),
        (ComplaintFilter(until=NOW + timedelta(seconds=61)), [ids[0]]), (ComplaintFilter(patient_id=HEART), []),
    ):  # fmt: skip
        assert [one["id"] for one in (await complaints.list(SUSAN, wanted)).items] == found
    for wrong in ({"sort": "severity"}, {"cursor": "x"}):
        with pytest.raises(InvalidError):
            await complaints.list(SUSAN, **wrong)


def handler(scope: Scope) -> Principal:
    return replace(SUSAN, grants=SUSAN.grants | {"complaints.handle": scope}, department_id=FOLLOW_UP)


@pytest_twisted.ensureDeferred
async def test_nobody_moves_a_complaint_out_of_reach_or_out_of_time(
    hospital: CallCenter, complaints: Complaints
) -> None:
    filed = await complaints.file(ANNA, draft(department_id=FOLLOW_UP))
    as_it_is = Classification(ComplaintKind.COMPLAINT, Severity.MINOR, ZHANG, FOLLOW_UP, None, NOW + timedelta(days=2))
    before = await hospital.look(every_row)
    for person, wanted, field in (
        (handler(Scope.DEPARTMENT), replace(as_it_is, department_id=CARDIOLOGY), "department_id"),
        (handler(Scope.DEPARTMENT), replace(as_it_is, department_id=None), "department_id"),
        (SUSAN, replace(as_it_is, due_at=None), "due_at"),
        (SUSAN, replace(as_it_is, kind=ComplaintKind.SUGGESTION, due_at=None), "due_at"),
    ):
        with pytest.raises(InvalidError) as refused:
            await complaints.classify(person, at_hand(filed), wanted)
        assert field in refused.value.fields
    assert await hospital.look(every_row) == before
    changed = await complaints.classify(handler(Scope.DEPARTMENT), at_hand(filed), as_it_is)
    moved = await complaints.classify(SUSAN, at_hand(changed), replace(as_it_is, department_id=CARDIOLOGY))
    assert (changed["severity"], moved["department"]["id"]) == (3, CARDIOLOGY)
    praised = replace(as_it_is, kind=ComplaintKind.PRAISE, department_id=CARDIOLOGY, due_at=None)
    assert (await complaints.classify(SUSAN, at_hand(moved), praised))["due_at"] is None


@pytest_twisted.ensureDeferred
async def test_those_whom_it_concerned_before_are_told_that_it_does_no_longer(
    hospital: CallCenter, complaints: Complaints
) -> None:
    filed = await complaints.file(SUSAN, draft(department_id=FOLLOW_UP))
    officer = replace(BEN, grants=SUSAN.grants)
    taken = await complaints.take(officer, at_hand(filed))
    given = await complaints.assign(SUSAN, at_hand(taken), SUSAN.user_id or 0)
    assert officer.user_id in hospital.told("complaint.updated")[-1].audience["users"]
    wanted = Classification(ComplaintKind.COMPLAINT, Severity.MINOR, HEART, CARDIOLOGY, None, NOW + timedelta(days=2))
    await complaints.classify(SUSAN, at_hand(given), wanted)
    told = hospital.told("complaint.updated")[-1]
    assert told.audience["departments"] == [FOLLOW_UP, CARDIOLOGY]
    assert (told.data["patient"]["id"], told.data["patient_before"]) == (HEART, ZHANG)
    assert [event.data["patient_before"] for event in hospital.told("complaint.updated")] == [None, ZHANG, ZHANG, ZHANG]
