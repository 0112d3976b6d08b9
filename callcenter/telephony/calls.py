"""Calls as a service: what people do with them and how they find them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import iso, utc_now
from callcenter.errors import ConflictError, UnavailableError
from callcenter.telephony.attaching import attach_patient
from callcenter.telephony.board import LineBoard
from callcenter.telephony.callbacks import list_callbacks, mark
from callcenter.telephony.claims import claim_call
from callcenter.telephony.effects import Audited, EndReason, LineStateName
from callcenter.telephony.line_model import DeclaredOver
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.listing import EVERYTHING, CallFilter, count_calls, list_calls
from callcenter.telephony.missed import handle_missed
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.views import CallView, calls_statement, load_call, load_calls
from callcenter.telephony.visible import refuse_strangers, visible_call
from callcenter.telephony.wrapup import SettleTask, WrapUpDraft, load_outcomes, open_calls, save_wrap_up
from callcenter.text import N_
from hardware.line_device import Capability
from storage.database import Database
from storage.models import CallRecord
from storage.queries.paging import Page

EXPORT_CHUNK = 200
_OPEN_LIMIT = 200

__all__ = ["CallFilter", "CallService", "EndReason", "WrapUpDraft"]


class CallService:
    """Everything here is limited to what the principal's data scope reaches; out of reach is ``NotFoundError``."""

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        board: LineBoard,
        settings: TelephonySettings,
        settle_task: SettleTask,
    ) -> None:
        self._settle_task = settle_task
        self._database = database
        self._clock = clock
        self._board = board
        self._settings = settings

    # Looking.

    async def list(
        self,
        principal: Principal,
        wanted: CallFilter = EVERYTHING,
        limit: int = 50,
        cursor: str | None = None,
        sort: str = "",
    ) -> Page[CallView]:
        """A page of call records, newest first if nothing else is asked for. Needs ``calls.view``.

        What ``sort`` can be and what is refused: ``listing.list_calls``.
        """
        return await self._database.read(list_calls, principal, wanted, limit, cursor, sort, settings=self._settings)

    async def count(self, principal: Principal, wanted: CallFilter) -> int:
        """How many calls the whole list has. Needs ``calls.view``. Raises like ``list``."""
        return await self._database.read(count_calls, principal, wanted, self._settings)

    async def missed(
        self,
        principal: Principal,
        wanted: CallFilter = EVERYTHING,
        limit: int = 50,
        cursor: str | None = None,
        sort: str = "",
    ) -> Page[CallView]:
        """The missed calls that nobody has dealt with, otherwise like ``list``."""
        return await self.list(principal, replace(wanted, open_missed=True), limit, cursor, sort)

    async def callbacks(self, principal: Principal, limit: int = 50, cursor: str | None = None) -> Page[CallView]:
        """The agreed call-backs that are owed, one's own first, then by time. Needs ``calls.view``."""
        return await self._database.read(list_callbacks, principal, limit, cursor)

    async def get(self, principal: Principal, call_id: int) -> CallView:
        """One call. Needs ``calls.view``."""
        return await self._database.read(_get, principal, call_id)

    async def open_for(self, principal: Principal) -> Sequence[CallView]:
        """What concerns the principal now: offered calls, own calls in progress, open wrap-ups; newest first.

        Who sees more than their own calls gets every call in progress there, as events tell of them.
        """
        return await self._database.read(_open_for, principal)

    async def outcomes(self, principal: Principal, *, disabled: bool = False) -> Sequence[dict[str, Any]]:
        """What can come of a call, in order: ``code``, ``label_zh``, ``label_en``, ``key``, ``needs_time``.

        With ``disabled`` also what cannot be chosen any more, for calls that have it.
        """
        principal.require("calls.view")
        return await self._database.read(load_outcomes, disabled)

    async def export(
        self, principal: Principal, wanted: CallFilter = EVERYTHING, sort: str = ""
    ) -> AsyncIterator[Sequence[CallView]]:
        """Chunks of the whole list in its order; audited before the first one. Needs ``calls.export``.

        No transaction is held between chunks, so a slow reader harms nobody.
        """
        at = utc_now(self._clock)
        first = await self._chunk(principal, wanted, sort, None)
        await self._database.run(_audit_export, principal, wanted, at)
        page: Page[CallView] = first
        while True:
            if page.items:
                yield page.items
            if page.next is None:
                return
            page = await self._chunk(principal, wanted, sort, page.next)

    async def _chunk(self, principal: Principal, wanted: CallFilter, sort: str, cursor: str | None) -> Page[CallView]:
        return await self._database.read(
            list_calls, principal, wanted, EXPORT_CHUNK, cursor, sort, "calls.export", self._settings
        )

    # Handling; all need ``calls.handle``.

    async def claim(self, principal: Principal, call_id: int) -> CallView:
        """Take an incoming call. ``ConflictError`` tells who was first, or that the caller has gone."""
        view = await self._database.run(claim_call, principal, call_id, utc_now(self._clock))
        runner = self._board.with_call(call_id)
        if runner is not None:
            runner.claimed(call_id)
        return view

    async def answer(self, principal: Principal, call_id: int) -> CallView:
        """Take an incoming call and, where the device can, go off hook; elsewhere the agent lifts the handset.

        Raises ``UnavailableError`` when the device fails; the call is the agent's nevertheless.
        """
        view = await self.claim(principal, call_id)
        runner = self._board.with_call(call_id)
        if runner is not None and runner.line.state is LineStateName.RINGING and runner.can(Capability.ANSWER):
            runner.ask(runner.device.answer)
        return view

    async def hang_up(self, principal: Principal, call_id: int) -> CallView:
        """End a call: by the device if that holds it, else on the agent's word that the handset is down.

        Raises ``ConflictError`` for a call that rings, is over or is somebody else's.
        """
        view = await self._database.read(_mine, principal, call_id)
        runner = self._board.with_call(call_id)
        if runner is None or runner.line.call is None:
            raise ConflictError(N_("The call is over."), call_id=call_id)
        if runner.line.state is LineStateName.RINGING:
            raise ConflictError(N_("Nobody has answered this call yet."), call_id=call_id)
        if not runner.line.call.held:
            return await self._declare_over(runner, principal, call_id)
        if not runner.can(Capability.HANG_UP):
            raise UnavailableError(N_("This line cannot hang up; use the telephone."), call_id=call_id)
        runner.ask(runner.device.hang_up)
        # Not waited for: a caller who is to be hung up on does not wait for a disk.
        runner.write(self._audited(principal, call_id))
        return view

    async def attach_patient(
        self, principal: Principal, call_id: int, patient_id: int | None, remember: bool = False
    ) -> CallView:
        """Say which patient the call is about, or None; ``remember`` the choice for a number that several share.

        While nobody has taken the call, everybody to whom it is offered may.
        """
        return await self._database.run(attach_patient, principal, call_id, patient_id, remember, utc_now(self._clock))

    async def save_wrap_up(
        self, principal: Principal, call_id: int, draft: WrapUpDraft, finish: bool = False
    ) -> CallView:
        """Save what came of the call; the last draft counts. ``finish`` closes the wrap-up.

        Finishing ends a conversation on a handset whose end the device cannot see.
        """
        runner = self._board.with_call(call_id)
        if finish and runner is not None and _ends_unseen(runner):
            await self._database.read(_mine, principal, call_id)
            await self._declare_over(runner, principal, call_id)
        now = utc_now(self._clock)
        return await self._database.run(save_wrap_up, principal, call_id, draft, finish, now, self._settle_task)

    async def mark_call_back(self, principal: Principal, call_id: int, done: bool) -> CallView:
        """Say that an agreed call-back is done although no call shows it, or take that back."""
        return await self._database.run(mark, principal, call_id, done, utc_now(self._clock))

    async def handle_missed(self, principal: Principal, call_id: int) -> CallView:
        """Tick a missed call off the list."""
        return await self._database.run(handle_missed, principal, call_id, utc_now(self._clock))

    def _audited(self, principal: Principal, call_id: int) -> Audited:
        return Audited(utc_now(self._clock), principal, "hang-up", "call", str(call_id))

    async def _declare_over(self, runner: LineRunner, principal: Principal, call_id: int) -> CallView:
        if runner.line.call is not None and runner.call_id == call_id:
            over = DeclaredOver(runner.line.call.number, EndReason.HANDSET)
            await runner.command(over, self._audited(principal, call_id))
        return await self._database.read(_get, principal, call_id)


def _ends_unseen(runner: LineRunner) -> bool:
    call = runner.line.call
    return call is not None and call.state is LineStateName.TALKING and not call.held and not runner.line.handset_up


def _get(session: Session, principal: Principal, call_id: int) -> CallView:
    visible_call(session, call_id, scope_clause(principal))
    return load_call(session, call_id)


def _mine(session: Session, principal: Principal, call_id: int) -> CallView:
    """A call that the principal may end: their own, or any in reach of a wider scope than own."""
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    refuse_strangers(principal, call)
    return load_call(session, call_id)


def _open_for(session: Session, principal: Principal) -> list[CallView]:
    ids = open_calls(session, principal, _OPEN_LIMIT)
    statement = calls_statement().where(CallRecord.id.in_(ids))
    return load_calls(session, statement.order_by(CallRecord.started_at.desc(), CallRecord.id.desc()))


def _audit_export(session: Session, principal: Principal, wanted: CallFilter, at: datetime) -> None:
    limits = {name: value for name, value in vars(wanted).items() if value is not None and value is not False}
    shown = {name: iso(value) if isinstance(value, datetime) else value for name, value in limits.items()}
    record_audit(session, principal, "export", "call", "", None, shown, at)
