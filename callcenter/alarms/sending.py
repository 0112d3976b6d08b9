"""Sends the messages of alarms: one at a time to each place, each as soon as it is committed, again until accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from twisted.internet.interfaces import IReactorTime

from callcenter.alarms.channels import AlarmChannel, AlarmQueue
from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.outbox import claim, hand_over, is_due, set_targets, settle
from callcenter.bus import EventBus, Unsubscribe
from callcenter.clock import utc_now
from callcenter.tasks import Periodic, TaskTracker
from storage.database import Database
from storage.event_log import StoredEvent

LOOK_SECONDS = 10.0
"""How often we look for what has become due: a message to be tried again, or one that settled."""


@dataclass(frozen=True)
class Target:
    """A place that is told of alarms of ``kinds``."""

    channel: AlarmChannel
    kinds: Collection[AlarmKind]


@dataclass(frozen=True)
class QueueTarget:
    """People who are told of alarms of ``kinds`` by a queue of our own."""

    queue: AlarmQueue
    kinds: Collection[AlarmKind]


class AlarmSender:
    """``targets`` and ``queues`` by name, no name in both. Call ``start`` before anything raises alarms, and ``stop``
    at the end.
    """

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        bus: EventBus,
        targets: Mapping[str, Target],
        queues: Mapping[str, QueueTarget] = MappingProxyType({}),
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._targets = targets
        self._queues = queues
        self._names = (*targets, *queues)
        self._tasks = TaskTracker("alarms", clock)
        self._periodic = Periodic(clock, LOOK_SECONDS, self._look)
        self._busy: set[str] = set()
        self._wanted: set[str] = set()
        self._unsubscribe: Unsubscribe | None = None

    async def start(self) -> None:
        """Say who is to be told, and go on with what an earlier process left."""
        pairs = [(name, kind.value) for name, target in self._targets.items() for kind in target.kinds]
        pairs += [(name, kind.value) for name, target in self._queues.items() for kind in target.kinds]
        await self._database.run(set_targets, pairs, utc_now(self._clock))
        if self._names:
            self._unsubscribe = self._bus.subscribe(self._heard)
            self._periodic.start()
            await self._look()

    async def stop(self, deadline: float = 5.0) -> None:
        """Begin nothing more; an attempt that does not end in time is made again after the next start."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            await self._periodic.stop()
        await self._tasks.drain(deadline)

    def _heard(self, events: Sequence[StoredEvent]) -> None:
        if any(event.topic == "alarms" for event in events):
            self._wake()

    async def _look(self) -> None:
        self._wake()

    def _wake(self) -> None:
        for name in self._names:
            self._wanted.add(name)
            if name not in self._busy:
                self._busy.add(name)
                self._tasks.start(self._work(name))

    async def _work(self, name: str) -> None:
        try:
            # What is committed while we look for what is due asks for another look.
            while name in self._wanted:
                self._wanted.discard(name)
                await (self._queue_due(name) if name in self._queues else self._send_due(name))
        finally:
            self._busy.discard(name)

    async def _send_due(self, name: str) -> None:
        while await self._database.read(is_due, name, utc_now(self._clock)):
            claimed = await self._database.run(claim, name, utc_now(self._clock))
            if claimed is None:
                return
            sent = await self._targets[name].channel.send(claimed.message)
            await self._database.run(settle, claimed, sent, utc_now(self._clock))

    async def _queue_due(self, name: str) -> None:
        queue = self._queues[name].queue
        while await self._database.read(is_due, name, utc_now(self._clock)):
            if not await self._database.run(hand_over, name, queue, utc_now(self._clock)):
                return
