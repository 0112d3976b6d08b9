"""What a report is of, as it stands in an address: the same for API, page and export; and where its figures lead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from callcenter.clock import utc_now
from callcenter.telephony.counting import Counted
from callcenter.telephony.reports import By, ReportFilter
from web.call_filters import IdOrNobody
from web.exchange import Exchange
from web.pages.lists import address
from web.parsing import Day, Filters, Input

USUAL_DAYS = 7

ByWord = Literal["day", "hour", "group", "line", "agent"]


class ReportLimits(Input):
    """Days of the hospital, both inclusive; the last week where they are left out. 0 asks for no group or no agent."""

    from_day: Day | None = None
    to_day: Day | None = None
    by: ByWord = "day"
    department_id: IdOrNobody | None = None
    line_id: IdOrNobody | None = None
    agent_id: IdOrNobody | None = None


class ReportExport(ReportLimits):
    """A report as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


class DayQuery(Filters):
    """A day of the hospital; today where it is left out."""

    day: Day | None = None


class ReportPage(Filters, ReportLimits):
    """A report as a page; ``chart`` says what is drawn."""

    chart: Annotated[Literal["calls", "shares", "times", "work"], Field()] = "calls"


def today(exchange: Exchange) -> date:
    """The day at the hospital."""
    now: datetime = utc_now(exchange.services.reactor)
    return now.astimezone(exchange.settings.time_zone).date()


def report_filter(exchange: Exchange, limits: ReportLimits) -> ReportFilter:
    """The filter for the service."""
    last = limits.to_day or max(today(exchange), limits.from_day or date.min)
    first = limits.from_day or last - timedelta(days=USUAL_DAYS - 1)
    return ReportFilter(first, last, By(limits.by), limits.department_id, limits.line_id, limits.agent_id)


def leads_to_calls(exchange: Exchange) -> bool:
    """Whether the list of calls shows this person exactly what reports count: the same data scope, no more, no less."""
    grants = exchange.principal.grants
    return "calls.view" in grants and grants["calls.view"] == grants.get("reports.view")


def calls_address(wanted: ReportFilter, counted: Counted, by: By | None = None, key: Any = None) -> str:
    """The list of the calls that are counted as ``counted`` in the row ``key`` of a report, or in all of it."""
    values: dict[str, Any] = {
        "from_day": wanted.from_day,
        "to_day": wanted.to_day,
        "department_id": wanted.department_id,
        "line_id": wanted.line_id,
        "agent_id": wanted.agent_id,
        "counted": counted.value,
    }
    return address("/calls", {**values, **(_row(by, key) if by is not None else {})})


def _row(by: By, key: Any) -> Mapping[str, Any]:
    match by:
        case By.DAY:
            return {"from_day": key, "to_day": key}
        case By.HOUR:
            return {"hour": key}
        case By.GROUP:
            return {"department_id": key}
        case By.LINE:
            return {"line_id": key}
        case By.AGENT:
            return {"agent_id": key}
