"""Notices that a patient's text has gone unanswered for longer than the hospital wants, while somebody is there."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, keep_alarm
from callcenter.clock import utc_now
from callcenter.messaging.conversations.waiting import waiting
from callcenter.messaging.rules.desk import load_desk_rules
from callcenter.tasks import Periodic
from storage.database import Database
from storage.models import Conversation

LOOK_SECONDS = 60.0
INBOX = "inbox"


class UnansweredWatch:
    """Opens the alarm of the inbox and clears it. ``time_zone`` is the hospital's."""

    def __init__(self, database: Database, clock: IReactorTime, time_zone: str) -> None:
        self._database = database
        self._clock = clock
        self._zone = time_zone
        self._periodic = Periodic(clock, LOOK_SECONDS, self.look)
        # What another process has told is not known: the first look says it again.
        self._told: bool | None = None

    def start(self) -> None:
        """Look from now on."""
        self._periodic.start()

    async def stop(self) -> None:
        """No more."""
        await self._periodic.stop()

    async def look(self) -> None:
        """Look once. The database is written to only when something has changed."""
        now = utc_now(self._clock)
        found = await self._database.read(is_unanswered, now, self._zone)
        if found is not self._told:
            await self._database.run(_tell, found, now)
            self._told = found


def is_unanswered(session: Session, now: datetime, time_zone: str) -> bool:
    """Whether somebody has waited too long. Only time counts in which somebody was there: the night is nobody's fault,
    and ends no alarm.
    """
    rules = load_desk_rules(session)
    if not rules.answer_minutes:
        return False
    since = rules.staffed_since(timedelta(minutes=rules.answer_minutes), now, time_zone)
    if since is None:
        return False
    late = select(Conversation.id).where(*waiting(), Conversation.waiting_since <= since)
    return session.scalar(late.limit(1)) is not None


def _tell(session: Session, unanswered: bool, now: datetime) -> None:
    keep_alarm(session, Trouble(AlarmKind.UNANSWERED, INBOX), unanswered, now)
