"""Messages of a gateway that only says "not now": with it while that is a rate, with others when it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest_twisted

from callcenter.messaging.gateways.throttling import MOST_PAUSES, TRIAL_FIRST
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from protocols.sms import GatewayPaused, GatewaySignal, Part, PartAccepted, PartRefused, Refusal
from tests.peers.call_center import NOW
from tests.peers.messaging import NUMBERS, SmsCentre
from tests.peers.scripted_gateway import accepting


def throttling(seconds: float) -> Callable[[Part], Sequence[GatewaySignal]]:
    """What a gateway that is too busy says to each message."""
    return lambda part: [PartRefused(part.key, Refusal.LATER, "8", "flow control"), GatewayPaused(seconds)]


@pytest_twisted.ensureDeferred
async def test_what_a_gateway_throttles_now_and_then_stays_with_it(sms_centre: SmsCentre) -> None:
    told = 0

    def every_second(part: Part) -> Sequence[GatewaySignal]:
        nonlocal told
        told += 1
        return throttling(1.0)(part) if told % 2 else accepting(part)

    first = await sms_centre.add_gateway("移动", 1, every_second)
    second = await sms_centre.add_gateway("联通", 2, accepting)
    await sms_centre.queue(*NUMBERS[:8])
    await sms_centre.wait(120, 2)
    assert set(await sms_centre.states()) == {"accepted"}
    assert (second.given, {part.number for part in first.given}) == ([], set(NUMBERS[:8]))


async def in_vain(sms_centre: SmsCentre) -> None:
    """A new message whenever a pause of five seconds is over, until it is no rate any more."""
    for number in NUMBERS[:MOST_PAUSES]:
        await sms_centre.queue(number)
        await sms_centre.wait(5, 5)


@pytest_twisted.ensureDeferred
async def test_what_it_throttles_for_ever_goes_by_another_and_once(sms_centre: SmsCentre) -> None:
    first = await sms_centre.add_gateway("移动", 1, throttling(5.0))
    second = await sms_centre.add_gateway("联通", 2, accepting)
    # A burst is one request to wait.
    await sms_centre.queue(*NUMBERS[20:40])
    assert (len(first.given), second.given) == (20, [])
    await in_vain(sms_centre)
    tried = len(first.given)
    # What comes now does not ask it any more, and what it did not take goes by the other when it is tried again.
    await sms_centre.queue(*NUMBERS[10:14])
    assert (len(first.given), [part.number for part in second.given][-4:]) == (tried, NUMBERS[10:14])
    await sms_centre.wait(300, 5)
    assert set(await sms_centre.states()) == {"accepted"}
    assert sorted(part.number for part in second.given) == [*NUMBERS[:5], *NUMBERS[10:14], *NUMBERS[20:40]]


@pytest_twisted.ensureDeferred
async def test_one_message_finds_out_whether_it_takes_any_again(sms_centre: SmsCentre) -> None:
    first = await sms_centre.add_gateway("移动", 1, throttling(5.0))
    second = await sms_centre.add_gateway("联通", 2, accepting)
    await in_vain(sms_centre)
    await sms_centre.wait(300, 20)
    assert set(await sms_centre.states()) == {"accepted"}
    tried = len(first.given)
    await sms_centre.queue(*NUMBERS[10:20])
    assert len(first.given) == tried + 1
    await sms_centre.wait(20, 5)
    assert set(await sms_centre.states()) == {"accepted"}
    assert sorted(part.number for part in second.given) == [*NUMBERS[:MOST_PAUSES], *NUMBERS[10:20]]
    # It is well again: the next trial is answered, and the rest follows.
    first.answer = accepting
    await sms_centre.wait(4 * TRIAL_FIRST, 20)
    await sms_centre.queue(NUMBERS[30])
    await sms_centre.queue(*NUMBERS[31:35])
    assert [part.number for part in first.given[tried + 1 :]] == NUMBERS[30:35]


@pytest_twisted.ensureDeferred
async def test_between_two_that_throttle_nothing_goes_to_and_fro_and_nothing_is_lost(sms_centre: SmsCentre) -> None:
    given: list[tuple[str, str]] = []

    def noting(name: str, answer: Callable[[Part], Sequence[GatewaySignal]]) -> Callable[[Part], Any]:
        def note(part: Part) -> Sequence[GatewaySignal]:
            given.append((part.number, name))
            return answer(part)

        return note

    first = await sms_centre.add_gateway("移动", 1, noting("移动", throttling(5.0)))
    second = await sms_centre.add_gateway("联通", 2, noting("联通", throttling(5.0)))
    await sms_centre.queue(*NUMBERS[:10])
    await sms_centre.wait(1800, 10)
    assert set(await sms_centre.states()) == {"queued"}
    changes = 0
    for number in NUMBERS[:10]:
        asked = [name for one, name in given if one == number]
        changes += sum(one != other for one, other in pairwise(asked))
    # Each went to the other and back, and half an hour has five trials of one message: after 1, 2, 4, 8 and 15 minutes.
    assert changes <= 2 * len(NUMBERS[:10]) + 2 * 5
    first.answer = second.answer = accepting
    await sms_centre.wait(600, 10)
    assert set(await sms_centre.states()) == {"accepted"}


@pytest_twisted.ensureDeferred
async def test_one_of_two_that_throttled_takes_what_both_put_off_when_it_is_well(sms_centre: SmsCentre) -> None:
    await sms_centre.add_gateway("移动", 1, throttling(5.0))
    second = await sms_centre.add_gateway("联通", 2, throttling(5.0))
    await sms_centre.queue(*NUMBERS[:10])
    await sms_centre.wait(1800, 10)
    second.answer = accepting
    await sms_centre.wait(1800, 10)
    assert await sms_centre.states() == ["accepted"] * 10


@pytest_twisted.ensureDeferred
async def test_not_now_without_a_pause_is_given_up_after_a_minute(sms_centre: SmsCentre) -> None:
    first = await sms_centre.add_gateway("移动", 1, lambda part: [PartRefused(part.key, Refusal.LATER, "88")])
    second = await sms_centre.add_gateway("联通", 2, accepting)
    await sms_centre.queue(NUMBERS[0])
    await sms_centre.wait(40, 5)
    assert (len(first.given), second.given) == (3, [])
    await sms_centre.wait(240, 10)
    assert await sms_centre.states() == ["accepted"]
    assert len(second.given) == 1


@pytest_twisted.ensureDeferred
async def test_what_it_took_a_part_of_stays_with_it(sms_centre: SmsCentre) -> None:
    first = await sms_centre.add_gateway("移动", 1, throttling(5.0))
    second = await sms_centre.add_gateway("联通", 2, accepting)
    first.answer = lambda part: accepting(part) if part.position == 1 else throttling(5.0)(part)
    long = MessageDraft(NUMBERS[0], "字" * 100, Purpose.REPLY)
    await sms_centre.database.run(queue_message, long, NOW)
    await sms_centre.settle()
    first.answer = throttling(5.0)
    for number in NUMBERS[1 : MOST_PAUSES + 2]:
        await sms_centre.queue(number)
        await sms_centre.wait(5, 5)
    await sms_centre.wait(300, 10)
    assert {part.number for part in second.given} == set(NUMBERS[1 : MOST_PAUSES + 2])
    first.answer = accepting
    await sms_centre.wait(600, 10)
    assert set(await sms_centre.states()) == {"accepted"}
    parts = [part.position for part in first.given if part.number == NUMBERS[0]]
    assert (parts.count(1), NUMBERS[0] in {part.number for part in second.given}) == (1, False)


@pytest_twisted.ensureDeferred
async def test_a_lonely_one_is_asked_as_ever(sms_centre: SmsCentre) -> None:
    only = await sms_centre.add_gateway("移动", 1, throttling(5.0))
    await sms_centre.queue(*NUMBERS[:20])
    await sms_centre.wait(120, 5)
    only.answer = None
    await sms_centre.wait(300, 10)
    # What it is given is not limited to one message: it would take hours to come back.
    assert len(only.open) == 20
    only.say(*[PartAccepted(key, key) for key in list(only.open)])
    await sms_centre.settle()
    assert set(await sms_centre.states()) == {"accepted"}
