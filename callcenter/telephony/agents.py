"""Agents as a service: states set by themselves, by supervisors, by calls, and by their pages coming and going."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from callcenter.administration.principal import Principal
from callcenter.clock import day_bounds, utc_now
from callcenter.errors import InvalidError, NotFoundError
from callcenter.tasks import PAUSE_SECONDS, TaskTracker
from callcenter.telephony.agent_moves import (
    choose_state,
    come_back,
    force_state,
    go_offline,
    load_agents,
    lose_pages,
)
from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.history import load_history
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.views import AgentView
from callcenter.text import N_, Text
from protocols.text import clean_text
from storage.database import Database
from storage.errors import DatabaseStoppedError

CHOSEN = frozenset({AgentState.AVAILABLE, AgentState.AWAY, AgentState.WRAP_UP, AgentState.OFFLINE})
"""States that a person can choose; the others come about by calls."""
RELOAD_SECONDS = 3.0
"""A page that is only loaded again is back sooner. Whoever stays away longer is not rung."""
_Step = Callable[[int], Coroutine[Any, Any, None]]
_log = Logger(namespace="callcenter.telephony")


class AgentService:
    """States of agents, present and past."""

    def __init__(
        self, database: Database, clock: IReactorTime, tasks: TaskTracker, settings: TelephonySettings
    ) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._settings = settings
        self._reload = min(RELOAD_SECONDS, settings.offline_after_seconds)
        self._pages: Counter[int] = Counter()
        self._leaving: dict[int, IDelayedCall] = {}
        self._stopped = False

    async def list(self, principal: Principal) -> list[AgentView]:
        """The agents in reach, by name. Needs ``agents.view``."""
        return await self._database.read(load_agents, principal)

    async def history(
        self, principal: Principal, user_id: int, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, Any]:
        """What the agent did from ``since`` to ``until``, see ``history.load_history``. Needs ``agents.view``.

        What is left out is taken from today, as the hospital's time zone has it.
        """
        now = self._now()
        day_start, day_end = day_bounds(since or now, self._settings.time_zone)
        return await self._database.read(load_history, principal, user_id, since or day_start, until or day_end, now)

    async def set_state(self, principal: Principal, state: str, reason: str = "") -> AgentView:
        """Choose one's own state: ``available``, ``away``, ``wrap_up`` or ``offline``. Needs ``calls.handle``.

        Raises ``InvalidError`` for another state, ``ConflictError`` while one has a call. Open wrap-ups stay open.
        """
        principal.require("calls.handle")
        if principal.user_id is None:
            raise NotFoundError(N_("The daemon is no agent."))
        chosen = _chosen(state)
        return await self._database.run(choose_state, principal.user_id, chosen, clean_text(reason)[:60], self._now())

    async def force(self, principal: Principal, user_id: int, state: str, reason: str = "") -> AgentView:
        """Move a stuck agent, also out of a call's state; audited. Needs ``agents.control``.

        Raises ``NotFoundError`` for somebody who is out of reach or never was an agent.
        """
        principal.require("agents.control")
        chosen = _chosen(state)
        return await self._database.run(force_state, principal, user_id, chosen, clean_text(reason)[:60], self._now())

    async def signed_in(self, principal: Principal) -> None:
        """Somebody signed in: an agent who is offline becomes available.

        Whoever may watch them all takes calls when they say so: to look at the wallboard makes nobody an agent.
        """
        if principal.user_id is not None and principal.may("calls.handle"):
            await self._come_back(principal, principal.user_id, signed_in=True)

    async def connected(self, principal: Principal) -> None:
        """A page opened: an agent who was offline for want of pages is back as before. Others keep their state."""
        if principal.user_id is None or not principal.may("calls.handle"):
            return
        self._pages[principal.user_id] += 1
        leaving = self._leaving.pop(principal.user_id, None)
        if leaving is not None and leaving.active():
            leaving.cancel()
        await self._come_back(principal, principal.user_id, signed_in=False)

    async def _come_back(self, principal: Principal, user_id: int, *, signed_in: bool) -> None:
        to_work = not principal.may("wallboard.view")
        await self._database.run(come_back, user_id, signed_in, self._now(), to_work=to_work)

    async def disconnected(self, principal: Principal) -> None:
        """A page closed. If no other opens soon, the agent is rung no more and then offline, but not before the present
        call is over.
        """
        user_id = principal.user_id
        if user_id is None or self._pages[user_id] == 0:
            return
        self._pages[user_id] -= 1
        if self._pages[user_id] == 0:
            del self._pages[user_id]
            self._later(user_id, self._reload, self._lose)

    def stop(self) -> None:
        """Wait for nobody any more."""
        self._stopped = True
        for leaving in self._leaving.values():
            if leaving.active():
                leaving.cancel()
        self._leaving.clear()

    def _later(self, user_id: int, seconds: float, step: _Step) -> None:
        """Take ``step``, unless a page opens before. One that is open already has a later transaction, which stands."""
        if not self._stopped and not self._pages[user_id] and user_id not in self._leaving:
            self._leaving[user_id] = self._clock.callLater(
                seconds, lambda: self._tasks.start(self._take(user_id, step))
            )

    async def _take(self, user_id: int, step: _Step) -> None:
        """Take ``step``, however often it needs: nobody else sees to it that a call is not shown where no page is."""
        self._leaving.pop(user_id, None)
        if self._pages[user_id]:
            return
        try:
            await step(user_id)
        except (CancelledError, DatabaseStoppedError):
            return
        except Exception as error:  # noqa: BLE001 - the text of a database error may hold values
            _log.warn("agent {id} is gone, written in a moment ({error})", id=user_id, error=type(error).__name__)
            self._later(user_id, PAUSE_SECONDS, step)

    async def _lose(self, user_id: int) -> None:
        await self._database.run(lose_pages, user_id)
        self._later(user_id, self._settings.offline_after_seconds - self._reload, self._leave)

    async def _leave(self, user_id: int) -> None:
        if not await self._database.run(go_offline, user_id, self._now()):
            self._later(user_id, self._settings.offline_after_seconds, self._leave)

    def _now(self) -> datetime:
        return utc_now(self._clock)


def _chosen(state: str) -> AgentState:
    if state not in CHOSEN:
        message = Text(N_("Choose one of {allowed}."), allowed=", ".join(sorted(CHOSEN)))
        raise InvalidError(message, {"state": message})
    return AgentState(state)
