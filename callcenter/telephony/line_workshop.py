"""Makes what a line works with: the device from its settings, and the runner that ties it to its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.tasks import TaskTracker
from callcenter.telephony.journal import LineJournal
from callcenter.telephony.line_model import STARTING, Line
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.recovery import RecoveredLine
from hardware.line_device import LineDevice
from hardware.settings import LineSettings
from hardware.unusable_line import UnusableLine
from protocols.sayings import words_of
from storage.database import Database

_log = Logger(namespace="callcenter.telephony")

MakeDevice = Callable[[LineSettings], LineDevice]
"""The device for settings, not started."""


class LineWorkshop:
    """``make`` knows the drivers."""

    def __init__(self, database: Database, clock: IReactorTime, tasks: TaskTracker, make: MakeDevice) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._make = make

    def device(self, settings: Mapping[str, Any]) -> LineDevice:
        """The device for a line of the interface. One that cannot be made any more is a lost line that says why."""
        try:
            return self._make(LineSettings.model_validate(settings))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            why = f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
        except Exception as error:  # noqa: BLE001 - one line's settings must not keep the others from starting
            _log.failure("line {line}: no device can be made", line=settings.get("name"))
            why = words_of(error)
        return UnusableLine(str(settings.get("name", "")), why)

    def runner(self, line: RecoveredLine, device: LineDevice) -> LineRunner:
        """The runner of a line, not started."""
        if line.unknown_group:
            _log.warn(
                "line {line}: no group and no department has the name of its group; every agent is offered its calls",
                line=line.context.name,
            )
        device.rename(line.context.name)
        journal = LineJournal(line.context, self._database, self._clock, self._tasks)
        state = Line(
            lost_reason=STARTING,
            out_of_service=line.out_of_service,
            service_reason=line.service_reason,
            numberless=line.numberless,
        )
        return LineRunner(device, journal, state, self._clock)
