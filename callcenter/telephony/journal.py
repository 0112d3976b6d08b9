"""The writing queue of one line: what it saw is written in order, in the background, and never dropped for a database
that is away.

What goes into a transaction is decided when its turn comes, on the database's thread: whatever the line saw until then
is written together. So a caller id that comes right behind its ring costs no second transaction, and a line that is
behind catches up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Lock

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.tasks import TaskTracker, pause
from callcenter.telephony.effects import Effect
from callcenter.telephony.folding import folded
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


@dataclass(frozen=True)
class Taken:
    """The oldest ``count`` entries, whose effects go into one transaction. ``line`` and ``ids``, the line's calls so
    far, are of the same moment.

    ``again``: an earlier attempt at some of them may after all have been committed.
    """

    count: int
    line: LineContext
    effects: Sequence[Effect]
    ids: Mapping[int, int]
    again: bool


@dataclass(frozen=True)
class Written:
    """What became of what was taken: so many entries are written, and these are the line's calls now."""

    count: int
    ids: dict[int, int]


def write_taken(session: Session, take: Callable[[], Taken]) -> Written:
    """Write what there is to ``take`` now; on the database's thread."""
    taken = take()
    return Written(taken.count, write_effects(session, taken.line, taken.effects, taken.ids, taken.again))


class LineJournal:
    """Effects in, rows and events out. ``ids`` has the record ids of the line's calls once they are committed."""

    def __init__(self, line: LineContext, database: Database, clock: IReactorTime, tasks: TaskTracker) -> None:
        self.line = line
        self.ids: dict[int, int] = {}
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._waiting: deque[_Entry] = deque()
        # Held to change the queue, by the reactor's thread, and to look at it from another.
        self._lock = Lock()
        self._busy = False
        self._given_up = False

    @property
    def waiting(self) -> int:
        """Batches that are not committed yet."""
        return len(self._waiting)

    def put(self, effects: Sequence[Effect]) -> Deferred[bool]:
        """Queue ``effects`` as one unit. Fires True when committed, False if they can never be; never fails."""
        entry = _Entry(tuple(effects))
        with self._lock:
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
        except CancelledError:
            # The job may still wait in the database; what we say now is that it was not done.
            self._given_up = True
            raise
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
        try:
            await self._write(_TOGETHER)
        except _AWAY as error:
            self._postponed(error)
            return False
        except CancelledError:
            raise
        except DatabaseStoppedError:
            _log.error(
                "line {line}: {count} changes were not written: the database is stopped",
                line=self.line.name,
                count=len(self._waiting),
            )
            self._done(len(self._waiting), False)
        except Exception:  # noqa: BLE001 - one that cannot be written must not hold up the others
            await self._write_singly(min(len(self._waiting), _TOGETHER))
        return True

    async def _write(self, limit: int) -> None:
        written = await self._database.run(write_taken, lambda: self._take(limit))
        self.ids = written.ids
        self._done(written.count, True)

    def _take(self, limit: int) -> Taken:
        """The oldest entries; they stay in the queue until they are written. On any thread."""
        with self._lock:
            entries = [] if self._given_up else list(islice(self._waiting, limit))
            line, ids = self.line, dict(self.ids)
        effects = [effect for entry in entries for effect in entry.effects]
        again = any(entry.again for entry in entries)
        # What an earlier attempt may have written is recognised by its parts.
        return Taken(len(entries), line, effects if again else folded(effects), ids, again)

    async def _write_singly(self, count: int) -> None:
        """Find the entries that fail for reasons of their own and give them up; write the others of these ``count``."""
        for _ in range(count):
            entry = self._waiting[0]
            try:
                await self._write(1)
            except _AWAY as error:
                self._postponed(error)
                return
            except CancelledError:
                raise
            except Exception:  # noqa: BLE001 - logged with its traceback
                names = ", ".join(type(effect).__name__ for effect in entry.effects)
                _log.failure("line {line}: {effects} cannot be written", line=self.line.name, effects=names)
                self._done(1, False)

    def _postponed(self, error: Exception) -> None:
        # The text of a database error holds the values of the statement: patients' numbers.
        _log.warn(
            "line {line}: the database is away ({error}), {count} changes wait",
            line=self.line.name,
            count=len(self._waiting),
            error=type(error).__name__,
        )
        # Some may have come too late to be taken: to look for what they may have written does no harm.
        with self._lock:
            self._waiting = deque(replace(entry, again=True) for entry in self._waiting)

    def _done(self, count: int, written: bool) -> None:
        with self._lock:
            over = [self._waiting.popleft() for _ in range(count)]
        for entry in over:
            entry.written.callback(written)
        if not self._waiting:
            # Calls that are over need no ids any more; without this a line would remember all it ever had.
            self.ids = dict(sorted(self.ids.items())[-_REMEMBERED:])
