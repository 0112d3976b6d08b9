"""Reports as a service. Few are made at a time, so that the pages of those who work never wait for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime
from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.telephony.reports import ReportFilter, load_groups, load_report
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.timelines import agents_day, lines_day
from storage.database import Database

_AT_ONCE = 2


class ReportService:
    """Everything here is limited to the data scope of ``reports.view`` (``reports.export`` for files)."""

    def __init__(self, database: Database, clock: IReactorTime, settings: TelephonySettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._turns = DeferredSemaphore(_AT_ONCE)

    @property
    def settings(self) -> TelephonySettings:
        """How figures are counted, and their targets."""
        return self._settings

    async def calls(self, principal: Principal, wanted: ReportFilter) -> dict[str, Any]:
        """The figures of calls, see ``reports.load_report``."""
        principal.require("reports.view")
        return await self._read(load_report, principal, self._settings, wanted, self._now())

    async def export(self, principal: Principal, wanted: ReportFilter) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """The rows of a report and their total, which has the key ``total``; audited before."""
        principal.require("reports.export")
        now = self._now()
        report = await self._read(load_report, principal, self._settings, wanted, now, "reports.export")
        told = {name: value for name, value in vars(wanted).items() if value is not None}
        shown = {name: value.isoformat() if type(value) is date else value for name, value in told.items()}
        await self._database.run(record_audit, principal, "export", "report", "", None, shown, now)
        yield [*report["rows"], {"key": "total", "name": "", **report["total"]}]

    async def groups(self, principal: Principal) -> Sequence[dict[str, Any]]:
        """The groups whose calls there are, by id and name: departments that are a line's, or that calls belong to."""
        principal.require("reports.view")
        return await self._database.read(load_groups, principal)

    async def agents_day(self, principal: Principal, day: date) -> dict[str, Any]:
        """What the agents did on a day, see ``timelines.agents_day``."""
        principal.require("reports.view")
        return await self._read(agents_day, principal, self._settings, day, self._now())

    async def lines_day(self, principal: Principal, day: date) -> dict[str, Any]:
        """What the lines did on a day, see ``timelines.lines_day``."""
        principal.require("reports.view")
        return await self._read(lines_day, principal, self._settings, day, self._now())

    def _read(self, function: Callable[..., dict[str, Any]], *arguments: Any) -> Deferred[dict[str, Any]]:
        return self._turns.run(lambda: Deferred.fromCoroutine(self._database.read(function, *arguments)))

    def _now(self) -> datetime:
        return utc_now(self._clock)
