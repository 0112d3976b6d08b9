"""One text to many: chosen once, made by and by whatever is killed, held and cancelled in the middle, never lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.reading import load_page
from callcenter.administration.resources import read_list_query
from callcenter.clock import iso
from callcenter.crm.patient_resource import patient_resource
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from callcenter.messaging.batches import choices as batch_choices
from callcenter.messaging.batches import maker as batch_maker
from callcenter.messaging.batches import making as batch_making
from callcenter.messaging.batches.choices import Choice, load_members
from callcenter.messaging.batches.making import make_page
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.outbox import due_messages
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.vocabulary import MessageState, Purpose
from protocols.sms import PartAccepted, PartRefused, PartUnsent, Refusal
from storage.database import Database
from storage.models import (
    AuditEntry,
    Conversation,
    Patient,
    PatientPhone,
    Role,
    RolePermission,
    SmsBatch,
    SmsGateway,
    SmsMessage,
    SmsOptOut,
    UserAccount,
)
from storage.queries.patients import index_terms
from tests.peers.call_center import (
    ANNA,
    CARDIOLOGY,
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
    every_row,
)
from tests.peers.patience import until
from tests.peers.sms_desk import (
    CHEAP,
    FAMILY,
    GATEWAY,
    HEARTS_NUMBER,
    HOUSE,
    OTHER_GATEWAY,
    Desk,
    add_gateway,
    add_patient,
    answer,
    bind_gateways,
    leave,
    move,
)

KEY = "0123456789abcdef"
PEOPLE = Choice(patient_ids=(ZHANG, FAMILY_ONE, FAMILY_TWO, QUIET, HEART, GONE, 424242))
ALL = Choice(fields={})
CARE = BatchDraft("{patient.name}您好，请按时服药。{hospital}", Purpose.CARE, "服药")
MANY = 25


@pytest_twisted.async_yield_fixture
async def crowd(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Some more patients, and pages of four, so that a few dozen are many."""
    monkeypatch.setattr(batch_choices, "PAGE", 4)
    monkeypatch.setattr(batch_making, "SWEEP", 4)
    await desk.change(add_crowd)
    await desk.change(add_gateway, OTHER_GATEWAY, "联通")
    yield desk


def add_crowd(session: Session) -> None:
    for place in range(MANY):
        add_patient(session, 1000 + place)


async def stop_making(desk: Desk) -> None:
    # Its clock runs while a transaction takes its time.
    stopped = Deferred.fromCoroutine(desk.desk.batches.maker.stop(deadline=1e9))

    def has_stopped() -> bool:
        desk.clock.advance(1)
        return stopped.called

    await until(has_stopped, "the end of the making")


async def work_until(desk: Desk, batch_id: int, wanted: Callable[[dict[str, Any]], bool], seconds: float = 1) -> None:
    """Let the maker work, ``seconds`` of its clock at a time, until the batch is as ``wanted``."""

    async def has_come_so_far() -> bool:
        desk.clock.advance(seconds)
        return wanted(await desk.desk.batches.get(SUSAN, batch_id))

    await until(has_come_so_far, f"batch {batch_id} to come so far")


def stop(session: Session, number: str) -> None:
    session.add(SmsOptOut(number=number, kind="all", live_key=f"{number}:all:", began_at=NOW))


async def messages(desk: Desk) -> list[dict[str, Any]]:
    return [row for row in await desk.rows() if row["batch_id"]]


async def unchanged(desk: Desk, error: type[Exception], doing: Any) -> None:
    """It is refused with ``error``, and not a row is another."""
    before = await desk.database.read(every_row)
    with pytest.raises(error):
        await doing
    assert await desk.database.read(every_row) == before


def assert_reconciled(view: dict[str, Any]) -> None:
    assert view["chosen"] == view["count"] + sum(view["left_out"].values()) + view["remaining"]
    assert view["count"] == sum(view["states"].values())


def known_to_two(session: Session) -> None:
    """Zhang's only number is a landline."""
    session.execute(update(PatientPhone).where(PatientPhone.patient_id == ZHANG).values(number="+861062345678"))


@pytest_twisted.ensureDeferred
async def test_the_preview_says_who_gets_it_and_why_not_and_the_sending_does_that(desk: Desk) -> None:
    await desk.change(known_to_two)
    await desk.hear(HEARTS_NUMBER, "T")
    batches = desk.desk.batches
    before = await desk.database.read(every_row)
    shown = await batches.preview(SUSAN, CARE, PEOPLE)
    assert await desk.database.read(every_row) == before
    assert (shown["count"], shown["left_out"]) == (1, 6)
    assert shown["sample"] == [{"name": "李四", "text": "李四您好，请按时服药。仁爱医院"}]
    why = {one["patient_id"]: one["why"] for one in shown["refused"]}
    assert why == {
        ZHANG: "no_mobile", FAMILY_TWO: "duplicate", QUIET: "do_not_contact", HEART: "opted_out", GONE: "not_found",
        424242: "not_found",
    }  # fmt: skip
    assert (shown["parts"], shown["cost"], shown["shortest"], shown["longest"]) == (1, 45, 1, 1)
    sent = await batches.send(SUSAN, CARE, PEOPLE, KEY)
    assert (sent["state"], sent["chosen"], sent["count"], sent["remaining"]) == ("preparing", 7, 0, 7)
    await desk.make_all()
    made = await batches.get(SUSAN, sent["id"])
    assert (made["state"], made["count"], made["states"]) == ("done", 1, {"queued": 1})
    assert made["left_out"] == shown["reasons"]
    assert_reconciled(made)
    assert (await batches.send(SUSAN, CARE, PEOPLE, KEY))["id"] == sent["id"]
    assert [(row["text"], row["patient_id"]) for row in await messages(desk)] == [
        ("李四您好，请按时服药。仁爱医院", FAMILY_ONE)
    ]
    left = (await batches.left_out(SUSAN, sent["id"])).items
    assert {one["patient_id"]: one["why"] for one in left} == why
    assert {one["name"] for one in left if one["why"] == "not_found"} == {""}
    # It is in the conversation with the number, which waits for nobody until somebody answers.
    (talk,) = [row for row in await desk.rows(Conversation) if row["number"] == FAMILY]
    assert (talk["state"], talk["unread"]) == ("done", 0)
    assert (await batches.send(SUSAN, CARE, PEOPLE, KEY + "x"))["id"] != sent["id"]
    await unchanged(desk, NotAllowedError, batches.send(ANNA, CARE, PEOPLE, KEY))
    await unchanged(desk, NotAllowedError, batches.preview(DORA, CARE, PEOPLE))


@pytest_twisted.ensureDeferred
async def test_whom_no_gateway_can_write_to_gets_nothing_and_the_preview_says_what_for(desk: Desk) -> None:
    def rename(session: Session) -> None:
        session.execute(update(Patient).where(Patient.id == ZHANG).values(name="䶮三"))

    await desk.change(rename)
    await desk.change(bind_gateways, GATEWAY)
    batches, choice = desk.desk.batches, Choice(patient_ids=(ZHANG, FAMILY_ONE))
    shown = await batches.preview(SUSAN, CARE, choice)
    assert (shown["count"], shown["reasons"]) == (1, {"unwritable": 1})
    assert [(one["name"], one["why"]) for one in shown["refused"]] == [("䶮三", "unwritable")]
    unable = {"unwritable": ["䶮"], "limit": 0, "unable": "移动", "gateway": "", "later": "", "count": 1}
    assert shown["unable"] == [unable]
    sent = await batches.send(SUSAN, CARE, choice, KEY)
    await desk.make_all()
    made = await batches.get(SUSAN, sent["id"])
    assert (made["count"], made["left_out"]) == (1, {"unwritable": 1})
    nobody = await batches.preview(SUSAN, replace(CARE, text="🙏{patient.name}您好"), choice)
    assert (nobody["count"], nobody["reasons"]) == (0, {"unwritable": 2})
    assert [one["unwritable"] for one in nobody["unable"]] == [["🙏", "䶮"]]
    # Another gateway that can write them carries them, at its price; it is waited for while it rests.
    other = {"priority": 9, "cost": 60, "in_service": False}
    await desk.change(lambda session: add_gateway(session, OTHER_GATEWAY, "联通", **other))
    shown = await batches.preview(SUSAN, CARE, choice)
    assert (shown["count"], shown["reasons"], shown["cost"]) == (2, {}, 105)
    assert shown["unable"] == [unable | {"later": "联通"}]

    def let_it_serve(session: Session) -> None:
        session.execute(update(SmsGateway).values(in_service=True))

    await desk.change(let_it_serve)
    shown = await batches.preview(SUSAN, CARE, choice)
    assert (shown["count"], shown["reasons"], shown["cost"]) == (2, {}, 105)
    assert shown["unable"] == [unable | {"gateway": "联通"}]


@pytest_twisted.ensureDeferred
async def test_for_whom_it_is_too_long_gets_nothing_or_gets_it_by_another_gateway(desk: Desk) -> None:
    """One has a longer name than the other, and it stands there twice."""

    def rename(session: Session) -> None:
        session.execute(update(Patient).where(Patient.id == ZHANG).values(name="张三丰"))

    await desk.change(rename)
    await desk.change(bind_gateways, GATEWAY)
    batches, choice = desk.desk.batches, Choice(patient_ids=(ZHANG, FAMILY_ONE))
    # Of 300 characters the signature has 6, and the shorter name 2 each time.
    draft = replace(CARE, text="{patient.name}" + "字" * 290 + "{patient.name}")
    shown = await batches.preview(SUSAN, draft, choice)
    assert (shown["count"], shown["reasons"]) == (1, {"too_long": 1})
    assert [(one["name"], one["why"]) for one in shown["refused"]] == [("张三丰", "too_long")]
    unable = {"unwritable": [], "limit": 300, "unable": "移动", "gateway": "", "later": "", "count": 1}
    assert shown["unable"] == [unable]
    sent = await batches.send(SUSAN, draft, choice, KEY)
    await desk.make_all()
    made = await batches.get(SUSAN, sent["id"])
    assert (made["count"], made["left_out"]) == (1, {"too_long": 1})
    prays = await batches.preview(SUSAN, replace(draft, text=draft.text + "🙏"), choice)
    assert (prays["count"], prays["reasons"]) == (0, {"unwritable": 2})
    assert [(one["unwritable"], one["limit"], one["count"]) for one in prays["unable"]] == [
        (["🙏"], 0, 2),
        ([], 300, 2),
    ]
    await desk.change(lambda session: add_gateway(session, OTHER_GATEWAY, "联通", priority=9, cost=60))
    shown = await batches.preview(SUSAN, draft, choice)
    assert (shown["count"], shown["reasons"]) == (2, {})
    assert shown["unable"] == [unable | {"gateway": "联通"}]


@pytest_twisted.ensureDeferred
async def test_what_is_filled_in_twice_is_paid_for_twice(desk: Desk) -> None:
    draft = replace(CARE, text="{patient.name}" + "字" * 61 + "{patient.name}")
    shown = await desk.desk.batches.preview(SUSAN, draft, Choice(patient_ids=(FAMILY_ONE,)))
    assert (shown["count"], shown["parts"]) == (1, 2)


@pytest_twisted.ensureDeferred
async def test_one_key_that_sends_something_else_is_a_conflict(desk: Desk) -> None:
    batches = desk.desk.batches
    for place, choice in enumerate((PEOPLE, Choice(fields={"department_id": str(FOLLOW_UP)}))):
        key = f"{KEY}{place}"
        sent = await batches.send(SUSAN, CARE, choice, key)
        assert (await batches.send(SUSAN, CARE, choice, key))["id"] == sent["id"]
        for draft, other in (
            (replace(CARE, text="您好"), choice), (replace(CARE, purpose=Purpose.NOTICE), choice), (CARE, ALL),
            (replace(CARE, at=desk.now + timedelta(hours=1)), choice), (CARE, Choice(patient_ids=(ZHANG,))),
            (CARE, Choice(fields={"department_id": str(FOLLOW_UP), "q": "李"})),
        ):  # fmt: skip
            await unchanged(desk, ConflictError, batches.send(SUSAN, draft, other, key))


@pytest_twisted.ensureDeferred
async def test_two_presses_at_one_moment_make_one(desk: Desk) -> None:
    presses = [Deferred.fromCoroutine(desk.desk.batches.send(SUSAN, CARE, ALL, KEY)) for _ in range(3)]
    assert len({one["id"] for one in await gatherResults(presses)}) == 1
    assert len(await desk.rows(SmsBatch)) == 1
    await desk.make_all()
    assert Counter(row["patient_id"] for row in await messages(desk)) == {ZHANG: 1, FAMILY_ONE: 1, HEART: 1}


@pytest_twisted.ensureDeferred
async def test_whatever_is_killed_each_gets_it_once(crowd: Desk) -> None:
    """Killed before a commit, and after it: a new process knows nothing but what is on disk."""
    sent = await crowd.desk.batches.send(SUSAN, CARE, ALL, KEY)

    def dies(session: Session) -> None:
        make_page(session, sent["id"], HOUSE, crowd.now)
        raise ZeroDivisionError

    steps = 0
    while True:
        with pytest.raises(ZeroDivisionError):
            await crowd.change(dies)
        crowd.begin()
        if not await crowd.desk.batches.maker.step():
            break
        steps += 1
        view = await crowd.desk.batches.get(SUSAN, sent["id"])
        assert_reconciled(view)
        assert view["remaining"] == max(0, view["chosen"] - 4 * steps)
    assert steps == 8
    got = Counter(row["patient_id"] for row in await messages(crowd))
    assert set(got.values()) == {1}
    assert set(got) == {ZHANG, FAMILY_ONE, HEART, *range(1000, 1000 + MANY)}
    view = await crowd.desk.batches.get(SUSAN, sent["id"])
    assert (view["state"], view["left_out"]) == ("done", {"duplicate": 1, "do_not_contact": 1})


@pytest_twisted.ensureDeferred
async def test_who_was_chosen_is_fixed_by_the_press_and_the_rules_count_at_the_last_moment(crowd: Desk) -> None:
    """Added, moved, opted out and taken out of use after it: the first two change nothing, the others do."""
    batches = crowd.desk.batches
    shown = await batches.preview(SUSAN, CARE, Choice(fields={"department_id": str(FOLLOW_UP)}))
    assert shown["count"] == MANY + 2
    sent = await batches.send(SUSAN, CARE, Choice(fields={"department_id": str(FOLLOW_UP)}), KEY)

    def meanwhile(session: Session) -> None:
        add_patient(session, 5000)
        session.execute(update(Patient).where(Patient.id == 1010).values(department_id=CARDIOLOGY, name="改名"))
        stop(session, "+8613511001011")
        session.execute(update(Patient).where(Patient.id == 1012).values(disabled=True))
        session.execute(delete(PatientPhone).where(PatientPhone.patient_id == 1013))
        session.execute(update(Patient).where(Patient.id == 1014).values(do_not_call=True))

    await crowd.change(meanwhile)
    await crowd.make_all()
    texts = {row["patient_id"]: row["text"] for row in await messages(crowd)}
    assert 5000 not in texts
    assert texts[1010].startswith("改名")
    left = {one["patient_id"]: one["why"] for one in (await batches.left_out(SUSAN, sent["id"], 4000)).items}
    assert left == {
        FAMILY_TWO: "duplicate", QUIET: "do_not_contact", 1011: "opted_out", 1012: "not_found", 1013: "no_mobile",
        1014: "do_not_contact",
    }  # fmt: skip
    assert_reconciled(await batches.get(SUSAN, sent["id"]))


@pytest_twisted.ensureDeferred
async def test_a_batch_is_paused_continued_and_cancelled_in_the_middle(crowd: Desk) -> None:
    batches = crowd.desk.batches
    sent = await batches.send(SUSAN, CARE, ALL, KEY)
    for _ in range(3):
        await batches.maker.step()
    paused = await batches.pause(SUSAN, sent["id"])
    assert (paused["state"], paused["remaining"]) == ("paused", 18)
    await crowd.make_all()
    held = await messages(crowd)
    assert {(row["state"], row["reason"], row["next_at"]) for row in held} == {("queued", "paused", None)}
    assert (await batches.pause(SUSAN, sent["id"]))["state"] == "paused"
    assert (await batches.get(SUSAN, sent["id"]))["remaining"] == 18
    await batches.resume(SUSAN, sent["id"])
    await batches.maker.step()
    # What goes on is due at once, and judged by the rules when it leaves.
    await crowd.change(move, held[0]["id"], MessageState.DELIVERED)
    cancelled = await batches.cancel(SUSAN, sent["id"])
    assert cancelled["state"] == "cancelled"
    await crowd.make_all()
    after = await batches.get(SUSAN, sent["id"])
    assert after["states"] == {"delivered": 1, "cancelled": after["count"] - 1}
    assert after["remaining"] > 0
    assert after["cancelled_at"] is not None
    assert_reconciled(after)
    assert (await batches.cancel(SUSAN, sent["id"]))["states"] == after["states"]
    await unchanged(crowd, ConflictError, batches.resume(SUSAN, sent["id"]))
    await unchanged(crowd, ConflictError, batches.pause(SUSAN, sent["id"]))
    await unchanged(crowd, NotAllowedError, batches.cancel(ANNA, sent["id"]))
    await unchanged(crowd, NotFoundError, batches.cancel(SUSAN, 424242))
    assert [one["id"] for one in (await batches.list(SUSAN)).items] == [sent["id"]]
    assert (await batches.list(DORA)).items == []
    actions = [row["action"] for row in await crowd.rows(AuditEntry)]
    assert actions == ["send-batch", "pause-batch", "continue-batch", "cancel-batch"]


@pytest_twisted.ensureDeferred
async def test_a_batch_that_is_made_is_held_and_let_go(crowd: Desk) -> None:
    batches = crowd.desk.batches
    later = BatchDraft(CARE.text, CARE.purpose, at=crowd.now + timedelta(hours=2))
    sent = await batches.send(SUSAN, later, ALL, KEY)
    await crowd.make_all()
    await batches.pause(SUSAN, sent["id"])
    await crowd.make_all()
    assert {row["next_at"] for row in await messages(crowd)} == {None}
    view = await batches.resume(SUSAN, sent["id"])
    assert view["state"] == "done"
    await crowd.make_all()
    assert {(row["next_at"], row["reason"]) for row in await messages(crowd)} == {(later.at, "not_before")}


@pytest_twisted.ensureDeferred
async def test_nobody_is_signed_in_and_the_reach_of_whoever_sent_it_holds(crowd: Desk) -> None:
    """A doctor of cardiology names patients of others too; then moves to another ward, then loses the right."""

    def may_send(session: Session) -> None:
        doctors = session.scalars(select(Role.id).where(Role.code == "doctor")).one()
        session.add(RolePermission(role_id=doctors, permission="messages.bulk", scope="department"))
        for key in range(2000, 2010):
            add_patient(session, key, CARDIOLOGY)

    await crowd.change(may_send)
    batches = crowd.desk.batches
    doctor = Principal(
        DORA.user_id, "dora", "Dora", CARDIOLOGY, {**DORA.grants, "messages.bulk": DORA.grants["patients.view"]}
    )
    shown = await batches.preview(doctor, CARE, ALL)
    assert shown["count"] == 11
    named = Choice(patient_ids=(ZHANG, HEART, *range(2000, 2010)))
    assert (await batches.preview(doctor, CARE, named))["reasons"] == {"not_found": 1}
    sent = await batches.send(doctor, CARE, named, KEY)
    await batches.maker.step()
    assert {row["patient_id"] for row in await messages(crowd)} == {HEART, 2000, 2001}

    def moves(session: Session) -> None:
        session.execute(update(UserAccount).where(UserAccount.id == DORA.user_id).values(department_id=FOLLOW_UP))

    await crowd.change(moves)
    await batches.maker.step()
    assert (await batches.get(SUSAN, sent["id"]))["left_out"] == {"not_found": 5}

    def loses(session: Session) -> None:
        session.execute(delete(RolePermission).where(RolePermission.permission == "messages.bulk"))

    await crowd.change(loses)
    await batches.maker.step()
    view = await batches.get(SUSAN, sent["id"])
    assert (view["state"], view["reason"], view["remaining"]) == ("paused", "rights", 4)
    await unchanged(crowd, ConflictError, batches.resume(SUSAN, sent["id"]))
    assert (await batches.cancel(SUSAN, sent["id"]))["state"] == "cancelled"


@pytest_twisted.ensureDeferred
async def test_who_sees_everybody_writes_only_to_whom_the_right_to_write_to_many_reaches(crowd: Desk) -> None:
    def narrows(session: Session) -> None:
        doctors = session.scalars(select(Role.id).where(Role.code == "doctor")).one()
        mine = RolePermission.role_id == doctors, RolePermission.permission == "patients.view"
        session.execute(update(RolePermission).where(*mine).values(scope="all"))
        session.add(RolePermission(role_id=doctors, permission="messages.bulk", scope="department"))
        session.execute(update(Patient).where(Patient.id == 1010).values(department_id=CARDIOLOGY))

    await crowd.change(narrows)
    batches = crowd.desk.batches
    grants = {**DORA.grants, "patients.view": Scope.ALL, "messages.bulk": Scope.DEPARTMENT}
    doctor = Principal(DORA.user_id, "dora", "Dora", CARDIOLOGY, grants)
    listed = await batches.add_part(doctor, None, 0, b"13800138000\nR1\n13600136000\nR1010\nR1011\n")
    assert [one["line"] for one in listed["problems"]] == [1, 2, 5]
    for place, (choice, left_out) in enumerate(
        ((Choice(fields={}), {}), (Choice(patient_ids=(ZHANG, HEART, 1010, 1011)), {"not_found": 2}),
         (Choice(list_id=listed["id"]), {}))
    ):  # fmt: skip
        shown = await batches.preview(doctor, CARE, choice)
        assert (shown["count"], shown["reasons"]) == (2, left_out)
        sent = await batches.send(doctor, CARE, choice, f"{KEY}{place}")
        await crowd.make_all()
        made = {row["patient_id"] for row in await messages(crowd) if row["batch_id"] == sent["id"]}
        assert made == {HEART, 1010}
        assert (await batches.get(SUSAN, sent["id"]))["left_out"] == left_out


@pytest_twisted.ensureDeferred
async def test_who_got_nothing_is_named_to_those_only_who_may_see_them(desk: Desk) -> None:
    await desk.change(stop, HEARTS_NUMBER)
    batches = desk.desk.batches
    sent = await batches.send(SUSAN, CARE, Choice(patient_ids=(QUIET, HEART)), KEY)
    await desk.make_all()
    reads = {"messages.view": Scope.ALL}
    for grants, named in (
        (reads, set()), (reads | {"patients.view": Scope.DEPARTMENT}, {HEART}),
        (reads | {"patients.view": Scope.ALL}, {HEART, QUIET}),
    ):  # fmt: skip
        reader = Principal(DORA.user_id, "dora", "Dora", CARDIOLOGY, grants)
        left = (await batches.left_out(reader, sent["id"])).items
        assert {one["patient_id"]: one["why"] for one in left} == {QUIET: "do_not_contact", HEART: "opted_out"}
        for field in ("name", "record_number", "number"):
            assert {one["patient_id"] for one in left if one[field]} == named


@pytest_twisted.ensureDeferred
async def test_a_small_batch_need_not_wait_for_a_large_one(crowd: Desk) -> None:
    batches = crowd.desk.batches
    large = await batches.send(SUSAN, CARE, ALL, KEY)
    await batches.maker.step()
    small = await batches.send(SUSAN, BatchDraft("您好", Purpose.MARKETING), Choice(patient_ids=[ZHANG]), KEY + "2")
    await batches.maker.step()
    assert (await batches.get(SUSAN, small["id"]))["state"] == "done"
    assert (await batches.get(SUSAN, large["id"]))["state"] == "preparing"


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_made_is_shown_and_keeps_nobody(
    crowd: Desk, monkeypatch: pytest.MonkeyPatch, lost_failures: Any
) -> None:
    batches = crowd.desk.batches
    first = await batches.send(SUSAN, CARE, ALL, KEY)

    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(batch_making, "choose_recipients", breaks)
    batches.maker.start()
    await work_until(crowd, first["id"], lambda batch: batch["state"] == "paused")
    monkeypatch.undo()
    await stop_making(crowd)
    assert (await batches.get(SUSAN, first["id"]))["reason"] == "trouble"
    assert len(lost_failures.take()) == 5
    await batches.resume(SUSAN, first["id"])
    await crowd.make_all()
    assert (await batches.get(SUSAN, first["id"]))["state"] == "done"


@pytest.mark.parametrize("stopping", ["cancel", "pause"])
@pytest_twisted.ensureDeferred
async def test_what_comes_back_from_a_gateway_after_the_sweep_does_not_leave(crowd: Desk, stopping: str) -> None:
    batches = crowd.desk.batches
    sent = await batches.send(SUSAN, CARE, ALL, KEY)
    await crowd.make_all()
    keys = await leave(crowd)
    assert len(keys) == 28
    await getattr(batches, stopping)(SUSAN, sent["id"])
    await crowd.make_all()
    await answer(
        crowd, PartUnsent(keys[0]), PartRefused(keys[1], Refusal.LATER, "8"),
        PartRefused(keys[2], Refusal.GATEWAY, "9"), *(PartAccepted(key, key) for key in keys[3:]),
    )  # fmt: skip
    assert (await batches.get(SUSAN, sent["id"]))["states"] == {"queued": 3, "accepted": 25}
    crowd.clock.advance(3600)
    assert await leave(crowd, CHEAP, Route(OTHER_GATEWAY, room=1000)) == []
    stopped = [row for row in await messages(crowd) if row["state"] != "accepted"]
    found = {(row["state"], row["reason"], row["next_at"]) for row in stopped}
    assert found == {("cancelled", "by_person", None) if stopping == "cancel" else ("queued", "paused", None)}
    if stopping == "pause":
        await batches.resume(SUSAN, sent["id"])
        await crowd.make_all()
        assert len(await leave(crowd, CHEAP, Route(OTHER_GATEWAY, room=1000))) == 3
    assert_reconciled(await batches.get(SUSAN, sent["id"]))


@pytest.mark.parametrize("stopping", ["cancel", "pause"])
@pytest_twisted.ensureDeferred
async def test_the_rest_of_a_text_that_went_out_in_part_follows_it_though_the_batch_is_stopped(
    desk: Desk, stopping: str
) -> None:
    long = BatchDraft("这是一条很长的短信" * 20, Purpose.REMINDER)
    sent = await desk.desk.batches.send(SUSAN, long, Choice(patient_ids=[ZHANG]), KEY)
    await desk.make_all()
    first, *others = await leave(desk)
    await getattr(desk.desk.batches, stopping)(SUSAN, sent["id"])
    await answer(desk, PartAccepted(first, "1"), *(PartUnsent(key) for key in others))
    assert len(await leave(desk)) == len(others)


@pytest_twisted.ensureDeferred
async def test_what_was_put_off_meanwhile_is_not_taken(desk: Desk) -> None:
    """Between the look at what is due and the lock somebody else may have held it."""
    await desk.desk.batches.send(SUSAN, CARE, Choice(patient_ids=[ZHANG]), KEY)
    await desk.make_all()
    (row,) = await messages(desk)

    def put_off(session: Session, until: Any) -> list[Any]:
        session.execute(update(SmsMessage).values(next_at=until))
        return due_messages.lock_due(session, [row["id"]], desk.now)

    assert await desk.change(put_off, None) == []
    assert await desk.change(put_off, desk.now + timedelta(seconds=1)) == []
    assert len(await desk.change(put_off, desk.now)) == 1


@pytest_twisted.ensureDeferred
async def test_cancelling_that_fails_is_never_given_up_and_keeps_nobody(
    crowd: Desk, monkeypatch: pytest.MonkeyPatch, lost_failures: Any
) -> None:
    batches = crowd.desk.batches
    first = await batches.send(SUSAN, CARE, ALL, KEY)
    await crowd.make_all()
    await batches.cancel(SUSAN, first["id"])
    other = await batches.send(SUSAN, BatchDraft("您好", Purpose.MARKETING), ALL, KEY + "2")

    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(batch_maker, "sweep_some", breaks)
    batches.maker.start()
    await work_until(crowd, other["id"], lambda batch: batch["state"] == "done", seconds=0.5)
    monkeypatch.undo()
    monkeypatch.setattr(batch_making, "SWEEP", 4)
    await work_until(crowd, first["id"], lambda batch: "queued" not in batch["states"])
    await stop_making(crowd)
    assert (await batches.get(SUSAN, first["id"]))["states"] == {"cancelled": 28}
    assert len(lost_failures.take()) >= 5


@pytest_twisted.ensureDeferred
async def test_a_sweep_looks_at_so_many_at_once_whether_there_is_something_to_do_or_not(crowd: Desk) -> None:
    batches = crowd.desk.batches
    sent = await batches.send(SUSAN, CARE, ALL, KEY)
    await crowd.make_all()
    keys = [row["id"] for row in await messages(crowd)]

    def held_but_the_last(session: Session) -> None:
        session.execute(update(SmsMessage).where(SmsMessage.id != keys[-1]).values(next_at=None))

    await crowd.change(held_but_the_last)
    await batches.pause(SUSAN, sent["id"])
    for place in range(3, len(keys), 4):
        (batch,) = await crowd.rows(SmsBatch)
        assert (batch["sweep"], batch["swept"]) == ("hold", keys[place])
        await batches.maker.step()
    assert (await crowd.rows(SmsBatch))[0]["sweep"] == ""
    assert {row["next_at"] for row in await messages(crowd)} == {None}


@pytest_twisted.ensureDeferred
async def test_making_pauses_as_long_as_a_page_took(crowd: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = crowd.desk.batches
    pages: list[int] = []

    def slowly(session: Session, batch_id: int, *rest: Any) -> bool:
        pages.append(batch_id)
        crowd.clock.rightNow += 0.3
        return make_page(session, batch_id, *rest)

    monkeypatch.setattr(batch_maker, "make_page", slowly)
    await batches.send(SUSAN, CARE, ALL, KEY)
    batches.maker.start()

    def pauses() -> bool:
        waits = [call.getTime() - crowd.clock.seconds() for call in crowd.clock.getDelayedCalls()]
        return any(abs(wait - 0.3) < 0.001 for wait in waits)

    await until(pauses, "a pause as long as the page took")
    assert len(pages) == 1
    crowd.clock.advance(0.31)
    await until(pauses, "a pause as long as the page took")
    assert len(pages) == 2
    await stop_making(crowd)


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_sent_is_refused_before_anything_is_written(desk: Desk) -> None:
    batches = desk.desk.batches
    for draft in (
        BatchDraft("", Purpose.CARE), BatchDraft("{x}", Purpose.CARE), BatchDraft("您好", Purpose.REPLY),
        BatchDraft("您好", Purpose.ALARM), BatchDraft("您好", Purpose.CARE, at=desk.now + timedelta(days=91)),
        BatchDraft("您好", Purpose.CARE, expires_at=desk.now),
    ):  # fmt: skip
        await unchanged(desk, InvalidError, batches.send(SUSAN, draft, ALL, KEY))
        await unchanged(desk, InvalidError, batches.preview(SUSAN, draft, ALL))
    for choice in (
        Choice(), Choice((1,), {}), Choice(fields={"password": "x"}), Choice(fields={"q": "没有这个人"}),
        Choice(fields={"sort": "x"}), Choice(list_id=424242), Choice(patient_ids=()),
    ):  # fmt: skip
        await unchanged(desk, InvalidError, batches.send(SUSAN, CARE, choice, KEY))
    for key in ("short", "x" * 40, "spaces in it"):
        await unchanged(desk, InvalidError, batches.send(SUSAN, CARE, ALL, key))


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest_twisted.ensureDeferred
async def test_to_many_goes_only_what_hours_cap_and_people_hold_back(desk: Desk, purpose: Purpose) -> None:
    """At eleven at night, to all: whatever may be said to many waits for the morning and leaves out who wants none."""
    desk.clock.advance(timedelta(hours=7).total_seconds())
    batches, draft = desk.desk.batches, BatchDraft("您好", purpose)
    if purpose in (Purpose.REMINDER, Purpose.CARE, Purpose.MARKETING):
        shown = await batches.preview(SUSAN, draft, ALL)
        assert shown["reasons"]["do_not_contact"] == 1
        assert shown["waiting"] == shown["count"] > 0
        sent = await batches.send(SUSAN, draft, ALL, KEY)
        assert sent["waiting_for"] is None
        await desk.make_all()
        assert {row["reason"] for row in await messages(desk)} == {"quiet_hours"}
        held = (await batches.get(SUSAN, sent["id"]))["waiting_for"]
        assert held == {"reason": "quiet_hours", "until": shown["waits"][0]["first"]}
        return
    with pytest.raises(InvalidError) as caught:
        await batches.preview(SUSAN, draft, ALL)
    assert "sending hours" in caught.value.fields["purpose"]
    await unchanged(desk, InvalidError, batches.send(SUSAN, draft, ALL, KEY))


async def times_of(desk: Desk, *who: int, **more: Any) -> tuple[Any, ...]:
    """How many get it, how many of these wait, when the first go, and what the others wait for until when."""
    shown = await desk.desk.batches.preview(SUSAN, replace(CARE, **more), Choice(patient_ids=who))
    waits = [(one["why"], one["count"], one["first"], one["last"]) for one in shown["waits"]]
    return shown["count"], shown["waiting"], shown["goes_at"], waits


@pytest_twisted.ensureDeferred
async def test_the_preview_says_how_many_go_at_once_and_how_many_wait_for_what_until_when(desk: Desk) -> None:
    """Zhang has had five messages today; it is four in the afternoon, and then eleven at night."""
    number = next(row["number"] for row in await desk.rows(PatientPhone) if row["patient_id"] == ZHANG)
    await desk.change(queue_messages, [MessageDraft(number, "您好", Purpose.CARE)] * 5, desk.now)
    now, morning, day_after = iso(desk.now), "2026-03-03T00:00:00.000Z", "2026-03-04T00:00:00.000Z"
    assert await times_of(desk, HEART) == (1, 0, now, [])
    assert await times_of(desk, ZHANG) == (1, 1, morning, [("daily_cap", 1, morning, morning)])
    assert await times_of(desk, ZHANG, HEART) == (2, 1, now, [("daily_cap", 1, morning, morning)])
    later = desk.now + timedelta(hours=2)
    assert await times_of(desk, ZHANG, HEART, at=later) == (2, 1, iso(later), [("daily_cap", 1, morning, morning)])
    assert await times_of(desk, ZHANG, expires_at=later) == (0, 0, None, [])
    desk.clock.advance(timedelta(hours=7).total_seconds())
    assert await times_of(desk, ZHANG, HEART) == (2, 2, morning, [("quiet_hours", 2, morning, morning)])
    tomorrow = [MessageDraft(number, "您好", Purpose.CARE)] * 5
    await desk.change(queue_messages, tomorrow, desk.now)
    held = [("daily_cap", 1, day_after, day_after), ("quiet_hours", 1, morning, morning)]
    assert await times_of(desk, ZHANG, HEART) == (2, 2, morning, held)
    assert await times_of(desk, ZHANG) == (1, 1, day_after, held[:1])
    assert await times_of(desk, HEART, expires_at=desk.now + timedelta(hours=1)) == (0, 0, None, [])


@pytest_twisted.ensureDeferred
async def test_a_notice_to_many_that_was_sent_before_goes_on(desk: Desk) -> None:
    """It was begun when that was allowed: it is made to the end, and the same form still means it."""
    batches = desk.desk.batches
    sent = await batches.send(SUSAN, CARE, Choice(patient_ids=(ZHANG,)), KEY)

    def of_old(session: Session) -> None:
        batch = session.get_one(SmsBatch, sent["id"])
        batch.purpose, batch.choice = Purpose.NOTICE.value, {}

    await desk.change(of_old)
    await desk.make_all()
    assert [row["purpose"] for row in await messages(desk)] == ["notice"]
    notice = replace(CARE, purpose=Purpose.NOTICE)
    assert (await batches.send(SUSAN, notice, Choice(patient_ids=(ZHANG,)), KEY))["id"] == sent["id"]


@pytest_twisted.ensureDeferred
async def test_the_batch_tells_of_itself_and_its_messages_do_not(crowd: Desk) -> None:
    sent = await crowd.desk.batches.send(SUSAN, CARE, ALL, KEY)
    await crowd.make_all()
    assert {event.type for event in crowd.events} == {"message_batch.updated"}
    # Colleagues see it in their list, so it moves there too.
    audience = {"permission": "messages.view", "departments": [FOLLOW_UP], "users": [SUSAN.user_id]}
    assert [event.audience for event in crowd.events] == [audience] * len(crowd.events)
    told = [event.data for event in crowd.events]
    assert told[0] | {"left_out": {}} == told[0]
    assert (told[-1]["id"], told[-1]["state"], told[-1]["total"], told[-1]["chosen"]) == (sent["id"], "done", 28, 30)


@pytest_twisted.ensureDeferred
async def test_messages_of_a_batch_are_sent_while_the_rest_is_made(crowd: Desk, database: Database) -> None:
    """What is made is due: the dispatcher's own question finds it."""
    from callcenter.messaging.outbox.due_messages import anything_due

    await crowd.desk.batches.send(SUSAN, CARE, ALL, KEY)
    assert not await database.read(anything_due, crowd.now)
    await crowd.desk.batches.maker.step()
    assert await database.read(anything_due, crowd.now)
    assert await database.read(lambda session: session.scalar(select(SmsMessage.id).limit(1)))


def some_hospital(session: Session, random: Random) -> None:
    """Patients of whom something may be missing or forbidden, in families, some of whom were written to already."""
    for key in range(3000, 3060):
        add_patient(session, key, random.choice((FOLLOW_UP, CARDIOLOGY)))
        patient = session.get_one(Patient, key)
        patient.name = f"䶮{key}" if random.random() < 0.3 else patient.name
        patient.do_not_call, patient.disabled = random.random() < 0.1, random.random() < 0.1
        patient.department_id = patient.department_id if random.random() < 0.8 else None
        patient.doctor_id = DORA.user_id if random.random() < 0.7 else None
        number = f"+86135110030{random.randrange(40):02d}"
        landline = random.choice((None, "+861062345678", "10086", "+12125550100", "+861062345678;ext=12"))
        numbers = [one for one in (landline, number) if one and random.random() < 0.9]
        session.execute(delete(PatientPhone).where(PatientPhone.patient_id == key))
        session.add_all(PatientPhone(patient_id=key, number=one, position=at) for at, one in enumerate(numbers))
    for place in range(0, 40, 3):
        number = f"+86135110030{place:02d}"
        stop_kind = random.choice(("all", "care", "marketing"))
        session.add(SmsOptOut(number=number, kind=stop_kind, live_key=f"{number}:{stop_kind}:", began_at=NOW))
    full = [f"+86135110030{place:02d}" for place in range(1, 40, 5) for _ in range(random.randrange(4, 7))]
    queue_messages(session, [MessageDraft(one, "您好", Purpose.CARE) for one in full], NOW)


@pytest.mark.parametrize("seed", range(4))
@pytest_twisted.ensureDeferred
async def test_whatever_the_hospital_the_preview_counts_what_is_made(crowd: Desk, seed: int) -> None:
    """The one asks by a single statement, the other makes page by page: both by the same rules."""
    random = Random(seed)
    await crowd.change(some_hospital, random)
    if bound := seed % 2:
        await crowd.change(bind_gateways, GATEWAY, OTHER_GATEWAY)
    for place, (purpose, text, hours) in enumerate(
        ((Purpose.CARE, "{patient.name}{doctor.name}", None), (Purpose.CARE, "{department}您好", None),
         (Purpose.MARKETING, "您好", 3), (Purpose.REMINDER, "{patient.name}", 48))
    ):  # fmt: skip
        ends = None if hours is None else crowd.now + timedelta(hours=hours)
        draft = BatchDraft(text, purpose, expires_at=ends)
        choice = ALL if place % 2 else Choice(patient_ids=range(2990, 3060))
        shown = await crowd.desk.batches.preview(SUSAN, draft, choice)
        sent = await crowd.desk.batches.send(SUSAN, draft, choice, f"{KEY}{place}")
        await crowd.make_all()
        made = await crowd.desk.batches.get(SUSAN, sent["id"])
        assert (made["count"], made["left_out"]) == (shown["count"], shown["reasons"])
        assert ("unwritable" in shown["reasons"]) == bool(bound and "{patient.name}" in text)
        mine = [row for row in await messages(crowd) if row["batch_id"] == sent["id"]]
        waiting = [row for row in mine if row["reason"]]
        assert len(waiting) == shown["waiting"]
        for held in shown["waits"]:
            times = [iso(row["next_at"]) for row in waiting if row["reason"] == held["why"]]
            assert (len(times), min(times), max(times)) == (held["count"], held["first"], held["last"])
        assert sum(held["count"] for held in shown["waits"]) == shown["waiting"]
        assert shown["goes_at"] == min(iso(row["next_at"]) for row in mine)
        assert_reconciled(made)


@pytest_twisted.ensureDeferred
async def test_a_filter_means_those_whom_the_list_shows(crowd: Desk) -> None:
    patients = patient_resource(crowd.clock, HOUSE.area_code)
    narrow = Principal(DORA.user_id, "dora", "Dora", CARDIOLOGY, {**DORA.grants, "messages.bulk": Scope.DEPARTMENT})

    def named(session: Session) -> None:
        for key in (1000, 1001, 1002):
            index_terms(session, key, f"众{key}", f"R{key}", [f"+8613511{key:06d}"])
        session.execute(update(Patient).where(Patient.id == 1002).values(department_id=CARDIOLOGY))

    await crowd.change(named)
    for who in (SUSAN, narrow):
        for fields in (
            {}, {"q": "众100"}, {"q": "r1001"}, {"q": "135110010"}, {"q": "没有"}, {"department_id": str(CARDIOLOGY)},
            {"do_not_call": "true"}, {"q": "众", "department_id": str(FOLLOW_UP), "sort": "name"},
        ):  # fmt: skip
            listed: set[int] = set()
            query = replace(read_list_query(fields), limit=200)
            page = await crowd.database.read(load_page, patients, who, query)
            listed.update(record["id"] for record in page.items)
            shown = await crowd.desk.batches.preview(who, BatchDraft("您好", Purpose.MARKETING), Choice(fields=fields))
            assert shown["count"] + shown["left_out"] == len(listed), (who.username, fields)
            if listed:
                pages = await crowd.database.read(load_members, who, Choice(fields=fields), patients)
                assert {key for part in pages for key in part} == listed
