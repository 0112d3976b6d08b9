"""The inbox of SMS conversations. What it shows comes from the API and the socket; the page is the same for everybody."""

from __future__ import annotations

from web.api.models import Id
from web.exchange import Exchange, Page, Reply
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
