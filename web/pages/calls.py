"""Call records, missed calls, and one call with everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callcenter.administration.resources import chosen_sort
from callcenter.telephony.call_orders import DEFAULT_SORT, call_sorts
from callcenter.telephony.calls import CallFilter
from callcenter.telephony.reports import NOBODY
from callcenter.text import N_
from web.call_filters import CallLimits, call_filter
from web.call_sheet import outcome_words, talk_seconds
from web.exchange import Exchange, Page, Redirect, Reply
from web.pages.list_place import ListPlace
from web.pages.lists import export_links, heading, listed
from web.pages.view_chips import view_chips
from web.parsing import check
from web.report_words import COUNTED
from web.routing import Routes

routes = Routes()

_COLUMNS = {
    "started_at": N_("Started at"),
    "direction": N_("Direction"),
    "number": N_("Number"),
    "line": N_("Line"),
    "agent": N_("Agent"),
    "outcome": N_("Outcome"),
    "talk_seconds": N_("Talk time"),
}


class CallsPage(ListPlace, CallLimits):
    """A list of calls. ``plain`` shows it as it is, whatever view it opens with otherwise."""

    plain: bool = False


def call_view(exchange: Exchange, _: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the list is narrowed and sorted; InvalidError for what it does not take."""
    query = check(CallsPage, given)
    chosen_sort(query.sort, DEFAULT_SORT, call_sorts(exchange.principal))
    return query.view


@routes.get("/calls", permission="calls.view")
async def list_calls(exchange: Exchange, query: CallsPage) -> Reply:
    """Call records, newest first."""
    return await _list(exchange, query, "/calls", exchange.services.telephony.calls.list)


@routes.get("/calls/missed", permission="calls.view")
async def list_missed(exchange: Exchange, query: CallsPage) -> Reply:
    """Missed calls that nobody has dealt with, newest first."""
    return await _list(exchange, query, "/calls/missed", exchange.services.telephony.calls.missed)


@routes.get("/calls/<int:call_id>", permission="calls.view")
async def show_call(exchange: Exchange, call_id: int) -> Reply:
    """One call."""
    call = await exchange.services.telephony.calls.get(exchange.principal, call_id)
    context = {
        "call": call,
        "outcomes": await outcome_words(exchange),
        "talked": talk_seconds(call),
        "recording": (await _recordings(exchange, [call])).get(call_id),
        "may_take_back": await exchange.services.telephony.late_claims.may_take_back(exchange.principal, call_id),
        "may_claim": await exchange.services.telephony.late_claims.may_claim(exchange.principal, call_id),
        "recording_enabled": exchange.services.telephony.recordings.enabled,
    }
    return Page("call.html", context)


async def _list(exchange: Exchange, query: CallsPage, path: str, find: Any) -> Reply:
    views = await view_chips(exchange, "missed" if path == "/calls/missed" else "calls", path, query.view, call_view)
    if views["start"]:
        return Redirect(views["start"])
    wanted = call_filter(query, exchange.settings.time_zone)
    asked = find(exchange.principal, wanted, query.limit, query.cursor, query.sort)
    found = await listed(exchange, path, query, asked)
    may_export = path == "/calls" and exchange.principal.may("calls.export")
    context = {
        "calls": [{**call, "talked": talk_seconds(call)} for call in found.items],
        "view": query.shown,
        "headings": _headings(exchange, query, path),
        "missed": path == "/calls/missed",
        "problem": found.problem,
        "views": views,
        "recordings": await _recordings(exchange, found.items),
        "paths": {"self": path, "plain": views["plain"], **found.ways},
        "outcomes": await outcome_words(exchange),
        "lines": await _lines(exchange),
        "agents": await _agents(exchange),
        "exports": export_links("/api/v1/calls/export", query.view) if may_export else [],
        "counted": await _counted(exchange, query, wanted) if not found.problem and path == "/calls" else None,
    }
    return Page("calls.html", context, status=found.status)


async def _counted(exchange: Exchange, query: CallsPage, wanted: CallFilter) -> dict[str, Any] | None:
    """What a figure of the reports narrowed the list to, in words, and how many calls that are; None for nothing."""
    say = exchange.translate
    parts = [say(COUNTED[query.counted])] if query.counted else []
    if query.hour is not None:
        parts.append(f"{query.hour:02}:00–{query.hour + 1:02}:00")
    if query.department_id is not None:
        groups = await exchange.services.telephony.reports.groups(exchange.principal) if _may_report(exchange) else []
        names = {one["id"]: one["name"] for one in groups} | {NOBODY: say(N_("No group"))}
        parts.append(names.get(query.department_id, f"#{query.department_id}"))
    if query.agent_id == NOBODY:
        parts.append(say(N_("No agent")))
    if not parts:
        return None
    return {"words": parts, "count": await exchange.services.telephony.calls.count(exchange.principal, wanted)}


def _may_report(exchange: Exchange) -> bool:
    return exchange.principal.may("reports.view")


def _headings(exchange: Exchange, query: CallsPage, path: str) -> dict[str, dict[str, str]]:
    """By what the list can be sorted → the heading that does it."""
    sort = query.sort or DEFAULT_SORT
    allowed = call_sorts(exchange.principal)
    return {
        name: heading(label, name, sort, path, query.view)
        if name in allowed
        else {"label": label, "href": "", "order": ""}
        for name, label in ((name, exchange.translate(label)) for name, label in _COLUMNS.items())
    }


async def _recordings(exchange: Exchange, calls: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    ids = [call["id"] for call in calls]
    return await exchange.services.telephony.recordings.describe(exchange.principal, ids)


async def _lines(exchange: Exchange) -> list[dict[str, Any]]:
    if not exchange.principal.may("lines.view"):
        return []
    return list(await exchange.services.telephony.lines.list(exchange.principal))


async def _agents(exchange: Exchange) -> list[dict[str, Any]]:
    if not exchange.principal.may("agents.view"):
        return []
    return list(await exchange.services.telephony.agents.list(exchange.principal))
