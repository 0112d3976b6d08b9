"""Sees to it that calls which ring go on to the next agent in time, and to whoever becomes available.

Every node does this for the calls of its own lines. What it knows of them it has from the events; what is decided is
decided in the database (``offers.route_call``), so an event that comes twice or late does no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from callcenter.bus import EventBus, Unsubscribe
from callcenter.clock import utc_now
from callcenter.events import AgentUpdated, CallUpdated
from callcenter.tasks import PAUSE_SECONDS, TaskTracker, pause
from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.board import LineBoard
from callcenter.telephony.effects import Direction, LineStateName
from callcenter.telephony.offers import route_call
from callcenter.telephony.routing import Why
from storage.database import Database
from storage.errors import DatabaseStoppedError
from storage.event_log import StoredEvent

_log = Logger(namespace="callcenter.telephony")

LEAST_SECONDS = 4.0
"""An offer is shown for this long at least, also when the database was away while its time ran."""


@dataclass(frozen=True)
class _Ringing:
    """A call that rings and is nobody's yet. Its offer ends at ``until``, in seconds of the clock; the event ``told``
    when by the wall. None where it goes on to nobody.
    """

    id: int
    line_id: int
    urgent: bool
    agents: frozenset[int]
    until: float | None
    told: datetime | None = None
    why: str = ""

    @property
    def alone(self) -> bool:
        """Whether it is shown to those who are there only, and goes to others when they leave."""
        return self.until is not None or self.why == Why.BOUND

    @property
    def waits(self) -> bool:
        """Whether it is nobody's for want of somebody."""
        return not self.agents and self.until is None


class Dispatcher:
    """Call ``start`` before the lines start, and ``stop`` before they stop."""

    def __init__(
        self, database: Database, clock: IReactorTime, bus: EventBus, board: LineBoard, tasks: TaskTracker
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._board = board
        self._tasks = tasks
        self._ringing: dict[int, _Ringing] = {}
        self._due: set[int] = set()
        self._routing = False
        self._timer: IDelayedCall | None = None
        self._unsubscribe: Unsubscribe | None = None

    def start(self) -> None:
        """Listen."""
        self._unsubscribe = self._bus.subscribe(self._heard)

    def stop(self) -> None:
        """Listen and wait no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._ringing.clear()
        self._set_timer()

    def _heard(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            if event.type == AgentUpdated.type:
                self._agent_moved(event.data)
            elif event.topic == CallUpdated.topic:
                self._call_changed(event.data)
        self._set_timer()
        self._route_due()

    def _call_changed(self, data: Any) -> None:
        before = self._ringing.pop(data["id"], None)
        unclaimed = data["agent"] is None and data["state"] == LineStateName.RINGING.value
        if unclaimed and data["direction"] == Direction.IN.value and self._board.has(data["line"]["id"]):
            self._ringing[data["id"]] = self._noticed(data, before)
        if not unclaimed or (before is not None and before.alone and self._ringing.get(before.id) != before):
            # Whoever was rung for it alone is free for another.
            self._due.update(one.id for one in self._ringing.values() if one.waits)

    def _noticed(self, data: Any, before: _Ringing | None) -> _Ringing:
        told = None if data["offered_until"] is None else datetime.fromisoformat(data["offered_until"])
        agents, until = frozenset(data["offered_to"]), None
        if told is not None:
            known = before is not None and (before.agents, before.told) == (agents, told)
            until = before.until if known and before is not None else self._ends(told)
        return _Ringing(data["id"], data["line"]["id"], bool(data["priority"]), agents, until, told, data["offer_why"])

    def _ends(self, told: datetime) -> float:
        """When an offer is over that in the database is over at ``told``: from now on, the wall may be set."""
        return self._clock.seconds() + max(LEAST_SECONDS, (told - utc_now(self._clock)).total_seconds())

    def _agent_moved(self, data: Any) -> None:
        user_id = data["id"]
        available = data["state"] == AgentState.AVAILABLE.value and data["connected"]
        for one in self._ringing.values():
            joins = available and one.until is None and user_id not in one.agents
            leaves = not available and one.alone and user_id in one.agents
            if joins or leaves:
                self._due.add(one.id)

    def _set_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        ends = [one.until for one in self._ringing.values() if one.until is not None]
        self._timer = self._clock.callLater(max(0.0, min(ends) - self._clock.seconds()), self._late) if ends else None

    def _late(self) -> None:
        now = self._clock.seconds()
        self._due.update(one.id for one in self._ringing.values() if one.until is not None and one.until <= now)
        self._route_due()

    def _route_due(self) -> None:
        if self._due and not self._routing:
            self._routing = True
            self._tasks.start(self._route_all())

    async def _route_all(self) -> None:
        """One call at a time, the most urgent first and then whoever has waited the longest."""
        try:
            while due := [self._ringing[key] for key in self._due if key in self._ringing]:
                call = min(due, key=lambda one: (not one.urgent, one.id))
                self._due.discard(call.id)
                await self._route(call)
            self._due.clear()
        finally:
            self._routing = False

    async def _route(self, call: _Ringing) -> None:
        line = self._board.line(call.line_id).journal.line
        over = call.told if call.until is not None and call.until <= self._clock.seconds() else None
        try:
            await self._database.run(route_call, call.id, line, utc_now(self._clock), over)
        except DatabaseStoppedError:
            self._ringing.clear()
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the text of a database error may hold values
            _log.warn("call {call} is offered again in a moment ({error})", call=call.id, error=type(error).__name__)
            self._due.add(call.id)
            await pause(self._clock, PAUSE_SECONDS)
        self._look_again(call)

    def _look_again(self, call: _Ringing) -> None:
        """Its time is over, and nothing came of it yet."""
        now = self._clock.seconds()
        if self._ringing.get(call.id) is call and call.until is not None and call.until <= now:
            self._ringing[call.id] = replace(call, until=now + PAUSE_SECONDS)
            self._set_timer()
