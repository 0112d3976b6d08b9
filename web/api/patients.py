"""Patients through the API: what every declared record has, and card, timeline and whose number it is."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from web.api.calls import page_json
from web.api.models import Number, Paging, Records
from web.api.resources import add_resource
from web.exchange import Exchange, Json, Reply
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")


class MatchQuery(Input):
    """A number as people write it."""

    number: Number


class Suspicion(Input):
    """A patient who is about to be made."""

    name: Annotated[str, Field(max_length=80)]
    numbers: Annotated[list[Number], Field(max_length=20)]


class Match(BaseModel):
    """Whose number it is. ``result`` is one, several or none; ``remembered`` whom an agent said to take."""

    number: str
    number_formatted: str
    kind: str
    region: str
    region_en: str
    result: str
    patients: list[dict[str, Any]]
    remembered: int | None


add_resource(routes, "patients", "/patients", "int:key")


@routes.get("/patients/match", permission="patients.view", returns=Match)
async def match(exchange: Exchange, query: MatchQuery) -> Reply:
    """Whose number this is."""
    return Json(await exchange.services.patients.match(exchange.principal, query.number), disclosed=True)


@routes.post("/patients/duplicates", permission="patients.view", returns=dict[str, Any])
async def duplicates(exchange: Exchange, body: Suspicion) -> Reply:
    """Patients of this name with one of these numbers, to ask before one is made."""
    found = await exchange.services.patients.duplicates(exchange.principal, body.name, body.numbers)
    return Json({"items": list(found)})


@routes.get("/patients/<int:patient_id>/card", permission="patients.view", returns=dict[str, Any])
async def card(exchange: Exchange, patient_id: int) -> Reply:
    """The card of the screen pop."""
    return Json(await exchange.services.patients.card(exchange.principal, patient_id), disclosed=True)


@routes.get("/patients/<int:patient_id>/timeline", permission="patients.view", returns=Records)
async def timeline(exchange: Exchange, patient_id: int, query: Paging) -> Reply:
    """What happened with a patient, newest first."""
    patients = exchange.services.patients
    page = await patients.timeline(exchange.principal, patient_id, query.cursor, query.limit)
    return Json(page_json(page), disclosed=True)


@routes.post("/patients/<int:patient_id>/reveal", permission="patients.unmask", returns=dict[str, Any])
async def reveal(exchange: Exchange, patient_id: int) -> Reply:
    """The numbers in full; each time stands in the audit log."""
    return Json(await exchange.services.patients.reveal(exchange.principal, patient_id), disclosed=True)
