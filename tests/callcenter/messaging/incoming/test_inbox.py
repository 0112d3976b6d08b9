"""A text comes in: whose conversation, who answers, what stops messages, what is answered by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.messaging.conversations.listing import Box, ConversationFilter
from callcenter.messaging.conversations.unanswered import is_unanswered
from callcenter.messaging.incoming.receiving import IncomingText, receive_texts
from callcenter.messaging.messages.sending import Typed
from callcenter.messaging.rules.desk import DESK
from callcenter.messaging.rules.row import ROW
from callcenter.messaging.vocabulary import Purpose
from storage.models import AutoReply, Conversation, MessagingRules, Patient, PatientPhone, SmsOptOut, UserAccount
from storage.queries.patients import remember_choice
from tests.peers.call_center import ANNA, CARDIOLOGY, DORA, FAMILY_ONE, FAMILY_TWO, HEART, NOW, SUSAN
from tests.peers.sms_desk import FAMILY, GATEWAY, HEARTS_NUMBER, HOUSE, STRANGER, Desk, add_gateway


async def only(desk: Desk) -> dict[str, Any]:
    """The one conversation there is."""
    found = (await desk.desk.conversations.list(SUSAN, ConversationFilter(Box.ALL))).items
    assert len(found) == 1
    return dict(found[0])


@pytest_twisted.ensureDeferred
async def test_a_patients_text_waits_for_the_patients_doctor(desk: Desk) -> None:
    first = await desk.hear(HEARTS_NUMBER, "伤口有点红，\n怎么办？")
    desk.clock.advance(60)
    await desk.hear(HEARTS_NUMBER, "在吗")
    talk = await only(desk)
    assert talk["patient"]["id"] == HEART
    assert talk["assigned_to"] == {"id": DORA.user_id, "name": "Dora"}
    assert talk["department"]["id"] == CARDIOLOGY
    assert (talk["unread"], talk["state"], talk["last_text"], talk["our_number"]) == (2, "open", "在吗", "10690001")
    assert talk["waiting_since"] == "2026-03-02T08:00:00.000Z"
    rows = await desk.rows()
    assert [(row["id"] == first, row["conversation_id"], row["patient_id"]) for row in rows] == [
        (True, talk["id"], HEART), (False, talk["id"], HEART),
    ]  # fmt: skip
    told = desk.last("conversation.updated")
    assert (told.data["unread"], told.audience) == (
        2, {"permission": "conversations.view", "departments": [CARDIOLOGY], "users": [DORA.user_id]},
    )  # fmt: skip


def nobody(session: Session, **values: Any) -> None:
    session.execute(update(Patient).where(Patient.id == HEART).values(**values))


def gone(session: Session) -> None:
    session.execute(update(UserAccount).where(UserAccount.id == DORA.user_id).values(disabled=True))


@pytest.mark.parametrize("without", [lambda session: nobody(session, doctor_id=None), gone])
@pytest_twisted.ensureDeferred
async def test_without_a_doctor_it_waits_for_the_department(desk: Desk, without: Any) -> None:
    await desk.change(without)
    await desk.hear(HEARTS_NUMBER, "您好")
    talk = await only(desk)
    assert (talk["assigned_to"], talk["department"]["id"]) == (None, CARDIOLOGY)


@pytest_twisted.ensureDeferred
async def test_an_unknown_number_waits_for_the_desk_and_nobody_else_sees_it(desk: Desk) -> None:
    await desk.hear(STRANGER, "请问挂号")
    talk = await only(desk)
    assert (talk["patient"], talk["assigned_to"], talk["department"], talk["candidates"]) == (None, None, None, 0)
    assert (await desk.desk.conversations.list(DORA, ConversationFilter(Box.ALL))).items == []
    assert await desk.desk.conversations.to_know(DORA) == []
    assert [one["id"] for one in await desk.desk.conversations.to_know(ANNA)] == [talk["id"]]


@pytest_twisted.ensureDeferred
async def test_a_shared_number_is_nobodys_until_somebody_says_whose(desk: Desk) -> None:
    await desk.hear(FAMILY, "谢谢")
    talk = await only(desk)
    assert (talk["patient"], talk["candidates"]) == (None, 2)
    chosen = await desk.desk.conversations.choose_patient(ANNA, talk["id"], FAMILY_TWO, remember=True)
    assert chosen["patient"]["id"] == FAMILY_TWO
    await desk.hear(FAMILY, "再问一下")
    assert [row["patient_id"] for row in await desk.rows()] == [None, FAMILY_TWO]
    # What was remembered counts for a conversation that nobody has touched yet.
    await desk.change(remember_choice, STRANGER, FAMILY_ONE, None, NOW)

    def share(session: Session) -> None:
        for key in (FAMILY_ONE, FAMILY_TWO):
            session.add(PatientPhone(patient_id=key, number=STRANGER, position=1))

    await desk.change(share)
    await desk.hear(STRANGER, "您好")
    assert (await desk.rows())[-1]["patient_id"] == FAMILY_ONE


@pytest_twisted.ensureDeferred
async def test_a_number_that_moved_to_somebody_else_moves_the_conversation(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "您好")

    def move(session: Session) -> None:
        session.execute(update(PatientPhone).where(PatientPhone.number == HEARTS_NUMBER).values(patient_id=FAMILY_ONE))

    await desk.change(move)
    await desk.hear(HEARTS_NUMBER, "我是新机主")
    assert (await only(desk))["patient"]["id"] == FAMILY_ONE


@pytest_twisted.ensureDeferred
async def test_a_stop_word_stops_shows_and_waits_for_no_answer(desk: Desk) -> None:
    message = await desk.hear(HEARTS_NUMBER, "Ｔ")
    talk = await only(desk)
    assert (talk["unread"], talk["waiting_since"]) == (1, None)
    (stopped,) = talk["opt_outs"]
    assert (stopped["kind"], stopped["by_text"]) == ("all", True)
    assert [row["message_id"] for row in await desk.rows(SmsOptOut)] == [message]
    await desk.hear(HEARTS_NUMBER, "退订。")
    assert len(await desk.rows(SmsOptOut)) == 1
    assert desk.last("conversation.updated").data["opt_outs"] == [stopped]
    await desk.desk.opt_outs.end(SUSAN, stopped["id"], "患者来电要求恢复")
    assert (await only(desk))["opt_outs"] == []
    assert desk.last("conversation.updated").data["opt_outs"] == []
    await desk.hear(HEARTS_NUMBER, "td")
    assert [row["ended_at"] is None for row in await desk.rows(SmsOptOut)] == [False, True]


@pytest_twisted.ensureDeferred
async def test_the_kind_that_a_stop_word_stops_is_a_rule(desk: Desk) -> None:
    await desk.change(
        lambda session: session.add(MessagingRules(id=ROW, rules={DESK.key: {"opt_out_kind": "marketing"}}))
    )
    await desk.hear(HEARTS_NUMBER, "STOP")
    assert [one["kind"] for one in (await only(desk))["opt_outs"]] == ["marketing"]


@pytest_twisted.ensureDeferred
async def test_a_stop_word_can_stop_what_bears_the_signature_of_the_number_that_was_written_to_only(desk: Desk) -> None:
    await desk.change(rules_and_signatures)
    await desk.hear(HEARTS_NUMBER, "T", CHECKUPS)
    await desk.hear(HEARTS_NUMBER, "T", UNSIGNED)
    await desk.hear(HEARTS_NUMBER, "T", CHECKUPS)
    assert [(row["kind"], row["signature"]) for row in await desk.rows(SmsOptOut)] == [("all", "体检中心"), ("all", "")]
    assert {one["signature"] for one in (await only(desk))["opt_outs"]} == {"体检中心", ""}


@pytest_twisted.ensureDeferred
async def test_two_stop_words_of_a_number_that_are_filed_together_stop_both_signatures(desk: Desk) -> None:
    await desk.change(rules_and_signatures)
    await desk.change(stop_both, desk)
    assert [row["signature"] for row in await desk.rows(SmsOptOut)] == ["体检中心", ""]


CHECKUPS, UNSIGNED = 31, 32


def rules_and_signatures(session: Session) -> None:
    session.add(MessagingRules(id=ROW, rules={DESK.key: {"opt_out_scope": "signature"}}))
    for key, signature in ((CHECKUPS, "体检中心"), (UNSIGNED, "")):
        add_gateway(session, key, f"{key}", signature=signature)


def stop_both(session: Session, desk: Desk) -> None:
    texts = [IncomingText(one, HEARTS_NUMBER, "106", "T", desk.now) for one in (CHECKUPS, UNSIGNED)]
    receive_texts(session, texts, desk.now, desk.desk.inbox.received)


def answers(session: Session, **more: Any) -> None:
    session.add(AutoReply(keyword="地址", text="我院在{hospital}，今天{date}", disabled=False))
    session.add(AutoReply(keyword=None, text="现在无人值班", disabled=False))


@pytest_twisted.ensureDeferred
async def test_a_keyword_is_answered_once_in_a_while_and_a_machine_never(desk: Desk) -> None:
    await desk.change(answers)
    for text in ("地址？", "地址", "我的地址变了"):
        await desk.hear(HEARTS_NUMBER, text)
    sent = [row for row in await desk.rows() if row["direction"] == "out"]
    assert [(row["text"], row["purpose"], row["created_by"]) for row in sent] == [
        ("我院在仁爱医院，今天2026年3月2日", "reply", None)
    ]
    talk = await only(desk)
    assert talk["waiting_since"] is not None
    desk.clock.advance(timedelta(hours=13).total_seconds())
    # Five in the morning: whatever is written is answered, but not to who stopped messages, nor to a machine.
    await desk.hear(HEARTS_NUMBER, "有人吗")
    await desk.hear("10086", "您的余额不足")
    await desk.hear(STRANGER, "t")
    await desk.hear(STRANGER, "有人吗")
    sent = [row["text"] for row in await desk.rows() if row["direction"] == "out"]
    assert sent[1:] == ["现在无人值班"]


@pytest.mark.parametrize("text", ["地址", "伤口有点红，怎么办？"])
@pytest_twisted.ensureDeferred
async def test_an_automatic_answer_leaves_the_patients_words_in_the_list(desk: Desk, text: str) -> None:
    """By a keyword or at night: the doctor reads what the patient wrote, who waits, also after a restart."""
    await desk.change(answers)
    desk.clock.advance(timedelta(hours=13).total_seconds())
    at = iso(desk.now)
    await desk.hear(HEARTS_NUMBER, text)
    assert [row["direction"] for row in await desk.rows()] == ["in", "out"]
    desk.begin()
    for talk in (await only(desk), desk.last("conversation.updated").data):
        assert (talk["last_text"], talk["last_direction"], talk["last_at"]) == (text, "in", at)
        assert (talk["waiting"], talk["waiting_since"], talk["unread"], talk["state"]) == (True, at, 1, "open")


@pytest_twisted.ensureDeferred
async def test_nothing_is_answered_by_itself_unless_it_was_switched_on(desk: Desk) -> None:
    await desk.change(lambda session: session.add(AutoReply(keyword=None, text="无人值班")))
    desk.clock.advance(timedelta(hours=13).total_seconds())
    await desk.hear(HEARTS_NUMBER, "有人吗")
    assert [row["direction"] for row in await desk.rows()] == ["in"]


@pytest_twisted.ensureDeferred
async def test_a_text_opens_what_was_done_or_put_off(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "您好")
    talk = await only(desk)
    conversations = desk.desk.conversations
    assert (await conversations.finish(DORA, talk["id"]))["unread"] == 0
    await desk.hear(HEARTS_NUMBER, "还有")
    await conversations.snooze(DORA, talk["id"], desk.now + timedelta(hours=2))
    assert (await conversations.list(DORA, ConversationFilter(Box.MINE))).items == []
    await desk.hear(HEARTS_NUMBER, "急")
    talk = await only(desk)
    assert (talk["state"], talk["snoozed_until"], talk["unread"]) == ("open", None, 2)
    await conversations.snooze(DORA, talk["id"], desk.now + timedelta(hours=2))
    desk.clock.advance(7100)
    await conversations.wake()
    assert (await only(desk))["state"] == "snoozed"
    desk.clock.advance(101)
    await conversations.wake()
    assert desk.last("conversation.updated").data["state"] == "open"
    assert [row["gateway_id"] for row in await desk.rows(Conversation)] == [GATEWAY]


# Who waits for an answer.


async def waits(desk: Desk) -> bool:
    """Whether a patient waits, by every way there is to ask."""
    conversations = desk.desk.conversations
    counts = await conversations.counts(SUSAN)
    listed = (await conversations.list(SUSAN, ConversationFilter(Box.ALL, waiting=True))).items
    talk = await only(desk)
    assert bool(counts["open"]) == bool(listed) == talk["waiting"]
    known = await conversations.to_know(SUSAN)
    assert [one["id"] for one in known if one["waiting"]] == [one["id"] for one in listed]
    return bool(talk["waiting"])


@pytest_twisted.ensureDeferred
async def test_who_is_only_looked_at_waits_on_until_somebody_answers(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "伤口有点红")
    talk = await only(desk)
    await desk.desk.conversations.mark_read(DORA, talk["id"])
    assert ((await only(desk))["unread"], await waits(desk)) == (0, True)
    await desk.desk.conversations.reply(DORA, talk["id"], Typed("请来复查", "0123456789abcdef"))
    assert not await waits(desk)
    await desk.hear(HEARTS_NUMBER, "好的")
    assert await waits(desk)


@pytest_twisted.ensureDeferred
async def test_who_is_put_off_waits_again_when_the_time_comes(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "您好")
    talk = await only(desk)
    conversations = desk.desk.conversations
    await conversations.snooze(DORA, talk["id"], desk.now + timedelta(hours=2))
    assert not await waits(desk)
    desk.clock.advance(7201)
    await conversations.wake()
    assert await waits(desk)
    await conversations.finish(DORA, talk["id"])
    assert not await waits(desk)
    await conversations.reopen(DORA, talk["id"])
    assert await waits(desk)
    # Put off after all is done no more: the patient waits when it comes back.
    await conversations.finish(DORA, talk["id"])
    await conversations.snooze(DORA, talk["id"], desk.now + timedelta(hours=1))
    assert not await waits(desk)
    desk.clock.advance(3601)
    await conversations.wake()
    assert await waits(desk)


async def write_first(desk: Desk, writer: Principal, purpose: Purpose, key: str = "0123456789abcdef") -> None:
    await desk.desk.outgoing.send(writer, None, HEARTS_NUMBER, Typed("请来复查", key), purpose)


@pytest_twisted.ensureDeferred
async def test_a_reply_that_whoever_may_answer_sends_by_another_form_answers(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "伤口有点红")
    await write_first(desk, SUSAN, Purpose.REPLY)
    assert not await waits(desk)
    talk = await only(desk)
    assert (talk["last_text"], talk["last_direction"], talk["waiting_since"]) == ("请来复查", "out", None)
    # Nobody has looked at what the patient wrote, for all that is known.
    assert talk["unread"] == 1
    assert desk.last("conversation.updated").data["waiting"] is False
    desk.clock.advance(3600)
    assert not await desk.database.read(is_unanswered, desk.now, HOUSE.time_zone)


@pytest.mark.parametrize("purpose", [Purpose.CARE, Purpose.REMINDER, Purpose.NOTICE, Purpose.MARKETING])
@pytest_twisted.ensureDeferred
async def test_a_reminder_that_a_program_sends_which_may_answer_answers_nothing(desk: Desk, purpose: Purpose) -> None:
    await desk.hear(HEARTS_NUMBER, "伤口有点红")
    at = desk.now
    desk.clock.advance(60)
    await write_first(desk, SUSAN, purpose)
    assert await waits(desk)
    talk = await only(desk)
    assert (talk["last_text"], talk["last_at"], talk["waiting_since"]) == ("伤口有点红", iso(at), iso(at))
    desk.clock.advance(3600)
    assert await desk.database.read(is_unanswered, desk.now, HOUSE.time_zone)


@pytest.mark.parametrize("purpose", [Purpose.CARE, Purpose.REMINDER, Purpose.REPLY])
@pytest_twisted.ensureDeferred
async def test_what_somebody_writes_who_may_not_answer_hides_no_question(desk: Desk, purpose: Purpose) -> None:
    """A registrar reminds of an appointment, and knows nothing of what the patient asked."""
    registrar = Principal(ANNA.user_id, "anna", "Anna", None, {"messages.send": Scope.ALL})
    await desk.hear(HEARTS_NUMBER, "伤口有点红")
    at = desk.now
    desk.clock.advance(60)
    await write_first(desk, registrar, purpose)
    assert await waits(desk)
    talk = await only(desk)
    assert (talk["last_text"], talk["last_direction"], talk["last_at"]) == ("伤口有点红", "in", iso(at))
    assert talk["assigned_to"]["id"] == DORA.user_id
    desk.clock.advance(3600)
    assert await desk.database.read(is_unanswered, desk.now, HOUSE.time_zone)
    # As soon as nobody waits, it is what was said last.
    await desk.desk.conversations.reply(DORA, talk["id"], Typed("已看到", "0123456789abcdeg"))
    await write_first(desk, registrar, Purpose.CARE, "0123456789abcdeh")
    assert (await only(desk))["last_text"] == "请来复查"


@pytest_twisted.ensureDeferred
async def test_what_is_put_off_keeps_the_question_under_a_reminder(desk: Desk) -> None:
    registrar = Principal(ANNA.user_id, "anna", "Anna", None, {"messages.send": Scope.ALL})
    await desk.hear(HEARTS_NUMBER, "伤口有点红")
    talk = await only(desk)
    await desk.desk.conversations.snooze(DORA, talk["id"], desk.now + timedelta(hours=2))
    await write_first(desk, registrar, Purpose.NOTICE)
    assert (await only(desk))["last_text"] == "伤口有点红"


@pytest_twisted.ensureDeferred
async def test_a_page_knows_who_waits_longest_and_what_nobody_has_read_beside(desk: Desk) -> None:
    await desk.hear(STRANGER, "T")
    for number in (HEARTS_NUMBER, FAMILY):
        desk.clock.advance(60)
        await desk.hear(number, "您好")
    desk.clock.advance(60)
    await desk.hear(HEARTS_NUMBER, "在吗")
    known = await desk.desk.conversations.to_know(SUSAN)
    assert [(one["number"], one["waiting"]) for one in known] == [
        (HEARTS_NUMBER, True), (FAMILY, True), (STRANGER, False),
    ]  # fmt: skip
