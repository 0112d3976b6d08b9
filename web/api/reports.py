"""Reports through the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from web.exchange import Exchange, Json, Reply
from web.exports import Column, download
from web.pages.reports import row_name
from web.report_filters import DayQuery, ReportExport, ReportLimits, report_filter, today
from web.report_words import FIGURES, KEY_WORDS
from web.routing import Routes

routes = Routes("/api/v1")


@routes.get("/reports/calls", permission="reports.view", returns=dict[str, Any])
async def report_calls(exchange: Exchange, query: ReportLimits) -> Reply:
    """The figures of calls by row, and their total: shares 0 to 1, times in seconds, null for a figure of nothing."""
    wanted = report_filter(exchange, query)
    return Json(await exchange.services.telephony.reports.calls(exchange.principal, wanted))


@routes.get("/reports/calls/export", permission="reports.export")
async def export(exchange: Exchange, query: ReportExport) -> Reply:
    """A report as a file, its total in the last row."""
    wanted = report_filter(exchange, query)
    say, settings = exchange.translate, exchange.services.telephony.reports.settings
    limits = {"seconds": settings.service_level_seconds, "short": settings.short_abandon_seconds}
    columns = [Column(say(KEY_WORDS[wanted.by]), lambda row: row_name(exchange, wanted.by, row), 20)]
    columns += [Column(say(one.label).format(**limits), _value_of(one.name)) for one in FIGURES]
    rows = exchange.services.telephony.reports.export(exchange.principal, wanted)
    return await download(exchange, f"report-{wanted.from_day}-{wanted.to_day}", columns, rows, query.format)


@routes.get("/reports/agents", permission="reports.view", returns=dict[str, Any])
async def report_agents(exchange: Exchange, query: DayQuery) -> Reply:
    """What the agents did on a day: their states one after the other, and their calls. Not there is offline."""
    day = query.day or today(exchange)
    return Json(await exchange.services.telephony.reports.agents_day(exchange.principal, day))


@routes.get("/reports/lines", permission="reports.view", returns=dict[str, Any])
async def report_lines(exchange: Exchange, query: DayQuery) -> Reply:
    """What the lines did on a day: in service, lost, out of service, stopped; and their calls."""
    day = query.day or today(exchange)
    return Json(await exchange.services.telephony.reports.lines_day(exchange.principal, day))


def _value_of(name: str) -> Callable[[Mapping[str, Any]], Any]:
    def value(row: Mapping[str, Any]) -> Any:
        return round(row[name], 4) if type(row[name]) is float else row[name]

    return value
