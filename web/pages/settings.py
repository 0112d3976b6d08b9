"""One page that leads to everything that is set up rather than worked with."""

from __future__ import annotations

from web.exchange import Exchange, Page, Reply
from web.routing import Routes

routes = Routes()


@routes.get("/settings", signed_in=True)
async def show_settings(exchange: Exchange) -> Reply:
    """The settings that this person may open."""
    lack = await exchange.services.complaints.lack() if exchange.principal.may("users.edit") else None
    return Page("settings.html", {"lack": lack})
