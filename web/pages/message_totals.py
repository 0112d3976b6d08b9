"""Reconciliation of messages: of what was queued on each day, how much stands where, by gateway; does it add up?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from callcenter.errors import InvalidError
from callcenter.messaging.messages.listing import NO_GATEWAY
from callcenter.messaging.messages.totals import MOST_DAYS, STATES, sum_totals
from callcenter.text import N_, translated
from web.exchange import Exchange, Page, Reply
from web.message_totals import DEFINITIONS, gateway_label, total_label
from web.pages.lists import address, export_links
from web.parsing import Day, Filters
from web.periods import period_links
from web.report_filters import USUAL_DAYS, today
from web.routing import Routes

routes = Routes()

PATH = "/messages/totals"
_COUNTED = ("total", *STATES)

Entry = Mapping[str, Any]


class TotalsPage(Filters):
    """Days of the hospital, both inclusive; the last week where they are left out."""

    from_day: Day | None = None
    to_day: Day | None = None


@routes.get(PATH, permission="messages.view")
async def show_totals(exchange: Exchange, query: TotalsPage) -> Reply:
    """The totals by day and gateway, each leading to its messages."""
    say, principal = exchange.translate, exchange.principal
    last = query.to_day or max(today(exchange), query.from_day or date.min)
    first = query.from_day or max(last, date.min + timedelta(days=USUAL_DAYS)) - timedelta(days=USUAL_DAYS - 1)
    view = {"from_day": first, "to_day": last}
    problem, entries = "", []
    try:
        entries = list(await exchange.services.messaging.messages.totals(principal, first, last))
    except InvalidError as error:
        problem = translated(say, error.message)
    context = {
        "view": view,
        "most": MOST_DAYS,
        "problem": problem,
        "periods": period_links(exchange, PATH, view),
        "heads": _heads(exchange),
        "days": _days(exchange, entries),
        "total": _row(say(N_("Sum")), sum_totals(entries), view),
        "wrong": _wrong(exchange, entries),
        "exports": export_links("/api/v1/messages/totals/export", view) if principal.may("messages.export") else [],
    }
    return Page("message_totals.html", context, status=422 if problem else 200)


def _heads(exchange: Exchange) -> list[dict[str, str]]:
    say = exchange.translate
    return [{"label": total_label(name, say), "definition": say(text)} for name, text in DEFINITIONS.items()]


def _days(exchange: Exchange, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Each day with the rows of its gateways."""
    found = []
    for day, rows in groupby(entries, itemgetter("day")):
        of_day = {"from_day": day, "to_day": day}
        shown = [_row(gateway_label(one, exchange.translate), one, {**of_day, "gateway_id": _key(one)}) for one in rows]
        found.append({"day": date.fromisoformat(day), "rows": shown})
    return found


def _row(name: str, figures: Entry, limits: Mapping[str, Any]) -> dict[str, Any]:
    """A row of figures; each that is not 0 leads to the records that it counts."""
    cells = []
    for column in _COUNTED:
        count = figures["total"] if column == "total" else figures["states"][column]
        asked = {**limits, "direction": "out", "state": "" if column == "total" else column}
        cells.append({"column": column, "count": count, "href": address("/messages", asked) if count else ""})
    return {
        "name": name,
        "cells": cells,
        "difference": figures["difference"],
        "parts": figures["parts"],
        "cost": figures["cost"],
    }


def _key(entry: Entry) -> int:
    return NO_GATEWAY if entry["gateway"] is None else entry["gateway"]["id"]


def _wrong(exchange: Exchange, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The rows whose states are not their total, with both."""
    return [
        {
            "day": one["day"],
            "gateway": gateway_label(one, exchange.translate),
            "total": one["total"],
            "states": one["total"] - one["difference"],
            "difference": f"{one['difference']:+d}",
        }
        for one in entries
        if one["difference"]
    ]
