"""The audit log as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from callcenter.administration.audit_log import DEFAULT_SORT, SORTS
from callcenter.administration.resources import chosen_sort
from callcenter.text import N_
from web.audit_filters import AuditLimits, AuditQuery, audit_filter
from web.audit_words import readable
from web.exchange import Exchange, Page, Redirect, Reply
from web.pages.lists import address, heading, ways
from web.pages.view_chips import view_chips
from web.parsing import Filters, check
from web.routing import Routes
from web.words import AUDIT_ACTIONS, AUDIT_SUBJECTS

routes = Routes()


class AuditPage(Filters, AuditQuery):
    """The log's address."""

    trail: Annotated[str, Field(max_length=6000)] = ""
    plain: bool = False

    @property
    def view(self) -> dict[str, Any]:
        """How the log is narrowed and sorted."""
        return self.model_dump(mode="json", include=set(AuditLimits.model_fields))


def audit_view(_: Exchange, __: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the list is narrowed and sorted; InvalidError for what it does not take."""
    query = check(AuditPage, given)
    chosen_sort(query.sort, DEFAULT_SORT, SORTS)
    return query.view


@routes.get("/audit", permission="audit.view")
async def show_log(exchange: Exchange, query: AuditPage) -> Reply:
    """Who did what to what, newest first."""
    view = query.view
    views = await view_chips(exchange, "audit", "/audit", view, audit_view)
    if views["start"]:
        return Redirect(views["start"])
    wanted = audit_filter(query, exchange.settings.time_zone)
    page = await exchange.services.audit.list(exchange.principal, wanted, query.limit, query.cursor, query.sort)
    say = exchange.translate
    context = {
        "entries": await readable(exchange, page.items),
        "actions": [{"id": code, "name": say(word)} for code, word in AUDIT_ACTIONS.items()],
        "subjects": [{"id": code, "name": say(word)} for code, word in AUDIT_SUBJECTS.items()],
        "view": {name: value if value is not None else "" for name, value in view.items()},
        "by_user": await _by_user(exchange, query, page.items),
        "narrowed": any(value for name, value in view.items() if name != "sort"),
        "time": heading(say(N_("Time")), "at", query.sort or DEFAULT_SORT, "/audit", view),
        "views": views,
        "paths": {"plain": views["plain"], **ways("/audit", view, query, page)},
        "export": address("/api/v1/audit/export", view) if exchange.principal.may("audit.export") else "",
    }
    return Page("audit.html", context)


async def _by_user(exchange: Exchange, query: AuditPage, entries: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """Whose entries are shown, if they are one person's, and the address of everybody's."""
    if query.user_id is None:
        return None
    found = await exchange.services.resources["users"].names(exchange.principal, [query.user_id])
    name = next((entry["username"] for entry in entries), "") or found.get(query.user_id, f"#{query.user_id}")
    return {"name": name, "without": address("/audit", {**query.view, "user_id": None})}
