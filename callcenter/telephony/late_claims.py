"""Saying afterwards who spoke: a call that was answered at a telephone and ended before anybody had taken it here.

Without that it counts for the hospital and for no agent, and what came of it can be written down by nobody.
Whoever said so by mistake takes it back as long as the wrap-up is open.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case, select, update
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import iso, utc_now
from callcenter.errors import ConflictError, NotAllowedError
from callcenter.events import CallUpdated
from callcenter.telephony.announce import announce_call
from callcenter.telephony.call_orders import DEFAULT_SORT, call_stretches
from callcenter.telephony.candidates import agents_of
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.listing import page_of_calls, require_limit
from callcenter.telephony.missed import restore_missed, settle_missed
from callcenter.telephony.scope import SPOKEN_UNCLAIMED, scope_clause
from callcenter.telephony.views import CallView, calls_statement, load_call
from callcenter.telephony.visible import visible_call
from callcenter.text import N_, Text
from storage.database import Database
from storage.models import CallRecord, PhoneLine
from storage.queries.paging import Page


class LateClaimService:
    """``hours`` is for how long after its beginning a call can be claimed, 0 for never. All needs ``calls.handle``."""

    def __init__(self, database: Database, clock: IReactorTime, hours: int) -> None:
        self._database = database
        self._clock = clock
        self._hours = hours

    @property
    def ever(self) -> bool:
        """Whether any call can be claimed afterwards."""
        return self._hours > 0

    async def list(self, principal: Principal, limit: int = 50, cursor: str | None = None) -> Page[CallView]:
        """What ``claim`` takes, newest first. Raises ``InvalidError`` for a bad limit or cursor."""
        now = utc_now(self._clock)
        return await self._database.read(list_unclaimed, principal, self._hours, now, limit, cursor)

    async def claim(self, principal: Principal, call_id: int) -> CallView:
        """Say that one spoke on this call; see ``claim_late``."""
        return await self._database.run(claim_late, principal, call_id, self._hours, utc_now(self._clock))

    async def may_claim(self, principal: Principal, call_id: int) -> bool:
        """Whether ``claim`` would take this call of nobody's."""
        if not principal.may("calls.handle"):
            return False
        return await self._database.read(_may_claim, principal, call_id, self._hours, utc_now(self._clock))

    async def take_back(self, principal: Principal, call_id: int) -> CallView:
        """Say that it was somebody else after all; see ``take_back_claim``."""
        return await self._database.run(take_back_claim, principal, call_id, utc_now(self._clock))

    async def may_take_back(self, principal: Principal, call_id: int) -> bool:
        """Whether ``take_back`` would give this call of the principal's back."""
        return principal.may("calls.handle") and await self._database.read(_may_take_back, principal, call_id)


def claim_late(session: Session, principal: Principal, call_id: int, hours: int, at: datetime) -> CallView:
    """Say that it was the principal who spoke on ``call_id``, which began at most ``hours`` before ``at``.

    The wrap-up is theirs to write; their state stays, it tells what they do now. Saying it again changes nothing.
    Raises ``ConflictError`` for a call that goes on, that nobody answered, that began too long ago or that somebody
    else has (details ``agent``); ``NotFoundError`` out of reach.
    """
    if principal.user_id is None:
        raise NotAllowedError(N_("Only a person can take a call."))
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    taken = session.execute(
        update(CallRecord)
        .where(CallRecord.id == call_id, *_within(hours, at))
        .values(agent_id=principal.user_id, claimed_at=at, wrap_up="open", version=CallRecord.version + 1),
        execution_options={"synchronize_session": False},
    )
    session.refresh(call)
    if not isinstance(taken, CursorResult) or taken.rowcount != 1:
        return _not_taken(session, principal, call, hours)
    if call.number:
        # Whoever called again after that still waits.
        settle_missed(session, call.number, principal.user_id, at, call.ended_at)
    record_audit(session, principal, "claim-late", "call", str(call_id), None, {"agent_id": principal.user_id}, at)
    return announce_call(session, CallUpdated, call, _colleagues(session, call))


def take_back_claim(session: Session, principal: Principal, call_id: int, at: datetime) -> CallView:
    """Undo the principal's ``claim_late`` of ``call_id``: it is nobody's again, as are the missed calls that it settled
    and that nobody has spoken about since. What was written down meanwhile goes, into the audit log.

    A call of nobody's stays as it is. Raises ``ConflictError`` once the wrap-up is finished, for a call that was taken
    while it went on and for somebody else's (details ``agent``); ``NotFoundError`` out of reach.
    """
    if principal.user_id is None:
        raise NotAllowedError(N_("Only a person can take a call."))
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    before, claimed_at = _claimed(call), call.claimed_at
    given_back = session.execute(
        update(CallRecord)
        .where(CallRecord.id == call_id, *_claimed_late_by(principal.user_id))
        .values(**_AS_BEFORE, version=CallRecord.version + 1),
        execution_options={"synchronize_session": False},
    )
    session.refresh(call)
    if not isinstance(given_back, CursorResult) or given_back.rowcount != 1:
        return _not_given_back(session, principal, call)
    record_audit(session, principal, "take-back-claim", "call", str(call_id), before, _claimed(call), at)
    if claimed_at is not None:
        for missed in restore_missed(session, call, principal.user_id, claimed_at):
            announce_call(session, CallUpdated, missed, _colleagues(session, missed))
    # Whoever reached it by a wider scope than the line's may lose sight of it; their page has to hear so.
    return announce_call(session, CallUpdated, call, [*_colleagues(session, call), principal.user_id])


def list_unclaimed(
    session: Session, principal: Principal, hours: int, at: datetime, limit: int, cursor: str | None
) -> Page[CallView]:
    """A page of what ``claim_late`` takes, newest first. Raises ``InvalidError`` for a bad limit or cursor."""
    require_limit(limit)
    statement = calls_statement().where(scope_clause(principal, "calls.handle"), *_within(hours, at))
    return page_of_calls(session, statement, call_stretches(session, principal, DEFAULT_SORT), limit, cursor)


def _may_claim(session: Session, principal: Principal, call_id: int, hours: int, at: datetime) -> bool:
    reach = scope_clause(principal, "calls.handle")
    found = select(CallRecord.id).where(CallRecord.id == call_id, reach, *_within(hours, at))
    return principal.user_id is not None and session.scalar(found) is not None


def _may_take_back(session: Session, principal: Principal, call_id: int) -> bool:
    if principal.user_id is None:
        return False
    found = select(CallRecord.id).where(CallRecord.id == call_id, *_claimed_late_by(principal.user_id))
    return session.scalar(found) is not None


def _within(hours: int, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return SPOKEN_UNCLAIMED, CallRecord.started_at >= at - timedelta(hours=hours)


_NOT_WRAPPED_UP = CallRecord.wrapped_up_at.is_(None)
# A supervisor may have finished the wrap-up of a call of nobody's: that stands, what the one who errs wrote does not.
_AS_BEFORE = {
    "agent_id": None,
    "claimed_at": None,
    "wrap_up": case((_NOT_WRAPPED_UP, ""), else_="done"),
    "outcome": case((_NOT_WRAPPED_UP, ""), else_=CallRecord.outcome),
    "notes": case((_NOT_WRAPPED_UP, ""), else_=CallRecord.notes),
    "call_back_at": case((_NOT_WRAPPED_UP, None), else_=CallRecord.call_back_at),
}


def _claimed_late_by(user_id: int) -> tuple[ColumnElement[bool], ...]:
    """Calls that this person said afterwards to have spoken on, with nothing finished yet."""
    mine = CallRecord.agent_id == user_id, CallRecord.wrap_up == "open"
    return *mine, CallRecord.state == "ended", CallRecord.claimed_at > CallRecord.ended_at


def _claimed(call: CallRecord) -> dict[str, Any]:
    agreed = {"outcome": call.outcome, "notes": call.notes, "call_back_at": iso(call.call_back_at)}
    return {"agent_id": call.agent_id, "claimed_at": iso(call.claimed_at), **agreed}


def _colleagues(session: Session, call: CallRecord) -> list[int]:
    """Who was told that nobody had it, and may have it on their page."""
    line = session.get_one(PhoneLine, call.line_id)
    return agents_of(session, LineContext(line.id, line.name, line.department_id))


def _not_taken(session: Session, principal: Principal, call: CallRecord, hours: int) -> CallView:
    view = load_call(session, call.id)
    agent = view["agent"]
    if agent is not None and agent["id"] == principal.user_id:
        return view
    if agent is not None:
        raise ConflictError(Text(N_("{name} has taken this call."), name=agent["name"]), agent=agent, call_id=call.id)
    if call.ended_at is None:
        raise ConflictError(N_("The call is still going on."), call_id=call.id, state=call.state)
    if call.answered_at is None or call.direction != "in":
        raise ConflictError(N_("Nobody here answered this call."), call_id=call.id)
    message = Text(N_("That can be said for {hours} hours after the call began."), hours=hours)
    raise ConflictError(message, call_id=call.id)


def _not_given_back(session: Session, principal: Principal, call: CallRecord) -> CallView:
    view = load_call(session, call.id)
    agent = view["agent"]
    if agent is None:
        return view
    if agent["id"] != principal.user_id:
        raise ConflictError(Text(N_("{name} has taken this call."), name=agent["name"]), agent=agent, call_id=call.id)
    if call.wrap_up == "done":
        raise ConflictError(N_("The wrap-up is finished: the call stays yours."), call_id=call.id)
    raise ConflictError(N_("You took this call while it went on: it stays yours."), call_id=call.id)
