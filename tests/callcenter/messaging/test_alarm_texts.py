"""Alarms by SMS: one text for each change and number, by whatever gateway is there, held back by no rule."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.alarms.channels import Message, Sent
from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.outbox import GIVEN_UP_AFTER, hand_over
from callcenter.alarms.records import Trouble, clear_alarm, mark_handled, raise_alarm
from callcenter.alarms.sending import AlarmSender, QueueTarget, Target
from callcenter.alarms.texts import load_texts
from callcenter.bus import LocalBus
from callcenter.clock import utc_now
from callcenter.messaging.alarm_texts import LONGEST_REASON, AlarmTexts, alarm_words
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.outbox.attempts import read_key
from callcenter.messaging.outbox.claiming import claim
from callcenter.messaging.vocabulary import Purpose
from callcenter.telephony.line_words import reason_columns
from protocols.sayings import Said, Saying
from storage.database import Database
from storage.models import Alarm, AlarmDelivery, SmsMessage, SmsOptOut
from tests.peers.call_center import NOW, SUSAN, clock_at, fill
from tests.peers.sms_desk import GATEWAY, OTHER_GATEWAY, add_gateway

ENGINEER, HEAD = "+8613800138001", "+8613800138002"
UNPLUGGED = reason_columns(Said(Saying.UNPLUGGED))
DOWN = Trouble(AlarmKind.GATEWAY_DOWN, str(GATEWAY), {"gateway": "移动", **UNPLUGGED})
STUCK = Trouble(AlarmKind.QUEUE_STUCK, "sms")
NIGHT = timedelta(hours=12)


def english(text: str) -> str:
    return text


class Place:
    """A webhook that takes everything."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> Sent:
        self.messages.append(message)
        return Sent(None, 200)


class House:
    """A database with two gateways, a webhook, the engineer who hears of everything and the head of gateways only."""

    def __init__(self, database: Database) -> None:
        self.database = database
        # Four in the morning of the hospital: everything else would wait for eight.
        self.clock: Clock = clock_at(NOW + NIGHT)
        self.bus = LocalBus()
        database.on_commit = self.bus.publish
        self.place = Place()
        self.sender = self.another()

    def texts(self, name: str, *numbers: str) -> AlarmTexts:
        return AlarmTexts(name, numbers, english, "Asia/Shanghai")

    def another(self) -> AlarmSender:
        queues = {
            "engineers": QueueTarget(self.texts("engineers", ENGINEER, HEAD), tuple(AlarmKind)),
            "head": QueueTarget(self.texts("head", HEAD), (AlarmKind.QUEUE_STUCK,)),
        }
        targets = {"hook": Target(self.place, tuple(AlarmKind))}
        return AlarmSender(self.database, self.clock, self.bus, targets, queues)

    async def do(self, change: Callable[..., Any], *arguments: Any) -> None:
        await self.database.run(change, *arguments, utc_now(self.clock))
        while len(self.sender._tasks):
            await self.database.run(lambda _: None)

    async def texts_out(self) -> list[tuple[str, str, str]]:
        """Number, state and first words of each, in order."""

        def load(session: Session) -> list[tuple[str, str, str]]:
            found = session.scalars(select(SmsMessage).order_by(SmsMessage.id))
            return [(one.number, one.state, one.text.split(" ")[0]) for one in found]

        return await self.database.read(load)

    async def leaves(self, *routes: Route) -> dict[int, int]:
        """What gateways take now: how many messages each."""
        taken = await self.database.run(claim, routes, utc_now(self.clock))
        return {key: len({read_key(part.key)[0] for part in parts}) for key, parts in taken.handed.items()}


@pytest_twisted.async_yield_fixture
async def house(database: Database) -> AsyncIterator[House]:
    def begin(session: Session) -> None:
        fill(session)
        add_gateway(session)
        add_gateway(session, OTHER_GATEWAY, "联通")

    await database.run(begin)
    house = House(database)
    await house.sender.start()
    yield house
    await house.sender.stop()


def handle(session: Session, note: str, at: Any) -> None:
    mark_handled(session, session.scalars(select(Alarm)).one(), SUSAN.user_id, note, at)


def deliveries(session: Session) -> list[tuple[str, str, int | None]]:
    rows = session.scalars(select(AlarmDelivery).order_by(AlarmDelivery.target, AlarmDelivery.id))
    return [(row.target, row.state, row.answer) for row in rows]


@pytest_twisted.ensureDeferred
async def test_each_number_is_told_once_in_the_night_too_and_whoever_wants_the_kind(house: House) -> None:
    await house.do(raise_alarm, DOWN)
    await house.do(raise_alarm, DOWN)
    assert await house.texts_out() == [(ENGINEER, "queued", "Alarm"), (HEAD, "queued", "Alarm")]
    assert await house.database.read(deliveries) == [("engineers", "sent", None), ("hook", "sent", 200)]
    assert len(house.place.messages) == 1
    await house.do(raise_alarm, STUCK)
    assert sorted(number for number, _, _ in await house.texts_out()) == [ENGINEER] * 2 + [HEAD] * 3
    assert await house.leaves(Route(GATEWAY, room=9)) == {GATEWAY: 5}


def refuse_everything(session: Session, now: Any) -> None:
    session.add(SmsOptOut(number=ENGINEER, kind="all", live_key=f"{ENGINEER}:all:", began_at=now))


@pytest_twisted.ensureDeferred
async def test_no_opt_out_and_no_share_of_the_day_keeps_it_back(house: House) -> None:
    await house.do(refuse_everything)
    for number in range(10, 18):
        await house.do(raise_alarm, Trouble(AlarmKind.GATEWAY_DOWN, str(number), {"gateway": "移动"}))
    assert await house.leaves(Route(GATEWAY, room=99)) == {GATEWAY: 16}


@pytest_twisted.ensureDeferred
async def test_of_a_gateway_that_is_down_another_tells_and_without_another_it_waits(house: House) -> None:
    await house.do(raise_alarm, DOWN)
    down, marketing = Route(GATEWAY, ready=False), Route(OTHER_GATEWAY, purposes=(Purpose.MARKETING,), room=1)
    assert await house.leaves(down) == {}
    assert [state for _, state, _ in await house.texts_out()] == ["queued", "queued"]
    house.clock.advance(60)
    # It is set up for something else, and is the only one there is.
    assert await house.leaves(down, marketing) == {OTHER_GATEWAY: 1}
    assert await house.leaves(down, Route(OTHER_GATEWAY, prefixes=("189",), room=9)) == {}


@pytest_twisted.ensureDeferred
async def test_what_did_not_leave_is_overtaken_by_what_came_of_it(house: House) -> None:
    await house.do(raise_alarm, DOWN)
    assert await house.leaves(Route(GATEWAY, room=1)) == {GATEWAY: 1}
    await house.do(clear_alarm, AlarmKind.GATEWAY_DOWN, DOWN.subject)
    assert await house.texts_out() == [
        (ENGINEER, "sending", "Alarm"), (HEAD, "cancelled", "Alarm"),
        (ENGINEER, "queued", "Over"), (HEAD, "queued", "Over"),
    ]  # fmt: skip
    await house.do(handle, "called 13800138000, Mr Zhang")
    texts = await house.database.read(
        lambda session: list(session.scalars(select(SmsMessage.text).order_by(SmsMessage.id)))
    )
    assert texts[-1].startswith("Dealt with")
    assert not any("Zhang" in text for text in texts)


@pytest_twisted.ensureDeferred
async def test_what_waits_for_a_day_is_not_sent_any_more(house: House) -> None:
    await house.do(raise_alarm, DOWN)
    house.clock.advance(GIVEN_UP_AFTER.total_seconds())
    assert await house.leaves(Route(GATEWAY, room=9)) == {}
    assert [state for _, state, _ in await house.texts_out()] == ["expired", "expired"]


class Broken:
    """Puts something into the transaction and fails."""

    def __init__(self, texts: AlarmTexts) -> None:
        self._texts = texts

    def put(self, session: Session, message: Message, at: Any) -> None:
        self._texts.put(session, message, at)
        raise RuntimeError("the power went")


@pytest_twisted.ensureDeferred
async def test_a_crash_on_the_way_leaves_both_or_neither(house: House) -> None:
    await house.sender.stop()
    await house.do(raise_alarm, DOWN)
    now = utc_now(house.clock)
    texts = house.texts("engineers", ENGINEER)
    with pytest.raises(RuntimeError):
        await house.database.run(hand_over, "engineers", Broken(texts), now)
    assert await house.texts_out() == []
    assert await house.database.read(deliveries) == [("engineers", "waiting", None), ("hook", "waiting", None)]
    assert await house.database.run(hand_over, "engineers", texts, now)
    assert not await house.database.run(hand_over, "engineers", texts, now)
    assert await house.texts_out() == [(ENGINEER, "queued", "Alarm")]
    (key,) = await house.database.read(
        lambda session: list(session.scalars(select(AlarmDelivery.id).where(AlarmDelivery.target == "engineers")))
    )
    found = await house.database.read(load_texts, [key])
    assert [one["state"] for one in found[key]] == ["queued"]


SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAIN: dict[str, Any] = {"line": None, "gateway": None, "balance": None, "reason": "", "reason_said": None}


def read(kind: str, event: str = "alarm.opened", **alarm: Any) -> str:
    payload = {"event": event, "at": "2026-03-02T08:00:00.000Z", "alarm": {**PLAIN, "kind": kind, **alarm}}
    return alarm_words(payload, english, SHANGHAI)


def test_words_are_short_and_the_programs_own() -> None:
    line = {"id": 3, "name": "3"}
    told = read("line_lost", line=line, **UNPLUGGED)
    assert told == "Alarm 03-02 16:00: Line 3: line lost. the device was unplugged or its port closed"
    assert read("line_lost", "alarm.cleared", line=line, **UNPLUGGED) == "Over 03-02 16:00: Line 3: line lost."
    far_end = read("gateway_down", gateway={"id": 1, "name": "x" * 40}, reason="Mr Zhang 13800138000")
    assert far_end == f"Alarm 03-02 16:00: {'x' * 20}: SMS gateway down."
    inside = {"code": "cannot_open", "values": {"port": "10.1.2.3:7890", "why": "refused"}}
    assert "10.1.2.3" not in read("gateway_down", gateway={"id": 1, "name": "A"}, reason_said=inside)
    assert "12 messages" in read("balance_low", gateway={"id": 1, "name": "A"}, balance=12)
    for kind in AlarmKind:
        said = {"code": "cannot_open", "values": {"port": "/dev/" + "y" * 300, "why": "z" * 300}}
        assert len(read(kind, line=line, gateway=line, reason_said=said)) < 80 + LONGEST_REASON
