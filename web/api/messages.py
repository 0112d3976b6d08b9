"""SMS messages through the API, and the rules by which they are sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from callcenter.messaging.vocabulary import MessageState, PartState, Purpose, Reason
from web.api.calls import page_json
from web.api.models import Named
from web.exchange import Exchange, Json, Reply
from web.exports import download
from web.message_filters import MessageExport, MessageQuery, message_columns, message_filter
from web.message_totals import total_columns
from web.parsing import Day, Input
from web.routing import Routes

routes = Routes("/api/v1")


class Tried(BaseModel):
    """What became of one part of one attempt. ``code`` and ``words`` are the gateway's own; ``sender`` is the number of
    ours by which it went, empty where it is not known.
    """

    attempt: int
    part: int
    parts: int
    gateway: Named
    sender: str
    state: PartState
    gateway_ref: str
    code: str
    words: str
    sent_at: datetime
    answered_at: datetime | None
    final_at: datetime | None


class Act(BaseModel):
    """Who took a message back or sent its text again, and when."""

    action: Literal["cancel", "resend"]
    at: datetime
    by: Named | None


class BatchOf(BaseModel):
    """The sending to many that a message belongs to."""

    id: int
    title: str


class Message(BaseModel):
    """An SMS message as it is now. ``cost`` is in thousandths of a yuan; ``next_at`` is when it is looked at again;
    ``template`` is what it was written from, as that was called then.

    One that is asked for by its id has the rest as well. ``left_by`` is the number that the receiver saw, empty where
    it is not known; ``copy_of`` and ``copies`` are what it was sent again from, and as; ``can`` is what whoever asks
    may do with it now: ``cancel``, ``take_back`` (one's own words, by the conversation), ``resend``.
    """

    id: int
    direction: Literal["in", "out"]
    state: MessageState
    reason: Reason | Literal[""]
    reason_words: str
    purpose: Purpose | Literal[""]
    number: str
    number_formatted: str
    text: str
    gateway: Named | None
    patient: Named | None
    created_by: Named | None
    conversation_id: int | None
    batch_id: int | None
    sender: str
    template: Named | None
    priority: int
    parts: int
    cost: int
    attempts: int
    created_at: datetime
    next_at: datetime | None
    expires_at: datetime | None
    state_at: datetime
    version: int
    history: list[Tried] | None = None
    acts: list[Act] | None = None
    batch: BatchOf | None = None
    left_by: str | None = None
    copy_of: int | None = None
    copies: list[int] | None = None
    can: list[Literal["cancel", "take_back", "resend"]] | None = None


class MessagePage(BaseModel):
    """A page of messages; ``next`` is null on the last one."""

    items: list[Message]
    next: str | None


class Days(Input):
    """Days of the hospital, both inclusive, at most 31."""

    from_day: Day
    to_day: Day


class DaysExport(Days):
    """The totals of these days as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


class DayTotal(BaseModel):
    """Of what was queued on a day for a gateway (null: none was chosen), how much is in each state.

    ``difference`` is what the states lack of the total, each counted by itself: 0 as it should be.
    """

    day: date
    gateway: Named | None
    total: int
    states: dict[str, int]
    difference: int
    parts: int
    cost: int


class Totals(BaseModel):
    """Figures that add up: the states of each entry are its total."""

    items: list[DayTotal]


class Resend(Input):
    """``confirmed``: it may come twice, and that is all right."""

    confirmed: bool = False


ClockTime = Annotated[str, Field(max_length=5)]


class Rules(BaseModel):
    """The rules of sending."""

    opens: str
    closes: str
    waiting: list[Purpose]
    daily_cap: int
    capped: list[Purpose]
    expire_hours: int
    late_minutes: int
    resent: list[Purpose]
    time_zone: str
    version: int


class RuleChange(Input):
    """The rules to change; what is left out stays."""

    version: int
    opens: ClockTime | None = None
    closes: ClockTime | None = None
    waiting: list[Purpose] | None = None
    daily_cap: int | None = None
    capped: list[Purpose] | None = None
    expire_hours: int | None = None
    late_minutes: int | None = None
    resent: list[Purpose] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What is to be changed."""
        values = self.model_dump(exclude={"version"}, exclude_unset=True)
        return {name: value for name, value in values.items() if value is not None}


@routes.get("/messages", permission="messages.view", returns=MessagePage)
async def list_messages(exchange: Exchange, query: MessageQuery) -> Reply:
    """Messages in reach, newest first."""
    wanted = message_filter(query, exchange.settings.time_zone)
    messages = exchange.services.messaging.messages
    return Json(page_json(await messages.list(exchange.principal, wanted, query.limit, query.cursor, query.sort)))


@routes.get("/messages/export", permission="messages.export")
async def export(exchange: Exchange, query: MessageExport) -> Reply:
    """The whole list as a file."""
    wanted = message_filter(query, exchange.settings.time_zone)
    rows = exchange.services.messaging.messages.export(exchange.principal, wanted, query.sort)
    return await download(exchange, "messages", message_columns(exchange), rows, query.format)


@routes.get("/messages/totals", permission="messages.view", returns=Totals)
async def totals(exchange: Exchange, query: Days) -> Reply:
    """Reconciliation by day and gateway."""
    found = await exchange.services.messaging.messages.totals(exchange.principal, query.from_day, query.to_day)
    return Json({"items": list(found)})


@routes.get("/messages/totals/export", permission="messages.export")
async def export_totals(exchange: Exchange, query: DaysExport) -> Reply:
    """The totals as a file."""
    rows = exchange.services.messaging.messages.export_totals(exchange.principal, query.from_day, query.to_day)
    name = f"message-totals-{query.from_day}-{query.to_day}"
    return await download(exchange, name, total_columns(exchange), rows, query.format)


@routes.get("/messages/<int:message_id>", permission="messages.view", returns=Message)
async def show_message(exchange: Exchange, message_id: int) -> Reply:
    """One message with the history of its parts."""
    return Json(await exchange.services.messaging.messages.get(exchange.principal, message_id))


@routes.post("/messages/<int:message_id>/cancel", permission="messages.manage", returns=Message)
async def cancel(exchange: Exchange, message_id: int) -> Reply:
    """Take a message out of the queue; 409 once it is being sent or over."""
    return Json(await exchange.services.messaging.messages.cancel(exchange.principal, message_id))


@routes.post("/messages/<int:message_id>/resend", permission="messages.send", returns=Message)
async def resend(exchange: Exchange, message_id: int, body: Resend) -> Reply:
    """Send the text of a message that did not arrive once more, as a new message. 409 with ``doubt`` if it may have."""
    messages = exchange.services.messaging.messages
    return Json(await messages.resend(exchange.principal, message_id, confirmed=body.confirmed))


@routes.get("/messaging-rules", permission="messaging_rules.view", returns=Rules)
async def show_rules(exchange: Exchange) -> Reply:
    """The rules by which messages are sent."""
    return Json(await exchange.services.messaging.rules.get(exchange.principal))


@routes.patch("/messaging-rules", permission="messaging_rules.edit", returns=Rules)
async def change_rules(exchange: Exchange, body: RuleChange) -> Reply:
    """Change rules; they hold from the next message on."""
    return Json(await exchange.services.messaging.rules.change(exchange.principal, body.said, body.version))
