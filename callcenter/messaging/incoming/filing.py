"""Files texts whose parts are on disk, in a task of its own: answers do not wait behind what patients write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.messaging.incoming.arrivals import Text, join_texts, open_texts
from callcenter.messaging.incoming.receiving import Received
from callcenter.tasks import TaskTracker, pause
from storage.database import Database
from storage.errors import PASSING

AT_ONCE = 100
"""Texts in one transaction: on SQLite nobody else writes meanwhile."""
AWAY_SECONDS = 2.0
"""When the database takes nothing, it is asked again after so long."""

_log = Logger(namespace="callcenter.messaging")


class Filing:
    """``received`` is told of each text, in its transaction. Runs in ``tasks``; what is left at the end is on disk.

    ``held``: see ``join_texts``; called in any thread.
    """

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        received: Received,
        tasks: TaskTracker,
        held: Callable[[], Collection[str]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._received = received
        self._tasks = tasks
        self._held = held
        self._waiting: deque[Text] = deque()
        self._working = False
        self._stopped = False

    def add(self, texts: Iterable[Text]) -> None:
        """These may be whole now."""
        if self._stopped:
            return
        self._waiting.extend(texts)
        if self._waiting and not self._working:
            self._working = True
            self._tasks.start(self._work())

    async def add_left(self) -> None:
        """Those that are whole, or whose parts do not come any more, and that nobody filed. Goes on after a stop.

        Some of them may be waiting here: where many wait, nothing is looked for.
        """
        self._stopped = False
        if len(self._waiting) < AT_ONCE:
            self.add(await self._database.read(open_texts, utc_now(self._clock)))

    def stop(self) -> None:
        """Begin nothing more: what waits is on disk, and is filed after the next start."""
        self._stopped = True
        self._waiting.clear()

    async def _work(self) -> None:
        try:
            while self._waiting:
                chunk = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                left = await self._filed(chunk)
                if not self._stopped:
                    # Behind the others: a number that writes by the thousand does not hold them up.
                    self._waiting.extend(left)
        finally:
            self._working = False

    async def _filed(self, texts: Sequence[Text]) -> Sequence[Text]:
        """File what can be of ``texts``; those to which to come back. When the database is away that is all, later."""
        try:
            return await self._file(texts)
        except PASSING:
            _log.failure("texts that came in cannot be filed now; they are on disk, and it is tried again")
        await pause(self._clock, AWAY_SECONDS)
        return texts

    async def _file(self, texts: Sequence[Text]) -> Sequence[Text]:
        try:
            return await self._join(texts, AT_ONCE)
        except (CancelledError, *PASSING):
            raise
        except Exception:  # noqa: BLE001 - told with the text that it is
            if len(texts) == 1:
                return await self._file_each(texts)
        # One of them cannot be filed: the others must not wait with it.
        half = len(texts) // 2
        return [*await self._file(texts[:half]), *await self._file(texts[half:])]

    async def _file_each(self, key: Sequence[Text]) -> Sequence[Text]:
        """One after the other, of a key of which one cannot be filed: the number's other texts must not wait with it.

        A number of which so many cannot be filed is given up for now.
        """
        refused = filed = 0
        left = key
        while left and not self._stopped and filed < AT_ONCE and refused < AT_ONCE:
            try:
                left = await self._join(key, 1, refused)
                filed += 1
            except (CancelledError, *PASSING):
                raise
            except Exception:  # noqa: BLE001 - its parts are on disk, and joining is tried again
                if not refused:
                    _log.failure("a text that came in by gateway {id} cannot be filed yet", id=key[0].gateway_id)
                refused += 1
        return left if filed else ()

    async def _join(self, texts: Sequence[Text], most: int, skip: int = 0) -> Sequence[Text]:
        now = utc_now(self._clock)
        return await self._database.run(join_texts, texts, self._received, now, most, skip, self._held)
