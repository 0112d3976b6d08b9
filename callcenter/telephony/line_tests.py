"""Trying a line: somebody rings it, and sees on a check list and in the raw trace what its device does.

A test is for those who look: it ends by itself when nobody has looked for a while, and after ``LONGEST`` in any case,
so that no trace is left on. It listens at the device: a line that is out of service can be tried, and no call comes of
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.disclosure import disclose
from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.errors import ConflictError
from callcenter.telephony.board import LineBoard
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.line_trial import LineTrial, nothing_tried
from callcenter.text import N_
from hardware.trace import TraceEntry
from protocols.clocks import wall_seconds
from protocols.signals import LineSignal
from storage.database import Database

LONGEST = 900.0
"""Seconds that a test goes on at most; whoever needs longer begins another."""
PATIENCE = 20.0
"""Seconds for which a test waits for somebody to look: enough for a reload of the page."""
GATHERED = 0.1
"""Seconds that news are gathered before they are told."""

TestView = dict[str, Any]
Teller = Callable[[], bool]
"""Is called when there is news; says whether it could take it. If not, it is asked again."""


class LineTests:
    """At most one test of each line, looked at by any number of people. Every method needs ``lines.test``."""

    def __init__(self, database: Database, clock: IReactorTime, board: LineBoard) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._running: dict[int, _Running] = {}
        self._watchers: dict[int, list[Teller]] = {}

    async def begin(self, principal: Principal, line_id: int) -> TestView:
        """Begin a test of the line, or begin the present one anew. Audited: the trace holds telephone numbers."""
        principal.require("lines.test")
        runner = self._board.line(line_id)
        await self._database.run(_log_test, principal, line_id, utc_now(self._clock))
        before = self._running.get(line_id)
        if before is not None:
            before.finish("stopped")
            before.close()
        first = before.trial.last if before is not None else 0
        running = _Running(runner, self._clock, self._watchers.setdefault(line_id, []), self._ended, first)
        self._running[line_id] = running
        running.start()
        return self.view(principal, line_id)

    def stop(self, principal: Principal, line_id: int) -> TestView:
        """End the test; what it saw can be looked at until nobody does. Without one nothing happens."""
        principal.require("lines.test")
        self._board.line(line_id)
        if (running := self._running.get(line_id)) is not None:
            running.finish("stopped")
        return self.view(principal, line_id)

    def view(self, principal: Principal, line_id: int, after: int = 0) -> TestView:
        """The test as ``principal`` may see it, with what went over the port after entry ``after``.

        Asking counts as looking.
        """
        principal.require("lines.test")
        running = self._running.get(line_id)
        if running is None:
            return nothing_tried(line_id, self._board.line(line_id))
        running.looked()
        data: TestView = running.trial.as_data(after=after, numbers=principal.sees_numbers)
        shown: TestView = disclose(data, principal)
        return shown

    def line(self, principal: Principal, line_id: int) -> dict[str, Any]:
        """Id and name of the line, and whether it is out of service; NotFoundError without it."""
        principal.require("lines.test")
        runner = self._board.line(line_id)
        return {"id": line_id, "name": runner.journal.line.name, "out_of_service": runner.line.out_of_service}

    def trace(self, principal: Principal, line_id: int) -> str:
        """The raw trace as text. Raises ConflictError when the line was not tried."""
        principal.require("lines.test")
        self._board.line(line_id)
        running = self._running.get(line_id)
        if running is None:
            raise ConflictError(N_("This line is not being tested."), line_id=line_id)
        return running.trial.text(numbers=principal.sees_numbers)

    def watch(self, principal: Principal, line_id: int, tell: Teller) -> Callable[[], None]:
        """Call ``tell`` whenever there is news of the line's tests, until the returned function is called."""
        principal.require("lines.test")
        self._board.line(line_id)
        watchers = self._watchers.setdefault(line_id, [])
        watchers.append(tell)
        if (running := self._running.get(line_id)) is not None:
            running.looked()

        def leave() -> None:
            if tell in watchers:
                watchers.remove(tell)
            if not watchers and line_id not in self._running:
                self._watchers.pop(line_id, None)

        return leave

    def forget(self, line_id: int) -> None:
        """The line is no more: neither are its tests."""
        self._close(line_id)
        self._watchers.pop(line_id, None)

    def stop_all(self) -> None:
        """End every test."""
        for line_id in list(self._running):
            self._close(line_id)
        self._watchers.clear()

    def _close(self, line_id: int) -> None:
        if (running := self._running.pop(line_id, None)) is not None:
            running.finish("stopped")
            running.close()

    def _ended(self, line_id: int) -> None:
        """Nobody has looked at the test for a while: what it saw is forgotten."""
        self._close(line_id)
        self._watchers.pop(line_id, None)


class _Running:
    """One test with its timers."""

    def __init__(
        self,
        runner: LineRunner,
        clock: IReactorTime,
        watchers: list[Teller],
        forgotten: Callable[[int], None],
        first: int,
    ) -> None:
        self.trial = LineTrial(runner, wall_seconds(clock), LONGEST, first)
        self._runner = runner
        self._clock = clock
        self._watchers = watchers
        self._forgotten = forgotten
        self._end: IDelayedCall | None = None
        self._patience: IDelayedCall | None = None
        self._news: IDelayedCall | None = None

    def start(self) -> None:
        """Look on, for a time."""
        self.trial.begin(wall_seconds(self._clock))
        self._runner.observe(self)
        self._end = self._clock.callLater(LONGEST, self.finish, "time")
        self.looked()
        self._later()

    def heard(self, signal: LineSignal) -> None:
        """See ``LineObserver``."""
        self.trial.heard(signal, wall_seconds(self._clock))
        self._later()

    def traced(self, entry: TraceEntry) -> None:
        """See ``LineObserver``."""
        self.trial.traced(entry)
        self._later()

    def looked(self) -> None:
        """Somebody looks now."""
        _cancel(self._patience)
        self._patience = self._clock.callLater(PATIENCE, self._nobody)

    def finish(self, why: str) -> None:
        """Look on no more."""
        if self.trial.end:
            return
        self.trial.end = why
        self._runner.observe(None)
        _cancel(self._end)
        self._later()

    def close(self) -> None:
        """Set no more timers."""
        _cancel(self._patience)
        _cancel(self._news)

    def _nobody(self) -> None:
        if self._watchers:
            self.looked()
        else:
            self._forgotten(self._runner.line_id)

    def _later(self) -> None:
        if self._news is None or not self._news.active():
            self._news = self._clock.callLater(GATHERED, self._tell)

    def _tell(self) -> None:
        up_to_date = [tell() for tell in tuple(self._watchers)]
        if not all(up_to_date):
            self._later()


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()


def _log_test(session: Session, principal: Principal, line_id: int, at: Any) -> None:
    record_audit(session, principal, "test", "line", str(line_id), at=at)
