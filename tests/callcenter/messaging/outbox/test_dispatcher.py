"""From the queue to gateways and back: every state, every doubt, with scripted gateways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.incoming.kept_parts import KEPT_FOR
from callcenter.messaging.incoming.receiving import IncomingText
from callcenter.messaging.messages.own_numbers import kept_numbers
from callcenter.messaging.outbox import claiming as outbox
from callcenter.messaging.outbox import due_messages
from callcenter.messaging.outbox.claiming import claim
from callcenter.messaging.outbox.dispatcher import LOOK_SECONDS, UPKEEP_SECONDS
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.rules.row import ROW
from callcenter.messaging.texts.segments import Counting, Wording
from callcenter.messaging.vocabulary import Purpose
from protocols.sms import (
    Fate,
    GatewaySignal,
    Part,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    ReceiptArrived,
    Refusal,
)
from storage.models import Conversation, MessagingRules, SmsArrival, SmsAttempt, SmsGateway, SmsReceipt
from tests.conftest import LostFailures
from tests.peers.call_center import NOW
from tests.peers.message_centre import LONG, NUMBER, REPLY, Centre
from tests.peers.patience import until
from tests.peers.scripted_gateway import accepting


@pytest_twisted.ensureDeferred
async def test_a_message_is_sent_accepted_and_delivered(centre: Centre) -> None:
    device = await centre.gateway()
    (key,) = await centre.queue(REPLY)
    (part,) = device.given
    assert (part.key, part.number, part.text, part.position, part.total) == (f"{key}.1.1", NUMBER, "您好", 1, 1)
    assert await centre.states() == ["accepted"]
    await centre.say(1, centre.receipt(f"id-{key}.1.1"))
    assert await centre.states() == ["delivered"]
    assert centre.confirmed == [f"id-{key}.1.1"]
    told = [one.data["state"] for one in centre.events if one.type == "message.updated"]
    assert told == ["queued", "sending", "accepted", "delivered"]


@pytest_twisted.ensureDeferred
async def test_a_long_text_is_delivered_when_all_its_parts_are(centre: Centre) -> None:
    device = await centre.gateway(cost=45)
    (key,) = await centre.queue(replace(REPLY, text=LONG))
    assert [part.position for part in device.given] == [1, 2, 3]
    assert "".join(part.text for part in device.given) == LONG
    assert len({part.reference for part in device.given}) == 1
    await centre.say(1, centre.receipt(f"id-{key}.1.3"), centre.receipt(f"id-{key}.1.1"))
    await centre.say(1, centre.receipt(f"id-{key}.1.1"))
    (message,) = await centre.messages()
    assert (message.state, message.parts, message.cost) == ("accepted", 3, 135)
    await centre.say(1, centre.receipt(f"id-{key}.1.2"))
    assert await centre.states() == ["delivered"]


@pytest_twisted.ensureDeferred
async def test_a_receipt_that_overtakes_its_answer_waits_for_it(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    await centre.queue(REPLY)
    await centre.say(1, centre.receipt("0000AB12"))
    assert await centre.states() == ["sending"]
    assert centre.confirmed == ["0000AB12"]
    await centre.say(1, PartAccepted(device.given[0].key, "AB12"))
    assert await centre.states() == ["delivered"]
    assert await centre.database.read(lambda s: s.scalars(select(SmsReceipt.id)).all()) == []


@pytest_twisted.ensureDeferred
async def test_one_receipt_tells_of_all_parts_that_the_gateway_gave_one_name(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    await centre.queue(MessageDraft(NUMBER, LONG, Purpose.REPLY))
    assert len(device.given) > 1
    await centre.say(1, *(PartAccepted(part.key, "880001") for part in device.given))
    await centre.say(1, centre.receipt("880001", number=NUMBER))
    assert await centre.states() == ["delivered"]
    assert {state for _, _, state in await centre.attempts()} == {"delivered"}


@pytest.mark.parametrize(("answered", "reported"), [("00A1B2", "a1b2"), ("a1b2", "41394"), ("41394", "A1B2")])
@pytest_twisted.ensureDeferred
async def test_names_are_compared_however_they_are_written(centre: Centre, answered: str, reported: str) -> None:
    device = await centre.gateway(answer=None)
    await centre.queue(REPLY)
    await centre.say(1, PartAccepted(device.given[0].key, answered))
    await centre.say(1, centre.receipt(reported, number="8613800138000"))
    assert await centre.states() == ["delivered"]


@pytest_twisted.ensureDeferred
async def test_an_answer_with_a_name_that_is_longer_in_lower_case_is_an_answer(centre: Centre) -> None:
    await centre.gateway(answer=lambda part: [PartAccepted(part.key, "İ" * 60)])
    await centre.queue(REPLY)
    assert await centre.states() == ["accepted"]


@pytest_twisted.ensureDeferred
async def test_a_failure_has_the_gateways_words_and_nothing_goes_back(centre: Centre) -> None:
    await centre.gateway()
    (key,) = await centre.queue(REPLY)
    ref = f"id-{key}.1.1"
    await centre.say(1, replace_words(centre.receipt(ref, Fate.FAILED, code="MA:0001"), "空号"))
    (message,) = await centre.messages()
    assert (message.state, message.reason, message.reason_words) == ("failed", "not_delivered", "空号 (MA:0001)")
    await centre.say(1, centre.receipt(ref, Fate.UNDER_WAY), centre.receipt(ref, Fate.UNCERTAIN))
    assert await centre.states() == ["failed"]
    await centre.say(1, centre.receipt(ref))
    await centre.say(1, centre.receipt(ref, Fate.FAILED))
    assert await centre.states() == ["delivered"]


GBK = Wording(Counting.CHINA, charset="gbk")
PRAYS = replace(REPLY, text="好的🙏按时服药🙏，䶮先生")


@pytest_twisted.ensureDeferred
async def test_what_one_gateway_cannot_write_goes_by_another(centre: Centre) -> None:
    page = await centre.gateway(1, priority=1, wording=GBK, number="10690001")
    other = await centre.gateway(2, number="10690002")
    await centre.queue(PRAYS, REPLY)
    assert [part.text for part in other.given] == [PRAYS.text]
    assert [part.text for part in page.given] == [REPLY.text]
    assert await centre.states() == ["accepted", "accepted"]


@pytest_twisted.ensureDeferred
async def test_what_no_gateway_can_write_fails_at_once_and_names_it(centre: Centre) -> None:
    page = await centre.gateway(1, wording=GBK)
    other = await centre.gateway(2, prefixes=("139",))
    third = await centre.gateway(3)
    await centre.queue(replace(PRAYS, gateway_id=1))
    third.lose()
    await centre.queue(PRAYS)
    del centre.board.devices[3]
    await centre.queue(PRAYS)
    assert (page.given, other.given, third.given) == ([], [], [])
    found = [(one.state, one.reason, one.reason_words, one.attempts) for one in await centre.messages()]
    never = ("failed", "unwritable", "🙏 䶮", 0)
    # One that is only lost is waited for.
    assert found == [never, ("queued", "no_gateway", "", 0), never]


@pytest_twisted.ensureDeferred
async def test_what_is_too_long_for_one_gateway_goes_by_another_and_fails_at_once_where_there_is_none(
    centre: Centre,
) -> None:
    short = await centre.gateway(1, priority=1, wording=Wording(Counting.CHINA, "市一院", longest=300))
    longer = await centre.gateway(2, priority=2, wording=Wording(Counting.CHINA, longest=500, charset="gbk"))
    fits, over, far, prays = (replace(REPLY, text=text) for text in ("字" * 295, "字" * 296, "字" * 501, "🙏" * 296))
    await centre.queue(fits, over, far, prays)
    assert "".join(part.text for part in short.given) == f"【市一院】{fits.text}"
    assert "".join(part.text for part in longer.given) == over.text
    found = [(one.state, one.reason, one.reason_words, one.attempts) for one in await centre.messages()]
    # What the one that would come first says of it.
    assert found[2:] == [("failed", "too_long", "506 > 300", 0), ("failed", "too_long", "301 > 300", 0)]
    assert [one[0] for one in found[:2]] == ["accepted", "accepted"]


@pytest_twisted.ensureDeferred
async def test_one_that_joins_nothing_takes_any_text_part_by_part(centre: Centre) -> None:
    wording = Wording(long_text=False, longest=70)
    device = await centre.gateway(1, wording=wording)
    await centre.queue(replace(REPLY, text="Please come. " * 20))
    assert [len(part.text) for part in device.given] == [70, 70, 70, 50]
    assert await centre.states() == ["accepted"]


def replace_words(receipt: ReceiptArrived, words: str) -> ReceiptArrived:
    return ReceiptArrived(
        receipt.gateway_id, receipt.fate, receipt.code, words, receipt.number, written=receipt.written
    )


@pytest_twisted.ensureDeferred
async def test_refused_for_now_is_tried_again_after_a_pause(centre: Centre) -> None:
    answers = [[Refusal.LATER], [Refusal.LATER], []]

    def answer(part: Part) -> list[GatewaySignal]:
        refusals = answers.pop(0)
        return [PartRefused(part.key, one, "88", "throttled") for one in refusals] or list(accepting(part))

    device = await centre.gateway(answer=answer)
    await centre.queue(REPLY)
    (message,) = await centre.messages()
    assert (message.state, message.reason, message.reason_words) == ("queued", "refused_later", "throttled (88)")
    assert message.next_at == NOW + timedelta(seconds=5)
    await centre.wait(timedelta(seconds=25))
    assert await centre.states() == ["accepted"]
    assert [part.key.split(".")[1] for part in device.given] == ["1", "2", "3"]


@pytest_twisted.ensureDeferred
async def test_refused_for_good_is_failed(centre: Centre) -> None:
    await centre.gateway(answer=lambda part: [PartRefused(part.key, Refusal.NEVER, "13", "bad number")])
    await centre.queue(REPLY)
    (message,) = await centre.messages()
    assert (message.state, message.reason, message.reason_words) == ("failed", "refused", "bad number (13)")


@pytest_twisted.ensureDeferred
async def test_a_gateway_that_will_not_have_it_is_passed_over(centre: Centre) -> None:
    first = await centre.gateway(
        1, priority=1, answer=lambda p: [PartRefused(p.key, Refusal.GATEWAY, "5", "no credit")]
    )
    second = await centre.gateway(2, priority=2)
    await centre.queue(REPLY)
    assert (len(first.given), len(second.given)) == (1, 1)
    assert await centre.states() == ["accepted"]


async def talk_at(centre: Centre, gateway: int, our_number: str) -> MessageDraft:
    """A reply in a conversation in which the patient wrote to ``our_number`` of a gateway."""

    def add(session: Session) -> None:
        talk = Conversation(id=5, number=NUMBER, state="open", last_at=NOW, gateway_id=gateway, last_direction="in")
        talk.our_number = our_number
        session.add(talk)

    await centre.database.run(add)
    return replace(REPLY, conversation_id=5)


@pytest_twisted.ensureDeferred
async def test_the_number_of_a_conversation_is_that_of_its_gateway_alone(centre: Centre) -> None:
    first = await centre.gateway(1, priority=2, picks_sender=True)
    second = await centre.gateway(2, picks_sender=True)
    reply = await talk_at(centre, 1, "106900003333")
    await centre.queue(reply, replace(reply, sender="88"))
    assert [part.sender for part in first.given] == ["106900003333", "88"]
    first.lose()
    await centre.queue(reply, replace(reply, sender="88"))
    assert [part.sender for part in second.given] == ["", "88"]
    assert await centre.states() == ["accepted"] * 4


@pytest_twisted.ensureDeferred
async def test_what_the_conversations_gateway_cannot_write_goes_by_another_from_its_number(centre: Centre) -> None:
    page = await centre.gateway(1, wording=GBK, number="10690001", picks_sender=True)
    other = await centre.gateway(2, priority=9, number="10690002", picks_sender=True)
    reply = await talk_at(centre, 1, "106900018")
    await centre.queue(replace(reply, text=PRAYS.text), reply)
    assert [(part.text, part.sender) for part in other.given] == [(PRAYS.text, "")]
    # What it can write goes by it as before.
    assert [(part.text, part.sender) for part in page.given] == [(REPLY.text, "106900018")]


@pytest_twisted.ensureDeferred
async def test_the_rest_of_a_text_that_its_gateway_cannot_write_any_more_goes_nowhere(centre: Centre) -> None:
    def first_only(part: Part) -> list[GatewaySignal]:
        return [PartAccepted(part.key, "a") if part.position == 1 else PartRefused(part.key, Refusal.LATER, "8", "")]

    first = await centre.gateway(1, answer=first_only)
    other = await centre.gateway(2, priority=9)
    await centre.queue(replace(REPLY, text="好的🙏" + "按时服药" * 20))
    assert await centre.states() == ["queued"]
    given = len(first.given)
    centre.board.set_up[1] = replace(centre.board.set_up[1], wording=GBK)
    await centre.wait(timedelta(seconds=10))
    (message,) = await centre.messages()
    assert (message.state, message.reason, message.reason_words) == ("failed", "unwritable", "🙏")
    assert (len(first.given), other.given) == (given, [])


@pytest_twisted.ensureDeferred
async def test_the_number_by_which_each_part_went_is_kept(centre: Centre) -> None:
    """Whatever becomes of the gateway's own number, or of that of the conversation, later."""
    await centre.gateway(1, picks_sender=True, number="10690001")
    reply = await talk_at(centre, 1, "106900003333")
    keys = await centre.queue(reply, replace(reply, sender="88"), replace(REPLY, number="13900139000"))
    centre.board.set_up[1] = replace(centre.board.set_up[1], picks_sender=False, number="10690009")
    keys += await centre.queue(replace(reply, text=LONG))
    kept = await centre.database.read(kept_numbers, keys)
    assert [kept[key] for key in keys] == ["106900003333", "88", "10690001", "10690009"]


@pytest_twisted.ensureDeferred
async def test_of_several_attempts_the_last_tells_the_number(centre: Centre) -> None:
    first = await centre.gateway(
        1, priority=1, number="1", answer=lambda p: [PartRefused(p.key, Refusal.GATEWAY, "5", "no credit")]
    )
    await centre.gateway(2, priority=2, number="2")
    (key,) = await centre.queue(REPLY)
    assert len(first.given) == 1
    assert await centre.database.read(kept_numbers, [key]) == {key: "2"}


@pytest_twisted.ensureDeferred
async def test_who_cannot_choose_the_sender_is_given_none(centre: Centre) -> None:
    device = await centre.gateway(1)
    reply = await talk_at(centre, 1, "106900003333")
    await centre.queue(reply, replace(reply, sender="88"))
    assert [part.sender for part in device.given] == ["", ""]


@pytest_twisted.ensureDeferred
async def test_when_nobody_will_have_it_it_waits_for_credit_and_expires_at_last(centre: Centre) -> None:
    device = await centre.gateway(answer=lambda p: [PartRefused(p.key, Refusal.GATEWAY, "5", "no credit")])
    await centre.queue(replace(REPLY, expires_at=NOW + timedelta(minutes=30)))
    (message,) = await centre.messages()
    assert (message.state, message.reason) == ("queued", "gateway_refused")
    await centre.wait(timedelta(minutes=11), 10)
    assert len(device.given) == 2
    await centre.wait(timedelta(minutes=20), 10)
    assert await centre.states() == ["expired"]


@pytest_twisted.ensureDeferred
async def test_what_did_not_go_out_costs_nothing(centre: Centre) -> None:
    def first(part: Part) -> list[GatewaySignal]:
        match part.key.split(".")[1:], part.total:
            case ["1", "1"], 1:
                return [PartUnsent(part.key)]
            case ["2", _], 1:
                return [PartRefused(part.key, Refusal.GATEWAY, "5", "no credit")]
            case ["1", "2"], _:
                return [PartRefused(part.key, Refusal.LATER, "88")]
        return list(accepting(part))

    await centre.gateway(1, priority=1, cost=50, answer=first)
    await centre.gateway(2, priority=2, cost=80)
    await centre.queue(REPLY, replace(REPLY, text=LONG))
    await centre.wait(timedelta(seconds=10))
    found = [(one.state, one.gateway_id, one.parts, one.cost) for one in await centre.messages()]
    assert found == [("accepted", 2, 1, 80), ("accepted", 1, 3, 150)]


@pytest_twisted.ensureDeferred
async def test_what_is_refused_for_ever_costs_nothing(centre: Centre) -> None:
    await centre.gateway(cost=50, answer=lambda part: [PartRefused(part.key, Refusal.NEVER, "MK:0001", "")])
    await centre.queue(REPLY)
    assert [(one.state, one.cost) for one in await centre.messages()] == [("failed", 0)]


@pytest_twisted.ensureDeferred
async def test_a_doubt_that_is_sent_again_may_cost_twice(centre: Centre) -> None:
    await centre.gateway(cost=50, answer=lambda part: [PartUnknown(part.key, "no answer")])
    await centre.queue(REPLY)
    await centre.wait(timedelta(minutes=31), 10)
    assert [(one.attempts, one.cost) for one in await centre.messages()] == [(2, 100)]


@pytest_twisted.ensureDeferred
async def test_a_lost_gateway_is_passed_over_and_a_doubt_is_not_sent_again(centre: Centre) -> None:
    first = await centre.gateway(1, priority=1, answer=None)
    second = await centre.gateway(2, priority=2)
    one, two = await centre.queue(replace(REPLY, purpose=Purpose.NOTICE), replace(REPLY, purpose=Purpose.NOTICE))
    first.lose()
    await centre.say(1, PartUnknown(f"{one}.1.1", "connection lost"), PartUnsent(f"{two}.1.1"))
    assert await centre.states() == ["unknown", "accepted"]
    assert [part.key for part in second.given] == [f"{two}.2.1"]
    await centre.wait(timedelta(hours=2), 60)
    assert await centre.states() == ["unknown", "accepted"]
    assert len(second.given) == 1


@pytest_twisted.ensureDeferred
async def test_a_doubt_is_sent_again_once_where_its_purpose_says_so(centre: Centre) -> None:
    device = await centre.gateway(answer=lambda part: [PartUnknown(part.key, "no answer")])
    await centre.queue(REPLY)
    await centre.wait(timedelta(minutes=29), 10)
    assert (await centre.states(), len(device.given)) == (["unknown"], 1)
    await centre.wait(timedelta(minutes=2), 10)
    assert (await centre.states(), len(device.given)) == (["unknown"], 2)
    await centre.wait(timedelta(hours=2), 60)
    assert (await centre.states(), len(device.given)) == (["unknown"], 2)


@pytest_twisted.ensureDeferred
async def test_a_late_answer_settles_a_doubt(centre: Centre) -> None:
    device = await centre.gateway(answer=lambda part: [PartUnknown(part.key, "no answer")])
    one, two, three = await centre.queue(REPLY, REPLY, replace(REPLY, purpose=Purpose.MARKETING))
    await centre.say(
        1,
        PartAccepted(f"{one}.1.1", "77"),
        PartRefused(f"{two}.1.1", Refusal.NEVER, "13"),
        PartRefused(f"{three}.1.1", Refusal.LATER, "88"),
    )
    assert await centre.states() == ["accepted", "failed", "queued"]
    await centre.wait(timedelta(hours=2), 60)
    assert [part.key for part in device.given if not part.key.startswith(f"{three}.")] == [f"{one}.1.1", f"{two}.1.1"]


@pytest_twisted.ensureDeferred
async def test_a_late_receipt_settles_a_doubt_by_number_and_time(centre: Centre) -> None:
    device = await centre.gateway(answer=lambda part: [PartUnknown(part.key, "no answer")])
    await centre.queue(REPLY)
    await centre.say(1, centre.receipt("77", number="13800138000"))
    assert await centre.states() == ["delivered"]
    await centre.wait(timedelta(hours=1), 60)
    assert len(device.given) == 1


@pytest_twisted.ensureDeferred
async def test_a_receipt_that_came_before_the_doubt_settles_it(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    await centre.queue(REPLY)
    await centre.say(1, centre.receipt("77", number="13800138000"))
    assert await centre.states() == ["sending"]
    await centre.say(1, PartUnknown(device.given[0].key))
    assert await centre.states() == ["delivered"]


@pytest_twisted.ensureDeferred
async def test_parts_that_were_not_taken_follow_those_that_were(centre: Centre) -> None:
    device = await centre.gateway(capacity=2)
    await centre.queue(replace(REPLY, text=LONG))
    assert [part.key.split(".")[1:] for part in device.given] == [["1", "1"], ["1", "2"], ["2", "3"]]
    assert len({part.reference for part in device.given}) == 1
    assert await centre.states() == ["accepted"]
    (message,) = await centre.messages()
    assert message.parts == 3


@pytest_twisted.ensureDeferred
async def test_one_thing_that_cannot_be_looked_after_keeps_no_other_waiting(
    centre: Centre, monkeypatch: pytest.MonkeyPatch, lost_failures: LostFailures
) -> None:
    def broken(*_: object) -> int:
        raise ValueError("a doubt that cannot be read")

    monkeypatch.setattr("callcenter.messaging.outbox.dispatcher.resend_unknown", broken)
    (await centre.gateway()).lose()
    await centre.queue(replace(REPLY, expires_at=NOW + timedelta(seconds=30)))
    await centre.wait(timedelta(seconds=2 * UPKEEP_SECONDS), UPKEEP_SECONDS)
    assert await centre.states() == ["expired"]
    assert all("a doubt that cannot be read" in one for one in lost_failures.take())


@pytest_twisted.ensureDeferred
async def test_it_is_never_sent_after_it_expired(centre: Centre) -> None:
    device = await centre.gateway()
    device.ready = False
    await centre.queue(replace(REPLY, expires_at=NOW + timedelta(seconds=30)))
    await centre.wait(timedelta(seconds=60), 10)
    assert await centre.states() == ["expired"]
    device.come_back()
    await centre.settle()
    assert device.given == []


@pytest_twisted.ensureDeferred
async def test_what_has_to_wait_is_sent_when_its_time_comes(centre: Centre) -> None:
    device = await centre.gateway()
    await centre.queue(replace(REPLY, not_before=NOW + timedelta(seconds=30)))
    await centre.wait(timedelta(seconds=29))
    assert device.given == []
    await centre.wait(timedelta(seconds=2))
    assert len(device.given) == 1


@pytest_twisted.ensureDeferred
async def test_urgent_messages_go_first(centre: Centre) -> None:
    device = await centre.gateway(capacity=1, answer=None)
    urgent = replace(REPLY, text="urgent")
    await centre.queue(*[replace(REPLY, purpose=Purpose.CARE, text=str(place)) for place in range(3)], urgent)
    assert [part.text for part in device.given] == ["urgent"]


@pytest_twisted.ensureDeferred
async def test_what_was_being_sent_when_the_process_died_is_unknown(centre: Centre) -> None:
    device = await centre.gateway(answer=None)
    (key,) = await centre.queue(REPLY)
    device.dead = True
    await centre.dispatcher.stop()
    centre.dispatcher = centre.another()
    await centre.dispatcher.start()
    await centre.settle()
    (message,) = await centre.messages()
    assert (message.state, message.reason) == ("unknown", "interrupted")
    device.dead = False
    await centre.say(1, centre.receipt("9", number=NUMBER))
    assert await centre.states() == ["delivered"]
    assert [part.key for part in device.given] == [f"{key}.1.1"]


@pytest_twisted.ensureDeferred
async def test_parts_of_a_text_are_joined_in_any_order_and_once(centre: Centre) -> None:
    await centre.gateway()
    parts = [centre.text(word, reference=7, position=place, total=3) for place, word in enumerate("甲乙丙", 1)]
    await centre.say(1, parts[2], parts[0])
    await centre.say(1, parts[2])
    assert centre.texts == []
    await centre.say(1, parts[1], parts[1])
    await centre.say(1, *parts)
    (text,) = centre.texts
    assert (text.text, text.number, text.recipient, text.incomplete) == ("甲乙丙", NUMBER, "106900", False)
    assert len(centre.confirmed) == 8
    (message,) = await centre.messages("in")
    assert (message.state, message.text) == ("received", "甲乙丙")


@pytest_twisted.ensureDeferred
async def test_a_text_whose_parts_do_not_come_is_shown_with_a_mark(centre: Centre) -> None:
    await centre.gateway()
    await centre.say(1, centre.text("尾", reference=7, position=3, total=3))
    await centre.wait(timedelta(minutes=31), UPKEEP_SECONDS)
    (text,) = centre.texts
    assert (text.text, text.incomplete) == ("…尾", True)
    assert [one.reason for one in await centre.messages("in")] == ["incomplete"]


def broken(text: IncomingText) -> None:
    raise ZeroDivisionError


@pytest_twisted.ensureDeferred
async def test_a_text_is_not_lost_when_the_inbox_fails(centre: Centre, lost_failures: Any) -> None:
    await centre.gateway()
    works, centre.hook = centre.hook, broken
    await centre.say(1, centre.text("疼"))
    assert centre.confirmed == ["疼"]
    assert "ZeroDivisionError" in "".join(lost_failures.take())
    centre.hook = works
    await centre.wait(timedelta(seconds=UPKEEP_SECONDS), UPKEEP_SECONDS)
    assert [text.text for text in centre.texts] == ["疼"]


@pytest_twisted.ensureDeferred
async def test_two_texts_of_one_moment_are_two(centre: Centre) -> None:
    await centre.gateway()
    await centre.say(1, centre.text("一"), centre.text("二"))
    assert sorted(text.text for text in centre.texts) == ["一", "二"]


@pytest_twisted.ensureDeferred
async def test_what_nobody_was_handed_is_queued_again(centre: Centre) -> None:
    device = await centre.gateway()
    gone = centre.board.devices.pop(1)
    centre.board.routes = lambda: [replace(centre.board.set_up[1], room=5)]  # type: ignore[method-assign]
    submit, handed = centre.board.submit, list[str]()

    def hand_over(gateway_id: int, parts: Sequence[Part]) -> None:
        handed.extend(part.key for part in parts)
        submit(gateway_id, parts)

    centre.board.submit = hand_over  # type: ignore[method-assign]
    await centre.database.run(queue_messages, [REPLY], NOW)
    await until(lambda: handed, "a gateway that is gone to be handed it")
    centre.board.devices[1] = gone
    await centre.wait(timedelta(seconds=3))
    assert len(device.given) == 1
    assert await centre.states() == ["accepted"]


def test_the_clock_of_the_tests_is_in_the_day() -> None:
    assert datetime(2026, 3, 2, 8, tzinfo=UTC) == NOW


@pytest_twisted.ensureDeferred
async def test_the_daily_cap_holds_for_all_that_one_turn_looks_at(centre: Centre) -> None:
    def prepare(session: Session) -> None:
        session.add(MessagingRules(id=ROW, rules={"daily_cap": 5}))
        session.add(SmsGateway(id=1, name="gateway 1", kind="cmpp2", settings={}, state_since=NOW))

    await centre.database.run(prepare)
    kept, gone = NOW + timedelta(days=5), NOW + timedelta(days=1)
    mine = [MessageDraft(NUMBER, f"第{place}条", Purpose.CARE, expires_at=kept) for place in range(10)]
    others = [MessageDraft(f"+86139{place:08}", "x", Purpose.CARE, expires_at=gone) for place in range(45)]
    await centre.queue(*mine[:5], *others, *mine[5:])
    # Two days without a gateway: the second five have waited for the second day, and all ten are due.
    route = Route(1, wording=Wording(Counting.CHINA), receipts=True, ready=True, room=50)
    claimed = await centre.database.run(claim, [route], NOW + timedelta(days=2))
    assert [part.text for part in claimed.handed[1]] == [draft.text for draft in mine[:5]]
    assert sorted(await centre.states()) == ["expired"] * 45 + ["queued"] * 5 + ["sending"] * 5


@pytest_twisted.ensureDeferred
async def test_a_share_is_that_of_the_day_on_which_a_message_was_sent(centre: Centre) -> None:
    """Four seconds before midnight in the hospital (UTC+8) two go out, and a third is refused for five seconds."""
    rules = {"daily_cap": 2, "opens": "00:00", "closes": "24:00"}
    await centre.database.run(lambda session: session.add(MessagingRules(id=ROW, rules=rules)))
    midnight = NOW.replace(hour=16)
    centre.clock.advance((midnight - timedelta(seconds=4) - NOW).total_seconds())
    device = await centre.gateway()
    mine, other = replace(REPLY, purpose=Purpose.CARE), replace(REPLY, purpose=Purpose.CARE, number="+8613900139000")
    await centre.queue(mine, mine)
    device.answer = lambda part: [PartRefused(part.key, Refusal.LATER, "8")]
    await centre.queue(other)
    device.answer = accepting
    await centre.wait(timedelta(minutes=1))
    keys = [part.key for part in device.given]
    assert [key.partition(".")[2] for key in keys] == ["1.1", "1.1", "1.1", *["2.1"] * (len(keys) - 3)]
    await centre.say(1, *[centre.receipt(f"id-{keys[place]}") for place in (0, 1, -1)])
    assert await centre.states() == ["delivered"] * 3
    await centre.queue(*[mine] * 3, *[other] * 2)
    reasons = [(one.number, one.reason) for one in (await centre.messages())[3:]]
    assert reasons == [
        (mine.number, ""), (mine.number, ""), (mine.number, "daily_cap"),
        (other.number, ""), (other.number, "daily_cap"),
    ]  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_what_waits_for_a_full_gateway_hides_nothing_that_another_can_take(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FEWEST", 5)
    monkeypatch.setattr(outbox, "PAGE", 5)
    monkeypatch.setattr(due_messages, "PAGES", 2)
    slow = await centre.gateway(1, capacity=1, answer=None, prefixes=("139",))
    free = await centre.gateway(2, prefixes=("138",))
    await centre.queue(*[replace(REPLY, number=f"+86139{place:08}") for place in range(40)])
    await centre.queue(REPLY)
    await centre.wait(timedelta(seconds=6 * LOOK_SECONDS))
    assert (len(slow.given), [part.number for part in free.given]) == (1, [NUMBER])
    # The slow one still gets what was due first, when it has room again.
    await centre.say(1, PartAccepted(slow.given[0].key, "1"))
    await centre.wait(timedelta(seconds=6 * LOOK_SECONDS))
    assert [part.number for part in slow.given] == ["+8613900000000", "+8613900000001"]


@pytest_twisted.ensureDeferred
async def test_a_claim_ends_when_it_took_so_many_and_says_that_there_is_more(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FEWEST", 5)
    monkeypatch.setattr(outbox, "PAGE", 5)
    monkeypatch.setattr(outbox, "MOST", 10)
    await centre.gateway(capacity=0)
    await centre.queue(*[replace(REPLY, number=f"+86139{place:08}") for place in range(23)])
    route = Route(1, wording=Wording(Counting.CHINA), receipts=True, ready=True, room=100)
    claims = [await centre.database.run(claim, [route], NOW) for _ in range(4)]
    assert [(sum(map(len, one.handed.values())), one.more) for one in claims] == [
        (10, True),
        (10, True),
        (3, False),
        (0, False),
    ]


SURE_AND_UNKNOWN = [
    (lambda key: PartRefused(key, Refusal.NEVER, "8", "no"), "failed"),
    (PartUnsent, "queued"),
    (lambda key: PartAccepted(key, "first"), "accepted"),
]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("sure", "state"), SURE_AND_UNKNOWN)
@pytest_twisted.ensureDeferred
async def test_of_two_answers_for_a_part_the_sure_one_counts_whichever_came_first(
    centre: Centre, sure: Callable[[str], GatewaySignal], state: str, late: bool
) -> None:
    device = await centre.gateway(answer=None)
    await centre.queue(REPLY)
    (part,) = device.given
    device.capacity = 0
    signals = [PartUnknown(part.key), sure(part.key), PartAccepted(part.key, "second")]
    await centre.say(1, *(signals[:2] if not late else [signals[1], signals[0]]))
    assert await centre.states() == [state]
    if state == "accepted":
        await centre.say(1, signals[2])
        refs = await centre.database.read(lambda session: list(session.scalars(select(SmsAttempt.gateway_ref))))
        assert refs == ["first"]


@pytest_twisted.ensureDeferred
async def test_the_parts_of_a_text_are_forgotten_when_they_do_not_come_again_any_more(centre: Centre) -> None:
    def kept(session: Session) -> list[str]:
        return list(session.scalars(select(SmsArrival.text)))

    await centre.gateway()
    await centre.say(1, centre.text("您好"))
    await centre.wait(KEPT_FOR, KEPT_FOR.total_seconds())
    assert await centre.database.read(kept) == ["您好"]
    await centre.say(1, centre.text("您好"))
    await centre.wait(timedelta(seconds=UPKEEP_SECONDS), UPKEEP_SECONDS)
    assert await centre.database.read(kept) == []
    assert [one.text for one in centre.texts] == ["您好"]
    assert [one.text for one in await centre.messages("in")] == ["您好"]


@pytest_twisted.ensureDeferred
async def test_what_is_put_off_once_more_is_told_with_its_new_time_and_has_waited_since_before(centre: Centre) -> None:
    async def open_at(time: str) -> None:
        def put(session: Session) -> None:
            session.merge(MessagingRules(id=ROW, rules={"opens": time, "closes": "20:00"}))

        await centre.database.run(put)

    await centre.gateway()
    await open_at("18:00")
    await centre.queue(replace(REPLY, purpose=Purpose.CARE))
    (before,) = await centre.messages()
    assert (before.reason, before.next_at) == ("quiet_hours", NOW.replace(hour=10))
    await open_at("19:00")
    told = len(centre.events)
    await centre.wait(timedelta(hours=2, minutes=5), step=300)
    (message,) = await centre.messages()
    assert (message.state, message.reason, message.state_at) == ("queued", "quiet_hours", before.state_at)
    news = [one.data["next_at"] for one in centre.events[told:] if one.type == "message.updated"]
    assert news == ["2026-03-02T11:00:00.000Z"]
