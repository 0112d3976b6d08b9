"""Saved views above a list: a chip for each, and the address with which the list opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from callcenter.errors import InvalidError
from web.errors import MalformedError
from web.exchange import Exchange
from web.pages.lists import query_string
from web.parsing import form_fields

Reader = Callable[[Exchange, str, Mapping[str, Any]], Mapping[str, Any]]
"""How a list is narrowed and sorted by the fields of its address; InvalidError names those that it does not take."""

PLAIN = "plain=1"
"""Stands in the address of a list that is to be shown as it is, whatever view it opens with otherwise."""


def view_fields(query: str) -> dict[str, Any]:
    """What a query string says. Raises MalformedError where it cannot be read."""
    return {name: value for name, value in form_fields(query.removeprefix("?")).items() if value != ""}


async def view_chips(
    exchange: Exchange, list_name: str, path: str, view: Mapping[str, Any], read: Reader
) -> dict[str, Any]:
    """What shell/views.html needs. ``view`` is how the list is narrowed and sorted now.

    ``start`` is where to go instead when the list was opened without saying how, empty for staying here. What a view
    says and the list does not take any more is left out and told: a view with which the list opens would lead back to
    itself otherwise.
    """
    saved = await exchange.services.views.list(exchange.principal, list_name)
    present = query_string(view)
    chips = [_chip(exchange, path, one, present, read) for one in saved]
    default = next((one for one in chips if one["default"]), None)
    unsaid = b"?" not in exchange.request.uri and not exchange.is_htmx
    outdated = [one for one in chips if one["left_out"] and (one["current"] or not (present or one["query"]))]
    return {
        "list": list_name,
        "chips": chips,
        "current": next((one for one in chips if one["current"]), None),
        "plain": f"{path}?{PLAIN}" if default else path,
        "is_plain": not present,
        "start": default["href"] if default and default["query"] and unsaid else "",
        "outdated": outdated,
    }


def _chip(exchange: Exchange, path: str, saved: Mapping[str, Any], present: str, read: Reader) -> dict[str, Any]:
    query, left_out = _taken(exchange, saved, read)
    return {
        **saved,
        "query": query,
        "left_out": left_out,
        "href": f"{path}?{query or PLAIN}",
        "current": bool(present) and query == present,
    }


def _taken(exchange: Exchange, saved: Mapping[str, Any], read: Reader) -> tuple[str, str]:
    """What the list takes of a view, and what it does not take, both as they stand in an address."""
    try:
        given = view_fields(saved["query"])
    except MalformedError:
        return "", saved["query"]
    left_out: list[str] = []
    while given:
        try:
            return query_string(read(exchange, saved["list"], given)), ", ".join(left_out)
        except InvalidError as error:
            wrong = [name for name in given if name in error.fields] or list(given)
            left_out += [f"{name}={given.pop(name)}" for name in wrong]
    return "", ", ".join(left_out)
