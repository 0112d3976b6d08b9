"""Messages of which it is not known whether they went out: what settles them, and what must not."""

from __future__ import annotations

from datetime import timedelta

import pytest_twisted

from protocols.sms import PartUnknown
from tests.peers.message_centre import REPLY, Centre


@pytest_twisted.ensureDeferred
async def test_a_receipt_that_came_before_a_part_was_sent_does_not_tell_of_it(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    await centre.say(1, centre.receipt("foreign", number="13800138000"))
    await centre.wait(timedelta(hours=20), 600)
    await centre.queue(REPLY)
    await centre.say(1, PartUnknown(device.given[0].key, "connection lost"))
    assert await centre.states() == ["unknown"]
    # It is looked at again with each receipt for the number, and is no younger by that.
    await centre.say(1, centre.receipt("mine", number="13800138000"))
    assert await centre.states() == ["delivered"]


@pytest_twisted.ensureDeferred
async def test_of_two_receipts_for_a_number_a_part_has_the_one_that_came_after_it(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    await centre.say(1, centre.receipt("foreign", number="13800138000"))
    await centre.wait(timedelta(minutes=10), 60)
    await centre.queue(REPLY)
    await centre.say(1, centre.receipt("mine", number="13800138000"))
    await centre.say(1, PartUnknown(device.given[0].key, "connection lost"))
    assert await centre.states() == ["delivered"]
    assert await centre.names() == ["mine"]


@pytest_twisted.ensureDeferred
async def test_a_receipt_that_belongs_to_nothing_is_forgotten_in_time_however_often_it_was_looked_at(
    centre: Centre,
) -> None:
    device = await centre.gateway(answer=None)
    await centre.say(1, centre.receipt("foreign", number="13800138000"))
    await centre.wait(timedelta(hours=60), 3600)
    await centre.queue(REPLY)
    await centre.say(1, PartUnknown(device.given[0].key, "connection lost"))
    assert await centre.parked() == ["foreign"]
    await centre.wait(timedelta(hours=13), 3600)
    assert await centre.parked() == []
