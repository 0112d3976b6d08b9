"""Sending SMS through the API: previews, one message, texts to choose from, opt-outs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from callcenter.messaging.messages.sending import Typed
from callcenter.messaging.rules.opt_out_service import OptOutFilter
from callcenter.messaging.vocabulary import Purpose
from web.api.calls import page_json
from web.api.conversations import Key, LiveOptOut, MessageText
from web.api.messages import Message
from web.api.models import Cursor, Id, Limit, Named, Number
from web.exchange import Exchange, Json, Reply
from web.parsing import Input, Moment, NumberPart
from web.routing import Routes

routes = Routes("/api/v1")

Kind = Literal["care", "marketing", "all"]
SentPurpose = Literal["reply", "reminder", "care", "notice", "marketing"]
Note = Annotated[str, Field(max_length=200)]


class Template(BaseModel):
    """A text with placeholders."""

    id: int
    name: str
    purpose: str
    department: Named | None
    disease: str
    text: str


class PhraseText(BaseModel):
    """A piece of text."""

    id: int
    category: str
    text: str


class Texts(BaseModel):
    """What to choose from while one writes: templates of one's department first."""

    templates: list[Template]
    phrases: list[PhraseText]
    placeholders: list[str]


class Missing(BaseModel):
    """Names between braces that are no placeholders, and placeholders without a value. A brace without a partner is
    among ``unknown``; if it is the first fault, ``unpaired`` are the words around it, else it is empty.
    """

    unknown: list[str]
    empty: list[str]
    unpaired: str


class Example(BaseModel):
    """What would be read, in how many ``parts``, by which ``gateway`` (empty for none); ``cost`` is in thousandths of a
    yuan. ``unwritable``: signs that the gateway ``unable`` cannot write, which would carry it otherwise; ``limit``: how
    many characters it takes, if these are more, else 0. ``later``: the gateway that carries it when it is in service
    again, where no other can.
    """

    text: str
    missing: Missing
    warnings: list[str]
    parts: int
    characters: int
    cost: int
    gateway: str
    signature: str
    unwritable: list[str]
    limit: int
    unable: str
    later: str


class Preview(Example):
    """The same for somebody. ``goes`` and ``goes_at`` say when by the rules, ``reason`` why not now."""

    purpose: str
    goes: Literal["now", "later", "never"]
    goes_at: AwareDatetime | None
    reason: str


class OptOut(LiveOptOut):
    """An opt-out, over or not, with those who have the number."""

    number: str
    number_formatted: str
    ended_at: AwareDatetime | None
    patients: list[Named]


class OptOutPage(BaseModel):
    """A page of opt-outs, newest first."""

    items: list[OptOut]
    next: str | None


class PreviewBody(Input):
    """A text as it stands, for whom – a conversation, a patient or a number – and from when on. Without ``purpose`` an
    answer.
    """

    text: MessageText
    purpose: SentPurpose | None = None
    conversation_id: Id | None = None
    patient_id: Id | None = None
    number: Number = ""
    at: Moment | None = None


class ExampleBody(Input):
    """A text as it stands in the form of a template, a phrase or an automatic reply, and what it is for."""

    text: MessageText
    purpose: SentPurpose = "reply"


class NewMessage(Input):
    """A message to a patient, to one of the patient's numbers, or to a number that is on no record. ``template_id``:
    what the text was written from.
    """

    text: MessageText
    key: Key
    purpose: SentPurpose = "care"
    patient_id: Id | None = None
    number: Number = ""
    at: Moment | None = None
    template_id: Id | None = None


class OptOutLimits(Input):
    """``number`` is digits of one; ``ended`` shows those that are over too."""

    number: NumberPart = ""
    kind: Kind | None = None
    ended: bool = False


class OptOutQuery(OptOutLimits):
    """A page of them."""

    limit: Limit = 50
    cursor: Cursor | None = None


class NewOptOut(Input):
    """Somebody said that they want no messages of a kind."""

    number: Number
    kind: Kind = "all"
    note: Note = ""


class Remark(Input):
    """Why."""

    note: Note = ""


@routes.get("/message-texts", permission="conversations.view", returns=Texts)
async def list_texts(exchange: Exchange) -> Reply:
    """Templates and phrases to choose from."""
    return Json(await exchange.services.desk.outgoing.texts(exchange.principal), disclosed=True)


@routes.post("/message-preview", permission="conversations.view", returns=Preview)
async def preview(exchange: Exchange, body: PreviewBody) -> Reply:
    """What would be read, in how many parts, at what cost. Sends nothing."""
    purpose = None if body.purpose is None else Purpose(body.purpose)
    about = (body.conversation_id, body.patient_id, body.number, body.at)
    # It holds what was typed and what the hospital fills in: masks would be sent as they stand.
    found = await exchange.services.desk.outgoing.preview(exchange.principal, body.text, purpose, *about)
    return Json(found, disclosed=True)


@routes.post("/templates/preview", permission="templates.view", returns=Example)
async def preview_template(exchange: Exchange, body: ExampleBody) -> Reply:
    """A template as a patient who is made up would read it."""
    return await _example(exchange, "templates", body)


@routes.post("/phrases/preview", permission="phrases.view", returns=Example)
async def preview_phrase(exchange: Exchange, body: ExampleBody) -> Reply:
    """A phrase, likewise."""
    return await _example(exchange, "phrases", body)


@routes.post("/auto_replies/preview", permission="auto_replies.view", returns=Example)
async def preview_auto_reply(exchange: Exchange, body: ExampleBody) -> Reply:
    """An automatic reply, for which only what is the hospital's has a value."""
    return await _example(exchange, "auto_replies", body)


async def _example(exchange: Exchange, kind: str, body: ExampleBody) -> Json:
    outgoing = exchange.services.desk.outgoing
    found = await outgoing.example(exchange.principal, kind, body.text, Purpose(body.purpose))
    return Json(found, disclosed=True)


@routes.post("/messages", permission="messages.send", returns=Message, status=201)
async def send(exchange: Exchange, body: NewMessage) -> Reply:
    """Write to one person, now or later."""
    typed = Typed(body.text, body.key, body.at, body.template_id)
    outgoing = exchange.services.desk.outgoing
    sent = await outgoing.send(exchange.principal, body.patient_id, body.number, typed, Purpose(body.purpose))
    return Json(sent, status=201)


@routes.get("/opt-outs", permission="opt_outs.view", returns=OptOutPage)
async def list_opt_outs(exchange: Exchange, query: OptOutQuery) -> Reply:
    """Who wants no messages, newest first."""
    wanted = OptOutFilter(query.number, query.kind, not query.ended)
    opt_outs = exchange.services.desk.opt_outs
    return Json(page_json(await opt_outs.list(exchange.principal, wanted, query.limit, query.cursor)))


@routes.post("/opt-outs", permission="opt_outs.edit", returns=OptOut, status=201)
async def begin_opt_out(exchange: Exchange, body: NewOptOut) -> Reply:
    """Somebody said so by phone or in person."""
    begun = await exchange.services.desk.opt_outs.begin(exchange.principal, body.number, body.kind, body.note)
    return Json(begun, status=201)


@routes.post("/opt-outs/<int:opt_out_id>/end", permission="opt_outs.edit", returns=OptOut)
async def end_opt_out(exchange: Exchange, opt_out_id: int, body: Remark) -> Reply:
    """The patient wants messages again; that there was an opt-out stays on record."""
    return Json(await exchange.services.desk.opt_outs.end(exchange.principal, opt_out_id, body.note))
