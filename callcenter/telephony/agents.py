"""Agents as a service: states set by themselves, by supervisors, by calls, and by their pages coming and going."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import day_bounds, utc_now
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.events import CallRinging
from callcenter.tasks import TaskTracker
from callcenter.telephony.agent_states import DISCONNECTED, IN_CALL, AgentState, move_agent, state_of
from callcenter.telephony.announce import announce_call
from callcenter.telephony.board import LineBoard
from callcenter.telephony.history import load_history
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.offers import offer_waiting_calls
from callcenter.telephony.scope import agent_scope_clause
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.views import ENDED, AgentView, agent_view
from callcenter.text import N_, Text
from protocols.text import clean_text
from storage.database import Database
from storage.models import AgentStateSpan, AgentStatus, CallRecord, UserAccount
from storage.models.base import NO

CHOSEN = frozenset({AgentState.AVAILABLE, AgentState.AWAY, AgentState.WRAP_UP, AgentState.OFFLINE})
"""States that a person can choose; the others come about by calls."""


class AgentService:
    """States of agents, present and past."""

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        board: LineBoard,
        tasks: TaskTracker,
        settings: TelephonySettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._tasks = tasks
        self._settings = settings
        self._pages: Counter[int] = Counter()
        self._leaving: dict[int, IDelayedCall] = {}

    async def list(self, principal: Principal) -> list[AgentView]:
        """The agents in reach, by name. Needs ``agents.view``."""
        return await self._database.read(_load_agents, principal)

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
        return await self._database.run(
            _set_state, principal.user_id, chosen, clean_text(reason)[:60], self._contexts(), self._now()
        )

    async def force(self, principal: Principal, user_id: int, state: str, reason: str = "") -> AgentView:
        """Move a stuck agent, also out of a call's state; audited. Needs ``agents.control``.

        Raises ``NotFoundError`` for somebody who is out of reach or never was an agent.
        """
        principal.require("agents.control")
        chosen = _chosen(state)
        return await self._database.run(
            _force, principal, user_id, chosen, clean_text(reason)[:60], self._contexts(), self._now()
        )

    async def signed_in(self, principal: Principal) -> None:
        """Somebody signed in: an agent who is offline becomes available."""
        if principal.user_id is not None and principal.may("calls.handle"):
            await self._database.run(_come_back, principal.user_id, True, self._contexts(), self._now())

    async def connected(self, principal: Principal) -> None:
        """A page opened: an agent who was offline for want of pages is back as before. Others keep their state."""
        if principal.user_id is None or not principal.may("calls.handle"):
            return
        self._pages[principal.user_id] += 1
        leaving = self._leaving.pop(principal.user_id, None)
        if leaving is not None and leaving.active():
            leaving.cancel()
        await self._database.run(_come_back, principal.user_id, False, self._contexts(), self._now())

    async def disconnected(self, principal: Principal) -> None:
        """A page closed: if no other opens soon, the agent is offline, but not before the present call is over."""
        user_id = principal.user_id
        if user_id is None or self._pages[user_id] == 0:
            return
        self._pages[user_id] -= 1
        if self._pages[user_id] == 0:
            del self._pages[user_id]
            self._leave_later(user_id)

    def stop(self) -> None:
        """Wait for nobody any more."""
        for leaving in self._leaving.values():
            if leaving.active():
                leaving.cancel()
        self._leaving.clear()

    def _leave_later(self, user_id: int) -> None:
        self._leaving[user_id] = self._clock.callLater(
            self._settings.offline_after_seconds, lambda: self._tasks.start(self._leave(user_id))
        )

    async def _leave(self, user_id: int) -> None:
        self._leaving.pop(user_id, None)
        if self._pages[user_id]:
            return
        left = await self._database.run(_go_offline, user_id, self._now())
        # A page may have opened meanwhile; its own transaction came later and stands.
        if not left and not self._pages[user_id] and user_id not in self._leaving:
            self._leave_later(user_id)

    def _contexts(self) -> Sequence[LineContext]:
        return self._board.contexts()

    def _now(self) -> datetime:
        return utc_now(self._clock)


def _chosen(state: str) -> AgentState:
    if state not in CHOSEN:
        message = Text(N_("Choose one of {allowed}."), allowed=", ".join(sorted(CHOSEN)))
        raise InvalidError(message, {"state": message})
    return AgentState(state)


def _load_agents(session: Session, principal: Principal) -> list[AgentView]:
    statement = (
        select(UserAccount, AgentStatus.state, AgentStatus.reason, AgentStatus.since)
        .join(AgentStatus, AgentStatus.user_id == UserAccount.id)
        .where(UserAccount.disabled == NO, agent_scope_clause(principal))
        .order_by(UserAccount.display_name, UserAccount.id)
    )
    return [agent_view(*row) for row in session.execute(statement)]


def _set_state(
    session: Session, user_id: int, state: AgentState, reason: str, lines: Sequence[LineContext], at: datetime
) -> AgentView:
    present = state_of(session, user_id)
    if present in IN_CALL and _has_call(session, user_id):
        raise ConflictError(N_("Finish your call first."), state=present.value)
    return _move(session, user_id, state, reason, lines, at)


def _force(
    session: Session,
    principal: Principal,
    user_id: int,
    state: AgentState,
    reason: str,
    lines: Sequence[LineContext],
    at: datetime,
) -> AgentView:
    reachable = (
        select(AgentStatus.state)
        .join(UserAccount, UserAccount.id == AgentStatus.user_id)
        .where(AgentStatus.user_id == user_id, agent_scope_clause(principal, "agents.control"))
    )
    before = session.scalar(reachable)
    if before is None:
        raise NotFoundError(N_("There is no such agent."), user_id=user_id)
    record_audit(
        session, principal, "force-state", "agent", str(user_id), {"state": before}, {"state": state.value}, at
    )
    return _move(session, user_id, state, reason, lines, at)


def _move(
    session: Session, user_id: int, state: AgentState, reason: str, lines: Sequence[LineContext], at: datetime
) -> AgentView:
    """Move the agent; who becomes available is offered the calls that ring."""
    moved = move_agent(session, user_id, state, at, reason)
    if state is AgentState.AVAILABLE:
        session.flush()
        for call_id in offer_waiting_calls(session, user_id, lines):
            announce_call(session, CallRinging, session.get_one(CallRecord, call_id))
    user, status = session.get_one(UserAccount, user_id), session.get_one(AgentStatus, user_id)
    return moved or agent_view(user, status.state, status.reason, status.since)


def _come_back(session: Session, user_id: int, signed_in: bool, lines: Sequence[LineContext], at: datetime) -> None:
    status = session.get(AgentStatus, user_id)
    if status is not None and status.state != AgentState.OFFLINE.value:
        return
    if status is None or signed_in:
        _move(session, user_id, AgentState.AVAILABLE, "", lines, at)
    elif status.reason == DISCONNECTED:
        state, reason = _before(session, user_id)
        _move(session, user_id, state, reason, lines, at)


def _before(session: Session, user_id: int) -> tuple[AgentState, str]:
    """What an agent was before the pages went: away stays away, everything else is available now."""
    statement = (
        select(AgentStateSpan.state, AgentStateSpan.reason)
        .where(AgentStateSpan.user_id == user_id, AgentStateSpan.ended_at.is_not(None))
        .order_by(AgentStateSpan.started_at.desc(), AgentStateSpan.id.desc())
        .limit(1)
    )
    previous = session.execute(statement).first()
    if previous is not None and previous[0] == AgentState.AWAY.value:
        return AgentState.AWAY, previous[1]
    return AgentState.AVAILABLE, ""


def _go_offline(session: Session, user_id: int, at: datetime) -> bool:
    """False when a call keeps the agent here."""
    if _has_call(session, user_id):
        return False
    if state_of(session, user_id) is not AgentState.OFFLINE:
        move_agent(session, user_id, AgentState.OFFLINE, at, DISCONNECTED)
    return True


def _has_call(session: Session, user_id: int) -> bool:
    open_call = select(CallRecord.id).where(CallRecord.agent_id == user_id, CallRecord.state != ENDED)
    return session.scalar(open_call.limit(1)) is not None
