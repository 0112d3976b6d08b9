"""A doctor answers and the answer does not arrive: the patient waits again, and the list says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted

from callcenter.bus import LocalBus
from callcenter.messaging.conversation_listing import Box, ConversationFilter
from callcenter.messaging.messages import Messages
from callcenter.messaging.sending import Typed
from protocols.sms import Fate, GatewaySignal, Part, PartAccepted, PartRefused, Refusal
from storage.database import Database
from tests.peers.call_center import DORA, SUSAN
from tests.peers.message_centre import Centre
from tests.peers.sms_desk import HEARTS_NUMBER, STRANGER, Desk, fill_desk

SINCE = "2026-03-02T08:00:00.000Z"


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


@pytest_twisted.ensureDeferred
async def test_what_is_said_to_be_done_stays_so(house: House) -> None:
    await house.desk.hear(HEARTS_NUMBER, "伤口有点红")
    sent = await house.reply(at=house.desk.now + timedelta(hours=1))
    await house.desk.desk.conversations.finish(DORA, sent["conversation_id"])
    await house.desk.desk.conversations.cancel(DORA, sent["conversation_id"], sent["id"])
    talk = await house.talk()
    assert (talk["state"], talk["waiting_since"]) == ("done", None)
