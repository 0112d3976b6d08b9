"""Alarms on their way out: signed, tried again, sent again after a crash, given up in the end, never twice at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from callcenter.alarms.channels import Message, Problem, Sent
from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.outbox import GIVEN_UP_AFTER, LEASE, claim, forget_deliveries, pause_after, set_targets
from callcenter.alarms.records import SETTLING, Trouble, clear_alarm, mark_handled, raise_alarm
from callcenter.alarms.sending import LOOK_SECONDS, AlarmSender, Target
from callcenter.alarms.webhook import Webhook, signature
from callcenter.bus import LocalBus
from callcenter.clock import utc_now
from hardware.outgoing.endpoint import ForbiddenAddressError
from storage.database import Database
from storage.models import Alarm, AlarmDelivery, PhoneLine
from tests.peers.call_center import NOW, SUSAN, clock_at, fill

LOST = Trouble(AlarmKind.LINE_LOST, "1", {"line": "1", "reason": "unplugged"}, line_id=1)


class Channel:
    """Takes messages and answers what it is told to, or when it is told to."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answers: list[Sent] = []
        self.held: list[Deferred[Sent]] | None = None

    async def send(self, message: Message) -> Sent:
        self.messages.append(message)
        if self.held is not None:
            waiting: Deferred[Sent] = Deferred()
            self.held.append(waiting)
            return await waiting
        return self.answers.pop(0) if self.answers else Sent(None, 200)


class House:
    """A database with one line, a clock, and senders on it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock: Clock = clock_at(NOW)
        self.bus = LocalBus()
        database.on_commit = self.bus.publish
        self.duty, self.manager = Channel(), Channel()
        self.senders: list[AlarmSender] = []
        self.sender = self.another()

    def another(self) -> AlarmSender:
        targets = {
            "duty": Target(self.duty, tuple(AlarmKind)),
            "manager": Target(self.manager, (AlarmKind.QUEUE_STUCK,)),
        }
        self.senders.append(AlarmSender(self.database, self.clock, self.bus, targets))
        return self.senders[-1]

    async def settle(self) -> None:
        """Wait until nobody works on anything but attempts that are held."""
        while True:
            await self.database.run(lambda _: None)
            await self.database.read(lambda _: None)
            held = [one for one in self.duty.held or () if not one.called]
            if sum(len(sender._tasks) for sender in self.senders) <= len(held):
                return

    async def do(self, change: Any, *arguments: Any) -> None:
        await self.database.run(change, *arguments, utc_now(self.clock))
        await self.settle()

    async def wait(self, seconds: float) -> None:
        for _ in range(int(seconds // LOOK_SECONDS)):
            self.clock.advance(LOOK_SECONDS)
            await self.settle()

    async def rows(self) -> list[tuple[str, str, int, str]]:
        def load(session: Session) -> list[tuple[str, str, int, str]]:
            found = session.scalars(select(AlarmDelivery).order_by(AlarmDelivery.id))
            return [(one.event, one.state, one.attempts, one.problem) for one in found]

        return await self.database.read(load)


@pytest_twisted.async_yield_fixture
async def house(database: Database) -> AsyncIterator[House]:
    await database.run(fill)
    await database.run(lambda session: session.add(_line()))
    house = House(database)
    await house.sender.start()
    yield house
    await house.sender.stop()


def _line() -> PhoneLine:
    return PhoneLine(id=1, name="1", driver="hayes", state="idle", since=NOW, out_of_service=False, removed=False)


def handle(session: Session, note: str, at: Any) -> None:
    mark_handled(session, session.scalars(select(Alarm)).one(), SUSAN.user_id, note, at)


@pytest_twisted.ensureDeferred
async def test_what_happens_to_an_alarm_is_told_at_once_and_once(house: House) -> None:
    await house.do(raise_alarm, LOST)
    await house.do(raise_alarm, LOST)
    await house.do(clear_alarm, AlarmKind.LINE_LOST, "1")
    await house.do(handle, "called 13800138000")
    assert [message.event for message in house.duty.messages] == ["alarm.opened", "alarm.cleared", "alarm.handled"]
    assert house.manager.messages == []
    opened, _, handled = [dict(message.payload) for message in house.duty.messages]
    assert opened["at"] == "2026-03-02T08:00:00.000Z"
    assert opened["alarm"]["line"] == {"id": 1, "name": "1"}
    assert handled["alarm"]["handled_at"] is not None
    assert "note" not in handled["alarm"]
    assert await house.rows() == [(event, "sent", 1, "") for event in ("opened", "cleared", "handled")]


@pytest_twisted.ensureDeferred
async def test_it_is_tried_again_with_growing_pauses_until_it_is_accepted(house: House) -> None:
    house.duty.answers = [Sent(Problem.UNREACHABLE), Sent(Problem.REFUSED, 503), Sent(None, 200)]
    await house.do(raise_alarm, LOST)
    assert await house.rows() == [("opened", "waiting", 1, "unreachable")]
    await house.wait(10)
    assert await house.rows() == [("opened", "waiting", 2, "refused")]
    await house.wait(10)
    assert len(house.duty.messages) == 2
    await house.wait(20)
    assert await house.rows() == [("opened", "sent", 3, "")]
    assert {message.delivery for message in house.duty.messages} == {house.duty.messages[0].delivery}
    assert [message.attempt for message in house.duty.messages] == [1, 2, 3]


@pytest_twisted.ensureDeferred
async def test_after_a_day_it_is_given_up(house: House) -> None:
    house.duty.answers = [Sent(Problem.TIMED_OUT)] * 200
    await house.do(raise_alarm, LOST)
    for _ in range(60):
        if (await house.rows())[0][1] != "waiting":
            break
        house.clock.advance(1800)
        await house.settle()
    ((_, state, attempts, problem),) = await house.rows()
    assert (state, problem) == ("failed", "timed_out")
    assert attempts > 40
    before = len(house.duty.messages)
    await house.wait(7200)
    assert len(house.duty.messages) == before


@pytest_twisted.ensureDeferred
async def test_the_attempt_is_on_disk_before_it_is_made_and_made_again_after_a_crash(house: House) -> None:
    house.duty.held = []
    await house.do(raise_alarm, LOST)
    assert await house.rows() == [("opened", "waiting", 1, "")]
    assert len(house.duty.messages) == 1
    # The process that sends dies; the next one waits until nobody can be sending any more.
    restarted = house.another()
    await restarted.start()
    await house.settle()
    assert len(house.duty.messages) == 1
    house.clock.advance(LEASE.total_seconds())
    await house.settle()
    assert [message.attempt for message in house.duty.messages] == [1, 2]
    first, second = house.duty.held
    second.callback(Sent(None, 200))
    await house.settle()
    first.callback(Sent(Problem.BROKEN))
    await house.settle()
    assert await house.rows() == [("opened", "sent", 2, "")]
    await restarted.stop()


@pytest_twisted.ensureDeferred
async def test_one_that_hangs_does_not_hold_up_another_place(house: House) -> None:
    house.duty.held = []
    both = Trouble(AlarmKind.QUEUE_STUCK, "sms", {})
    await house.do(raise_alarm, both)
    assert [len(channel.messages) for channel in (house.duty, house.manager)] == [1, 1]
    await house.do(clear_alarm, AlarmKind.QUEUE_STUCK, "sms")
    assert [len(channel.messages) for channel in (house.duty, house.manager)] == [1, 2]
    house.duty.held.pop().callback(Sent(None, 200))
    await house.settle()
    assert len(house.duty.messages) == 2
    house.duty.held.pop().callback(Sent(None, 200))
    await house.settle()


@pytest_twisted.ensureDeferred
async def test_trouble_that_comes_and_goes_is_told_when_it_has_settled(house: House) -> None:
    await house.do(raise_alarm, LOST)
    await house.do(clear_alarm, AlarmKind.LINE_LOST, "1")
    for _ in range(5):
        await house.do(raise_alarm, LOST)
        await house.do(clear_alarm, AlarmKind.LINE_LOST, "1")
    await house.do(raise_alarm, LOST)
    assert len(house.duty.messages) == 2
    await house.wait(SETTLING.total_seconds())
    assert [message.event for message in house.duty.messages] == ["alarm.opened", "alarm.cleared", "alarm.opened"]
    assert house.duty.messages[-1].payload["alarm"]["times"] == 7


@pytest_twisted.ensureDeferred
async def test_two_processes_cannot_hold_the_same_message(house: House) -> None:
    await house.sender.stop()
    await house.do(raise_alarm, LOST)
    now = utc_now(house.clock)
    assert (await house.database.run(claim, "duty", now)) is not None
    assert (await house.database.run(claim, "duty", now)) is None
    await house.sender.start()


@pytest_twisted.ensureDeferred
async def test_a_place_that_is_configured_no_more_is_not_sent_what_waited(house: House) -> None:
    await house.sender.stop()
    await house.do(raise_alarm, LOST)
    await house.do(set_targets, [("manager", "line_lost")])
    assert await house.rows() == [("opened", "failed", 0, "")]
    await house.do(set_targets, [])
    later = utc_now(house.clock) + GIVEN_UP_AFTER
    assert await house.database.run(forget_deliveries, later) == 1
    assert await house.rows() == []
    await house.sender.start()


class Posting:
    """Keeps what is posted; answers with a status or raises."""

    def __init__(self, answer: int | Exception) -> None:
        self.answer = answer
        self.posted: list[tuple[dict[str, str], bytes]] = []

    async def post(self, headers: dict[str, str], body: bytes) -> int:
        self.posted.append((headers, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def sent_by(posting: Posting, secret: str = "s" * 16) -> Sent:
    webhook = Webhook("duty", posting, secret, lambda: 1_772_438_400.9)
    found: list[Sent] = []
    message = Message(7, 2, "alarm.opened", {"event": "alarm.opened", "at": "x", "alarm": {"line": {"name": "线路"}}})
    Deferred.fromCoroutine(webhook.send(message)).addCallback(found.append)
    return found[0]


def test_the_signature_is_what_anybody_with_the_secret_computes() -> None:
    posting = Posting(200)
    assert sent_by(posting) == Sent(None, 200)
    ((headers, body),) = posting.posted
    assert json.loads(body)["delivery"] == 7
    assert "线路".encode() in body
    assert (headers["Huifang-Delivery"], headers["Huifang-Event"]) == ("7", "alarm.opened")
    assert headers["Huifang-Signature"] == signature("s" * 16, 1_772_438_400, body)
    # printf '1.{}' | openssl dgst -sha256 -hmac secret
    known = "1122767b193110cfec322b6f199b599edbf608ed087f2d27afb0b97d99523908"
    assert signature("secret", 1, b"{}") == f"t=1,v1={known}"


def test_answers_and_failures_become_codes_without_words() -> None:
    assert sent_by(Posting(302)) == Sent(Problem.REFUSED, 302)
    assert sent_by(Posting(500)) == Sent(Problem.REFUSED, 500)
    assert sent_by(Posting(ForbiddenAddressError("10.0.0.1"))) == Sent(Problem.FORBIDDEN)
    assert sent_by(Posting(ValueError("secret words"))) == Sent(Problem.BROKEN)


def test_pauses_grow_up_to_half_an_hour() -> None:
    pauses = [pause_after(attempts).total_seconds() for attempts in range(1, 10)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (10, 1800)
