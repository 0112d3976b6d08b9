"""The daemon's sign of life: written again and again, so that after a crash the next start knows when it died."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.tasks import Periodic
from storage.database import Database
from storage.models import Heartbeat

_log = Logger(namespace="callcenter.telephony")

INTERVAL_SECONDS = 15.0
"""After a crash, nothing that was true until then is vouched for any longer than this."""
NODE = "main"
"""There is one daemon to a database as yet."""


class Life:
    """Writes the heartbeat from ``start`` to ``stop``, each time included."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock
        self._periodic = Periodic(clock, INTERVAL_SECONDS, self._beat)

    async def start(self) -> None:
        """The daemon is alive from now on."""
        await self._beat()
        self._periodic.start()

    async def stop(self) -> None:
        """This was the last moment. A database that is away is no reason not to stop."""
        await self._periodic.stop()
        try:
            await self._beat()
        except Exception as error:  # noqa: BLE001 - the text of a database error may hold values
            _log.warn("the last sign of life was not written ({error})", error=type(error).__name__)

    async def _beat(self) -> None:
        await self._database.run(write_heartbeat, utc_now(self._clock))


def write_heartbeat(session: Session, at: datetime) -> None:
    """The daemon is alive at ``at``."""
    beaten = session.execute(
        update(Heartbeat).where(Heartbeat.node == NODE).values(at=at), execution_options={"synchronize_session": False}
    )
    if not isinstance(beaten, CursorResult) or beaten.rowcount == 0:
        session.add(Heartbeat(node=NODE, at=at))


def last_heartbeat(session: Session) -> datetime | None:
    """When the daemon was last known to be alive; None for a database that has not seen one yet."""
    found = session.get(Heartbeat, NODE)
    return None if found is None else found.at
