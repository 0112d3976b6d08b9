"""The supervisor's wallboard. Figures come from the API, lines, agents, gateways and calls from the socket."""

from __future__ import annotations

from web.exchange import Exchange, Page, Reply
from web.gateway_words import MARKS, STATES
from web.routing import Routes

routes = Routes()


@routes.get("/wallboard", permission="wallboard.view")
async def show_wallboard(exchange: Exchange) -> Reply:
    """The wallboard."""
    words = {state: (exchange.translate(word), MARKS.get(state, "out_of_service")) for state, word in STATES.items()}
    return Page("wallboard.html", {"gateway_states": words})
