"""Ends wrap-ups that have lasted as long as the group allows: the agent is available again. What is owed stays owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from callcenter.bus import EventBus, Unsubscribe
from callcenter.clock import utc_now
from callcenter.events import AgentUpdated
from callcenter.tasks import TaskTracker
from callcenter.telephony.agent_states import AgentState, move_agent
from storage.database import Database
from storage.event_log import StoredEvent
from storage.models import AgentStatus


class WrapUpLimit:
    """Hears of agents who begin and leave a wrap-up, and waits. Several nodes may do the same; the row decides."""

    def __init__(self, database: Database, clock: IReactorTime, bus: EventBus, tasks: TaskTracker) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self._waiting: dict[int, IDelayedCall] = {}
        self._unsubscribe: Unsubscribe | None = None

    def start(self) -> None:
        """Listen."""
        self._unsubscribe = self._bus.subscribe(self._heard)

    def stop(self) -> None:
        """Listen and wait no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        for user_id in list(self._waiting):
            self._forget(user_id)

    def _heard(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            if event.type == AgentUpdated.type:
                self._forget(event.data["id"])
                if event.data["until"] is not None:
                    self._wait(event.data["id"], datetime.fromisoformat(event.data["until"]))

    def _forget(self, user_id: int) -> None:
        waiting = self._waiting.pop(user_id, None)
        if waiting is not None and waiting.active():
            waiting.cancel()

    def _wait(self, user_id: int, until: datetime) -> None:
        left = max(0.0, (until - utc_now(self._clock)).total_seconds())
        self._waiting[user_id] = self._clock.callLater(left, lambda: self._tasks.start(self._end(user_id)))

    async def _end(self, user_id: int) -> None:
        await self._database.run(end_wrap_up, user_id, utc_now(self._clock))


def end_wrap_up(session: Session, user_id: int, at: datetime) -> None:
    """Make the agent available if a wrap-up is at its end."""
    status = session.get(AgentStatus, user_id, with_for_update=True)
    if status is not None and status.state == AgentState.WRAP_UP and status.until is not None and status.until <= at:
        move_agent(session, user_id, AgentState.AVAILABLE, at)
