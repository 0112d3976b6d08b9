"""The stretches of days that people ask for most, as ways to a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from callcenter.text import N_
from web.exchange import Exchange
from web.pages.lists import address
from web.report_filters import USUAL_DAYS, today


def period_links(exchange: Exchange, path: str, view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ways to ``path``, as ``view`` has it but for ``from_day`` and ``to_day``; the one that is shown is marked."""
    now = today(exchange)
    month = now.replace(day=1)
    before = month - timedelta(days=1)
    spans = (
        (N_("Today"), now, now),
        (N_("Yesterday"), now - timedelta(days=1), now - timedelta(days=1)),
        (N_("7 days"), now - timedelta(days=USUAL_DAYS - 1), now),
        (N_("30 days"), now - timedelta(days=29), now),
        (N_("This month"), month, now),
        (N_("Last month"), before.replace(day=1), before),
    )
    return [
        {
            "name": exchange.translate(word),
            "href": address(path, {**view, "from_day": first, "to_day": last}),
            "current": (view["from_day"], view["to_day"]) == (first, last),
        }
        for word, first, last in spans
    ]
