"""Moves messages: takes what is due out of the queue for whoever has room, and has written down what gateways report.

One claim at a time, in a transaction of its own; whatever comes meanwhile goes into the next one, so the more there is
to do, the more is done at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.bus import EventBus, Unsubscribe
from callcenter.clock import utc_now
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.incoming.arrivals import Text
from callcenter.messaging.incoming.brought import MOST as MOST_REMEMBERED
from callcenter.messaging.incoming.brought import Brought
from callcenter.messaging.incoming.brought_rows import left_behind, names_of_ours, write_settled
from callcenter.messaging.incoming.filing import Filing
from callcenter.messaging.incoming.judged import Judged
from callcenter.messaging.incoming.kept_parts import forget_joined
from callcenter.messaging.incoming.receiving import Received
from callcenter.messaging.outbox.claiming import Claimed, claim, expire
from callcenter.messaging.outbox.due_messages import Place, anything_due
from callcenter.messaging.outbox.housekeeping import recover, release_orphans, resend_unknown
from callcenter.messaging.outbox.parked import forget_parked
from callcenter.messaging.outbox.reports import Reports
from callcenter.messaging.outbox.settling import ANSWERS, Heard
from callcenter.messaging.vocabulary import MessageState
from callcenter.tasks import Periodic, TaskTracker
from protocols.sms import Arrival, GatewaySignal, Part, PartUnknown
from storage.database import Database
from storage.event_log import StoredEvent

LOOK_SECONDS = 1.0
"""How often one look into an index is made for what has become due."""
UPKEEP_SECONDS = 20.0
"""How often doubts, texts that nobody filed, parked receipts, old parts and late messages are looked after."""
_QUEUED = MessageState.QUEUED.value

_log = Logger(namespace="callcenter.messaging")


class Switchboard(Protocol):
    """The gateways that run."""

    def routes(self) -> Sequence[Route]:
        """Each as it is now."""
        ...

    def submit(self, gateway_id: int, parts: Sequence[Part]) -> None:
        """Hand over; see ``GatewayDevice.submit``. KeyError when it is gone."""
        ...


class Dispatcher:
    """``received`` is told of each text that came in, in its transaction."""

    def __init__(
        self, database: Database, clock: IReactorTime, bus: EventBus, switchboard: Switchboard, received: Received
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._switchboard = switchboard
        self._tasks = TaskTracker("messaging", clock)
        self._brought = Brought(clock)
        self._filing = Filing(database, clock, received, self._tasks, lambda: self._brought.doubted.held)
        self._judged = Judged(database, self._brought.doubted, self._filing, self._tasks)
        upkeep = (
            self._filing.add_left, self._finish_judged, self._write_settled, self._resend_unknown, self._forget_parked,
            self._forget_joined, self._expire,
        )  # fmt: skip
        # Each by itself: what one of them cannot do must not keep the others from being done.
        self._periodics = [
            Periodic(clock, LOOK_SECONDS, self._look_once),
            *(Periodic(clock, UPKEEP_SECONDS, step) for step in upkeep),
        ]
        self._unsubscribe: Unsubscribe | None = None
        self._reports = Reports(database, clock, self._tasks, self._written)
        self._in_flight: set[str] = set()
        self._claiming = DeferredLock()
        self._wanted = self._sending = self._orphaned = False
        # What is due before the place ``_after`` waits for the gateways ``_full``, so the next claim looks behind it:
        # as long as these stay full, and the gateways that are throttled, with whether they are on trial, the same.
        self._after: Place | None = None
        self._full: frozenset[int] = frozenset()
        self._throttled: frozenset[tuple[int, bool]] = frozenset()
        self.accepted_at: float | None = None
        """When a gateway last answered for something, in seconds of the clock."""

    @property
    def busy(self) -> int:
        """How many coroutines run."""
        return len(self._tasks) + sum(each.running for each in self._periodics)

    async def start(self) -> None:
        """Repair what the last process left, before anything is handed over; then begin."""
        while await self._database.run(recover, utc_now(self._clock)):
            pass
        self._brought.remember(await self._database.read(left_behind), utc_now(self._clock))
        self._brought.remember_ours(await self._database.read(names_of_ours, MOST_REMEMBERED))
        self._brought.doubted.judged = self._judged.begin
        self._unsubscribe = self._bus.subscribe(self._told)
        self._sending = True
        for each in self._periodics:
            each.start()
        self._tasks.start(self._filing.add_left())
        self.wake()

    async def pause(self, deadline: float = 3.0) -> None:
        """Claim nothing more; what gateways report is still taken. What is being claimed is handed over first, if the
        database answers in ``deadline`` seconds.
        """
        self._sending = False
        if self._unsubscribe is not None:
            self._unsubscribe()
        ending = TaskTracker("messaging", self._clock)
        # The last one waits until a claim that is under way has been handed over; it claims nothing itself any more.
        for waits in (*(each.stop() for each in self._periodics), self._claim_due()):
            ending.start(waits)
        await ending.drain(deadline)

    async def stop(self, deadline: float = 5.0) -> None:
        """Write down what was reported and what was handed to nobody, and end. The gateways are stopped by now."""
        ends = self._clock.seconds() + deadline
        await self.pause(deadline)
        self._filing.stop()
        if self._orphaned and not self._claiming.locked:
            self._tasks.start(self._release_orphans())
        self._tasks.start(self._write_settled())
        await self._tasks.drain(max(0.0, ends - self._clock.seconds()))

    def wake(self) -> None:
        """Something may be due, or somebody may have room."""
        self._wanted = True
        if self._sending and not self._claiming.locked:
            self._tasks.start(self._claim_due())

    def heard(self, gateway_id: int, signals: Sequence[GatewaySignal]) -> None:
        """A gateway reported."""
        self._reports.add(gateway_id, self._brought.heard(gateway_id, signals))

    def _told(self, events: Sequence[StoredEvent]) -> None:
        if any(one.topic == "messages" and one.data.get("state", _QUEUED) == _QUEUED for one in events):
            self.wake()

    async def _claim_due(self) -> None:
        async with self._claiming:
            while self._wanted and self._sending:
                self._wanted = False
                await (self._release_orphans() if self._orphaned else self._claim_once())

    async def _release_orphans(self) -> None:
        await self._database.run(release_orphans, frozenset(self._in_flight), utc_now(self._clock))
        self._orphaned, self._wanted = False, True

    async def _claim_once(self) -> None:
        routes = self._switchboard.routes()
        serving = [route for route in routes if route.in_service]
        # With nobody ready everything would be put off and looked at again; with nobody free nothing could go.
        if not any(route.ready and route.room > 0 for route in serving):
            return
        full = frozenset(route.gateway_id for route in serving if route.room <= 0)
        throttled = frozenset((route.gateway_id, route.on_trial) for route in serving if route.throttled)
        # As soon as one of those gateways has room, or another one may stand in for it, what was due first goes first.
        after = self._after if self._full <= full and self._throttled == throttled else None
        try:
            claimed = await self._database.run(claim, routes, utc_now(self._clock), after)
        except BaseException:
            # It may have been committed although we were told otherwise: then no gateway was handed what it claimed.
            self._orphaned = True
            raise
        self._hand_over(claimed)
        self._wanted |= claimed.more
        self._after, self._full, self._throttled = claimed.after, full, throttled

    def _hand_over(self, claimed: Claimed) -> None:
        for gateway_id, parts in claimed.handed.items():
            self._in_flight.update(part.key for part in parts)
            try:
                self._switchboard.submit(gateway_id, parts)
            except KeyError:
                # Removed between the look and the handing over: not a byte has left.
                self._in_flight.difference_update(part.key for part in parts)
                self._orphaned = self._wanted = True
            except Exception:  # noqa: BLE001 - whatever it did before it failed, we cannot know
                _log.failure("gateway {gateway}: handing over failed", gateway=gateway_id)
                self.heard(gateway_id, [PartUnknown(part.key) for part in parts])

    def _written(self, batch: Sequence[Heard], texts: Sequence[Text]) -> None:
        """It is committed: gateways need not tell it again, and may have room."""
        for one in batch:
            signal = one.signal
            if type(signal) in ANSWERS:
                self._in_flight.discard(getattr(signal, "key", ""))
                self.accepted_at = self._clock.seconds()
            elif isinstance(signal, Arrival):
                try:
                    signal.written()
                    self._brought.confirmed(one.gateway_id, signal)
                except Exception:  # noqa: BLE001 - it comes again, and is known then
                    _log.failure("gateway {gateway} cannot confirm what it reported", gateway=one.gateway_id)
        self._filing.add(texts)
        self.wake()

    async def _look_once(self) -> None:
        if self._orphaned or await self._database.read(anything_due, utc_now(self._clock)):
            self.wake()

    async def _finish_judged(self) -> None:
        """What could not be done when it became known, because the database was away."""
        self._judged.begin()

    async def _resend_unknown(self) -> None:
        await self._database.run(resend_unknown, utc_now(self._clock))

    async def _forget_parked(self) -> None:
        await self._database.run(forget_parked, utc_now(self._clock))

    async def _forget_joined(self) -> None:
        """Some at a time, however many a process left that forgot none: others write in between."""
        after: int | None = 0
        while after is not None and self._sending:
            after = await self._database.run(forget_joined, utc_now(self._clock), after)

    async def _expire(self) -> None:
        """What is too late, while no gateway takes anything; otherwise a claim finds it."""
        if not any(route.ready and route.in_service for route in self._switchboard.routes()):
            while await self._database.run(expire, utc_now(self._clock)):
                pass

    async def _write_settled(self) -> None:
        if until := self._brought.settled_until(utc_now(self._clock)):
            await self._database.run(write_settled, until)
