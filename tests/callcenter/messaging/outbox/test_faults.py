"""The story of a bad day: gateways that drop, throttle, answer late, report twice and out of order, and a daemon that
is killed again and again. Nothing is forgotten, nothing is sent twice by our doing, doubts are shown, figures add up.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from callcenter.bus import LocalBus
from callcenter.clock import utc_now
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.incoming.receiving import IncomingText, Placed, nobody_listens
from callcenter.messaging.messages.totals import load_totals
from callcenter.messaging.outbox.dispatcher import Dispatcher
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
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
    TextArrived,
)
from storage.database import Database
from storage.models import SmsAttempt, SmsGateway, SmsMessage
from tests.peers.call_center import NOW, clock_at, fill
from tests.peers.messaging import ADMIN
from tests.peers.rest import until_quiet

MESSAGES = 2000
LIVES = 6


class Carrier:
    """The world outside: what went over the air, and the reports that we have not confirmed yet. It outlives us."""

    def __init__(self, gateway_id: int, luck: random.Random) -> None:
        self.gateway_id = gateway_id
        self.luck = luck
        self.aired: Counter[tuple[int, int]] = Counter()
        self.arrived: set[tuple[int, int]] = set()
        self.failed: set[tuple[int, int]] = set()
        self.unconfirmed: dict[int, Callable[[Life], None]] = {}
        self.names = 0
        self.keys = count()

    def takes(self, part: Part) -> str:
        """Send ``part`` over the air; the name for it."""
        message, _, position = map(int, part.key.split("."))
        self.aired[message, position] += 1
        self.names += 1
        # As the same number in three spellings.
        return f"{self.names + 0xABC000:010x}"

    def reports(self, part: Part, name: str) -> None:
        """A receipt is made: told until it is confirmed, sometimes once more after that."""
        message, _, position = map(int, part.key.split("."))
        fate = Fate.FAILED if self.luck.random() < 0.05 else Fate.DELIVERED
        (self.failed if fate is Fate.FAILED else self.arrived).add((message, position))
        spelt = self.luck.choice([name, name.upper(), name.lstrip("0")])
        number = part.number.removeprefix("+86")
        for _ in range(self.luck.choice([1, 1, 1, 2])):
            self.keep(lambda key: ReceiptArrived(spelt, fate, "x", "", number, written=lambda: self.confirm(key)))

    def keep(self, make: Callable[[int], GatewaySignal]) -> None:
        key = next(self.keys)
        self.unconfirmed[key] = lambda life: life.hear(self.gateway_id, make(key))

    def confirm(self, key: int) -> None:
        self.unconfirmed.pop(key, None)

    def tell(self, life: Life, most: int = 10_000) -> None:
        """Tell what is not confirmed, in any order, again and again."""
        keys = list(self.unconfirmed)
        for key in self.luck.sample(keys, min(most, len(keys))):
            self.unconfirmed[key](life)


class Plug:
    """A database that can be pulled away from one life: what it asks afterwards is never answered."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.pulled = False
        self._asked = 0
        self._quiet: Deferred[None] | None = None

    async def pull(self) -> None:
        """Answer nothing more; fires when what was asked is over. A server is done with a dead client's work, one way
        or the other, long before a daemon starts again.
        """
        self.pulled = True
        if self._asked:
            self._quiet = Deferred()
            await self._quiet

    async def run(self, function: Any, *arguments: Any) -> Any:
        return await self._unless_pulled(self.database.run, function, *arguments)

    async def read(self, function: Any, *arguments: Any) -> Any:
        return await self._unless_pulled(self.database.read, function, *arguments)

    async def _unless_pulled(self, ask: Any, *arguments: Any) -> Any:
        result = None if self.pulled else await self._answer(ask, *arguments)
        if self.pulled:
            await Deferred()
        return result

    async def _answer(self, ask: Any, *arguments: Any) -> Any:
        self._asked += 1
        try:
            return await ask(*arguments)
        finally:
            self._asked -= 1
            if self._quiet is not None and not self._asked:
                self._quiet.callback(None)


class Life:
    """One process: its own clock, bus and connections; the database and the carriers are everybody's."""

    def __init__(self, database: Database, carriers: Sequence[Carrier], at: float, received: Any) -> None:
        self.clock: Clock = clock_at(NOW)
        self.clock.advance(at)
        self.carriers = {one.gateway_id: one for one in carriers}
        self.plug = Plug(database)
        self.bus = LocalBus()
        database.on_commit = self.bus.publish
        self.open: Counter[int] = Counter()
        self.dispatcher = Dispatcher(self.plug, self.clock, self.bus, self, received)  # type: ignore[arg-type]

    async def kill(self) -> None:
        """Nothing of it does anything any more."""
        self.dispatcher._sending = False
        await self.plug.pull()

    def hear(self, gateway_id: int, signal: GatewaySignal) -> None:
        if not self.plug.pulled:
            self.dispatcher.heard(gateway_id, [signal])

    def routes(self) -> Sequence[Route]:
        return [
            Route(key, priority=key, cost=key, receipts=True, room=max(0, 300 - self.open[key]))
            for key in self.carriers
        ]

    def submit(self, gateway_id: int, parts: Sequence[Part]) -> None:
        if self.plug.pulled:
            return
        for part in parts:
            self.open[gateway_id] += 1
            self._handle(self.carriers[gateway_id], part)

    def _handle(self, carrier: Carrier, part: Part) -> None:
        luck = carrier.luck
        dice = luck.random()
        answer: GatewaySignal
        if dice < 0.05:
            answer = PartUnsent(part.key)
        elif dice < 0.10:
            answer = PartRefused(part.key, Refusal.LATER, "8", "slow down")
        elif dice < 0.12:
            answer = PartRefused(part.key, Refusal.NEVER, "13", "bad number")
        elif dice < 0.14 and carrier.gateway_id == 1:
            answer = PartRefused(part.key, Refusal.GATEWAY, "5", "no credit")
        elif dice < 0.17:
            answer = PartUnknown(part.key, "lost before it was taken")
        else:
            name = carrier.takes(part)
            if luck.random() < 0.9:
                carrier.reports(part, name)
            answer = PartUnknown(part.key, "lost after it was taken") if dice < 0.22 else PartAccepted(part.key, name)
        self.clock.callLater(luck.choice([0, 0, 0.5, 3]), self._answer, carrier.gateway_id, answer)
        self.clock.callLater(luck.choice([0, 1, 5]), carrier.tell, self, 5)

    def _answer(self, gateway_id: int, answer: GatewaySignal) -> None:
        self.open[gateway_id] -= 1
        self.hear(gateway_id, answer)

    async def rest(self) -> None:
        await until_quiet(self.plug, self.clock, lambda: bool(self.dispatcher.busy))

    async def wait(self, seconds: float, step: float) -> None:
        for _ in range(int(seconds // step)):
            self.clock.advance(step)
            await self.rest()


def drafts() -> list[MessageDraft]:
    """A third of them long; half of them are sent again when in doubt, and half never."""
    return [
        MessageDraft(
            f"+86138{place:08}",
            "您好，请按时复诊。" * (9 if place % 3 == 0 else 1),
            Purpose.REPLY if place % 2 else Purpose.NOTICE,
            source=f"story:{place}",
        )
        for place in range(MESSAGES)
    ]


@pytest_twisted.ensureDeferred
async def test_nothing_is_forgotten_and_nothing_is_sent_twice_by_our_doing(database: Database) -> None:
    luck = random.Random(20260302)
    await database.run(fill)
    carriers = [Carrier(1, luck), Carrier(2, luck)]
    await database.run(lambda session: session.add_all(_gateway(one.gateway_id) for one in carriers))
    filed: list[str] = []

    def received(session: Session, texts: Sequence[IncomingText]) -> Placed:
        filed.extend(text.text for text in texts)
        return nobody_listens(session, texts)

    for place in range(50):
        for part in luck.sample([1, 2, 3], 3):
            carriers[0].keep(_text_part(carriers[0], place, part))
    everything = drafts()
    at = 0.0
    for life_number in range(LIVES):
        life = Life(database, carriers, at, received)
        await life.dispatcher.start()
        share = everything[life_number * MESSAGES // (LIVES - 1) : (life_number + 1) * MESSAGES // (LIVES - 1)]
        for first in range(0, len(share), 200):
            await database.run(queue_messages, share[first : first + 200], utc_now(life.clock))
        for one in carriers:
            one.tell(life)
        if life_number < LIVES - 1:
            # Killed in the middle of whatever it does.
            for _ in range(luck.randrange(3, 12)):
                life.clock.advance(luck.choice([0, 0.5]))
                await life.plug.run(lambda _: None)
            await life.kill()
        at = life.clock.seconds() - clock_at(NOW).seconds()
    await life.wait(120, 1)
    await life.wait(2 * 3600, 60)
    for one in carriers:
        one.tell(life)
    await life.rest()
    await life.dispatcher.stop()
    messages, attempts = await database.read(_load)
    _check_messages(messages, attempts, carriers)
    totals = await database.read(load_totals, ADMIN, NOW.date(), (NOW + timedelta(days=1)).date(), "Asia/Shanghai")
    assert sum(one["total"] for one in totals) == MESSAGES
    assert all(sum(one["states"].values()) == one["total"] for one in totals)
    assert sorted(filed) == sorted(f"text {place}: abc" for place in range(50))
    assert all(not one.unconfirmed for one in carriers)


def _check_messages(messages: dict[int, Any], attempts: list[Any], carriers: Sequence[Carrier]) -> None:
    assert len(messages) == MESSAGES
    assert {state for state, _, _ in messages.values()} <= {"accepted", "delivered", "failed", "unknown"}
    assert not [one for one in attempts if one.state == "sending"]
    given_up = {one.message_id for one in attempts if one.state == "given_up"}
    aired: Counter[tuple[int, int]] = sum((one.aired for one in carriers), Counter())
    arrived, failed = set().union(*(one.arrived for one in carriers)), set().union(*(one.failed for one in carriers))
    for (message, position), times in aired.items():
        state, purpose, parts = messages[message]
        # Twice only where the purpose wants doubts sent again, and once more at most.
        assert times == 1 or (purpose == "reply" and times == 2), (message, position, times)
    for message, (state, _, parts) in messages.items():
        places = {(message, place) for place in range(1, parts + 1)}
        # What was sent again may have its receipts from both attempts, and one of each does not tell of which part.
        clear = message not in given_up
        if places <= arrived - failed and clear:
            assert state == "delivered", [one for one in attempts if one.message_id == message]
        if state == "delivered":
            assert places <= arrived if clear else places & arrived, message
        if state == "accepted":
            assert places <= set(aired), message
        if state == "failed" and not places & failed:
            said_no = {one.state for one in attempts if one.message_id == message}
            assert said_no & {"refused", "elsewhere"}
    doubts = [message for message, (state, _, _) in messages.items() if state == "unknown"]
    assert doubts, "the story has no doubt left to show"
    assert given_up or any(purpose == "reply" for _, purpose, _ in messages.values())
    # Most of it went well, or the story tells nothing.
    assert sum(state == "delivered" for state, _, _ in messages.values()) > MESSAGES // 2


def _load(session: Session) -> tuple[dict[int, Any], list[Any]]:
    out = SmsMessage.direction == "out"
    columns = (SmsMessage.id, SmsMessage.state, SmsMessage.purpose, SmsMessage.parts)
    messages = {row.id: (row.state, row.purpose, row.parts) for row in session.execute(select(*columns).where(out))}
    tried = (SmsAttempt.message_id, SmsAttempt.attempt, SmsAttempt.position, SmsAttempt.state)
    return messages, list(session.execute(select(*tried)))


def _gateway(key: int) -> SmsGateway:
    return SmsGateway(id=key, name=f"gateway {key}", kind="cmpp2", settings={}, state_since=NOW)


def _text_part(carrier: Carrier, place: int, part: int) -> Callable[[int], GatewaySignal]:
    words = [f"text {place}: a", "b", "c"][part - 1]
    told = TextArrived(f"139{place:08}", "1069", words, place, part, 3, f"in-{place}-{part}", written=lambda: None)
    return lambda key: replace_written(told, lambda: carrier.confirm(key))


def replace_written(told: TextArrived, written: Callable[[], None]) -> TextArrived:
    return replace(told, written=written)
