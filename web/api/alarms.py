"""Alarms through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from callcenter.alarms.service import LONGEST_NOTE
from callcenter.messaging.vocabulary import MessageState
from web.alarm_filters import AlarmExport, AlarmQuery, Kind, alarm_columns, alarm_filter
from web.api.calls import page_json
from web.api.models import Named, Said
from web.exchange import Exchange, Json, Reply
from web.exports import download
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")


class TextOut(BaseModel):
    """An SMS message that tells of an alarm."""

    id: int
    state: MessageState


class Delivery(BaseModel):
    """A message that goes out of an alarm. ``problem`` is a code: what kept the last attempt from arriving.

    One that goes by SMS is ``sent`` when the SMS centre has it; ``texts`` say how far each is.
    """

    id: int
    target: str
    event: Literal["opened", "cleared", "handled"]
    state: Literal["waiting", "sent", "failed", "superseded"]
    attempts: int
    problem: str
    answer: int | None
    created_at: datetime
    finished_at: datetime | None
    texts: list[TextOut]


class Alarm(BaseModel):
    """An alarm as it is now. ``times`` counts how often it came before somebody handled it."""

    id: int
    kind: Kind
    grave: bool
    line: Named | None
    gateway: Named | None
    batch_id: int | None
    balance: int | None
    reason: str
    reason_said: Said | None
    opened_at: datetime
    recurred_at: datetime | None
    times: int
    cleared_at: datetime | None
    handled_at: datetime | None
    handled_by: Named | None
    note: str
    deliveries: list[Delivery] | None = None


class Alarms(BaseModel):
    """Alarms, all of them."""

    items: list[Alarm]


class AlarmPage(BaseModel):
    """A page of alarms; ``next`` is null on the last one."""

    items: list[Alarm]
    next: str | None


class Handling(Input):
    """What was done about an alarm."""

    note: Annotated[str, Field(max_length=LONGEST_NOTE)]


@routes.get("/alarms", permission="alarms.view", returns=AlarmPage)
async def list_alarms(exchange: Exchange, query: AlarmQuery) -> Reply:
    """Every alarm there was, newest first."""
    wanted = alarm_filter(query, exchange.settings.time_zone)
    alarms = exchange.services.alarms
    return Json(page_json(await alarms.list(exchange.principal, wanted, query.limit, query.cursor, query.sort)))


@routes.get("/alarms/open", permission="alarms.view", returns=Alarms)
async def list_open(exchange: Exchange) -> Reply:
    """The alarms that nobody has dealt with, over or not."""
    return Json({"items": list(await exchange.services.alarms.open_for(exchange.principal))})


@routes.get("/alarms/export", permission="alarms.export")
async def export(exchange: Exchange, query: AlarmExport) -> Reply:
    """The whole list as a file."""
    wanted = alarm_filter(query, exchange.settings.time_zone)
    rows = exchange.services.alarms.export(exchange.principal, wanted, query.sort)
    return await download(exchange, "alarms", alarm_columns(exchange), rows, query.format)


@routes.post("/alarms/<int:alarm_id>/handle", permission="alarms.handle", returns=Alarm)
async def handle(exchange: Exchange, alarm_id: int, body: Handling) -> Reply:
    """Say what was done about an alarm, which takes it off everybody's screen; 409 tells who was faster."""
    return Json(await exchange.services.alarms.handle(exchange.principal, alarm_id, body.note))
