"""Complaints: the list, the form to write one down, and the page of one with what was done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcenter.administration.resources import chosen_sort
from callcenter.clock import iso, utc_now
from callcenter.servicedesk.complaints.listing import DEFAULT_SORT, SORTS
from callcenter.text import N_
from web.api.models import Id
from web.complaint_sheet import Channel, ComplaintLimits, complaint_filter
from web.exchange import Exchange, Page, Redirect, Reply
from web.pages.list_place import ListPlace
from web.pages.lists import address, export_links, heading, listed
from web.pages.view_chips import view_chips
from web.parsing import Input, check
from web.routing import Routes

routes = Routes()

_PATH = "/complaints"


class ComplaintsPage(ListPlace, ComplaintLimits):
    """The list as it stands in an address. ``plain`` shows it as it is, whatever view it opens with otherwise."""

    plain: bool = False


class NewPage(Input):
    """From where one begins: a call, a patient, or neither."""

    patient_id: Id | None = None
    call_id: Id | None = None
    channel: Channel | None = None


def complaint_view(_: Exchange, __: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the list is narrowed and sorted; InvalidError for what it does not take."""
    query = check(ComplaintsPage, given)
    chosen_sort(query.sort, DEFAULT_SORT, SORTS)
    return query.view


@routes.get("/complaints", permission="complaints.view")
async def list_complaints(exchange: Exchange, query: ComplaintsPage) -> Reply:
    """The list."""
    complaints, principal, say = exchange.services.complaints, exchange.principal, exchange.translate
    views = await view_chips(exchange, "complaints", _PATH, query.view, complaint_view)
    if views["start"]:
        return Redirect(views["start"])
    wanted = complaint_filter(query, exchange.settings.time_zone)
    asked = complaints.list(principal, wanted, query.limit, query.cursor, query.sort)
    found = await listed(exchange, _PATH, query, asked)
    sort = query.sort or DEFAULT_SORT
    context: dict[str, Any] = {
        "complaints": found.items,
        "now": iso(utc_now(exchange.services.reactor)),
        "view": query.shown,
        "views": views,
        "problem": found.problem,
        "paths": {"self": _PATH, "plain": views["plain"], **found.ways},
        "came": heading(say(N_("Recorded at")), "created_at", sort, _PATH, query.view),
        "due": heading(say(N_("Settle by")), "due_at", sort, _PATH, query.view),
        "counts": await complaints.counts(principal, wanted),
        "urgent": {
            "open": address(_PATH, {**query.view, "state": "open", "sort": "due_at"}),
            "overdue": address(_PATH, {**query.view, "overdue": True, "sort": "due_at"}),
        },
        "people": await complaints.people(principal),
        "lack": await complaints.lack(),
        "exports": export_links("/api/v1/complaints/export", query.view) if principal.may("complaints.export") else [],
    }
    return Page("complaints.html", context, status=found.status)


@routes.get("/complaints/new", permission="complaints.create")
async def show_blank(exchange: Exchange, query: NewPage) -> Reply:
    """The form; it is saved through the API. A call brings its patient, its number and what was noted of it."""
    services, principal = exchange.services, exchange.principal
    call = None if query.call_id is None else await services.telephony.calls.get(principal, query.call_id)
    patient = call["patient"] if call else None
    if query.patient_id is not None:
        patient = await services.patients.card(principal, query.patient_id)
    context = {
        "call": call,
        "patient": None if patient is None else {"id": patient["id"], "name": patient["name"]},
        "text": call["notes"] if call else "",
        "channel": query.channel or ("call" if call else ""),
        "people": await services.complaints.people(principal),
    }
    return Page("complaint_form.html", context)


@routes.get("/complaints/<int:complaint_id>", permission="complaints.view")
async def show_complaint(exchange: Exchange, complaint_id: int) -> Reply:
    """One complaint, what was done about it, and what can be done now."""
    complaints, principal = exchange.services.complaints, exchange.principal
    complaint = await complaints.get(principal, complaint_id)
    about_me = complaint["about"] is not None and complaint["about"]["id"] == principal.user_id
    context = {
        "complaint": complaint,
        "about_me": about_me,
        "may_handle": principal.may("complaints.handle") and not about_me,
        "people": await complaints.people(principal),
    }
    return Page("complaint.html", context)
