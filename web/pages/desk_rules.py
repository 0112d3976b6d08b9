"""The rules of the SMS desk as a form."""

from __future__ import annotations

from web.exchange import Exchange, Page, Reply
from web.routing import Routes

routes = Routes()


@routes.get("/desk-rules", permission="messaging_rules.view")
async def show_rules(exchange: Exchange) -> Reply:
    """The form; it is saved through the API."""
    return Page("desk_rules.html", {"rules": await exchange.services.desk.rules.get(exchange.principal)})
