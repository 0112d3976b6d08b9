"""Messages of which it is not known whether they went out: what settles them, and what must not."""

from __future__ import annotations

from datetime import timedelta

import pytest_twisted
from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter.clock import utc_now
from callcenter.messaging.housekeeping import resend_unknown
from protocols.sms import Fate, PartUnknown
from storage.models import SmsMessage
from tests.peers.call_center import NOW
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


@pytest_twisted.ensureDeferred
async def test_what_the_gateway_itself_does_not_know_is_not_looked_at_again(centre: Centre) -> None:
    await centre.gateway(answer=lambda part: [PartUnknown(part.key, "no answer")])
    await centre.queue(REPLY)
    (before,) = await centre.messages()
    assert before.next_at is not None
    await centre.wait(timedelta(minutes=1), 60)
    await centre.say(1, centre.receipt("77", Fate.UNCERTAIN, number="13800138000", code="UNKNOWN"))
    (message,) = await centre.messages()
    assert (message.state, message.reason, message.reason_words) == ("unknown", "uncertain", "UNKNOWN")
    assert (message.next_at, message.state_at) == (None, before.state_at)
    assert [one.data["reason"] for one in centre.events if one.type == "message.updated"][-2:] == [
        "no_answer",
        "uncertain",
    ]


@pytest_twisted.ensureDeferred
async def test_an_answer_that_says_no_more_than_the_last_changes_nothing(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    (key,) = await centre.queue(REPLY)
    device.dead = True
    await centre.dispatcher.stop()
    centre.dispatcher = centre.another()
    await centre.dispatcher.start()
    await centre.settle()
    (before,) = await centre.messages()
    device.dead = False
    await centre.wait(timedelta(minutes=1), 60)
    await centre.say(1, PartUnknown(f"{key}.1.1", "no answer"))
    (message,) = await centre.messages()
    assert message.reason == before.reason == "interrupted"
    assert (message.next_at, message.version) == (before.next_at, before.version)


@pytest_twisted.ensureDeferred
async def test_what_stays_in_doubt_when_its_time_is_over_is_picked_once(centre: Centre) -> None:
    await centre.gateway(answer=lambda part: [PartUnknown(part.key, "no answer")])
    (key,) = await centre.queue(REPLY)
    await centre.say(1, centre.receipt("77", Fate.UNCERTAIN, number="13800138000", code="UNKNOWN"))
    late = utc_now(centre.clock) + timedelta(hours=2)

    def as_it_was_left_before(session: Session) -> None:
        session.execute(update(SmsMessage).values(next_at=NOW))

    await centre.database.run(as_it_was_left_before)
    assert await centre.database.run(resend_unknown, late) == 1
    assert await centre.database.run(resend_unknown, late) == 0
    (message,) = await centre.messages()
    assert (message.id, message.state, message.reason, message.next_at) == (key, "unknown", "uncertain", None)
