"""Pages whose address narrows what they show: what cannot do so is left out, and said at its field.

An old bookmark, or an address that was changed by hand, still shows its page with whatever else narrows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from callcenter.errors import InvalidError
from callcenter.text import translated
from web.exchange import Exchange, Page, Reply
from web.parsing import Filters, check
from web.routing import Route

_SHOWN = 80


def is_narrowed(route: Route) -> bool:
    """Whether ``route`` is such a page. The API refuses what it does not understand."""
    return not route.is_api and route.query is not None and issubclass(route.query, Filters)


async def narrowed(route: Route, exchange: Exchange, given: Mapping[str, Any], asked: Mapping[str, Any]) -> Reply:
    """The page for ``asked``, which is its query as it was sent; ``given`` is what else its handler takes.

    Raises InvalidError where no name of the query is to blame.
    """
    wrong: dict[str, str] = {}
    while True:
        left = {name: value for name, value in asked.items() if name not in wrong}
        query, unreadable = _read(route.query, left)
        wrong |= unreadable
        try:
            reply = await route.handler(exchange, **given, query=query)
        except InvalidError as error:
            refused = {name: word for name, word in error.fields.items() if name in left and name not in wrong}
            if not refused:
                raise
            wrong |= refused
        else:
            return _told(reply, exchange, asked, wrong) if wrong else reply


def _read(model: Any, left: Mapping[str, Any]) -> tuple[Any, Mapping[str, str]]:
    try:
        return check(model, left), {}
    except InvalidError as error:
        wrong = {name: word for name, word in error.fields.items() if name in left}
        if not wrong:
            raise
    return check(model, {name: value for name, value in left.items() if name not in wrong}), wrong


def _told(reply: Reply, exchange: Exchange, asked: Mapping[str, Any], wrong: Mapping[str, str]) -> Reply:
    """``base.html`` says it, and ``filters.js`` puts each word at its field."""
    told = [
        {"name": name, "typed": str(asked[name])[:_SHOWN], "word": translated(exchange.translate, word)}
        for name, word in wrong.items()
    ]
    match reply:
        case Page():
            return replace(reply, context={**reply.context, "wrong_filters": told}, status=422)
        case _:
            return reply
