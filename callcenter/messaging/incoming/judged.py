"""What follows when it is known of texts that were in doubt: what was brought again is forgotten, the rest is filed."""

from __future__ import annotations

from callcenter.messaging.incoming.doubted import Doubted
from callcenter.messaging.incoming.filing import Filing
from callcenter.messaging.incoming.kept_parts import forget_parts, texts_named
from callcenter.tasks import TaskTracker
from storage.database import Database


class Judged:
    """Runs in ``tasks``. What becomes known meanwhile is done next, all of it at once."""

    def __init__(self, database: Database, doubted: Doubted, filing: Filing, tasks: TaskTracker) -> None:
        self._database = database
        self._doubted = doubted
        self._filing = filing
        self._tasks = tasks
        self._working = False

    def begin(self) -> None:
        """Do what there is to do; what cannot be done now is left to the next call."""
        if not self._working and (self._doubted.repeated or self._doubted.cleared):
            self._working = True
            self._tasks.start(self._work())

    async def _work(self) -> None:
        try:
            while self._doubted.repeated or self._doubted.cleared:
                await self._file()
                await self._forget()
        finally:
            self._working = False

    async def _forget(self) -> None:
        if names := dict(self._doubted.repeated):
            await self._database.run(forget_parts, names)
            self._doubted.forgotten(names)

    async def _file(self) -> None:
        """Somebody may be filing just now who passed them over, when they were held still."""
        if names := dict(self._doubted.cleared):
            self._filing.add(await self._database.read(texts_named, names))
            self._doubted.filed(names)
