"""What was sent to many: how far it is, and what became of it."""

from __future__ import annotations

from web.exchange import Exchange, Page, Reply
from web.pages.list_place import ListPlace
from web.pages.lists import listed
from web.routing import Routes

routes = Routes()


class BatchesPage(ListPlace):
    """The list as it stands in an address."""

    limit: int = 20


@routes.get("/message-batches", permission="messages.view")
async def list_batches(exchange: Exchange, query: BatchesPage) -> Reply:
    """All of them, newest first."""
    asked = exchange.services.desk.batches.list(exchange.principal, min(query.limit, 50), query.cursor)
    found = await listed(exchange, "/message-batches", query, asked)
    context = {"batches": found.items, "problem": found.problem, "paths": {"self": "/message-batches", **found.ways}}
    return Page("batches.html", context, status=found.status)


@routes.get("/message-batches/<int:batch_id>", permission="messages.view")
async def show_batch(exchange: Exchange, batch_id: int) -> Reply:
    """One of them."""
    return Page("batch.html", {"batch": await exchange.services.desk.batches.get(exchange.principal, batch_id)})
