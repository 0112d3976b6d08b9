"""Takes away what nobody will ask for again."""

from __future__ import annotations

from datetime import timedelta

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.administration.sessions import forget_sessions
from callcenter.alarms.outbox import forget_deliveries
from callcenter.clock import utc_now
from callcenter.recordings.service import RecordingService
from callcenter.tasks import Periodic
from storage.database import Database
from storage.event_log import trim_events

_log = Logger(namespace="callcenter.housekeeping")

INTERVAL_SECONDS = 3600.0
# A page that was away longer is given the present state instead of what happened.
EVENTS_KEPT = timedelta(days=7)
# An ended session still tells sign-in that its address is a known one.
SESSIONS_KEPT = timedelta(days=90)
# Alarms themselves are kept; only what was sent out of them goes.
DELIVERIES_KEPT = timedelta(days=90)


class Housekeeping:
    """Every hour: old events, sessions that ended long ago, old messages of alarms, and recordings that are not to be
    kept any longer.
    """

    def __init__(self, database: Database, clock: IReactorTime, recordings: RecordingService) -> None:
        self._database = database
        self._clock = clock
        self._recordings = recordings
        self._periodic = Periodic(clock, INTERVAL_SECONDS, self.clean)

    async def start(self) -> None:
        """Clean for the first time in an hour."""
        self._periodic.start()

    async def stop(self) -> None:
        """Clean no more."""
        await self._periodic.stop()

    async def clean(self) -> None:
        """Clean now."""
        now = utc_now(self._clock)
        events = await self._database.run(trim_events, now - EVENTS_KEPT)
        sessions = await self._database.run(forget_sessions, now - SESSIONS_KEPT)
        await self._database.run(forget_deliveries, now - DELIVERIES_KEPT)
        _log.info("removed {events} old events and {sessions} old sessions", events=events, sessions=sessions)
        recordings = await self._recordings.clean()
        _log.info("deleted {recordings} old recordings", recordings=recordings)
