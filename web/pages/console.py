"""The agent console. What it shows comes from the socket and the API; the page itself is the same for every agent."""

from __future__ import annotations

from web.exchange import Exchange, Page, Reply
from web.routing import Routes

routes = Routes()


@routes.get("/console", permission="calls.handle")
async def show_console(exchange: Exchange) -> Reply:
    """The console."""
    return Page("console.html", {"late_claims": exchange.services.telephony.late_claims.ever})
