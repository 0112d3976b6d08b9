"""Makes what people sent to many, in the background: one transaction at a time, so that calls go between."""

from __future__ import annotations

from collections import Counter

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.messaging.batches.making import Work, halt_by_trouble, make_page, next_work, sweep_some
from callcenter.messaging.batches.recipient_lists import forget_lists
from callcenter.messaging.messages.composing import House
from callcenter.tasks import Periodic, TaskTracker, pause
from storage.database import Database
from storage.errors import PASSING

LOOK_SECONDS = 5.0
"""How often is looked for what another node or a process before began."""
BREATH_SECONDS = 0.01
"""Between two transactions at least, and as long as the last one took: half of the time belongs to everybody else,
where only one can write.
"""
RETRY_SECONDS = 2.0
MOST_FAILURES = 5
"""After so many in a row a batch is paused: it must not keep others, and the log, busy for ever."""
REST_SECONDS = 60.0
"""So long others go first when the holding or cancelling of a batch fails; it is never given up."""
FORGET_SECONDS = 3600.0

_log = Logger(namespace="callcenter.messaging")


class BatchMaker:
    """``start`` goes on with whatever a process before left; ``wake`` when something was begun, held or cancelled."""

    def __init__(self, database: Database, clock: IReactorTime, house: House) -> None:
        self._database = database
        self._clock = clock
        self._house = house
        self._tasks = TaskTracker("batches", clock)
        self._look = Periodic(clock, LOOK_SECONDS, self._look_once)
        self._forget = Periodic(clock, FORGET_SECONDS, self._forget_old)
        self._failures: Counter[int] = Counter()
        self._resting: dict[int, float] = {}
        self._took = 0.0
        self._running = self._working = False

    @property
    def busy(self) -> int:
        """How many coroutines run."""
        return len(self._tasks) + self._look.running + self._forget.running

    def start(self) -> None:
        """Begin."""
        self._running = True
        self._look.start()
        self._forget.start()
        self.wake()

    async def stop(self, deadline: float = 5.0) -> None:
        """Finish the transaction that runs, and begin no other."""
        self._running = False
        await self._look.stop()
        await self._forget.stop()
        await self._tasks.drain(deadline)

    def wake(self) -> None:
        """There may be something to do."""
        if self._running and not self._working:
            self._working = True
            self._tasks.start(self._work())

    async def step(self) -> bool:
        """One transaction; False when there is nothing to do. Raises what the database raises."""
        work = await self._next()
        if work is not None:
            await self._do(work)
        return work is not None

    async def _next(self) -> Work | None:
        now = self._clock.seconds()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        return await self._database.read(next_work, list(self._resting))

    async def _work(self) -> None:
        try:
            while self._running and await self._stepped():
                await pause(self._clock, max(BREATH_SECONDS, self._took))
        finally:
            self._working = False

    async def _stepped(self) -> bool:
        """``step``; what fails is tried again after a while, and does not keep the others from going on for ever."""
        work: Work | None = None
        try:
            work = await self._next()
            if work is not None:
                await self._do(work)
        except PASSING:
            _log.failure("batches: the database takes nothing now; it is tried again")
            await pause(self._clock, RETRY_SECONDS)
            return True
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - one batch that cannot be made must not be the last
            _log.failure("batch {batch}: a part of it cannot be made", batch=None if work is None else work.batch_id)
            await pause(self._clock, RETRY_SECONDS)
            await self._give_up(work)
            return True
        return work is not None

    async def _do(self, work: Work) -> None:
        now, began = utc_now(self._clock), self._clock.seconds()
        if work.sweep:
            await self._database.run(sweep_some, work.batch_id, now)
        else:
            await self._database.run(make_page, work.batch_id, self._house, now)
        self._took = self._clock.seconds() - began
        self._failures.pop(work.batch_id, None)

    async def _give_up(self, work: Work | None) -> None:
        if work is None:
            return
        self._failures[work.batch_id] += 1
        if self._failures[work.batch_id] < MOST_FAILURES:
            return
        del self._failures[work.batch_id]
        if work.sweep:
            self._resting[work.batch_id] = self._clock.seconds() + REST_SECONDS
        else:
            await self._database.run(halt_by_trouble, work.batch_id, utc_now(self._clock))

    async def _look_once(self) -> None:
        self.wake()

    async def _forget_old(self) -> None:
        await self._database.run(forget_lists, utc_now(self._clock))
