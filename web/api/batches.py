"""One text to many through the API: uploaded lists, preview, sending, what becomes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Base64Bytes, BaseModel, Field

from callcenter.messaging.batches.choices import Choice
from callcenter.messaging.batches.recipient_lists import MOST_BYTES, MOST_PARTS
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.vocabulary import Purpose
from web.api.calls import page_json
from web.api.conversations import Key, MessageText
from web.api.models import Id, Named, Paging
from web.api.sending import SentPurpose
from web.exchange import Exchange, Json, Reply
from web.parsing import Input, Moment
from web.routing import Routes

routes = Routes("/api/v1")

MOST_BY_ID = 1000
_BASE64 = MOST_BYTES * 4 // 3 + 4
Title = Annotated[str, Field(max_length=100)]
Why = Literal[
    "not_found",
    "no_mobile",
    "unfilled",
    "unwritable",
    "too_long",
    "opted_out",
    "do_not_contact",
    "daily_cap",
    "too_late",
    "duplicate",
]
Reasons = dict[str, int]


class Sample(BaseModel):
    """What one of them reads."""

    name: str
    text: str


class LeftOut(BaseModel):
    """A patient who gets no message, and why."""

    patient_id: int
    name: str
    record_number: str
    why: Why


class NotWritten(LeftOut):
    """With the number, where there is one."""

    number: str


class Waits(BaseModel):
    """How many wait for sending hours or for a day that has room; when the first and the last of them go."""

    why: Literal["quiet_hours", "daily_cap"]
    count: int
    first: AwareDatetime
    last: AwareDatetime


class Unable(BaseModel):
    """For how many the gateway ``unable`` cannot write the signs ``unwritable``, or takes only ``limit`` characters (0:
    that is not it), and ``gateway`` carries it instead, or ``later`` when it is in service again; both empty: none can,
    and they are left out.
    """

    unwritable: list[str]
    limit: int
    unable: str
    gateway: str
    later: str
    count: int


class BatchPreview(BaseModel):
    """How many get it, when the first go, how many wait and why; who gets none and why, some by name; what it costs.

    ``parts`` and ``cost`` (thousandths of a yuan) are an estimate; ``shortest`` and ``longest`` are parts of one text.
    """

    count: int
    waiting: int
    goes_at: AwareDatetime | None
    waits: list[Waits]
    left_out: int
    reasons: Reasons
    refused: list[LeftOut]
    sample: list[Sample]
    warnings: list[str]
    parts: int
    cost: int
    shortest: int
    longest: int
    unable: list[Unable]


class WaitingFor(BaseModel):
    """For what the first of the messages that wait does, and until when."""

    reason: str
    until: AwareDatetime


class Batch(BaseModel):
    """One text to many. ``chosen`` = ``count`` (made) + all of ``left_out`` + ``remaining``; ``count`` = all of
    ``states``, which says how many of its messages are where. ``reason`` says why it was paused by itself.
    """

    id: int
    title: str
    purpose: str
    text: str
    template: Named | None
    state: Literal["preparing", "paused", "done", "cancelled"]
    reason: Literal["", "rights", "trouble", "refused"]
    chosen: int
    count: int
    left_out: Reasons
    remaining: int
    states: Reasons
    not_before: AwareDatetime | None
    expires_at: AwareDatetime | None
    created_at: AwareDatetime
    created_by: Named | None
    cancelled_at: AwareDatetime | None
    waiting_for: WaitingFor | None


class BatchPage(BaseModel):
    """A page of them, newest first."""

    items: list[Batch]
    next: str | None


class NotWrittenPage(BaseModel):
    """A page of those who get nothing."""

    items: list[NotWritten]
    next: str | None


class Problem(BaseModel):
    """A line that means nobody, counted from 1."""

    line: int
    why: Literal["unreadable", "unknown"]


class RecipientList(BaseModel):
    """An uploaded list as far as this part: how many lines, how many of them mean a patient, how many are ``wrong`` and
    mean nobody, and the first 200 of these.
    """

    id: int
    lines: int
    count: int
    wrong: int
    problems: list[Problem]


class Many(Input):
    """Patients by id, those of the patients' list as it is filtered, or those of an uploaded list; what they read.

    ``purpose`` is reminder, care or marketing; another one is refused in words, but for what was sent with it before.
    ``template_id``: what the text was written from.
    """

    text: MessageText
    purpose: SentPurpose
    title: Title = ""
    patient_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_BY_ID)] | None = None
    filter: dict[str, Annotated[str, Field(max_length=200)]] | None = None
    list_id: Id | None = None
    at: Moment | None = None
    expires_at: Moment | None = None
    template_id: Id | None = None

    @property
    def draft(self) -> BatchDraft:
        """What the service takes."""
        times = self.at, self.expires_at
        return BatchDraft(self.text, Purpose(self.purpose), self.title, *times, self.template_id)

    @property
    def choice(self) -> Choice:
        """To whom."""
        return Choice(self.patient_ids, self.filter, self.list_id)


class SentMany(Many):
    """``key`` is the form's own: sent again with it, nothing is sent twice."""

    key: Key


class ListPart(Input):
    """Some whole lines of a text in UTF-8 or GBK, at most 128 KiB, as base64. The first part has no ``list_id``.

    ``place`` counts the parts from 0: one that is sent again is taken once.
    """

    content: Annotated[Base64Bytes, Field(max_length=_BASE64)]
    place: Annotated[int, Field(ge=0, lt=MOST_PARTS)] = 0
    list_id: Id | None = None


@routes.post("/recipient-lists", permission="messages.bulk", returns=RecipientList, status=201)
async def add_list_part(exchange: Exchange, body: ListPart) -> Reply:
    """Upload a list of numbers and record numbers, part by part."""
    batches = exchange.services.desk.batches
    taken = await batches.add_part(exchange.principal, body.list_id, body.place, body.content)
    return Json(taken, status=201)


@routes.post("/message-batches/preview", permission="messages.bulk", returns=BatchPreview)
async def preview_batch(exchange: Exchange, body: Many) -> Reply:
    """Who would get it and who not, and why. Sends nothing."""
    return Json(await exchange.services.desk.batches.preview(exchange.principal, body.draft, body.choice))


@routes.post("/message-batches", permission="messages.bulk", returns=Batch, status=201)
async def send_batch(exchange: Exchange, body: SentMany) -> Reply:
    """Send one text to each who can get it. The messages are made in the background."""
    batches = exchange.services.desk.batches
    return Json(await batches.send(exchange.principal, body.draft, body.choice, body.key), status=201)


@routes.get("/message-batches", permission="messages.view", returns=BatchPage)
async def list_batches(exchange: Exchange, query: Paging) -> Reply:
    """What was sent to many, newest first."""
    batches = exchange.services.desk.batches
    return Json(page_json(await batches.list(exchange.principal, query.limit, query.cursor)))


@routes.get("/message-batches/<int:batch_id>", permission="messages.view", returns=Batch)
async def get_batch(exchange: Exchange, batch_id: int) -> Reply:
    """One of them, with how many messages are where."""
    return Json(await exchange.services.desk.batches.get(exchange.principal, batch_id))


@routes.get("/message-batches/<int:batch_id>/left-out", permission="messages.view", returns=NotWrittenPage)
async def list_left_out(exchange: Exchange, batch_id: int, query: Paging) -> Reply:
    """Who got nothing, and why. Pages are of those who were chosen, so one may hold a few or many."""
    batches = exchange.services.desk.batches
    return Json(page_json(await batches.left_out(exchange.principal, batch_id, query.limit, query.cursor)))


@routes.post("/message-batches/<int:batch_id>/pause", permission="messages.bulk", returns=Batch)
async def pause_batch(exchange: Exchange, batch_id: int) -> Reply:
    """Make nothing more, and keep what waits from leaving."""
    return Json(await exchange.services.desk.batches.pause(exchange.principal, batch_id))


@routes.post("/message-batches/<int:batch_id>/continue", permission="messages.bulk", returns=Batch)
async def continue_batch(exchange: Exchange, batch_id: int) -> Reply:
    """Go on from where it was held."""
    return Json(await exchange.services.desk.batches.resume(exchange.principal, batch_id))


@routes.post("/message-batches/<int:batch_id>/cancel", permission="messages.bulk", returns=Batch)
async def cancel_batch(exchange: Exchange, batch_id: int) -> Reply:
    """Keep what has not left from leaving; nothing more is made."""
    return Json(await exchange.services.desk.batches.cancel(exchange.principal, batch_id))
