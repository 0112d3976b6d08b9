"""Saved views above a list: a chip for each, and the address with which the list opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web.exchange import Exchange
from web.pages.lists import query_string

PLAIN = "plain=1"
"""Stands in the address of a list that is to be shown as it is, whatever view it opens with otherwise."""


async def view_chips(exchange: Exchange, list_name: str, path: str, view: Mapping[str, Any]) -> dict[str, Any]:
    """What shell/views.html needs. ``view`` is how the list is narrowed and sorted now.

    ``start`` is where to go instead when the list was opened without saying how, empty for staying here.
    """
    saved = await exchange.services.views.list(exchange.principal, list_name)
    present = query_string(view)
    chips = [
        {**one, "href": f"{path}?{one['query']}", "current": bool(present) and one["query"] == present} for one in saved
    ]
    default = next((one for one in chips if one["default"]), None)
    unsaid = b"?" not in exchange.request.uri and not exchange.is_htmx
    return {
        "list": list_name,
        "chips": chips,
        "current": next((one for one in chips if one["current"]), None),
        "plain": f"{path}?{PLAIN}" if default else path,
        "is_plain": not present,
        "start": default["href"] if default and unsaid else "",
    }
