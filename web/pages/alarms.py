"""Alarms as a list: those that wait for somebody, and all that there were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from callcenter.administration.resources import chosen_sort
from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.service import DEFAULT_SORT, SORTS
from callcenter.text import N_
from web.alarm_filters import AlarmLimits, AlarmQuery, alarm_filter, reason_words
from web.exchange import Exchange, Page, Redirect, Reply
from web.pages.lists import export_links, heading, ways
from web.pages.view_chips import view_chips
from web.parsing import Filters, check
from web.routing import Routes
from web.words import ALARM_KINDS, word_of

routes = Routes()

PROBLEMS = {
    "unresolved": N_("the name has no address"),
    "forbidden": N_("the address is not allowed"),
    "unreachable": N_("nobody answers there"),
    "untrusted": N_("its certificate is not trusted"),
    "timed_out": N_("no answer in time"),
    "refused": N_("it was refused"),
    "broken": N_("the connection broke"),
}


CHANGES = {"opened": N_("opened"), "cleared": N_("over"), "handled": N_("dealt with")}


class AlarmsPage(Filters, AlarmQuery):
    """The list's address."""

    trail: Annotated[str, Field(max_length=6000)] = ""
    plain: bool = False

    @property
    def view(self) -> dict[str, Any]:
        """How the list is narrowed and sorted."""
        return self.model_dump(mode="json", include=set(AlarmLimits.model_fields))


def alarm_view(_: Exchange, __: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the list is narrowed and sorted; InvalidError for what it does not take."""
    query = check(AlarmsPage, given)
    chosen_sort(query.sort, DEFAULT_SORT, SORTS)
    return query.view


@routes.get("/alarms", permission="alarms.view")
async def show_alarms(exchange: Exchange, query: AlarmsPage) -> Reply:
    """Every alarm there was, newest first."""
    view = query.view
    views = await view_chips(exchange, "alarms", "/alarms", view, alarm_view)
    if views["start"]:
        return Redirect(views["start"])
    wanted = alarm_filter(query, exchange.settings.time_zone)
    page = await exchange.services.alarms.list(exchange.principal, wanted, query.limit, query.cursor, query.sort)
    say, principal = exchange.translate, exchange.principal
    lines = list(await exchange.services.telephony.lines.list(principal)) if principal.may("lines.view") else []
    context = {
        "alarms": [_shown(exchange, alarm) for alarm in page.items],
        "kinds": [{"id": kind.value, "name": say(ALARM_KINDS[kind])} for kind in AlarmKind],
        "lines": lines,
        "view": {name: value if value is not None else "" for name, value in view.items()},
        "narrowed": any(value not in (None, "") for name, value in view.items() if name != "sort"),
        "opened": heading(say(N_("Opened")), "opened_at", query.sort or DEFAULT_SORT, "/alarms", view),
        "views": views,
        "paths": {"plain": views["plain"], **ways("/alarms", view, query, page)},
        "exports": export_links("/api/v1/alarms/export", view) if principal.may("alarms.export") else [],
    }
    return Page("alarms.html", context)


def _shown(exchange: Exchange, alarm: dict[str, Any]) -> dict[str, Any]:
    say = exchange.translate
    problems = [
        {"target": one["target"], "problem": word_of(PROBLEMS, one["problem"], say), "state": one["state"]}
        for one in alarm["deliveries"]
        if one["problem"] and one["state"] in ("waiting", "failed")
    ]
    return {
        **alarm,
        "kind_word": word_of(ALARM_KINDS, alarm["kind"], say),
        "why": reason_words(exchange, alarm),
        "sent": sum(one["state"] == "sent" and not one["texts"] for one in alarm["deliveries"]),
        "texts": [
            {
                "target": one["target"],
                "change": word_of(CHANGES, one["event"], say),
                "states": sorted(Counter(text["state"] for text in one["texts"]).items()),
            }
            for one in alarm["deliveries"]
            if one["texts"]
        ],
        "problems": problems,
    }
