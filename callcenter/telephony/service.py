"""Telephony as one part of the daemon: lines, calls, agents and the wallboard, started and stopped together."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.bus import EventBus
from callcenter.clock import utc_now
from callcenter.numbers import warm_up
from callcenter.tasks import TaskTracker
from callcenter.telephony.agents import AgentService
from callcenter.telephony.board import LineBoard
from callcenter.telephony.calls import CallService
from callcenter.telephony.heartbeat import Life
from callcenter.telephony.journal import LineJournal
from callcenter.telephony.line_model import STARTING, Line
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.lines import LineService
from callcenter.telephony.recovery import LineEntry, RecoveredLine, recover
from callcenter.telephony.report_service import ReportService
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.wallboard import WallboardService
from hardware.line_device import LineDevice
from storage.database import Database

_log = Logger(namespace="callcenter.telephony")


class Telephony:
    """The facade: ``lines``, ``calls``, ``agents``, ``wallboard`` and ``reports`` are its services.

    ``lines`` pairs each configured line with its device, not started. ``reactor`` gives time only, so a test may
    pass a ``Clock`` set to the present.
    """

    def __init__(
        self,
        *,
        database: Database,
        bus: EventBus,
        reactor: IReactorTime,
        lines: Sequence[tuple[LineEntry, LineDevice]],
        settings: TelephonySettings,
    ) -> None:
        self._database = database
        self._clock = reactor
        self._devices = list(lines)
        self._settings = settings
        self._board = LineBoard()
        self._tasks = TaskTracker("telephony", reactor)
        self.lines = LineService(database, reactor, self._board, settings.area_code)
        self.calls = CallService(database, reactor, self._board, settings)
        self._life = Life(database, reactor)
        self.agents = AgentService(database, reactor, self._board, self._tasks, settings)
        self.wallboard = WallboardService(database, reactor, bus, settings)
        self.reports = ReportService(database, reactor, settings)

    async def start(self) -> None:
        """Repair what a crash left behind, then start every line; one that fails does not keep the others back."""
        # On a database thread, where its tables may take their tenth of a second.
        await self._database.read(_warm_up)
        entries = [entry for entry, _ in self._devices]
        recovered = await self._database.run(recover, entries, self._settings.area_code, utc_now(self._clock))
        await self._life.start()
        for line, (_, device) in zip(recovered, self._devices, strict=True):
            self._board.add(self._runner(line, device))
        self.wallboard.start()
        for runner in self._board:
            runner.start()

    async def stop(self) -> None:
        """Release the lines, close their calls as unknown, and wait (bounded) until all of it is written."""
        self.agents.stop()
        self.wallboard.stop()
        await gatherResults([Deferred.fromCoroutine(runner.stop()) for runner in self._board])
        await self._tasks.drain(self._settings.drain_seconds)
        await self._life.stop()

    def _runner(self, line: RecoveredLine, device: LineDevice) -> LineRunner:
        if line.unknown_group:
            _log.warn(
                "line {line}: no department has the name of its group; every agent is offered its calls",
                line=line.context.name,
            )
        journal = LineJournal(line.context, self._database, self._clock, self._tasks)
        state = Line(
            lost_reason=STARTING,
            out_of_service=line.out_of_service,
            service_reason=line.service_reason,
            numberless=line.numberless,
        )
        return LineRunner(device, journal, state, self._clock)


def _warm_up(_: Session) -> None:
    warm_up()
