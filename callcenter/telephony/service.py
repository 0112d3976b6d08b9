"""Telephony as one part of the daemon: lines, calls, agents and the wallboard, started and stopped together."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime

from callcenter.bus import EventBus
from callcenter.clock import utc_now
from callcenter.numbers import warm_up
from callcenter.recordings.service import RecordingService
from callcenter.recordings.settings import RecordingSettings
from callcenter.tasks import TaskTracker
from callcenter.telephony.agents import AgentService
from callcenter.telephony.board import LineBoard
from callcenter.telephony.call_control import CallControlService
from callcenter.telephony.calls import CallService
from callcenter.telephony.dispatcher import Dispatcher
from callcenter.telephony.heartbeat import Life
from callcenter.telephony.late_claims import LateClaimService
from callcenter.telephony.line_roll import LineEntry
from callcenter.telephony.line_setups import LineSetups
from callcenter.telephony.line_tests import LineTests
from callcenter.telephony.line_workshop import LineWorkshop, MakeDevice
from callcenter.telephony.lines import LineService
from callcenter.telephony.listening import ListeningService
from callcenter.telephony.listening_rights import ListeningRights, OnSessionEnded
from callcenter.telephony.recovery import recover
from callcenter.telephony.report_service import ReportService
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.wallboard import WallboardService
from callcenter.telephony.wrap_up_limit import WrapUpLimit
from callcenter.worklist.service import CallTaskService
from hardware.line_device import LineDevice
from storage.database import Database


class Telephony:
    """The facade: its services are ``lines``, ``setups``, ``tests``, ``calls``, ``control``, ``listening``,
    ``recordings``, ``tasks``, ``agents``, ``wallboard`` and ``reports``.

    ``lines`` pairs each line of the configuration file with its device, not started; ``make_device`` makes those of
    the interface. ``reactor`` gives time only, so a test may pass a ``Clock`` set to the present. ``on_session_ended``
    is ``SignIn.on_session_ended``: whoever may not listen any more is cut off.
    """

    def __init__(
        self,
        *,
        database: Database,
        bus: EventBus,
        reactor: IReactorTime,
        lines: Sequence[tuple[LineEntry, LineDevice]],
        make_device: MakeDevice,
        settings: TelephonySettings,
        recordings: RecordingSettings,
        on_session_ended: OnSessionEnded,
    ) -> None:
        self._database = database
        self._clock = reactor
        self._devices = list(lines)
        self._settings = settings
        self._board = LineBoard()
        self._tasks = TaskTracker("telephony", reactor)
        self._workshop = LineWorkshop(database, reactor, self._tasks, make_device)
        self.tests = LineTests(database, reactor, self._board)
        self.setups = LineSetups(database, reactor, self._board, self._workshop, self.tests, settings.area_code)
        self.lines = LineService(database, reactor, self._board, settings.area_code)
        self.tasks = CallTaskService(
            database, reactor, self.lines, settings.call_tasks, settings.time_zone, settings.area_code
        )
        self.calls = CallService(database, reactor, self._board, settings, self.tasks.settle)
        self.late_claims = LateClaimService(database, reactor, settings.late_claim_hours)
        self.control = CallControlService(database, reactor, self._board, settings.area_code)
        self._listening_rights = ListeningRights(database, reactor, self._board, self._tasks, on_session_ended)
        self.listening = ListeningService(database, reactor, self._board, self._listening_rights.look)
        self._life = Life(database, reactor)
        self.agents = AgentService(database, reactor, self._tasks, settings)
        self.recordings = RecordingService(database, reactor, bus, self._board, self._tasks, recordings)
        self.wallboard = WallboardService(database, reactor, bus, settings)
        self.reports = ReportService(database, reactor, settings)
        self._dispatcher = Dispatcher(database, reactor, bus, self._board, self._tasks)
        self._wrap_up_limit = WrapUpLimit(database, reactor, bus, self._tasks)

    async def start(self) -> None:
        """Repair what a crash left behind, then start every line; one that fails does not keep the others back."""
        # On a database thread, where its tables may take their tenth of a second.
        await self._database.read(_warm_up)
        entries = [entry for entry, _ in self._devices]
        recovered = await self._database.run(recover, entries, self._settings.area_code, utc_now(self._clock))
        await self._life.start()
        devices = [device for _, device in self._devices]
        devices += [self._workshop.device(line.settings or {}) for line in recovered[len(devices) :]]
        for line, device in zip(recovered, devices, strict=True):
            self._board.add(self._workshop.runner(line, device))
        self.setups.begin({line.context.line_id: entry for line, entry in zip(recovered, entries, strict=False)})
        self.wallboard.start()
        await self.recordings.start()
        self._dispatcher.start()
        self._wrap_up_limit.start()
        self._listening_rights.start()
        self.tasks.start()
        for runner in self._board:
            runner.start()

    async def stop(self) -> None:
        """Release the lines, close their calls as unknown, and wait (bounded) until all of it is written."""
        self.agents.stop()
        self.wallboard.stop()
        await self.tasks.stop()
        self.tests.stop_all()
        self._dispatcher.stop()
        self._wrap_up_limit.stop()
        await self._listening_rights.stop()
        await self.recordings.stop()
        await gatherResults([Deferred.fromCoroutine(runner.stop()) for runner in self._board])
        await self._tasks.drain(self._settings.drain_seconds)
        await self._life.stop()


def _warm_up(_: Session) -> None:
    warm_up()
