"""The day of every agent and of every line, as bars from midnight to midnight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from callcenter.clock import slots
from callcenter.text import N_
from web.alarm_filters import reason_words
from web.exchange import Exchange, Page, Reply
from web.pages.lists import address
from web.pages.reports import tabs
from web.report_filters import DayQuery, today
from web.routing import Routes
from web.words import CODES, word_of

routes = Routes()

_EVERY = 2
"""Hours between two numbers above the bars."""
_THINNEST = 0.1

LINE_STATES: Mapping[str, str] = MappingProxyType(
    {
        "in_service": N_("In service"),
        "lost": N_("Line lost"),
        "out_of_service": N_("Out of service"),
        "stopped": N_("Call center not running"),
    }
)
_AGENT_LEGEND = ("available", "ringing", "talking", "wrap_up", "away", "offline")


@routes.get("/reports/agents", permission="reports.view")
async def show_agents(exchange: Exchange, query: DayQuery) -> Reply:
    """What the agents did on a day."""
    day = query.day or today(exchange)
    report = await exchange.services.telephony.reports.agents_day(exchange.principal, day)
    words = CODES["agent"]["state"]
    return Page("day.html", _context(exchange, "agents", report, words, _AGENT_LEGEND, _agent_sums))


@routes.get("/reports/lines", permission="reports.view")
async def show_lines(exchange: Exchange, query: DayQuery) -> Reply:
    """What the lines did on a day."""
    day = query.day or today(exchange)
    report = await exchange.services.telephony.reports.lines_day(exchange.principal, day)
    return Page("day.html", _context(exchange, "lines", report, LINE_STATES, tuple(LINE_STATES), _line_sums))


def _context(
    exchange: Exchange, kind: str, report: Mapping[str, Any], words: Mapping[str, str], legend: Sequence[str], sums: Any
) -> dict[str, Any]:
    say = exchange.translate
    scale = Scale(report)
    day = date.fromisoformat(report["day"])
    path = f"/reports/{kind}"
    rows = []
    for item in report["items"]:
        spans = [
            {**span, "x": scale.place(span["started_at"]), "width": scale.length(span["started_at"], span["ended_at"]),
             "word": word_of(words, span["state"], say), "reason_words": _reason(exchange, span)}
            for span in item["spans"]
        ]  # fmt: skip
        calls = [
            {**call, "x": scale.place(call["started_at"]), "width": scale.length(call["started_at"], call["ended_at"])}
            for call in item["calls"]
        ]
        rows.append({"id": item["id"], "name": item["name"], "spans": spans, "calls": calls, "sums": sums(item)})
    return {
        "kind": kind,
        "day": day.isoformat(),
        "rows": rows,
        "hours": scale.hours(exchange.settings.time_zone.key),
        "legend": [{"state": state, "word": word_of(words, state, say)} for state in legend],
        "tabs": tabs(exchange, kind, day),
        "paths": {
            "self": path,
            "before": address(path, {"day": day - timedelta(days=1)}),
            "after": address(path, {"day": day + timedelta(days=1)}) if day < today(exchange) else "",
            "today": path,
        },
        "sees_calls": exchange.principal.may("calls.view"),
    }


def _reason(exchange: Exchange, span: Mapping[str, Any]) -> str:
    return reason_words(exchange, {"reason_said": span.get("reason_said"), "reason": span["reason"]})


class Scale:
    """Places on the bars of a day, in percent of their length."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        self._begins = datetime.fromisoformat(report["begins"])
        self._ends = datetime.fromisoformat(report["ends"])

    def place(self, moment: str) -> float:
        """Where a moment is."""
        return self._place(datetime.fromisoformat(moment))

    def length(self, since: str, until: str) -> float:
        """How long a stretch is; something is seen of the shortest one."""
        return max(_THINNEST, round(self.place(until) - self.place(since), 3))

    def hours(self, time_zone: str) -> list[dict[str, Any]]:
        """The hours of the clock on the wall, with where they begin; a day may have 23 or 25."""
        begins = slots(self._begins, self._ends, time_zone, "%H")
        return [
            {"x": self._place(moment), "text": f"{int(text)}:00"}
            for place, (moment, text) in enumerate(begins)
            if place % _EVERY == 0
        ]

    def _place(self, moment: datetime) -> float:
        whole = (self._ends - self._begins).total_seconds()
        return round(min(max((moment - self._begins).total_seconds() / whole, 0.0), 1.0) * 100, 3)


def _seconds(item: Mapping[str, Any], *states: str) -> float:
    return sum(span["seconds"] for span in item["spans"] if span["state"] in states)


def _agent_sums(item: Mapping[str, Any]) -> dict[str, Any]:
    handling = _seconds(item, "ringing", "talking", "wrap_up")
    staffed = handling + _seconds(item, "available")
    return {
        "calls": len(item["calls"]),
        "share": handling / staffed if staffed else None,
        "first": staffed,
        "second": _seconds(item, "away"),
    }


def _line_sums(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "calls": len(item["calls"]),
        "share": None,
        "first": _seconds(item, "in_service"),
        "second": _seconds(item, "lost"),
    }
