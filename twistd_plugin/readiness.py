"""What ``/readyz`` says: whether the daemon can do its work now."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from storage import schema
from storage.database import Database
from storage.errors import SchemaOutdatedError

_log = Logger(namespace="callcenter.readiness")

DATABASE_SECONDS = 3.0


class Readiness:
    """``accepting`` is set once everything has started and taken back before anything stops."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock
        self.accepting = False

    async def problems(self) -> list[str]:
        """What keeps the daemon from working, empty when nothing does. Each is short and names no inside."""
        if not self.accepting:
            return ["starting or stopping"]
        try:
            await Deferred.fromCoroutine(self._database.read(schema.require_current)).addTimeout(
                DATABASE_SECONDS, self._clock
            )
        except SchemaOutdatedError:
            return ["the database is not at this program's schema"]
        except TooLateError:
            # On a busy machine, too: no fault to be traced.
            _log.warn("the database has not answered within {seconds:.0f} s", seconds=DATABASE_SECONDS)
            return ["the database does not answer"]
        except Exception:  # noqa: BLE001 - whatever it is, the daemon is not ready
            _log.failure("the database does not answer")
            return ["the database does not answer"]
        return []
