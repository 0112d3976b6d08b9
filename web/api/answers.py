"""What answers of the API have in common: masking and pages."""

from __future__ import annotations

from typing import Any

from callcenter.administration.disclosure import disclose
from storage.queries.paging import Page
from web.exchange import Exchange, Json


def disclosed(exchange: Exchange, data: Any) -> Json:
    """``data`` as whoever asks may see it."""
    return Json(disclose(data, exchange.principal))


def page_of(exchange: Exchange, page: Page[Any]) -> Json:
    """``{"items": […], "next": cursor or null}``."""
    return disclosed(exchange, {"items": page.items, "next": page.next})


def all_of(exchange: Exchange, items: Any) -> Json:
    """A short list without pages, in the same shape."""
    return disclosed(exchange, {"items": list(items), "next": None})
