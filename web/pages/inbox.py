"""The inbox of SMS conversations, who wants no messages, and one text to many.

What the inbox shows comes from the API and the socket; its page is the same for all.
"""

from __future__ import annotations

from typing import Any, Literal

from callcenter.administration.resources import read_list_query
from callcenter.messaging.rules.opt_out_service import OptOutFilter
from web.api.models import Id
from web.api.sending import OptOutLimits
from web.exchange import Exchange, Page, Reply
from web.pages.list_place import ListPlace
from web.pages.lists import address, listed, narrowed_words, query_string
from web.parsing import Input
from web.routing import Routes

routes = Routes()


class InboxPlace(Input):
    """``c`` is the conversation that is open; ``patient`` whom to write to, be there a conversation or not."""

    c: Id | None = None
    patient: Id | None = None


@routes.get("/inbox", permission="conversations.view")
async def show_inbox(exchange: Exchange, query: InboxPlace) -> Reply:
    """The inbox."""
    return Page("inbox.html", {"place": {"c": query.c or "", "patient": query.patient or ""}})


class OptOutsPage(ListPlace, OptOutLimits):
    """The list of opt-outs as it stands in an address."""


class NewMessagesPage(Input):
    """``whom`` says that the rest is the address of the patients' list, as it was narrowed there."""

    model_config = Input.model_config | {"extra": "allow"}

    whom: Literal["", "list"] = ""


@routes.get("/opt-outs", permission="opt_outs.view")
async def list_opt_outs(exchange: Exchange, query: OptOutsPage) -> Reply:
    """Who wants no messages."""
    wanted = OptOutFilter(query.number, query.kind, not query.ended)
    asked = exchange.services.desk.opt_outs.list(exchange.principal, wanted, query.limit, query.cursor)
    found = await listed(exchange, "/opt-outs", query, asked)
    context = {
        "opt_outs": found.items,
        "view": query.shown,
        "problem": found.problem,
        "paths": {"self": "/opt-outs", **found.ways},
    }
    return Page("opt_outs.html", context, status=found.status)


@routes.get("/messages/new", permission="messages.bulk")
async def write_many(exchange: Exchange, query: NewMessagesPage) -> Reply:
    """Write one text to the patients of a list."""
    narrowed = {name: value for name, value in (query.model_extra or {}).items() if type(value) is str}
    context = {
        "chosen": await _chosen(exchange, narrowed) if query.whom == "list" else None,
        "filter": query_string(narrowed),
        "list": address("/patients", narrowed),
    }
    return Page("messages_new.html", context)


async def _chosen(exchange: Exchange, fields: dict[str, str]) -> dict[str, Any]:
    """How many patients that are, and by what the list was narrowed; by nothing, everybody is meant."""
    query = read_list_query(fields)
    return {
        "count": await exchange.services.desk.batches.count(exchange.principal, fields),
        "words": await narrowed_words(exchange, "patients", query),
    }
