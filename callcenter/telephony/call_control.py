"""What an agent does with a conversation on a line that can: hold it, give it away, consult somebody, join all three.

The device reports what came of it; until then the record says what was true before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.dialling import dial_string
from callcenter.errors import ConflictError, InvalidError, UnavailableError
from callcenter.numbers import normalise
from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.board import LineBoard
from callcenter.telephony.dial_checks import unwanted_patient
from callcenter.telephony.effects import Audited, Effect, LineStateName, Third
from callcenter.telephony.line_model import ThirdAsked, ThirdNotAsked
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.telephones import Person, holder_of, load_people, telephones_of
from callcenter.telephony.views import CallView, load_call
from callcenter.telephony.visible import refuse_strangers, visible_call
from callcenter.text import N_
from hardware.call_control import CallControl, ControlWish
from hardware.line_device import CONTROL_NEEDS
from protocols.signals import Parties
from storage.database import Database

_WITHOUT_THIRD = frozenset({Parties.TALKING, Parties.HELD})
_TO_THIRD = frozenset({ControlWish.TRANSFER, ControlWish.CONSULT})
_FROM = {
    ControlWish.HOLD: frozenset({Parties.TALKING}),
    ControlWish.RESUME: frozenset(Parties) - {Parties.TALKING},
    ControlWish.TRANSFER: _WITHOUT_THIRD,
    ControlWish.CONSULT: _WITHOUT_THIRD,
    ControlWish.COMPLETE: frozenset({Parties.CONSULTING, Parties.CONFERENCE}),
    ControlWish.CONFERENCE: frozenset({Parties.CONSULTING}),
}


@dataclass(frozen=True)
class Target:
    """To whom: a number as typed, or the agent ``agent_id``. ``confirmed``: even a patient who asked not to be."""

    number: str = ""
    agent_id: int | None = None
    confirmed: bool = False


@dataclass(frozen=True)
class _Third:
    """``digits`` are dialled; ``asked`` is written down; ``also`` is to be written with it."""

    digits: str
    asked: Third
    also: Sequence[Effect] = ()


class CallControlService:
    """Holding needs ``calls.handle``, everything else ``calls.transfer``; only one's own conversation, or any that
    ``calls.handle`` reaches with a wider scope than own. ``area_code`` completes local numbers.

    Raises ``NotFoundError`` out of reach, ``ConflictError`` for a call that is not in the state for it and
    ``UnavailableError`` where the line cannot.
    """

    def __init__(self, database: Database, clock: IReactorTime, board: LineBoard, area_code: str) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._area_code = area_code

    async def hold(self, principal: Principal, call_id: int) -> CallView:
        """Let the other side wait, with music."""
        return await self._do(principal, call_id, ControlWish.HOLD, "calls.handle")

    async def resume(self, principal: Principal, call_id: int) -> CallView:
        """Speak with the other side again; whoever was consulted is let go."""
        return await self._do(principal, call_id, ControlWish.RESUME, "calls.handle")

    async def complete(self, principal: Principal, call_id: int) -> CallView:
        """Leave the other side with whoever was consulted."""
        return await self._do(principal, call_id, ControlWish.COMPLETE, "calls.transfer")

    async def conference(self, principal: Principal, call_id: int) -> CallView:
        """Let all three hear each other."""
        return await self._do(principal, call_id, ControlWish.CONFERENCE, "calls.transfer")

    async def transfer(self, principal: Principal, call_id: int, target: Target) -> CallView:
        """Give the other side away without asking there. A number that is typed needs ``calls.dial`` too.

        Raises ``InvalidError`` (fields ``number``, ``agent_id``), and ``ConflictError`` (details ``do_not_call``) like
        dialling.
        """
        return await self._do(principal, call_id, ControlWish.TRANSFER, "calls.transfer", target)

    async def consult(self, principal: Principal, call_id: int, target: Target) -> CallView:
        """Call somebody while the other side waits. Raises like ``transfer``."""
        return await self._do(principal, call_id, ControlWish.CONSULT, "calls.transfer", target)

    async def colleagues(self, principal: Principal, call_id: int) -> Sequence[dict[str, Any]]:
        """Who has a telephone on the call's PBX, available ones first: ``id``, ``name``, ``state``, ``extension``."""
        principal.require("calls.transfer")
        _, people = await self._database.read(_look, principal, call_id)
        _, control = self._controlled(call_id)
        found = [
            {"id": one.user_id, "name": one.name, "state": one.state, "extension": extension}
            for one in people
            if one.user_id != principal.user_id and (extension := self._extension(one, control))
        ]
        return sorted(found, key=lambda one: _ORDER.get(one["state"], len(_ORDER)))

    async def _do(
        self, principal: Principal, call_id: int, wish: ControlWish, permission: str, target: Target | None = None
    ) -> CallView:
        principal.require(permission)
        view, people = await self._database.read(_look, principal, call_id)
        runner, control = self._controlled(call_id)
        self._check(runner, wish)
        third = None if target is None else await self._third(principal, control, people, target)
        call = runner.line.call
        if call is None or runner.call_id != call_id:
            raise ConflictError(N_("The call is over."), call_id=call_id)
        if third is None:
            runner.ask(lambda: control.control(wish))
            runner.write(self._audited(principal, call_id, wish, None))
            return view
        # Meanwhile somebody else may have been asked for.
        self._check(runner, wish)
        runner.command(ThirdAsked(call.number, third.asked))
        try:
            await self._ask_third(runner, control, call_id, wish, third, self._audited(principal, call_id, wish, third))
        except Exception:
            runner.command(ThirdNotAsked(call.number))
            raise
        return view

    async def _ask_third(
        self, runner: LineRunner, control: CallControl, call_id: int, wish: ControlWish, third: _Third, audited: Audited
    ) -> None:
        # Who it goes to is on disk before it goes.
        if not await runner.write(audited, *third.also):
            raise UnavailableError(N_("The transfer could not be written down, so it was not made."))
        if runner.call_id != call_id:
            raise ConflictError(N_("The call is over."), call_id=call_id)
        runner.ask(lambda: control.control(wish, third.digits))

    def _controlled(self, call_id: int) -> tuple[LineRunner, CallControl]:
        runner = self._board.with_call(call_id)
        if runner is None or runner.line.call is None:
            raise ConflictError(N_("The call is over."), call_id=call_id)
        control = runner.device.call_control
        if control is None:
            raise UnavailableError(N_("This line cannot do that; use the telephone."), call_id=call_id)
        return runner, control

    def _check(self, runner: LineRunner, wish: ControlWish) -> None:
        call = runner.line.call
        if not runner.can(CONTROL_NEEDS[wish]):
            raise UnavailableError(N_("This line cannot do that; use the telephone."), line_id=runner.line_id)
        if call is None or call.state is not LineStateName.TALKING:
            raise ConflictError(N_("Nobody speaks on this call yet."), line_id=runner.line_id)
        third_is_coming = wish in _TO_THIRD and call.waits_for_third(utc_now(self._clock))
        if call.parties not in _FROM[wish] or third_is_coming:
            raise ConflictError(_WHY_NOT[wish], parties=call.parties.value)

    async def _third(
        self, principal: Principal, control: CallControl, people: Sequence[Person], target: Target
    ) -> _Third:
        if (target.agent_id is None) == (not target.number.strip()):
            raise InvalidError(
                N_("Choose an agent or give a number."), {"number": N_("Choose an agent or give a number.")}
            )
        if target.agent_id is not None:
            return self._agent(principal, control, people, target.agent_id)
        principal.require("calls.dial")
        digits = dial_string(target.number, self._area_code)
        if "," in digits:
            message = N_("A PBX makes no pauses in a number.")
            raise InvalidError(message, {"number": message})
        canonical = normalise(target.number, self._area_code).number or digits
        holder = holder_of(self._board, people, control.telephone.pbx, digits)
        unwanted = await self._database.read(unwanted_patient, canonical, target.confirmed)
        asked = Third(canonical, None if holder is None else holder.user_id)
        return _Third(digits, asked, self._override(principal, unwanted))

    def _agent(self, principal: Principal, control: CallControl, people: Sequence[Person], agent_id: int) -> _Third:
        person = next((one for one in people if one.user_id == agent_id and agent_id != principal.user_id), None)
        extension = "" if person is None else self._extension(person, control)
        if not extension:
            message = N_("This agent has no telephone on the PBX.")
            raise InvalidError(message, {"agent_id": message})
        return _Third(extension, Third(extension, agent_id))

    def _extension(self, person: Person, control: CallControl) -> str:
        if person.state == AgentState.OFFLINE.value:
            return ""
        phones = telephones_of(self._board, person, control.telephone.pbx)
        return next((phone.extension for _, phone in phones if phone.extension), "")

    def _override(self, principal: Principal, patient_id: int | None) -> Sequence[Effect]:
        if patient_id is None:
            return ()
        now = utc_now(self._clock)
        return (
            Audited(now, principal, "dial-do-not-call", "patient", str(patient_id), None, {"confirmed": True}),
        )  # fmt: skip

    def _audited(self, principal: Principal, call_id: int, wish: ControlWish, third: _Third | None) -> Audited:
        after = None if third is None else {"number": third.asked.number, "agent_id": third.asked.agent_id}
        return Audited(utc_now(self._clock), principal, _AUDITED[wish], "call", str(call_id), None, after)


_ORDER = {
    state.value: place
    for place, state in enumerate(
        (AgentState.AVAILABLE, AgentState.WRAP_UP, AgentState.AWAY, AgentState.RINGING, AgentState.TALKING)
    )
}
_AUDITED = {
    ControlWish.HOLD: "hold",
    ControlWish.RESUME: "resume",
    ControlWish.TRANSFER: "transfer",
    ControlWish.CONSULT: "consult",
    ControlWish.COMPLETE: "complete-transfer",
    ControlWish.CONFERENCE: "conference",
}
_WHY_NOT = {
    ControlWish.HOLD: N_("The other side is on hold already, or somebody else is on the call."),
    ControlWish.RESUME: N_("You are speaking with the other side."),
    ControlWish.TRANSFER: N_("Somebody else is on the call already; take the other side back first."),
    ControlWish.CONSULT: N_("Somebody else is on the call already; take the other side back first."),
    ControlWish.COMPLETE: N_("Nobody else has answered yet."),
    ControlWish.CONFERENCE: N_("Nobody else has answered yet."),
}


def _look(session: Session, principal: Principal, call_id: int) -> tuple[CallView, list[Person]]:
    """A call that the principal may handle, and who there is to give it to."""
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    refuse_strangers(principal, call)
    return load_call(session, call_id), load_people(session)
