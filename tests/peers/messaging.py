"""An SMS centre on a real database with scripted gateways, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.administration.permissions import BUILT_IN_ROLES
from callcenter.administration.principal import Principal
from callcenter.bus import LocalBus
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import GatewayKinds
from callcenter.messaging.incoming.receiving import Received, nobody_listens
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.service import Messaging, MessagingSettings
from callcenter.messaging.vocabulary import Purpose
from hardware.gateways.device import GatewayAbility
from hardware.gateways.drivers import MODELS
from hardware.gateways.settings import GatewayKind, GatewaySettings
from storage.database import Database
from storage.event_log import StoredEvent
from storage.models import Base, SmsMessage
from tests.peers.call_center import NOW, clock_at
from tests.peers.rest import until_quiet
from tests.peers.scripted_gateway import ALL, ScriptedGateway, accepting

NUMBERS = [f"+86138{place:08}" for place in range(100)]
ADMIN = Principal(None, "root", "Root", None, dict(BUILT_IN_ROLES["administrator"][1]))
"""Who sets up gateways."""


class ScriptedSettings(GatewaySettings):
    """What a scripted gateway takes."""

    host: str = Field(default="localhost", min_length=1, max_length=60)
    secret: SecretStr
    second: SecretStr = SecretStr("")


@dataclass
class Factory:
    """Makes scripted gateways; ``made`` has them in order, ``settings`` what each was made of."""

    clock: Clock
    answer: Callable[..., Any] | None = accepting
    capacity: int = 1000
    abilities: GatewayAbility = ALL
    fails: str = ""
    made: list[ScriptedGateway] = field(default_factory=list)
    settings: list[GatewaySettings] = field(default_factory=list)

    def make(self, settings: GatewaySettings) -> ScriptedGateway:
        if self.fails:
            raise RuntimeError(self.fails)
        self.settings.append(settings)
        self.made.append(ScriptedGateway(self.clock, self.capacity, self.abilities, self.answer))
        return self.made[-1]

    def kinds(self) -> GatewayKinds:
        """Two that take little, and the others with all that they take."""
        others = {kind: MODELS[kind] for kind in (GatewayKind.CMPP3, GatewayKind.GSM, GatewayKind.HTTP)}
        return GatewayKinds(
            {GatewayKind.CMPP2: ScriptedSettings, GatewayKind.SMPP: ScriptedSettings, **others}, self.make
        )


class SmsCentre:
    """``messaging`` is the running one; ``another`` makes the next process of the same hospital."""

    def __init__(self, database: Database, folder: Path, received: Received = nobody_listens) -> None:
        self.database = database
        self.clock = clock_at(NOW)
        self.bus = LocalBus()
        self.events: list[StoredEvent] = []
        self.bus.subscribe(self.events.extend)
        database.on_commit = self.bus.publish
        self.factory = Factory(self.clock)
        self.key_file = folder / "secrets.key"
        self.received = received
        self.messaging = self.another()

    def another(self, key_file: Path | None = None) -> Messaging:
        settings = MessagingSettings(self.factory.kinds(), SecretBox.at(key_file or self.key_file))
        self.messaging = Messaging(self.database, self.clock, self.bus, settings, self.received)
        return self.messaging

    async def add_gateway(self, name: str, priority: int, answer: Any) -> ScriptedGateway:
        """One more, of the lowest number first; it answers each part with what ``answer`` makes of it."""
        self.factory.answer = answer
        values = {"kind": "cmpp2", "options": {"secret": "geheim"}, "name": name, "priority": priority}
        await self.messaging.gateways.create(ADMIN, values)
        await self.settle()
        return self.factory.made[-1]

    async def queue(self, *numbers: str) -> None:
        """A reply to each of ``numbers``, one after the other."""
        for number in numbers:
            await self.database.run(queue_message, MessageDraft(number, "您好", Purpose.REPLY), NOW)
        await self.settle()

    async def states(self) -> list[str]:
        """Of all messages, the oldest first."""
        return [row["state"] for row in await self.rows(SmsMessage)]

    async def settle(self) -> None:
        """Until nobody works on anything that needs no time to pass."""
        await until_quiet(self.database, self.clock, lambda: bool(self.messaging.busy), turns=3)

    async def wait(self, seconds: float, step: float = 1.0) -> None:
        for _ in range(int(seconds // step)):
            self.clock.advance(step)
            await self.settle()

    async def rows(self, record: type[Base]) -> list[dict[str, Any]]:
        """Every row of ``record`` by the names of its attributes."""

        def load(session: Session) -> list[dict[str, Any]]:
            key: Any = record.__mapper__.primary_key[0]
            found = session.scalars(select(record).order_by(key))
            return [{name: value for name, value in vars(one).items() if name[0] != "_"} for one in found]

        return await self.database.read(load)
