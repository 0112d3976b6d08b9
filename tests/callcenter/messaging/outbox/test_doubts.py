"""Messages of which it is not known whether they went out: what settles them, and what must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import pytest_twisted
from sqlalchemy import create_engine, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callcenter.clock import utc_now
from callcenter.messaging.outbox.dispatcher import Dispatcher
from callcenter.messaging.outbox.housekeeping import recover, release_orphans, resend_unknown
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.outbox.settling import hold_gateways
from protocols.sms import Fate, NameHint, PartAccepted, PartUnknown, PartUnsent, ReceiptArrived
from storage.models import SmsAttempt, SmsMessage
from tests.peers.call_center import NOW, fill
from tests.peers.message_centre import LONG, NUMBER, REPLY, Centre
from tests.peers.sms_desk import add_gateway


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
@pytest.mark.parametrize("name", ["77", ""])
async def test_what_a_gateway_took_without_a_name_is_told_by_number_and_time(centre: Centre, name: str) -> None:
    await centre.gateway(answer=lambda part: [PartAccepted(part.key)])
    await centre.say(1, centre.receipt("foreign", number="13800138000"))
    await centre.wait(timedelta(minutes=1), 10)
    await centre.queue(REPLY)
    await centre.say(1, centre.receipt("other", number="13800138001"))
    assert await centre.states() == ["accepted"]
    await centre.say(1, centre.receipt(name, number="8613800138000"))
    assert await centre.states() == ["delivered"]
    await centre.queue(REPLY)
    await centre.say(1, centre.receipt("78", Fate.FAILED, number="8613800138000", code="UNDELIV"))
    assert await centre.states() == ["delivered", "failed"]


@pytest_twisted.ensureDeferred
async def test_a_receipt_that_comes_before_an_answer_without_a_name_waits_for_it(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    await centre.queue(replace(REPLY, text=LONG))
    # Of a text all parts or none: one receipt may have come twice.
    await centre.say(1, *(centre.receipt(name, number="13800138000") for name in ("1", "2")))
    await centre.say(1, *(PartAccepted(part.key) for part in device.given))
    assert len(device.given) == 3
    assert await centre.states() == ["accepted"]
    await centre.say(1, centre.receipt("3", number="13800138000"))
    assert await centre.states() == ["delivered"]
    assert await centre.parked() == []


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
    await centre.start_again()
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


async def left_behind(centre: Centre) -> int:
    """A message that was delivered by its first attempt, after the second had been handed over."""
    await centre.gateway(answer=None)
    (key,) = await centre.queue(REPLY)
    await centre.say(1, PartUnknown(f"{key}.1.1", "lost"))
    await centre.wait(timedelta(minutes=31), 20)
    await centre.say(1, PartAccepted(f"{key}.1.1", "late"), centre.receipt("late"))
    assert await centre.states() == ["delivered"]
    assert await centre.attempts() == [(1, 1, "delivered"), (2, 1, "sending")]
    return key


@pytest_twisted.ensureDeferred
async def test_a_part_that_was_being_sent_is_a_doubt_after_a_start_wherever_its_message_stands(centre: Centre) -> None:
    await left_behind(centre)
    await centre.start_again()
    assert await centre.states() == ["delivered"]
    assert await centre.attempts() == [(1, 1, "delivered"), (2, 1, "unknown")]
    (later,) = await centre.queue(replace(REPLY, text="您好吗"))
    await centre.say(1, PartUnknown(f"{later}.1.1", "lost"))
    await centre.say(1, centre.receipt("88", number="13800138000"), centre.receipt("89", number="13800138000"))
    assert await centre.states() == ["delivered", "delivered"]
    assert await centre.names() == ["late", "88", "89"]


@pytest_twisted.ensureDeferred
async def test_a_part_that_nobody_was_handed_is_none_wherever_its_message_stands(centre: Centre) -> None:
    key = await left_behind(centre)
    now = utc_now(centre.clock)
    assert await centre.database.run(release_orphans, {f"{key}.2.1"}, now) == 0
    assert await centre.database.run(release_orphans, set(), now) == 1
    assert await centre.states() == ["delivered"]
    assert await centre.attempts() == [(1, 1, "delivered"), (2, 1, "unsent")]


@pytest_twisted.ensureDeferred
async def test_many_parts_that_were_left_behind_are_taken_a_page_at_a_time(centre: Centre) -> None:
    def leave(session: Session) -> None:
        for gateway in (1, 2):
            for attempt in (2, 3, 4):
                row = {"message_id": key, "gateway_id": gateway, "number": NUMBER, "attempt": attempt + 10 * gateway}
                session.add(SmsAttempt(**row, position=1, total=1, state="sending", sent_at=NOW))

    await centre.gateway(1)
    await centre.gateway(2)
    (key,) = await centre.queue(REPLY)
    await centre.database.run(leave)
    rounds = 0
    while await centre.database.run(recover, utc_now(centre.clock), 2):
        rounds += 1
        assert rounds <= 6
    assert {state for _, _, state in await centre.attempts()} == {"accepted", "unknown"}


async def claiming(centre: Centre, *drafts: MessageDraft) -> Dispatcher:
    """A dispatcher that claims these just now."""
    await centre.dispatcher.stop()
    await centre.database.run(queue_messages, drafts, utc_now(centre.clock))
    centre.dispatcher = centre.another()
    await centre.dispatcher.start()
    return centre.dispatcher


@pytest_twisted.ensureDeferred
async def test_what_is_being_claimed_at_a_stop_is_handed_over_before_gateways_stop(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    dispatcher = await claiming(centre, REPLY)
    assert device.given == []
    await dispatcher.pause()
    assert len(device.given) == 1
    device.say(PartUnsent(device.given[0].key))
    await dispatcher.stop()
    assert await centre.states() == ["queued"]


@pytest_twisted.ensureDeferred
async def test_what_was_claimed_at_a_stop_and_nobody_was_handed_is_queued_again(centre: Centre) -> None:
    await centre.gateway(1, prefixes=("138",))
    other = await centre.gateway(2, prefixes=("139",), answer=None)
    dispatcher = await claiming(centre, REPLY, replace(REPLY, number="+8613900139000"))
    gone = centre.board.devices.pop(1)
    await dispatcher.stop()
    assert (len(gone.given), len(other.given)) == (0, 1)
    # What a gateway has that said nothing of it may have gone out.
    assert await centre.states() == ["queued", "sending"]
    centre.board.devices[1] = gone
    await centre.start_again()
    await centre.settle()
    assert await centre.states() == ["accepted", "unknown"]
    assert len(gone.given) == 1


def about(centre: Centre, sent_at: datetime, number: str = "13800138000") -> ReceiptArrived:
    """Of a modem that remembers no more what it called the part."""
    return centre.receipt(f"{sent_at:%Y%m%d%H%M%S}-017", number=number, hint=NameHint("-017", sent_at))


async def accepted_at(centre: Centre, *pauses: timedelta) -> None:
    """A modem took texts to one number, after these pauses, and calls them alike."""
    device = await centre.gateway(answer=lambda part: [PartAccepted(part.key, f"{len(device.given)}-017")])
    for place, one in enumerate(pauses):
        await centre.wait(one, one.total_seconds() or 1.0)
        await centre.queue(replace(REPLY, text=str(place)))


@pytest_twisted.ensureDeferred
async def test_a_receipt_whose_name_is_a_guess_is_for_the_part_that_was_sent_nearest(centre: Centre) -> None:
    await accepted_at(centre, timedelta(0), timedelta(hours=1), timedelta(hours=1))
    await centre.say(1, about(centre, NOW + timedelta(minutes=58)))
    assert await centre.states() == ["accepted", "delivered", "accepted"]
    # Told again, it is the same one.
    await centre.say(1, about(centre, NOW + timedelta(minutes=58)))
    assert await centre.states() == ["accepted", "delivered", "accepted"]
    assert await centre.names() == ["1-017", "2-017", "3-017"]
    assert await centre.parked() == []


@pytest.mark.parametrize(
    ("sent_at", "number"),
    [
        pytest.param(NOW + timedelta(minutes=30), "13800138000", id="two are as near"),
        pytest.param(NOW - timedelta(hours=25), "13800138000", id="more than a day away"),
        pytest.param(NOW, "13900139000", id="to somebody else"),
        pytest.param(NOW, "", id="to nobody knows whom"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_guess_that_fits_no_part_best_is_no_receipt_for_any(
    centre: Centre, sent_at: datetime, number: str
) -> None:
    await accepted_at(centre, timedelta(0), timedelta(hours=1))
    await centre.say(1, about(centre, sent_at, number))
    assert await centre.states() == ["accepted", "accepted"]
    assert len(await centre.parked()) == 1


@pytest_twisted.ensureDeferred
async def test_a_guess_tells_of_no_part_with_another_ending(centre: Centre) -> None:
    await centre.gateway(answer=lambda part: [PartAccepted(part.key, "1-018")])
    await centre.queue(REPLY)
    await centre.say(1, about(centre, NOW))
    assert await centre.states() == ["accepted"]


@pytest_twisted.ensureDeferred
async def test_a_guess_is_for_a_doubt_that_is_nearer(centre: Centre) -> None:
    await accepted_at(centre, timedelta(0))
    await centre.wait(timedelta(hours=2), 7200)
    centre.board.devices[1].answer = lambda part: [PartUnknown(part.key, "no answer")]
    await centre.queue(replace(REPLY, text="again"))
    await centre.say(1, about(centre, NOW + timedelta(hours=2)))
    assert await centre.states() == ["accepted", "delivered"]


def test_doubts_are_sent_again_behind_whoever_writes_down_what_their_gateway_said(postgresql_url: str) -> None:
    """Whoever settles holds gateways, parts and messages, in this order; in another the two would deadlock."""
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        fill(session)
        add_gateway(session, 1)
        (key,) = queue_messages(session, [REPLY], NOW)
        row = {"message_id": key, "gateway_id": 1, "number": NUMBER, "attempt": 1, "position": 1, "total": 1}
        session.add(SmsAttempt(**row, state="unknown", sent_at=NOW))
        session.execute(update(SmsMessage).values(state="unknown", reason="no_answer", next_at=NOW))
    with Session(engine) as settling, Session(engine) as sending:
        hold_gateways(settling, [1])
        sending.execute(text("set local lock_timeout = '300ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            resend_unknown(sending, NOW)
    with Session(engine) as session:
        assert resend_unknown(session, NOW) == 1
    engine.dispose()
