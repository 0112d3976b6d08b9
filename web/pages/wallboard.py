"""The supervisor's wallboard. Figures come from the API, lines, agents and calls from the socket."""

from __future__ import annotations

from web.exchange import Exchange, Page, Reply
from web.routing import Routes

routes = Routes()


@routes.get("/wallboard", permission="wallboard.view")
async def show_wallboard(exchange: Exchange) -> Reply:
    """The wallboard."""
    return Page("wallboard.html")
