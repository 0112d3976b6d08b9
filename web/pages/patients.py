"""A patient's page: the card and everything that happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from web.api.models import Limit, Paging
from web.call_sheet import outcome_words, talk_seconds
from web.exchange import Exchange, Page, Reply
from web.pages.lists import ways
from web.routing import Routes

routes = Routes()

_AT_ONCE = 30


class TimelinePaging(Paging):
    """Where in the timeline one is. ``trail`` holds the cursors of the pages before."""

    limit: Limit = _AT_ONCE
    trail: Annotated[str, Field(max_length=6000)] = ""


@routes.get("/patients/<int:patient_id>", permission="patients.view")
async def show_patient(exchange: Exchange, patient_id: int, query: TimelinePaging) -> Reply:
    """The card of one patient and the timeline, newest first."""
    patients, principal = exchange.services.patients, exchange.principal
    card = await patients.card(principal, patient_id)
    timeline = await patients.timeline(principal, patient_id, query.cursor, query.limit)
    context = {
        "patient": card,
        "timeline": [_timed(item) for item in timeline.items],
        "paths": ways(f"/patients/{patient_id}", {}, query, timeline),
        "outcomes": await outcome_words(exchange),
    }
    return Page("patient.html", context, disclosed=True)


def _timed(item: Mapping[str, Any]) -> dict[str, Any]:
    """A call with how long was spoken; other things as they are."""
    if item["kind"] != "call":
        return dict(item)
    return {**item, "call": {**item["call"], "talked": talk_seconds(item["call"])}}
