"""Cuts off whoever listens to a call and may not any more: the right, the account or every session of theirs is gone.

It looks when sessions end or rights change, after each beginning, and now and then, for what other processes change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import SYSTEM
from callcenter.administration.session_cache import EndedListener, Unsubscribe
from callcenter.administration.sessions import principal_of
from callcenter.clock import utc_now
from callcenter.errors import UnavailableError
from callcenter.tasks import Periodic, TaskTracker
from callcenter.telephony.board import LineBoard
from callcenter.telephony.scope import scope_clause
from storage.database import Database
from storage.models import CallListener, CallRecord, UserAccount, WebSession

_log = Logger(namespace="callcenter.telephony")

OnSessionEnded = Callable[[EndedListener], Unsubscribe]
"""Has its argument called when sessions ended or their rights changed; gives what ends that."""

LOOK_SECONDS = 20.0

DISABLED, SIGNED_OUT, NO_RIGHT = "disabled", "signed-out", "no-right"
"""Why somebody was cut off, as the audit log has it."""


@dataclass(frozen=True)
class Unentitled:
    """Somebody who listens and may not; ``why`` is one of the reasons above."""

    listener_id: int
    call_id: int
    user_id: int
    mode: str
    why: str


class ListeningRights:
    """What is done at once is the telephone; the record of listening is closed when the PBX says that it is over."""

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        board: LineBoard,
        tasks: TaskTracker,
        on_session_ended: OnSessionEnded,
    ) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._tasks = tasks
        self._on_session_ended = on_session_ended
        self._checks = Periodic(clock, LOOK_SECONDS, self.look)
        self._unsubscribe: Unsubscribe | None = None
        # Of these the log tells already.
        self._told: frozenset[int] = frozenset()

    def start(self) -> None:
        """Look from now on."""
        self._unsubscribe = self._on_session_ended(self._rights_changed)
        self._checks.start()

    async def stop(self) -> None:
        """Look no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        await self._checks.stop()

    async def look(self) -> None:
        """Cut off whoever listens on a line of this node and may not, and say in the audit log why."""
        calls = [runner.call_id for runner in self._board if runner.call_id is not None]
        if not calls:
            return
        found = await self._database.read(unentitled, calls, utc_now(self._clock))
        for one in found:
            self._cut_off(one)
        untold = [one for one in found if one.listener_id not in self._told]
        self._told = frozenset(one.listener_id for one in found)
        if not untold:
            return
        try:
            await self._database.run(tell_cut_off, untold, utc_now(self._clock))
        except Exception:
            # Told when it is looked at next.
            self._told -= {one.listener_id for one in untold}
            raise

    def _rights_changed(self, _: Iterable[str]) -> None:
        # Whose they are, and what is left of them, the database knows.
        self._tasks.start(self.look())

    def _cut_off(self, one: Unentitled) -> None:
        runner = self._board.with_call(one.call_id)
        control = None if runner is None else runner.device.call_control
        if runner is None or control is None:
            return
        try:
            runner.ask(lambda: control.stop_listening(str(one.listener_id)))
        except UnavailableError as error:
            _log.warn("listener {id} cannot be cut off yet: {why}", id=one.listener_id, why=str(error))


def unentitled(session: Session, call_ids: Collection[int], now: datetime) -> list[Unentitled]:
    """Those who listen to one of these calls and may not any more, in the order in which they began."""
    statement = (
        select(CallListener, UserAccount)
        .join(UserAccount, UserAccount.id == CallListener.user_id)
        .where(CallListener.call_id.in_(sorted(call_ids)), CallListener.ended_at.is_(None))
    )
    found = []
    for row, user in session.execute(statement.order_by(CallListener.id)).all():
        if why := _why_not(session, row, user, now):
            found.append(Unentitled(row.id, row.call_id, user.id, row.mode, why))
    return found


def _why_not(session: Session, listener: CallListener, user: UserAccount, now: datetime) -> str:
    if user.disabled:
        return DISABLED
    mine = select(WebSession.token_hash).where(WebSession.user_id == user.id, WebSession.expires_at > now)
    if session.scalar(mine.limit(1)) is None:
        return SIGNED_OUT
    principal, permission = principal_of(session, user, ""), f"calls.{listener.mode}"
    if not principal.may(permission):
        return NO_RIGHT
    reach = select(CallRecord.id).where(CallRecord.id == listener.call_id, scope_clause(principal, permission))
    return "" if session.scalar(reach) is not None else NO_RIGHT


def tell_cut_off(session: Session, found: Sequence[Unentitled], at: datetime) -> None:
    """Write in the audit log that they were cut off, and why."""
    for one in found:
        told = {"listener_id": one.user_id, "mode": one.mode, "why": one.why}
        record_audit(session, SYSTEM, "cut-off-listener", "call", str(one.call_id), None, told, at)
