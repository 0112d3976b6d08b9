"""Reports: figures over any days as chart and table, each leading to its calls; the day of every agent and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from callcenter.errors import InvalidError
from callcenter.telephony.reports import NOBODY, By, ReportFilter
from callcenter.text import N_, translated
from web.exchange import Exchange, Page, Reply
from web.pages.lists import address, export_links
from web.periods import period_links
from web.report_filters import ReportPage, calls_address, leads_to_calls, report_filter, today
from web.report_words import BY_WORDS, FIGURES, KEY_WORDS, NOBODY_WORDS, Figure
from web.routing import Routes

routes = Routes()

_CHARTS = (
    ("calls", N_("Number of calls"), ("answered", "lost", "short_abandoned", "outgoing")),
    ("shares", N_("Service level"), ("service_level", "abandon_share")),
    ("times", N_("Average times"), ("average_speed_of_answer", "average_handling_time")),
    ("work", N_("Occupancy"), ("occupancy",)),
)
_BIG = ("service_level", "average_speed_of_answer", "abandon_share", "average_handling_time", "occupancy", "incoming")
_TARGETS = {
    "service_level": ("service_level", 1),
    "average_speed_of_answer": ("average_speed_of_answer", -1),
    "abandon_share": ("abandoned", -1),
    "average_handling_time": ("average_handling_time", -1),
    "occupancy": ("occupancy", -1),
}


@routes.get("/reports", permission="reports.view")
async def show_report(exchange: Exchange, query: ReportPage) -> Reply:
    """The figures of calls over any days."""
    wanted = report_filter(exchange, query)
    view = {**query.model_dump(mode="json", exclude_none=True), "from_day": wanted.from_day, "to_day": wanted.to_day}
    problem, report = "", None
    try:
        report = await exchange.services.telephony.reports.calls(exchange.principal, wanted)
    except InvalidError as error:
        problem = translated(exchange.translate, error.message)
    context = {
        "view": view,
        "problem": problem,
        "tabs": tabs(exchange, "calls", wanted.to_day),
        "bys": [{"id": by.value, "name": exchange.translate(word)} for by, word in BY_WORDS.items()],
        "periods": period_links(exchange, "/reports", view),
        "charts": [
            {"name": exchange.translate(word), "href": address("/reports", {**view, "chart": name}),
             "current": name == query.chart}
            for name, word, _ in _CHARTS
        ],
        "exports": _exports(exchange, view),
        **await _choices(exchange),
        **(_shown(exchange, wanted, report, query.chart) if report is not None else {"rows": [], "big": []}),
    }  # fmt: skip
    return Page("report.html", context, status=422 if problem else 200)


def row_name(exchange: Exchange, by: By, row: Mapping[str, Any]) -> str:
    """What stands at the head of a row of a report."""
    say, key = exchange.translate, row["key"]
    if key == "total":
        return say(N_("Total"))
    match by:
        case By.DAY:
            return str(key)
        case By.HOUR:
            return f"{key:02}:00–{key + 1:02}:00"
        case _:
            return row["name"] or (say(NOBODY_WORDS[by]) if key == NOBODY else f"#{key}")


def tabs(exchange: Exchange, current: str, day: date) -> list[dict[str, Any]]:
    """The ways between the reports."""
    day = min(day, today(exchange))
    ways = (
        ("calls", N_("Call figures"), "/reports"),
        ("agents", N_("Agent timeline"), address("/reports/agents", {"day": day})),
        ("lines", N_("Line timeline"), address("/reports/lines", {"day": day})),
    )
    return [{"name": exchange.translate(word), "href": href, "current": name == current} for name, word, href in ways]


def _shown(exchange: Exchange, wanted: ReportFilter, report: Mapping[str, Any], chart: str) -> dict[str, Any]:
    limits = {"seconds": report["service_level_seconds"], "short": report["short_abandon_seconds"]}
    linked = leads_to_calls(exchange)
    say = exchange.translate
    heads = [
        {
            "name": one.name,
            "label": say(one.label).format(**limits),
            "definition": say(one.definition).format(**limits),
            "unit": one.unit.value,
        }
        for one in FIGURES
    ]
    rows = [_row(exchange, wanted, row, linked) for row in report["rows"]]
    total = _cells(wanted, report["total"], linked)
    series = next(names for name, _, names in _CHARTS if name == chart)
    drawn = [place for place, one in enumerate(FIGURES) if one.name in series]
    return {
        "heads": heads,
        "key_word": say(KEY_WORDS[wanted.by]),
        "rows": rows,
        "total": total,
        "big": [
            _big(exchange, heads[place], total[place], one) for place, one in enumerate(FIGURES) if one.name in _BIG
        ],
        "nothing": not any(report["total"][name] for name in ("incoming", "outgoing", "handling", "available")),
        "drawn": {
            # Days and hours follow each other; agents, lines and groups do not.
            "joined": wanted.by in (By.DAY, By.HOUR) and chart != "calls" and len(rows) > 1,
            "names": [row["name"] for row in rows],
            "series": [
                {
                    "name": heads[place]["label"],
                    "key": heads[place]["name"],
                    "unit": heads[place]["unit"],
                    "values": [row["cells"][place]["value"] for row in rows],
                    "hrefs": [row["cells"][place]["href"] for row in rows],
                }
                for place in drawn
            ],
        },
    }


def _row(exchange: Exchange, wanted: ReportFilter, row: Mapping[str, Any], linked: bool) -> dict[str, Any]:
    by, key = wanted.by, row["key"]
    href = ""
    if by is By.DAY:
        href = address("/reports", {**_narrowed(wanted), "from_day": key, "to_day": key, "by": "hour"})
    elif by is not By.HOUR:
        column = {By.GROUP: "department_id", By.LINE: "line_id", By.AGENT: "agent_id"}[by]
        days = {"from_day": wanted.from_day, "to_day": wanted.to_day}
        href = address("/reports", {**_narrowed(wanted), **days, column: key, "by": "day"})
    return {"name": row_name(exchange, by, row), "href": href, "cells": _cells(wanted, row, linked, by)}


def _narrowed(wanted: ReportFilter) -> dict[str, Any]:
    return {"department_id": wanted.department_id, "line_id": wanted.line_id, "agent_id": wanted.agent_id}


def _cells(wanted: ReportFilter, row: Mapping[str, Any], linked: bool, by: By | None = None) -> list[dict[str, Any]]:
    return [_cell(wanted, row, figure, linked, by) for figure in FIGURES]


def _cell(wanted: ReportFilter, row: Mapping[str, Any], figure: Figure, linked: bool, by: By | None) -> dict[str, Any]:
    """A figure with the list that it leads to, where there is anything on it; ``calls`` is how many are there."""
    calls = 0 if figure.calls is None else row[figure.calls.value]
    href = ""
    if linked and calls and figure.calls is not None:
        href = calls_address(wanted, figure.calls, by, row.get("key"))
    return {"value": row[figure.name], "unit": figure.unit.value, "href": href, "calls": calls}


def _big(exchange: Exchange, head: Mapping[str, Any], cell: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
    name, direction = _TARGETS.get(figure.name, ("", 0))
    targets = exchange.services.telephony.reports.settings.targets
    target = getattr(targets, name) if name else None
    value = cell["value"]
    verdict = ""
    if target is not None and value is not None:
        verdict = "good" if (value >= target) == (direction > 0) or value == target else "bad"
    return {**head, **cell, "target": target, "at_least": direction > 0, "verdict": verdict}


def _exports(exchange: Exchange, view: Mapping[str, Any]) -> list[dict[str, str]]:
    if not exchange.principal.may("reports.export"):
        return []
    asked = {name: value for name, value in view.items() if name != "chart"}
    return export_links("/api/v1/reports/calls/export", asked)


async def _choices(exchange: Exchange) -> dict[str, Sequence[Any]]:
    """The lines, agents and groups that the report can be narrowed to, as far as this person may know them."""
    principal, services = exchange.principal, exchange.services
    lines = await services.telephony.lines.list(principal) if principal.may("lines.view") else []
    agents = await services.telephony.agents.list(principal) if principal.may("agents.view") else []
    groups = await services.telephony.reports.groups(principal)
    return {"lines": lines, "agents": agents, "groups": groups}
