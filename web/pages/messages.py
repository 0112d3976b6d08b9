"""The records of SMS: every message, its state, and figures that add up."""

from __future__ import annotations

from typing import Any

from callcenter.errors import ServiceError
from callcenter.messaging.vocabulary import FOR_A_GATEWAY
from callcenter.text import N_
from web.exchange import Exchange, Page, Reply
from web.message_filters import MessageLimits, message_filter
from web.message_steps import may_have_gone, steps_of
from web.pages.list_place import ListPlace
from web.pages.lists import export_links, heading, listed
from web.routing import Routes

routes = Routes()


class MessagesPage(ListPlace, MessageLimits):
    """The list as it stands in an address."""


@routes.get("/messages", permission="messages.view")
async def list_messages(exchange: Exchange, query: MessagesPage) -> Reply:
    """The list, newest first, with how many messages are in each state; the states add up to all."""
    desk, principal = exchange.services.desk, exchange.principal
    wanted = message_filter(query, exchange.settings.time_zone)
    messages = exchange.services.messaging.messages
    asked = messages.list(principal, wanted, query.limit, query.cursor, query.sort)
    found = await listed(exchange, "/messages", query, asked)
    counted = await desk.figures.counts(principal, wanted)
    context: dict[str, Any] = {
        "messages": found.items,
        "view": query.shown,
        "problem": found.problem,
        "paths": {"self": "/messages", **found.ways},
        "written": heading(
            exchange.translate(N_("Time")), "created_at", query.sort or "-created_at", "/messages", query.view
        ),
        "figures": counted,
        "batch": await _batch(exchange, query),
        "gateways": await desk.figures.gateways(principal),
        "writers": await _writers(exchange, query),
        "patient": await _patient(exchange, query),
        "exports": export_links("/api/v1/messages/export", query.view) if principal.may("messages.export") else [],
    }
    return Page("messages.html", context, status=found.status)


@routes.get("/messages/<int:message_id>", permission="messages.view")
async def show_message(exchange: Exchange, message_id: int) -> Reply:
    """One message: where it stands, what happened to it, and what can be done."""
    message = await exchange.services.messaging.messages.get(exchange.principal, message_id)
    context = {
        "message": message,
        "steps": steps_of(message),
        "gone": may_have_gone(message),
        "for_gateway": FOR_A_GATEWAY,
    }
    return Page("message.html", context)


async def _batch(exchange: Exchange, query: MessagesPage) -> dict[str, Any] | None:
    """The sending to many that the list is narrowed to."""
    if query.batch_id is None:
        return None
    try:
        return await exchange.services.desk.batches.get(exchange.principal, query.batch_id)
    except ServiceError:
        return None


async def _writers(exchange: Exchange, query: MessagesPage) -> list[dict[str, Any]]:
    """Those to choose from; whoever the address names stays chosen, be it somebody of another department."""
    found = list(await exchange.services.desk.figures.writers(exchange.principal))
    if query.created_by is not None and query.created_by not in [one["id"] for one in found]:
        found.append({"id": query.created_by, "name": f"#{query.created_by}"})
    return found


async def _patient(exchange: Exchange, query: MessagesPage) -> dict[str, Any] | None:
    """The patient that the list is narrowed to; by the id alone (not ``known``) where the name is out of reach."""
    if query.patient_id is None:
        return None
    found = await exchange.services.desk.figures.patient(exchange.principal, query.patient_id)
    known = found or {"id": query.patient_id, "name": f"#{query.patient_id}"}
    return {**known, "known": found is not None}
