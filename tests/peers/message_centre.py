"""A database, a clock, a dispatcher of messages and scripted gateways: from the queue to gateways and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.bus import LocalBus
from callcenter.clock import utc_now
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.incoming.receiving import IncomingText, Placed, nobody_listens
from callcenter.messaging.outbox.dispatcher import LOOK_SECONDS, Dispatcher
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.texts.segments import Counting, Wording
from callcenter.messaging.vocabulary import Purpose
from protocols.sms import Fate, GatewaySignal, NameHint, Part, ReceiptArrived, TextArrived
from storage.database import Database
from storage.event_log import StoredEvent
from storage.models import SmsAttempt, SmsGateway, SmsMessage, SmsReceipt
from tests.peers.call_center import NOW, clock_at
from tests.peers.rest import until_quiet
from tests.peers.scripted_gateway import ScriptedGateway, accepting

NUMBER = "+8613800138000"
REPLY = MessageDraft(NUMBER, "您好", Purpose.REPLY)
LONG = "这是一条很长的短信" * 20


class Board:
    """Gateways by id, as the dispatcher sees them."""

    def __init__(self) -> None:
        self.devices: dict[int, ScriptedGateway] = {}
        self.set_up: dict[int, Route] = {}

    def routes(self) -> Sequence[Route]:
        return [replace(self.set_up[key], ready=one.ready, room=one.room) for key, one in self.devices.items()]

    def submit(self, gateway_id: int, parts: Sequence[Part]) -> None:
        self.devices[gateway_id].submit(parts)


class Centre:
    """A database, a clock, a dispatcher, and as many gateways as a test asks for."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock: Clock = clock_at(NOW)
        self.bus = LocalBus()
        self.events: list[StoredEvent] = []
        self.bus.subscribe(self.events.extend)
        database.on_commit = self.bus.publish
        self.board = Board()
        self.texts: list[IncomingText] = []
        self.hook: Callable[[IncomingText], None] = self.texts.append
        self.confirmed: list[str] = []
        self.dispatcher = self.another()

    def another(self) -> Dispatcher:
        # The hook may be exchanged meanwhile.
        return Dispatcher(self.database, self.clock, self.bus, self.board, self._heard)

    def _heard(self, session: Session, texts: Sequence[IncomingText]) -> Placed:
        for text in texts:
            self.hook(text)
        return nobody_listens(session, texts)

    async def start_again(self) -> None:
        """The dispatcher ends, and the next process begins."""
        await self.dispatcher.stop()
        self.dispatcher = self.another()
        await self.dispatcher.start()
        await self.settle()

    async def gateway(
        self, key: int = 1, *, answer: Any = accepting, capacity: int = 1000, **route: Any
    ) -> ScriptedGateway:
        def add(session: Session) -> None:
            session.add(
                SmsGateway(
                    id=key, name=f"gateway {key}", kind="cmpp2", settings={}, state_since=NOW, cost=route.get("cost", 0)
                )
            )

        await self.database.run(add)
        device = ScriptedGateway(self.clock, capacity, answer=answer)
        wording = Wording(Counting.CHINA)
        self.board.set_up[key] = Route(key, receipts=True, **{"wording": wording, **route})
        self.board.devices[key] = device
        device.start(lambda signals: self.dispatcher.heard(key, signals))
        return device

    async def settle(self) -> None:
        """Until nobody works on anything that needs no time to pass. What runs now and then is nobody's task."""
        await until_quiet(self.database, self.clock, lambda: bool(self.dispatcher.busy), turns=5)

    async def queue(self, *drafts: MessageDraft) -> list[int]:
        keys = await self.database.run(queue_messages, drafts, utc_now(self.clock))
        await self.settle()
        return keys

    async def wait(self, duration: timedelta, step: float = LOOK_SECONDS) -> None:
        for _ in range(int(duration.total_seconds() // step)):
            self.clock.advance(step)
            await self.settle()

    async def say(self, key: int, *signals: GatewaySignal) -> None:
        self.board.devices[key].say(*signals)
        await self.settle()

    def receipt(
        self,
        ref: str,
        fate: Fate = Fate.DELIVERED,
        number: str = "",
        code: str = "DELIVRD",
        hint: NameHint | None = None,
    ) -> ReceiptArrived:
        return ReceiptArrived(ref, fate, code, "", number, hint=hint, written=lambda: self.confirmed.append(ref))

    def text(self, words: str, **fields: Any) -> TextArrived:
        fields.setdefault("gateway_id", words)
        return TextArrived("13800138000", "106900", words, **fields, written=lambda: self.confirmed.append(words))

    async def messages(self, direction: str = "out") -> list[SmsMessage]:
        def load(session: Session) -> list[dict[str, Any]]:
            found = session.scalars(select(SmsMessage).where(SmsMessage.direction == direction).order_by(SmsMessage.id))
            return [{name: getattr(one, name) for name in vars(one) if not name.startswith("_")} for one in found]

        return [SmsMessage(**row) for row in await self.database.read(load)]

    async def states(self) -> list[str]:
        return [one.state for one in await self.messages()]

    async def attempts(self) -> list[tuple[int, int, str]]:
        def load(session: Session) -> list[tuple[int, int, str]]:
            found = session.scalars(select(SmsAttempt).order_by(SmsAttempt.id))
            return [(one.attempt, one.position, one.state) for one in found]

        return await self.database.read(load)

    async def names(self) -> list[str | None]:
        """What gateways call the parts."""
        return await self.database.read(
            lambda session: [*session.scalars(select(SmsAttempt.gateway_ref).order_by(SmsAttempt.id))]
        )

    async def parked(self) -> list[str]:
        """The names in receipts that belong to nothing yet."""
        return await self.database.read(
            lambda session: [*session.scalars(select(SmsReceipt.gateway_ref).order_by(SmsReceipt.id))]
        )
