"""What is told of a gateway for the moment: that it pauses, until when and why; when it is connected to again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest_twisted

from callcenter.clock import iso, utc_now
from callcenter.messaging.gateways.throttling import MOST_PAUSES
from protocols.sms import GatewayPaused, PartAccepted
from tests.peers.messaging import ADMIN, SmsCentre
from tests.peers.scripted_gateway import ScriptedGateway


async def gateway(sms_centre: SmsCentre) -> ScriptedGateway:
    return await sms_centre.add_gateway("移动", 1, None)


async def now_of(sms_centre: SmsCentre, *names: str) -> list[Any]:
    """What the list says, and that the last event says the same."""
    (view,) = await sms_centre.messaging.gateways.list(ADMIN)
    told = [one.data for one in sms_centre.events if one.type == "gateway.updated"][-1]
    assert [told[name] for name in names] == [view[name] for name in names]
    return [view[name] for name in names]


def moment(sms_centre: SmsCentre, seconds: float) -> str | None:
    at: datetime = utc_now(sms_centre.clock) + timedelta(seconds=seconds)
    return iso(at)


@pytest_twisted.ensureDeferred
async def test_a_pause_is_told_until_when_and_why_and_that_it_is_over(sms_centre: SmsCentre) -> None:
    device = await gateway(sms_centre)
    device.capacity = 0
    device.say(GatewayPaused(30.0, "flow control\u202e (8)"))
    until = moment(sms_centre, 30)
    await sms_centre.settle()
    assert await now_of(sms_centre, "state", "paused_until", "pause_reason") == ["ready", until, "flow control (8)"]
    await sms_centre.wait(31)
    assert await now_of(sms_centre, "paused_until", "pause_reason") == [None, ""]


@pytest_twisted.ensureDeferred
async def test_a_short_pause_and_that_of_one_connection_among_several_are_not(sms_centre: SmsCentre) -> None:
    device = await gateway(sms_centre)
    told = len(sms_centre.events)
    device.say(GatewayPaused(30.0, "another connection has room"))
    device.capacity = 0
    device.say(GatewayPaused(2.0, "8"))
    await sms_centre.wait(40, 5)
    assert await now_of(sms_centre, "paused_until") == [None]
    assert len(sms_centre.events) == told


@pytest_twisted.ensureDeferred
async def test_when_it_is_connected_to_again(sms_centre: SmsCentre) -> None:
    device = await gateway(sms_centre)
    device.lose()
    since = moment(sms_centre, 0)
    device.retry_at = sms_centre.clock.seconds() + 40.0
    at = moment(sms_centre, 40)
    await sms_centre.wait(2)
    assert await now_of(sms_centre, "state", "state_since", "next_attempt_at") == ["lost", since, at]
    device.retry_at = None
    await sms_centre.wait(41)
    device.retry_at = sms_centre.clock.seconds() + 60.0
    at = moment(sms_centre, 60)
    await sms_centre.wait(2)
    assert await now_of(sms_centre, "state_since", "next_attempt_at") == [since, at]
    device.come_back()
    await sms_centre.settle()
    assert await now_of(sms_centre, "state", "next_attempt_at") == ["ready", None]


@pytest_twisted.ensureDeferred
async def test_short_waits_before_it_are_not_told_each(sms_centre: SmsCentre) -> None:
    device = await gateway(sms_centre)
    device.lose()
    await sms_centre.wait(2)
    told = len(sms_centre.events)
    for _ in range(10):
        device.retry_at = sms_centre.clock.seconds() + 3.0
        await sms_centre.wait(4)
    assert len(sms_centre.events) == told


@pytest_twisted.ensureDeferred
async def test_since_when_others_take_over(sms_centre: SmsCentre) -> None:
    device = await gateway(sms_centre)
    since = moment(sms_centre, 0)
    for _ in range(MOST_PAUSES):
        device.say(GatewayPaused(1.0, "8"))
        await sms_centre.wait(1)
    assert await now_of(sms_centre, "state", "throttled_since") == ["ready", since]
    device.say(PartAccepted("1.1.1", "7"))
    await sms_centre.settle()
    assert await now_of(sms_centre, "throttled_since") == [None]
