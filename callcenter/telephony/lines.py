"""The lines as a service: list them, dial on them, take them out of service."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.dialling import dial_string
from callcenter.errors import ConflictError, NotAllowedError, UnavailableError
from callcenter.numbers import normalise
from callcenter.telephony.board import LineBoard
from callcenter.telephony.desks import people_at_each
from callcenter.telephony.dial_checks import DialPlan, plan_dialling
from callcenter.telephony.effects import Audited, DialRequest, Effect, EndReason
from callcenter.telephony.line_model import DeclaredOver, Dial, SetService
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.views import CallView, LineView, line_view, load_call, open_call_of
from callcenter.text import N_
from hardware.line_device import Capability
from protocols.text import clean_text
from storage.database import Database
from storage.models import PhoneLine
from storage.models.base import NO


class LineService:
    """What people do with lines. ``area_code`` completes local numbers."""

    def __init__(self, database: Database, clock: IReactorTime, board: LineBoard, area_code: str) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._area_code = area_code
        self._dialling: set[int] = set()

    async def list(self, principal: Principal) -> Sequence[LineView]:
        """Every configured line, in the order of the configuration. Needs ``lines.view``."""
        principal.require("lines.view")
        return await self._views(*self._board)

    async def names(self, principal: Principal, line_ids: Collection[int]) -> dict[int, str]:
        """Id → name of these lines, removed ones too. Needs ``lines.view``."""
        principal.require("lines.view")
        return await self._database.read(_load_names, sorted(line_ids))

    async def dial(
        self,
        principal: Principal,
        line_id: int | None,
        number: str,
        patient_id: int | None = None,
        *,
        confirmed: bool = False,
        task_id: int | None = None,
    ) -> CallView:
        """Dial ``number`` on the line, or with None on the agent's own, else on a free one that is nobody's own and
        belongs to the agent's department or to none.

        The call is on disk before the device is told. Needs ``calls.dial``. ``confirmed`` calls a patient who asked
        not to be called; that is audited. ``task_id`` is a call task that the agent holds.

        Raises ``InvalidError`` (fields ``number``, ``patient_id``), ``ConflictError`` (line or agent busy, do not
        call), ``UnavailableError`` (no free line, line lost).
        """
        principal.require("calls.dial")
        if principal.user_id is None:
            raise NotAllowedError(N_("Only a person can dial."))
        digits = dial_string(number, self._area_code)
        canonical = normalise(number, self._area_code).number or digits
        if principal.user_id in self._dialling:
            raise ConflictError(N_("You are dialling already."))
        self._dialling.add(principal.user_id)
        try:
            by_task = task_id is not None
            plan = await self._database.read(plan_dialling, principal, canonical, patient_id, confirmed, by_task)
            runner = self._choose(principal, line_id, plan)
            request = DialRequest(canonical, principal.user_id, principal.department_id, plan.patient_id, task_id)
            return await self._dial_on(runner, request, digits, self._override(principal, plan))
        finally:
            self._dialling.discard(principal.user_id)

    async def set_out_of_service(self, principal: Principal, line_id: int, out: bool, reason: str = "") -> LineView:
        """Take a line out of service or back. A conversation is let finish, ringing is not. Needs ``lines.control``."""
        principal.require("lines.control")
        runner = self._board.line(line_id)
        before = {"out_of_service": runner.line.out_of_service, "reason": runner.line.service_reason}
        command = SetService(out, clean_text(reason))
        after = {"out_of_service": out, "reason": command.reason}
        now = utc_now(self._clock)
        await runner.command(command, Audited(now, principal, "set-service", "line", str(line_id), before, after))
        return (await self._views(runner))[0]

    async def _views(self, *runners: LineRunner) -> Sequence[LineView]:
        capabilities = {runner.line_id: runner.device.capabilities.names for runner in runners}
        seats = {runner.journal.line.name: runner.journal.line.bound_agent for runner in runners}
        return await self._database.read(_load_lines, capabilities, seats)

    def _choose(self, principal: Principal, line_id: int | None, plan: DialPlan) -> LineRunner:
        if line_id is not None:
            return self._given(line_id)
        bound = [runner for runner in self._board if _is_bound(runner, principal, plan)]
        usable = [runner for runner in bound if runner.line.free and runner.can(Capability.DIAL)]
        if usable:
            return usable[0]
        if bound:
            raise ConflictError(N_("Your line is in use or not available."), line_id=bound[0].line_id)
        for runner in self._board:
            if self._board.quiet(runner) and runner.can(Capability.DIAL) and _serves(runner, principal, plan):
                return runner
        raise UnavailableError(N_("No line is free to dial on."))

    def _given(self, line_id: int) -> LineRunner:
        runner = self._board.line(line_id)
        if not runner.can(Capability.DIAL):
            raise UnavailableError(N_("This line cannot dial; use the telephone."), line_id=line_id)
        if not runner.line.free:
            state = runner.line.state.value
            raise ConflictError(N_("This line is in use or not available."), line_id=line_id, state=state)
        return runner

    def _override(self, principal: Principal, plan: DialPlan) -> Sequence[Effect]:
        """Keep that somebody is called who asked not to be."""
        if not plan.overridden:
            return []
        confirmed = {"confirmed": True}
        now = utc_now(self._clock)
        return [Audited(now, principal, "dial-do-not-call", "patient", str(plan.patient_id), None, confirmed)]

    async def _dial_on(self, runner: LineRunner, request: DialRequest, digits: str, also: Sequence[Effect]) -> CallView:
        reserved = runner.command(Dial(request), *also)
        call = runner.line.call
        if call is None:
            raise ConflictError(N_("This line is in use or not available."), line_id=runner.line_id)
        if not await reserved:
            await runner.command(DeclaredOver(call.number, EndReason.FAILED))
            raise UnavailableError(N_("The call could not be written down, so it was not dialled."))
        call_id = runner.journal.ids[call.number]
        if runner.line.call is None or runner.line.call.number != call.number:
            raise ConflictError(N_("Somebody called on this line at the same moment."), line_id=runner.line_id)
        try:
            runner.ask(lambda: runner.device.dial(digits))
        except UnavailableError:
            await runner.command(DeclaredOver(call.number, EndReason.FAILED))
            raise
        return await self._database.read(load_call, call_id)


def _is_bound(runner: LineRunner, principal: Principal, plan: DialPlan) -> bool:
    line = runner.journal.line
    return line.name == plan.bound_line or line.bound_agent == principal.username


def _serves(runner: LineRunner, principal: Principal, plan: DialPlan) -> bool:
    """Whether the line may be chosen for whoever has none of their own: nobody else sits there."""
    line = runner.journal.line
    seated = line.bound_agent or line.name in plan.others
    return not seated and line.department_id in (None, principal.department_id)


def _load_names(session: Session, line_ids: Sequence[int]) -> dict[int, str]:
    found = session.execute(select(PhoneLine.id, PhoneLine.name).where(PhoneLine.id.in_(line_ids)))
    return {row.id: row.name for row in found}


def _load_lines(session: Session, capabilities: dict[int, list[str]], seats: Mapping[str, str]) -> list[LineView]:
    """The views of the lines in ``capabilities``, in its order; configured ones only."""
    statement = select(PhoneLine).where(PhoneLine.removed == NO, PhoneLine.id.in_(sorted(capabilities)))
    found = {line.id: line for line in session.scalars(statement)}
    desks = people_at_each(session, seats)
    return [
        line_view(found[line_id], open_call_of(session, line_id), names, desks[found[line_id].name])
        for line_id, names in capabilities.items()
        if line_id in found
    ]
