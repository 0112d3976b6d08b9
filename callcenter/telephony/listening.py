"""Supervisors on a call: they listen, whisper to the agent, or speak with both, on their own telephone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.errors import ConflictError, NotAllowedError, UnavailableError
from callcenter.telephony.board import LineBoard
from callcenter.telephony.effects import LineStateName
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.listeners import (
    ListenerView,
    begin_listening,
    load_listeners,
    move_listener,
    open_listener,
)
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.telephones import Person, load_people, telephones_of
from callcenter.telephony.visible import visible_call
from callcenter.text import N_
from hardware.call_control import CallControl, ListenMode, Telephone
from hardware.line_device import Capability
from storage.database import Database
from storage.models import UserAccount

MODES = {"listen": ListenMode.LISTEN, "whisper": ListenMode.WHISPER, "barge": ListenMode.BARGE}
"""What a supervisor may do; the permission is ``calls.`` and the name."""


class ListeningService:
    """Every listening is audited and told to all who may listen; it ends with the call.

    ``look_again`` is called when somebody's telephone was rung: their right may be gone meanwhile.
    """

    def __init__(
        self, database: Database, clock: IReactorTime, board: LineBoard, look_again: Callable[[], Awaitable[None]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._look_again = look_again

    async def present(self, principal: Principal) -> Sequence[ListenerView]:
        """Who listens to which call now, since when. Needs ``calls.listen``."""
        principal.require("calls.listen")
        return await self._database.read(load_listeners, principal)

    async def begin(self, principal: Principal, call_id: int, mode: str) -> ListenerView:
        """Ring the principal's own telephone; lifted, it hears the call. ``mode`` is one of ``MODES``.

        Needs the permission of the mode. Raises ``NotFoundError`` out of its reach, ``ConflictError`` for a call on
        which nobody speaks, one's own, or one that the principal hears already, and ``UnavailableError`` where the line
        cannot, or the principal has no telephone on that PBX.
        """
        principal.require(f"calls.{mode}")
        if principal.user_id is None:
            raise NotAllowedError(N_("Only a person can listen to a call."))
        people = await self._database.read(_look, principal, call_id, mode)
        runner, control, phone = self._telephones(call_id, people)
        begun = await self._database.run(_begin, principal, call_id, mode, utc_now(self._clock))
        try:
            _require_same(runner, call_id)
            runner.ask(lambda: control.listen(str(begun["id"]), phone, MODES[mode]))
        except (ConflictError, UnavailableError):
            await self._database.run(move_listener, begun["id"], False, utc_now(self._clock))
            raise
        await self._look_again()
        return begun

    async def end(self, principal: Principal, call_id: int) -> None:
        """Listen no more; nothing if the principal does not."""
        runner = self._board.with_call(call_id)
        control = None if runner is None else runner.device.call_control
        ids = await self._database.read(open_listener, call_id, principal.user_id or 0)
        for listener_id in ids:
            if runner is not None and control is not None:
                runner.ask(partial(control.stop_listening, str(listener_id)))
            else:
                await self._database.run(move_listener, listener_id, False, utc_now(self._clock))

    def _telephones(self, call_id: int, people: Sequence[Person]) -> tuple[LineRunner, CallControl, Telephone]:
        runner = self._board.with_call(call_id)
        if runner is None or runner.line.state is not LineStateName.TALKING:
            raise ConflictError(N_("Nobody speaks on this call now."), call_id=call_id)
        control = runner.device.call_control
        if control is None or not runner.can(Capability.LISTEN):
            raise UnavailableError(N_("Nobody can listen to calls on this line."), call_id=call_id)
        mine = [found for person in people for found in telephones_of(self._board, person, control.telephone.pbx)]
        if not mine:
            raise UnavailableError(N_("You have no telephone on this PBX: bind a line to yourself."), call_id=call_id)
        own, phone = mine[0]
        if own is runner or not own.line.free:
            raise ConflictError(N_("Your own telephone is in use."), call_id=call_id)
        return runner, control, phone


def _look(session: Session, principal: Principal, call_id: int, mode: str) -> list[Person]:
    call = visible_call(session, call_id, scope_clause(principal, f"calls.{mode}"))
    if call.agent_id == principal.user_id:
        raise ConflictError(N_("It is your own call."), call_id=call_id)
    _refuse_twice(session, principal, call_id)
    return load_people(session, principal.user_id or 0)


def _begin(session: Session, principal: Principal, call_id: int, mode: str, at: datetime) -> ListenerView:
    call = visible_call(session, call_id, scope_clause(principal, f"calls.{mode}"))
    # Of two clicks one waits here for the other.
    session.get(UserAccount, principal.user_id, with_for_update=True)
    _refuse_twice(session, principal, call_id)
    record_audit(session, principal, mode, "call", str(call_id), None, None, at)
    return begin_listening(session, call, principal.user_id or 0, mode, at)


def _refuse_twice(session: Session, principal: Principal, call_id: int) -> None:
    if open_listener(session, call_id, principal.user_id or 0):
        raise ConflictError(N_("You listen to this call already."), call_id=call_id)


def _require_same(runner: LineRunner, call_id: int) -> None:
    # Meanwhile the line may have another call, which nobody was allowed to hear.
    if runner.call_id != call_id:
        raise ConflictError(N_("Nobody speaks on this call now."), call_id=call_id)
