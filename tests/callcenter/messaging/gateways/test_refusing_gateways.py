"""A gateway that refuses every message for a reason of its own: it is passed over, says why, and is an alarm."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import pytest_twisted

from callcenter.messaging.gateways.throttling import MOST_PAUSES, MOST_REFUSED, MOST_REFUSED_ANYHOW, TRIAL_FIRST
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from protocols.sms import GatewayPaused, GatewaySignal, Part, PartAccepted, PartRefused, Refusal
from storage.models import Alarm
from tests.peers.call_center import NOW
from tests.peers.messaging import ADMIN, NUMBERS, SmsCentre
from tests.peers.scripted_gateway import accepting


def refusing(code: str = "10", refusal: Refusal = Refusal.GATEWAY) -> Callable[[Part], Sequence[GatewaySignal]]:
    """What a gateway says to each message whose account is not right."""
    return lambda part: [PartRefused(part.key, refusal, code, "Src_Id", part.number)]


async def alarms(sms_centre: SmsCentre) -> list[tuple[str, bool, str]]:
    """Kind of each alarm, whether it holds, and why."""
    rows = await sms_centre.rows(Alarm)
    return [(row["kind"], row["cleared_at"] is None, row["details"]["reason"]) for row in rows]


async def refuses(sms_centre: SmsCentre) -> list[str]:
    return [one["refuses"] for one in await sms_centre.messaging.gateways.list(ADMIN)]


@pytest_twisted.ensureDeferred
async def test_it_is_passed_over_says_why_and_nothing_goes_twice(sms_centre: SmsCentre) -> None:
    first = await sms_centre.add_gateway("移动", 1, refusing())
    second = await sms_centre.add_gateway("联通", 2, accepting)
    for number in NUMBERS[:MOST_REFUSED]:
        await sms_centre.queue(number)
    assert await refuses(sms_centre) == ["Src_Id (10)", ""]
    assert await alarms(sms_centre) == [("gateway_passed_over", True, "it refuses every message: Src_Id (10)")]
    await sms_centre.queue(*NUMBERS[20:40])
    assert len(first.given) == MOST_REFUSED
    assert await sms_centre.states() == ["accepted"] * (MOST_REFUSED + 20)
    assert sorted(part.number for part in second.given) == [*NUMBERS[:MOST_REFUSED], *NUMBERS[20:40]]


@pytest_twisted.ensureDeferred
async def test_one_message_at_a_time_finds_out_and_all_is_well_again(sms_centre: SmsCentre) -> None:
    first = await sms_centre.add_gateway("移动", 1, refusing())
    await sms_centre.add_gateway("联通", 2, accepting)
    for number in NUMBERS[:MOST_REFUSED]:
        await sms_centre.queue(number)
    await sms_centre.wait(TRIAL_FIRST + 1, 5)
    await sms_centre.queue(*NUMBERS[10:20])
    assert len(first.given) == MOST_REFUSED + 1
    first.answer = accepting
    await sms_centre.wait(2 * TRIAL_FIRST + 1, 5)
    await sms_centre.queue(NUMBERS[50])
    assert await refuses(sms_centre) == ["", ""]
    assert [(kind, holds) for kind, holds, _ in await alarms(sms_centre)] == [("gateway_passed_over", False)]
    await sms_centre.queue(*NUMBERS[60:65])
    assert [part.number for part in first.given[-6:]] == [NUMBERS[50], *NUMBERS[60:65]]


@pytest_twisted.ensureDeferred
async def test_alone_it_is_not_spent_on_and_what_waits_goes_when_it_is_well(sms_centre: SmsCentre) -> None:
    only = await sms_centre.add_gateway("移动", 1, refusing())
    for number in NUMBERS[:MOST_REFUSED]:
        await sms_centre.queue(number)
    await sms_centre.queue(*NUMBERS[20:60])
    await sms_centre.wait(600, 10)
    # After one, two and four minutes one message each.
    assert len(only.given) == MOST_REFUSED + 3
    assert set(await sms_centre.states()) == {"queued"}
    only.answer = accepting
    await sms_centre.wait(4 * 3600, 60)
    assert set(await sms_centre.states()) == {"accepted"}
    taken = [part.number for part in only.given[MOST_REFUSED + 3 :]]
    assert sorted(taken) == [*NUMBERS[:MOST_REFUSED], *NUMBERS[20:60]]


@pytest_twisted.ensureDeferred
async def test_refused_for_another_reason_it_is_not_given_what_waits(sms_centre: SmsCentre) -> None:
    only = await sms_centre.add_gateway("移动", 1, refusing())
    for number in NUMBERS[:MOST_REFUSED]:
        await sms_centre.queue(number)
    await sms_centre.queue(*NUMBERS[20:60])
    only.answer = refusing("5")
    await sms_centre.wait(TRIAL_FIRST + 5, 5)
    assert len(only.given) == MOST_REFUSED + 1
    assert await refuses(sms_centre) == ["Src_Id (5)"]
    assert await alarms(sms_centre) == [("gateway_passed_over", True, "it refuses every message: Src_Id (5)")]


@pytest_twisted.ensureDeferred
async def test_a_test_of_it_finds_out_at_once(sms_centre: SmsCentre) -> None:
    only = await sms_centre.add_gateway("移动", 1, refusing())
    # With another one that is ready, what nobody takes is looked at and put off at once.
    await sms_centre.add_gateway("联通", 2, accepting)
    for number in NUMBERS[:MOST_REFUSED]:
        await sms_centre.queue(number)
    only.answer = accepting
    gateway, _ = await sms_centre.messaging.gateways.list(ADMIN)
    await sms_centre.messaging.gateways.test(ADMIN, gateway["id"], NUMBERS[99], "测试")
    await sms_centre.settle()
    assert only.given[MOST_REFUSED].number == NUMBERS[99]
    assert await refuses(sms_centre) == ["", ""]


@pytest.mark.parametrize(
    "answer",
    [
        refusing("13", Refusal.NEVER),
        lambda part: refusing()(part) if int(part.number[-1]) % 4 else accepting(part),
        lambda part: refusing(part.key)(part) if int(part.number[-1]) else accepting(part),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_about_one_number_or_now_and_then_does_not_count(
    sms_centre: SmsCentre, answer: Callable[[Part], Sequence[GatewaySignal]]
) -> None:
    first = await sms_centre.add_gateway("移动", 1, answer)
    await sms_centre.add_gateway("联通", 2, accepting)
    for number in NUMBERS[:20]:
        await sms_centre.queue(number)
    assert (len(first.given), await refuses(sms_centre), await alarms(sms_centre)) == (20, ["", ""], [])


@pytest_twisted.ensureDeferred
async def test_one_that_refuses_everything_for_another_reason_each_time_is_known_too(sms_centre: SmsCentre) -> None:
    first = await sms_centre.add_gateway("移动", 1, lambda part: refusing(part.key)(part))
    await sms_centre.add_gateway("联通", 2, accepting)
    for number in NUMBERS[:MOST_REFUSED_ANYHOW]:
        assert await refuses(sms_centre) == ["", ""]
        await sms_centre.queue(number)
    (why, _) = await refuses(sms_centre)
    assert why == f"Src_Id ({first.given[-1].key})"
    assert await alarms(sms_centre) == [("gateway_passed_over", True, f"it refuses every message: {why}")]
    await sms_centre.queue(*NUMBERS[20:40])
    assert len(first.given) == MOST_REFUSED_ANYHOW
    assert await sms_centre.states() == ["accepted"] * (MOST_REFUSED_ANYHOW + 20)


@pytest.mark.parametrize("code", [lambda _: "10", lambda part: part.key])
@pytest_twisted.ensureDeferred
async def test_one_wrong_number_is_no_refusing_gateway_however_often_it_is_written_to(
    sms_centre: SmsCentre, code: Callable[[Part], str]
) -> None:
    await sms_centre.add_gateway("移动", 1, lambda part: refusing(code(part))(part))
    await sms_centre.add_gateway("联通", 2, accepting)
    for _ in range(2 * MOST_REFUSED_ANYHOW):
        await sms_centre.database.run(queue_message, MessageDraft(NUMBERS[0], "您好", Purpose.REPLY), NOW)
        await sms_centre.settle()
    assert (await refuses(sms_centre), await alarms(sms_centre)) == (["", ""], [])


@pytest_twisted.ensureDeferred
async def test_a_long_text_that_is_refused_is_one_message(sms_centre: SmsCentre) -> None:
    await sms_centre.add_gateway("移动", 1, refusing())
    await sms_centre.add_gateway("联通", 2, accepting)
    draft = MessageDraft(NUMBERS[0], "字" * 60 * MOST_REFUSED, Purpose.REPLY)
    await sms_centre.database.run(queue_message, draft, NOW)
    await sms_centre.settle()
    assert await refuses(sms_centre) == ["", ""]


@pytest_twisted.ensureDeferred
async def test_one_that_only_says_not_now_is_an_alarm_until_it_takes_a_message(sms_centre: SmsCentre) -> None:
    device = await sms_centre.add_gateway("移动", 1, None)
    for _ in range(MOST_PAUSES):
        device.say(GatewayPaused(1.0, "flow control (8)"))
        await sms_centre.wait(1)
    told = ("gateway_passed_over", True, "it only says “not now”: flow control (8)")
    assert await alarms(sms_centre) == [told]
    # While it is away nobody knows.
    device.lose()
    await sms_centre.settle()
    device.come_back()
    await sms_centre.settle()
    assert await alarms(sms_centre) == [told]
    device.say(PartAccepted("1.1.1", "7"))
    await sms_centre.settle()
    assert [(kind, holds) for kind, holds, _ in await alarms(sms_centre)] == [("gateway_passed_over", False)]
    (row,) = await sms_centre.rows(Alarm)
    assert row["times"] == 1


@pytest_twisted.ensureDeferred
async def test_one_that_puts_off_whatever_it_is_given_is_an_alarm_with_what_it_says(sms_centre: SmsCentre) -> None:
    await sms_centre.add_gateway("移动", 1, refusing("0x45", Refusal.LATER))
    await sms_centre.queue(NUMBERS[0])
    await sms_centre.wait(120, 5)
    assert await alarms(sms_centre) == [("gateway_passed_over", True, "it only says “not now”: Src_Id (0x45)")]


@pytest_twisted.ensureDeferred
async def test_one_that_is_taken_out_of_service_or_removed_is_no_alarm(sms_centre: SmsCentre) -> None:
    await sms_centre.add_gateway("移动", 1, refusing())
    for number in NUMBERS[:MOST_REFUSED]:
        await sms_centre.queue(number)
    (view,) = await sms_centre.messaging.gateways.list(ADMIN)
    await sms_centre.messaging.gateways.edit(ADMIN, view["id"], {"in_service": False}, view["version"])
    await sms_centre.settle()
    assert [holds for _, holds, _ in await alarms(sms_centre)] == [False]
