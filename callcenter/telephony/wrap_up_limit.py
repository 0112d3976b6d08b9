"""Ends wrap-ups that have lasted as long as the group allows: the agent is available again. What is owed stays owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from callcenter.bus import EventBus, Unsubscribe
from callcenter.clock import is_told_as, utc_now
from callcenter.events import AgentUpdated
from callcenter.tasks import PAUSE_SECONDS, TaskTracker
from callcenter.telephony.agent_states import AgentState, move_agent
from storage.database import Database
from storage.errors import DatabaseStoppedError
from storage.event_log import StoredEvent
from storage.models import AgentStatus

_log = Logger(namespace="callcenter.telephony")


class WrapUpLimit:
    """Hears of agents who begin and leave a wrap-up, and waits. Several nodes may do the same; the row decides.

    How long is left is computed when it is first heard of, and goes by the steady clock from then on: the wall may be
    set meanwhile.
    """

    def __init__(self, database: Database, clock: IReactorTime, bus: EventBus, tasks: TaskTracker) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self._waiting: dict[int, IDelayedCall] = {}
        # When wrap-ups are over: as it was told, and in seconds of the clock.
        self._ends: dict[int, tuple[datetime, float]] = {}
        self._unsubscribe: Unsubscribe | None = None

    def start(self) -> None:
        """Listen."""
        self._unsubscribe = self._bus.subscribe(self._heard)

    def stop(self) -> None:
        """Listen and wait no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        for user_id in list(self._waiting):
            self._forget(user_id)

    def _heard(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            if event.type == AgentUpdated.type:
                self._forget(event.data["id"])
                if event.data["until"] is None:
                    self._ends.pop(event.data["id"], None)
                else:
                    self._wait_for(event.data["id"], datetime.fromisoformat(event.data["until"]))

    def _forget(self, user_id: int) -> None:
        waiting = self._waiting.pop(user_id, None)
        if waiting is not None and waiting.active():
            waiting.cancel()

    def _wait_for(self, user_id: int, until: datetime) -> None:
        told, ends = self._ends.get(user_id, (None, 0.0))
        if told != until:
            ends = self._clock.seconds() + (until - utc_now(self._clock)).total_seconds()
            self._ends[user_id] = until, ends
        self._wait(user_id, max(0.0, ends - self._clock.seconds()))

    def _wait(self, user_id: int, seconds: float) -> None:
        self._waiting[user_id] = self._clock.callLater(seconds, self._due, user_id)

    def _due(self, user_id: int) -> None:
        del self._waiting[user_id]
        self._tasks.start(self._end(user_id, self._ends[user_id][0]))

    async def _end(self, user_id: int, until: datetime) -> None:
        try:
            await self._database.run(end_wrap_up, user_id, until, utc_now(self._clock))
        except (CancelledError, DatabaseStoppedError):
            return
        except Exception as error:  # noqa: BLE001 - the text of a database error may hold values
            _log.warn("the wrap-up of agent {id} ends in a moment ({error})", id=user_id, error=type(error).__name__)
            self._again(user_id)

    def _again(self, user_id: int) -> None:
        # What was heard of the agent meanwhile is newer than what the transaction saw.
        if self._unsubscribe is not None and user_id in self._ends and user_id not in self._waiting:
            self._wait(user_id, PAUSE_SECONDS)


def end_wrap_up(session: Session, user_id: int, until: datetime, at: datetime) -> None:
    """Make the agent available ``at``, if their wrap-up is the one that was to end at ``until``, as an event told it.

    The end of another one is told by an event of its own. ``at`` may be before ``until``: the wall was set back.
    """
    status = session.get(AgentStatus, user_id, with_for_update=True)
    if status is None or status.state != AgentState.WRAP_UP or status.until is None:
        return
    if is_told_as(status.until, until):
        move_agent(session, user_id, AgentState.AVAILABLE, at)
