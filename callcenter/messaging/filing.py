"""Files texts whose parts are on disk, in a task of its own: answers do not wait behind what patients write."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.messaging.arrivals import Text, join_texts, open_texts
from callcenter.messaging.receiving import Received
from callcenter.tasks import TaskTracker
from storage.database import Database

AT_ONCE = 100
"""Texts in one transaction: on SQLite nobody else writes meanwhile."""

_log = Logger(namespace="callcenter.messaging")


class Filing:
    """``received`` is told of each text, in its transaction. Runs in ``tasks``; what is left at the end is on disk."""

    def __init__(self, database: Database, clock: IReactorTime, received: Received, tasks: TaskTracker) -> None:
        self._database = database
        self._clock = clock
        self._received = received
        self._tasks = tasks
        self._waiting: deque[Text] = deque()
        self._working = False

    def add(self, texts: Iterable[Text]) -> None:
        """These may be whole now."""
        self._waiting.extend(texts)
        if self._waiting and not self._working:
            self._working = True
            self._tasks.start(self._work())

    async def add_left(self) -> None:
        """Those that are whole, or whose parts do not come any more, and that nobody filed."""
        if not self._working:
            self.add(await self._database.read(open_texts, utc_now(self._clock)))

    def stop(self) -> None:
        """Begin nothing more: what waits is on disk, and is filed after the next start."""
        self._waiting.clear()

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._file([self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))])
        finally:
            self._working = False

    async def _file(self, texts: Sequence[Text]) -> None:
        try:
            await self._database.run(join_texts, texts, self._received, utc_now(self._clock))
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - their parts are on disk, and joining is tried again
            if len(texts) == 1:
                _log.failure("a text that came in by gateway {id} cannot be filed yet", id=texts[0].gateway_id)
                return
            # One of them cannot be filed: the others must not wait with it.
            half = len(texts) // 2
            await self._file(texts[:half])
            await self._file(texts[half:])
