"""A sending of which one message after the other is refused waits for somebody before the rest is lost too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
import pytest_twisted
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.alarms.service import AlarmService
from callcenter.messaging.batches import refusals
from callcenter.messaging.batches.choices import Choice
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.batches.views import BatchView
from callcenter.messaging.outbox.due_messages import anything_due
from callcenter.messaging.vocabulary import Purpose
from protocols.sms import Fate, GatewaySignal, PartAccepted, PartRefused, PartUnknown, ReceiptArrived, Refusal
from storage.models import Alarm
from tests.peers.call_center import CARDIOLOGY, SUSAN
from tests.peers.sms_desk import CHEAP, GATEWAY, OTHER_GATEWAY, Desk, add_gateway, add_patient, answer, leave

MANY, MOST = 30, 5
PATIENTS = range(1000, 1000 + MANY)
CARE = BatchDraft("{patient.name}您好，请按时服药。", Purpose.CARE)


def add_patients(session: Session) -> None:
    for key in PATIENTS:
        add_patient(session, key)


@pytest_twisted.async_yield_fixture
async def crowd(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(refusals, "MOST_REFUSED", MOST)
    await desk.change(add_patients)
    yield desk


async def sent_to_all(desk: Desk) -> int:
    sent = await desk.desk.batches.send(SUSAN, CARE, Choice(patient_ids=tuple(PATIENTS)), "0123456789abcdef")
    await desk.make_all()
    return int(sent["id"])


async def given(desk: Desk, count: int) -> list[str]:
    """The keys of what the gateway takes now, which has room for so many."""
    return await leave(desk, replace(CHEAP, room=count))


def refused(keys: Sequence[str]) -> list[GatewaySignal]:
    return [PartRefused(key, Refusal.NEVER, "8", "filtered") for key in keys]


async def look(desk: Desk, batch: int) -> BatchView:
    return await desk.desk.batches.get(SUSAN, batch)


async def alarms(desk: Desk) -> list[tuple[str, str, bool]]:
    return [(row["kind"], row["subject"], row["cleared_at"] is None) for row in await desk.rows(Alarm)]


@pytest_twisted.ensureDeferred
async def test_when_all_are_refused_the_rest_is_held_until_somebody_has_looked(crowd: Desk) -> None:
    batch = await sent_to_all(crowd)
    keys = await given(crowd, MOST + 3)
    await answer(crowd, *refused(keys[: MOST - 1]))
    assert (await look(crowd, batch))["state"] == "done"
    assert await alarms(crowd) == []
    await answer(crowd, *refused(keys[MOST - 1 : MOST]))
    halted = await look(crowd, batch)
    assert (halted["state"], halted["reason"]) == ("paused", "refused")
    assert await alarms(crowd) == [("sending_halted", str(batch), True)]
    assert await given(crowd, MANY) == []
    # What the gateway had by then comes back too, and halts nothing a second time.
    await answer(crowd, *refused(keys[MOST:]))
    assert (await look(crowd, batch))["states"] == {"queued": MANY - MOST - 3, "failed": MOST + 3}

    await crowd.desk.batches.resume(SUSAN, batch)
    assert await alarms(crowd) == [("sending_halted", str(batch), False)]
    more = await given(crowd, MOST)
    await answer(crowd, *refused(more[: MOST - 1]))
    assert (await look(crowd, batch))["state"] == "done"
    await answer(crowd, *refused(more[MOST - 1 :]))
    assert (await look(crowd, batch))["reason"] == "refused"
    cancelled = await crowd.desk.batches.cancel(SUSAN, batch)
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "")
    assert [still for *_, still in await alarms(crowd)] == [False]


@pytest.mark.parametrize(
    "taken",
    [
        [PartAccepted("", "77")],
        [PartAccepted("", "77"), ReceiptArrived("77", Fate.DELIVERED, "DELIVRD", written=lambda: None)],
        [PartAccepted("", "77"), ReceiptArrived("77", Fate.FAILED, "UNDELIV", written=lambda: None)],
        [PartUnknown("")],
    ],
    ids=["accepted", "delivered", "not delivered", "unknown"],
)
@pytest_twisted.ensureDeferred
async def test_one_that_was_taken_in_between_shows_that_not_all_are(crowd: Desk, taken: list[GatewaySignal]) -> None:
    batch = await sent_to_all(crowd)
    keys = await given(crowd, 2 * MOST)
    between = [replace(one, key=keys[MOST - 1]) if hasattr(one, "key") else one for one in taken]  # type: ignore[type-var]
    await answer(crowd, *refused(keys[: MOST - 1]))
    await answer(crowd, *between)
    await answer(crowd, *refused(keys[MOST : 2 * MOST - 1]))
    assert (await look(crowd, batch))["state"] == "done"
    await answer(crowd, *refused(keys[2 * MOST - 1 :]))
    assert (await look(crowd, batch))["state"] == "paused"


@pytest_twisted.ensureDeferred
async def test_a_sending_of_which_nothing_waits_any_more_has_nothing_to_hold(crowd: Desk) -> None:
    batch = await sent_to_all(crowd)
    keys = await given(crowd, MANY)
    assert len(keys) == MANY
    await answer(crowd, *refused(keys))
    assert (await look(crowd, batch))["state"] == "done"
    assert await alarms(crowd) == []


@pytest_twisted.ensureDeferred
async def test_what_another_gateway_may_take_is_no_refusal(crowd: Desk) -> None:
    batch = await sent_to_all(crowd)
    keys = await given(crowd, MOST)
    await answer(crowd, *[PartRefused(key, Refusal.GATEWAY, "9") for key in keys])
    assert (await look(crowd, batch))["state"] == "done"
    assert GATEWAY in {row["gateway_id"] for row in await crowd.rows()}


@pytest_twisted.ensureDeferred
async def test_one_gateway_that_refuses_all_holds_it_though_others_take_theirs(crowd: Desk) -> None:
    """A signature that one carrier does not know loses that carrier's patients only: here every second one."""
    await crowd.change(add_gateway, OTHER_GATEWAY, "联通")
    batch = await sent_to_all(crowd)
    both = replace(CHEAP, room=1), replace(CHEAP, room=1, gateway_id=OTHER_GATEWAY)
    for turn in range(MOST):
        assert (await look(crowd, batch))["state"] == "done"
        first, second = await leave(crowd, *both)
        await answer(crowd, *refused([first]))
        await answer(crowd, PartAccepted(second, str(turn)), gateway=OTHER_GATEWAY)
    assert (await look(crowd, batch))["reason"] == "refused"


@pytest_twisted.ensureDeferred
async def test_what_is_held_is_due_no_more_though_no_gateway_is_there(crowd: Desk) -> None:
    batch = await sent_to_all(crowd)
    await answer(crowd, *refused(await given(crowd, MOST)))
    assert (await look(crowd, batch))["state"] == "paused"
    await crowd.make_all()
    assert not await crowd.change(anything_due, crowd.now)
    waiting = [row for row in await crowd.rows() if row["state"] == "queued"]
    assert {(row["reason"], row["next_at"]) for row in waiting} == {("paused", None)}
    await crowd.desk.batches.resume(SUSAN, batch)
    await crowd.make_all()
    assert len(await given(crowd, MANY)) == MANY - MOST


@pytest_twisted.ensureDeferred
async def test_the_alarm_is_of_the_department_of_whoever_sends_it(crowd: Desk) -> None:
    batch = await sent_to_all(crowd)
    await answer(crowd, *refused(await given(crowd, MOST)))
    service = AlarmService(crowd.database, crowd.clock)
    head, other = (
        Principal(number, "head", "科长", department, {"alarms.view": Scope.DEPARTMENT})
        for number, department in ((901, SUSAN.department_id), (902, CARDIOLOGY))
    )
    assert [alarm["batch_id"] for alarm in await service.open_for(head)] == [batch]
    assert await service.open_for(other) == []
    told = crowd.last("alarm.opened").audience
    assert told["departments"] == [SUSAN.department_id]
