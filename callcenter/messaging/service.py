"""The SMS centre: its parts made, started and stopped together."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime

from callcenter.alarms.records import Trouble
from callcenter.bus import EventBus
from callcenter.clock import utc_now
from callcenter.messaging.gateways.administration import Gateways
from callcenter.messaging.gateways.board import GatewayBoard
from callcenter.messaging.gateways.rates import GatewayRates
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import GatewayKinds
from callcenter.messaging.gateways.traces import GatewayTraces
from callcenter.messaging.incoming.receiving import Received, nobody_listens
from callcenter.messaging.messages.service import Messages
from callcenter.messaging.outbox.dispatcher import Dispatcher
from callcenter.messaging.outbox.stuck import STUCK_AFTER, find_stuck, tell_stuck
from callcenter.messaging.rules.service import RuleService
from callcenter.tasks import Periodic
from storage.database import Database

STUCK_SECONDS = 60.0


@dataclass(frozen=True)
class MessagingSettings:
    """``kinds`` are the gateways that can be set up; ``box`` keeps their secrets; ``time_zone`` is the hospital's."""

    kinds: GatewayKinds
    box: SecretBox
    time_zone: str = "Asia/Shanghai"


class Messaging:
    """``gateways``, ``messages`` and ``rules`` are what people use. ``received`` is told of each text that came in."""

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        bus: EventBus,
        settings: MessagingSettings,
        received: Received = nobody_listens,
    ) -> None:
        self._database = database
        self._clock = clock
        self._began = clock.seconds()
        self._stuck: Trouble | None = None
        self._look = Periodic(clock, STUCK_SECONDS, self._look_once)
        self.board = GatewayBoard(database, clock)
        self.dispatcher = Dispatcher(database, clock, bus, self.board, received)
        self.gateways = Gateways(database, clock, self.board, settings.kinds, settings.box)
        self.rates = GatewayRates(database, clock)
        self.traces = GatewayTraces(database, clock, self.board)
        self.messages = Messages(database, clock, settings.time_zone)
        self.rules = RuleService(database, clock, settings.time_zone)

    @property
    def busy(self) -> int:
        """How many coroutines run, for tests that wait until nobody does anything."""
        return self.dispatcher.busy + self.board.busy + self._look.running

    async def start(self) -> None:
        """Repair what a crash left, then let gateways connect: a doubt is known before anything new is sent."""
        self._began = self._clock.seconds()
        await self.rules.start()
        await self.dispatcher.start()
        self.board.begin(self.dispatcher.heard, self.dispatcher.wake)
        await self.gateways.start()
        self._look.start()

    async def stop(self) -> None:
        """Claim nothing more, hear what the gateways have to say still, and write it down."""
        await self._look.stop()
        self.traces.stop()
        await self.dispatcher.pause()
        await self.board.stop()
        await self.dispatcher.stop()

    async def _look_once(self) -> None:
        progress = max(self._began, self.dispatcher.accepted_at or 0.0)
        idle = self._clock.seconds() - progress >= STUCK_AFTER.total_seconds()
        now = utc_now(self._clock)
        resting = any(not route.in_service for route in self.board.routes())
        stuck = await self._database.read(find_stuck, now, idle, resting)
        # Cleared at every start too: another process may have left it open.
        if stuck or self._stuck or self._clock.seconds() - self._began < 2 * STUCK_SECONDS:
            await self._database.run(tell_stuck, stuck, now)
        self._stuck = stuck
