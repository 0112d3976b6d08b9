"""A doctor answers and the answer does not arrive: the patient waits again, and the list says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.orm import Session

from callcenter.administration.permissions import BUILT_IN_ROLES, Scope
from callcenter.administration.principal import Principal
from callcenter.bus import LocalBus
from callcenter.messaging.announce import Moved
from callcenter.messaging.conversations.listing import Box, ConversationFilter
from callcenter.messaging.conversations.threads import known_thread, thread_of
from callcenter.messaging.incoming.receiving import IncomingText, receive_texts
from callcenter.messaging.messages.sending import Typed
from callcenter.messaging.messages.service import Messages
from callcenter.messaging.outbox.cancelling import cancel_reply
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import MessageState, Purpose
from protocols.sms import Fate, GatewaySignal, Part, PartAccepted, PartRefused, Refusal
from storage.database import Database
from storage.models import AuditEntry, SmsMessage, UserAccount
from tests.peers.call_center import DORA, NOW, SUSAN
from tests.peers.message_centre import Centre
from tests.peers.patience import wait_for
from tests.peers.sms_desk import GATEWAY, HEARTS_NUMBER, STRANGER, Desk, fill_desk

SINCE = "2026-03-02T08:00:00.000Z"
ADMIN = Principal(None, "root", "Root", None, dict(BUILT_IN_ROLES["administrator"][1]))
REGISTRAR = Principal(SUSAN.user_id, "susan", "Susan", None, {"messages.send": Scope.ALL})
"""Reminds of appointments, and has nothing to do with the inbox."""


class House:
    """A desk whose messages are sent by a gateway that answers as ``answer`` says."""

    def __init__(self, database: Database) -> None:
        self.desk = Desk(database)
        self.centre = Centre(database)
        self.centre.clock = self.desk.clock
        self.centre.dispatcher = self.centre.another()
        bus = LocalBus()
        bus.subscribe(self.desk.events.extend)
        bus.subscribe(self.centre.bus.publish)
        database.on_commit = bus.publish
        self.messages = Messages(database, self.desk.clock, "Asia/Shanghai")
        self.answer: Any = None

    async def gateway(self) -> None:
        await self.centre.dispatcher.start()
        await self.centre.gateway(9, answer=self._answer)

    def _answer(self, part: Part) -> Sequence[GatewaySignal]:
        signals: Sequence[GatewaySignal] = self.answer(part)
        return signals

    async def talk(self) -> dict[str, Any]:
        (found,) = (await self.desk.desk.conversations.list(SUSAN, ConversationFilter(Box.ALL))).items
        return dict(found)

    async def reply(self, text: str = "请来门诊", **more: Any) -> dict[str, Any]:
        talk = await self.talk()
        typed = Typed(text, f"form-{len(text)}-{self.desk.now:%H%M%S}", **more)
        return dict(await self.desk.desk.conversations.reply(DORA, talk["id"], typed))


def refused(part: Part) -> Sequence[GatewaySignal]:
    return [PartRefused(part.key, Refusal.NEVER, "21", "黑名单")]


def taken(part: Part) -> Sequence[GatewaySignal]:
    return [PartAccepted(part.key, f"at-{part.key}")]


@pytest_twisted.async_yield_fixture
async def house(database: Database) -> Any:
    await database.run(fill_desk)
    house = House(database)
    await house.gateway()
    yield house
    await house.centre.dispatcher.stop()


@pytest_twisted.ensureDeferred
async def test_an_answer_that_the_gateway_refuses_is_none(house: House) -> None:
    house.answer = refused
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.desk.clock.advance(60)
    await house.reply()
    await house.centre.settle()
    assert [row["state"] for row in await house.desk.rows()] == ["received", "failed"]
    talk = await house.talk()
    assert (talk["waiting_since"], talk["state"], talk["assigned_to"]["name"]) == (SINCE, "open", "Dora")
    assert house.desk.last("conversation.updated").data["waiting_since"] == SINCE


@pytest_twisted.ensureDeferred
async def test_an_answer_of_which_a_receipt_says_that_it_did_not_arrive_is_none(house: House) -> None:
    house.answer = taken
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    sent = await house.reply()
    await house.centre.settle()
    assert (await house.talk())["waiting_since"] is None
    await house.centre.say(9, house.centre.receipt(f"at-{sent['id']}.1.1", Fate.FAILED, code="UNDELIV"))
    assert (await house.talk())["waiting_since"] == SINCE


@pytest_twisted.ensureDeferred
async def test_an_answer_that_is_sent_once_more_is_one(house: House) -> None:
    house.answer = refused
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    lost = await house.reply()
    await house.centre.settle()
    house.answer = taken
    await house.messages.resend(SUSAN, lost["id"])
    assert (await house.talk())["waiting_since"] is None


@pytest_twisted.ensureDeferred
async def test_an_answer_that_is_taken_back_is_none(house: House) -> None:
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    await house.desk.hear(HEARTS_NUMBER, "在吗")
    sent = await house.reply(at=house.desk.now + timedelta(hours=1))
    talk = await house.talk()
    assert talk["waiting_since"] is None
    await house.desk.desk.conversations.cancel(DORA, talk["id"], sent["id"])
    assert (await house.talk())["waiting_since"] == SINCE


@pytest_twisted.ensureDeferred
async def test_one_of_two_answers_is_enough(house: House) -> None:
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.answer = taken
    await house.reply()
    later = await house.reply("明天八点来", at=house.desk.now + timedelta(hours=1))
    await house.desk.desk.conversations.cancel(DORA, later["conversation_id"], later["id"])
    assert (await house.talk())["waiting_since"] is None


@pytest.mark.parametrize("words", ["TD", "ｔ"])
@pytest_twisted.ensureDeferred
async def test_who_said_stop_waits_for_nothing(house: House, words: str) -> None:
    await house.desk.hear(STRANGER, words)
    talk = await house.talk()
    later = Typed("好的", "form-0001", house.desk.now + timedelta(hours=1))
    sent = await house.desk.desk.conversations.reply(SUSAN, talk["id"], later)
    await house.desk.desk.conversations.cancel(SUSAN, talk["id"], sent["id"])
    assert (await house.talk())["waiting_since"] is None


async def done_over_an_answer(house: House, when: timedelta = timedelta(hours=1)) -> dict[str, Any]:
    """Dora answers for later, and says that nothing is left to do; what she sent."""
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.desk.clock.advance(60)
    sent = await house.reply(at=house.desk.now + when)
    house.desk.clock.advance(60)
    await house.desk.desk.conversations.finish(DORA, sent["conversation_id"])
    house.desk.clock.advance(60)
    return sent


def assert_comes_back(talk: Mapping[str, Any], lost: str) -> None:
    """To whoever had it, with what the patient asked, and why."""
    assert (talk["state"], talk["waiting"], talk["waiting_since"]) == ("open", True, SINCE)
    assert (talk["assigned_to"]["name"], talk["lost_answer"]) == ("Dora", lost)
    assert (talk["last_text"], talk["last_direction"]) == ("伤口有点红", "in")


@pytest_twisted.ensureDeferred
async def test_what_is_said_to_be_done_over_an_answer_that_is_taken_back_comes_back(house: House) -> None:
    sent = await done_over_an_answer(house)
    await house.desk.desk.conversations.cancel(DORA, sent["conversation_id"], sent["id"])
    assert_comes_back(await house.talk(), "cancelled")
    event = house.desk.last("conversation.updated")
    assert_comes_back(event.data, "cancelled")
    assert DORA.user_id in event.audience["users"]
    entry = (await house.desk.rows(AuditEntry))[-1]
    assert (entry["action"], entry["username"], entry["before"]) == ("set-state", "system", {"state": "done"})
    assert entry["after"] == {"state": "open", "message_id": sent["id"]}
    # To say so once more, knowing that the patient has no answer, holds.
    house.desk.clock.advance(60)
    done = await house.desk.desk.conversations.finish(DORA, sent["conversation_id"])
    assert (done["state"], done["waiting_since"], done["lost_answer"]) == ("done", None, "")


@pytest.mark.parametrize("end", ["failed", "expired"])
@pytest_twisted.ensureDeferred
async def test_what_is_said_to_be_done_over_an_answer_that_does_not_arrive_comes_back(house: House, end: str) -> None:
    house.answer = refused
    await done_over_an_answer(house)
    if end == "expired":
        house.centre.board.devices.clear()
    await house.centre.wait(timedelta(hours=49 if end == "expired" else 1), 600)
    assert (await house.desk.rows())[-1]["state"] == end
    assert_comes_back(await house.talk(), end)


@pytest_twisted.ensureDeferred
async def test_whoever_has_left_meanwhile_does_not_get_it_back(house: House) -> None:
    sent = await done_over_an_answer(house)
    await house.desk.change(leave, DORA.user_id)
    await house.messages.cancel(ADMIN, sent["id"])
    talk = await house.talk()
    assert (talk["state"], talk["waiting"], talk["assigned_to"]) == ("open", True, None)
    assert talk["department"] is not None


def leave(session: Session, user_id: int) -> None:
    session.get_one(UserAccount, user_id).disabled = True


@pytest_twisted.ensureDeferred
async def test_an_answer_that_was_lost_before_is_no_reason_to_come_back(house: House) -> None:
    """Whoever said that it is done knew; so of two answers that are lost one opens it, and only once."""
    house.answer = refused
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    await lose_answer(house)
    house.desk.clock.advance(60)
    later = await house.reply("明天八点来", at=house.desk.now + timedelta(hours=1))
    await house.desk.desk.conversations.cancel(DORA, later["conversation_id"], later["id"])
    assert (await house.talk())["lost_answer"] == "cancelled"
    house.desk.clock.advance(60)
    await house.desk.desk.conversations.finish(DORA, later["conversation_id"])
    house.desk.clock.advance(60)
    first = await house.reply("不用来", at=house.desk.now + timedelta(hours=1))
    house.desk.clock.advance(60)
    await house.desk.desk.conversations.cancel(DORA, first["conversation_id"], first["id"])
    talk = await house.talk()
    assert (talk["state"], talk["waiting_since"], talk["lost_answer"]) == ("open", None, "")


@pytest_twisted.ensureDeferred
async def test_what_was_written_since_does_not_hide_what_the_lost_answer_answered(house: House) -> None:
    sent = await done_over_an_answer(house)
    await house.desk.hear(HEARTS_NUMBER, "还要带什么")
    assert (await house.talk())["waiting_since"] == "2026-03-02T08:03:00.000Z"
    await house.desk.desk.conversations.cancel(DORA, sent["conversation_id"], sent["id"])
    talk = await house.talk()
    assert (talk["waiting_since"], talk["lost_answer"], talk["last_text"]) == (SINCE, "cancelled", "还要带什么")


@pytest_twisted.ensureDeferred
async def test_why_somebody_waits_again_is_said_until_there_is_an_answer(house: House) -> None:
    house.answer = refused
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    lost = await lose_answer(house)
    talk = await house.talk()
    assert (talk["lost_answer"], talk["last_text"]) == ("failed", "伤口有点红")
    house.answer = taken
    again = await house.messages.resend(SUSAN, lost["id"])
    talk = await house.talk()
    assert (talk["lost_answer"], talk["last_text"], talk["last_direction"]) == ("", "请来门诊", "out")
    await house.centre.settle()
    await house.centre.say(9, house.centre.receipt(f"at-{again['id']}.1.1", Fate.FAILED, code="EXPIRED"))
    assert (await house.talk())["lost_answer"] == "failed"
    house.desk.clock.advance(60)
    await house.reply("明天来")
    assert (await house.talk())["lost_answer"] == ""


@pytest_twisted.ensureDeferred
async def test_what_is_put_off_meanwhile_waits_again_when_it_comes_back(house: House) -> None:
    conversations = house.desk.desk.conversations
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    sent = await house.reply(at=house.desk.now + timedelta(hours=1))
    await conversations.snooze(DORA, sent["conversation_id"], house.desk.now + timedelta(hours=2))
    await conversations.cancel(DORA, sent["conversation_id"], sent["id"])
    assert not any((await conversations.counts(SUSAN)).values())
    house.desk.clock.advance(2 * 3600)
    await conversations.wake()
    talk = await house.talk()
    assert (talk["state"], talk["waiting_since"]) == ("open", SINCE)


async def lose_answer(house: House) -> dict[str, Any]:
    house.answer = refused
    lost = await house.reply()
    await house.centre.settle()
    return lost


@pytest_twisted.ensureDeferred
async def test_what_was_said_to_be_done_long_ago_waits_for_nothing(house: House) -> None:
    conversations = house.desk.desk.conversations
    await house.desk.hear(HEARTS_NUMBER, "谢谢")
    talk = await house.talk()
    await conversations.finish(DORA, talk["id"])
    house.desk.clock.advance(3600)
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.desk.clock.advance(60)
    await lose_answer(house)
    assert (await house.talk())["waiting_since"] == "2026-03-02T09:00:00.000Z"


@pytest_twisted.ensureDeferred
async def test_what_was_whole_only_after_done_is_not_done(house: House) -> None:
    """Its first part came before; whoever said that it is done cannot have read it."""
    conversations = house.desk.desk.conversations
    await house.desk.hear(HEARTS_NUMBER, "谢谢")
    began = house.desk.now
    house.desk.clock.advance(60)
    await conversations.finish(DORA, (await house.talk())["id"])
    house.desk.clock.advance(60)
    whole = IncomingText(GATEWAY, HEARTS_NUMBER, "10690001", "伤口有点红", began)
    await house.desk.change(receive_texts, [whole], house.desk.now, house.desk.desk.inbox.received)
    assert (await house.talk())["waiting_since"] == SINCE
    house.desk.clock.advance(60)
    await lose_answer(house)
    assert (await house.talk())["waiting_since"] == SINCE


@pytest_twisted.ensureDeferred
async def test_who_said_done_by_mistake_takes_it_back_and_the_patient_waits_as_before(house: House) -> None:
    conversations = house.desk.desk.conversations
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    talk = await house.talk()
    house.desk.clock.advance(600)
    await conversations.finish(DORA, talk["id"])
    assert (await house.talk())["waiting_since"] is None
    await conversations.reopen(DORA, talk["id"])
    assert (await house.talk())["waiting_since"] == SINCE
    assert house.desk.last("conversation.updated").data["waiting"] is True
    # What was answered before waits for nothing, however often it is said.
    house.answer = taken
    await house.reply()
    await house.centre.settle()
    await conversations.finish(DORA, talk["id"])
    await conversations.reopen(DORA, talk["id"])
    assert (await house.talk())["waiting_since"] is None


@pytest_twisted.ensureDeferred
async def test_what_is_to_be_dealt_with_after_all_waits_again(house: House) -> None:
    conversations = house.desk.desk.conversations
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    talk = await house.talk()
    await conversations.finish(DORA, talk["id"])
    await conversations.reopen(DORA, talk["id"])
    house.desk.clock.advance(60)
    await lose_answer(house)
    assert (await house.talk())["waiting_since"] == SINCE


@pytest_twisted.ensureDeferred
async def test_an_answer_that_arrives_after_all_is_one(house: House) -> None:
    house.answer = taken
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    sent = await house.reply()
    await house.centre.settle()
    await house.centre.say(9, house.centre.receipt(f"at-{sent['id']}.1.1", Fate.FAILED, code="EXPIRED"))
    assert (await house.talk())["waiting_since"] == SINCE
    await house.centre.say(9, house.centre.receipt(f"at-{sent['id']}.1.1", Fate.DELIVERED))
    assert [row["state"] for row in await house.desk.rows()] == ["received", "delivered"]
    assert (await house.talk())["waiting_since"] is None
    assert house.desk.last("conversation.updated").data["waiting_since"] is None


@pytest_twisted.ensureDeferred
async def test_what_was_written_after_a_lost_answer_is_not_answered_by_it(house: House) -> None:
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.desk.clock.advance(60)
    lost = await lose_answer(house)
    house.desk.clock.advance(60)
    await house.desk.hear(HEARTS_NUMBER, "现在发烧了")
    house.answer = taken
    await house.messages.resend(SUSAN, lost["id"])
    await house.centre.settle()
    assert (await house.talk())["waiting_since"] == "2026-03-02T08:02:00.000Z"


async def write_first(
    house: House, text: str, writer: Principal = SUSAN, purpose: Purpose = Purpose.NOTICE
) -> dict[str, Any]:
    """As a program does through the API."""
    typed = Typed(text, f"form-{len(text)}-{house.desk.now:%H%M%S}")
    return dict(await house.desk.desk.outgoing.send(writer, None, HEARTS_NUMBER, typed, purpose))


@pytest_twisted.ensureDeferred
async def test_a_reply_by_another_form_that_does_not_arrive_was_no_answer_either(house: House) -> None:
    house.answer = refused
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.desk.clock.advance(60)
    lost = await write_first(house, "伤口请保持干燥", purpose=Purpose.REPLY)
    assert (await house.talk())["waiting_since"] is None
    await house.centre.settle()
    talk = await house.talk()
    assert (talk["waiting_since"], talk["lost_answer"], talk["last_text"]) == (SINCE, "failed", "伤口有点红")
    house.answer = taken
    await house.messages.resend(SUSAN, lost["id"])
    await house.centre.settle()
    assert [row["state"] for row in await house.desk.rows()] == ["received", "failed", "accepted"]
    assert (await house.talk())["waiting_since"] is None


@pytest.mark.parametrize("writer", [REGISTRAR, SUSAN])
@pytest_twisted.ensureDeferred
async def test_a_reminder_is_no_answer_sent_again_or_not(house: House, writer: Principal) -> None:
    house.answer = refused
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.desk.clock.advance(60)
    lost = await write_first(house, "您的复诊是明天八点", writer)
    await house.centre.settle()
    house.answer = taken
    await house.messages.resend(SUSAN, lost["id"])
    await house.centre.settle()
    assert [row["state"] for row in await house.desk.rows()] == ["received", "failed", "accepted"]
    assert (await house.talk())["waiting_since"] == SINCE


@pytest_twisted.ensureDeferred
async def test_such_a_reminder_between_question_and_lost_answer_is_no_answer(house: House) -> None:
    house.answer = taken
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    house.desk.clock.advance(60)
    await write_first(house, "您的复诊是明天八点", REGISTRAR)
    await house.centre.settle()
    house.desk.clock.advance(60)
    await lose_answer(house)
    assert (await house.talk())["waiting_since"] == SINCE


def talk_with_an_answer(session: Session) -> tuple[int, int]:
    fill_desk(session)
    talk = thread_of(session, HEARTS_NUMBER, NOW)
    session.flush()
    draft = MessageDraft(
        HEARTS_NUMBER, "请来门诊", Purpose.REPLY, conversation_id=talk.id, created_by=SUSAN.user_id
    )  # fmt: skip
    return talk.id, queue_message(session, draft, NOW)


def test_who_takes_an_answer_back_waits_for_whoever_has_it_with_nothing_in_hand(postgresql_url: str) -> None:
    """Whoever sends or settles holds messages before conversations; in another order the two would deadlock."""
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        talk, message = talk_with_an_answer(session)

    def take_back() -> str:
        with Session(engine) as session, session.begin():
            return str(cancel_reply(session, SUSAN, talk, message, NOW)["state"])

    waiting = text("select count(*) from pg_locks where not granted")
    with ThreadPoolExecutor(1) as threads, Session(engine) as looking:
        with Session(engine) as settling, settling.begin():
            settling.execute(select(SmsMessage.id).where(SmsMessage.id == message).with_for_update()).all()
            taken_back = threads.submit(take_back)
            wait_for(lambda: looking.scalar(waiting), "the lock that is waited for")
            settling.execute(text("set local lock_timeout = '300ms'"))
            assert known_thread(settling, HEARTS_NUMBER) is not None
        assert taken_back.result() == MessageState.CANCELLED.value
    engine.dispose()


def two_answers(session: Session) -> tuple[int, int]:
    """Of two conversations, in their order."""
    fill_desk(session)
    made = []
    for number in (HEARTS_NUMBER, STRANGER):
        talk = thread_of(session, number, NOW)
        session.flush()
        common = {"conversation_id": talk.id, "created_by": SUSAN.user_id, "answers_to": 1}
        made.append(queue_message(session, MessageDraft(number, "请来门诊", Purpose.REPLY, **common), NOW))
    first, second = made
    session.execute(update(SmsMessage).where(SmsMessage.id == second).values(state=MessageState.FAILED.value))
    return first, second


def test_conversations_are_held_in_one_order_whatever_became_of_their_answers(postgresql_url: str) -> None:
    """The answer in the first has arrived after all, that in the second is lost."""
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        arrived, lost = two_answers(session)

    def tell() -> None:
        with Session(engine) as session, session.begin():
            moved = Moved()
            moved.add_all([arrived, lost], None)
            moved.arrive_after_all([arrived])
            moved.announce(session)

    waiting = text("select count(*) from pg_locks where not granted")
    with ThreadPoolExecutor(1) as threads, Session(engine) as looking:
        with Session(engine) as other, other.begin():
            assert known_thread(other, HEARTS_NUMBER) is not None
            told = threads.submit(tell)
            wait_for(lambda: looking.scalar(waiting), "the lock that is waited for")
            other.execute(text("set local lock_timeout = '300ms'"))
            assert known_thread(other, STRANGER) is not None
        told.result()
    engine.dispose()
