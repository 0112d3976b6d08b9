"""The writing queue of one line: what it saw is written in order, in the background, and never dropped for a database
that is away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.tasks import TaskTracker, pause
from callcenter.telephony.effects import Effect
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.recorder import write_effects
from storage.database import Database
from storage.errors import CommitUnknownError, DatabaseStoppedError, DatabaseUnavailableError

_log = Logger(namespace="callcenter.telephony")

# The database keeps these off for a while; what was to be written is still true when it is back.
_AWAY = (OperationalError, InterfaceError, PoolTimeoutError, DatabaseUnavailableError, CommitUnknownError)
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 15.0
_TOGETHER = 50
_REMEMBERED = 8


@dataclass(frozen=True)
class _Entry:
    effects: tuple[Effect, ...]
    written: Deferred[bool] = field(default_factory=Deferred)
    again: bool = False


class LineJournal:
    """Effects in, rows and events out. ``ids`` has the record ids of the line's calls once they are committed."""

    def __init__(self, line: LineContext, database: Database, clock: IReactorTime, tasks: TaskTracker) -> None:
        self.line = line
        self.ids: dict[int, int] = {}
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._waiting: deque[_Entry] = deque()
        self._busy = False

    @property
    def waiting(self) -> int:
        """Batches that are not committed yet."""
        return len(self._waiting)

    def put(self, effects: Sequence[Effect]) -> Deferred[bool]:
        """Queue ``effects`` as one unit. Fires True when committed, False if they can never be; never fails."""
        entry = _Entry(tuple(effects))
        self._waiting.append(entry)
        if not self._busy:
            self._busy = True
            self._tasks.start(self._write_all())
        return entry.written

    async def _write_all(self) -> None:
        try:
            delay = FIRST_PAUSE
            while self._waiting:
                if await self._write_some():
                    delay = FIRST_PAUSE
                else:
                    await pause(self._clock, delay)
                    delay = min(delay * 2, LONGEST_PAUSE)
        finally:
            self._busy = False
            if self._waiting:
                _log.error(
                    "line {line}: {count} changes were not written: the database stayed away until the end",
                    line=self.line.name,
                    count=len(self._waiting),
                )

    async def _write_some(self) -> bool:
        """Write what waits, in one transaction; False when the database is away."""
        entries = list(self._waiting)[:_TOGETHER]
        try:
            await self._write(entries)
        except _AWAY as error:
            self._postponed(len(entries), error)
            return False
        except DatabaseStoppedError:
            _log.error(
                "line {line}: {count} changes were not written: the database is stopped",
                line=self.line.name,
                count=len(self._waiting),
            )
            self._done(len(self._waiting), False)
        except Exception:  # noqa: BLE001 - one that cannot be written must not hold up the others
            await self._write_singly(entries)
        else:
            self._done(len(entries), True)
        return True

    async def _write(self, entries: Sequence[_Entry]) -> None:
        effects = [effect for entry in entries for effect in entry.effects]
        again = any(entry.again for entry in entries)
        self.ids = await self._database.run(write_effects, self.line, effects, dict(self.ids), again)

    async def _write_singly(self, entries: Sequence[_Entry]) -> None:
        """Find the entry that fails for reasons of its own and give it up; write the others."""
        for entry in entries:
            try:
                await self._write([entry])
            except _AWAY as error:
                self._postponed(1, error)
                return
            except Exception:  # noqa: BLE001 - logged with its traceback
                names = ", ".join(type(effect).__name__ for effect in entry.effects)
                _log.failure("line {line}: {effects} cannot be written", line=self.line.name, effects=names)
                self._done(1, False)
            else:
                self._done(1, True)

    def _postponed(self, count: int, error: Exception) -> None:
        # The text of a database error holds the values of the statement: patients' numbers.
        _log.warn(
            "line {line}: the database is away ({error}), {count} changes wait",
            line=self.line.name,
            count=len(self._waiting),
            error=type(error).__name__,
        )
        for index in range(count):
            self._waiting[index] = replace(self._waiting[index], again=True)

    def _done(self, count: int, written: bool) -> None:
        for _ in range(count):
            self._waiting.popleft().written.callback(written)
        if not self._waiting:
            # Calls that are over need no ids any more; without this a line would remember all it ever had.
            self.ids = dict(sorted(self.ids.items())[-_REMEMBERED:])
