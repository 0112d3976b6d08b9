"""SMS conversations through the API: what the doctor's inbox does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from callcenter.messaging.conversations.listing import Box, ConversationFilter
from callcenter.messaging.messages.sending import Typed
from web.api.calls import page_json
from web.api.messages import Message, MessagePage
from web.api.models import CallPatient, Cursor, Id, Limit, Named, Paging, Short
from web.exchange import Exchange, Json, Reply
from web.parsing import Input, Moment
from web.routing import Routes

routes = Routes("/api/v1")

MessageText = Annotated[str, Field(max_length=1000)]
Key = Annotated[str, Field(min_length=8, max_length=36)]


class TalkPatient(CallPatient):
    """Whose conversation it is, and whose patient."""

    doctor_id: int | None


class LiveOptOut(BaseModel):
    """What a number wants no messages of. ``by_text``: the patient wrote so."""

    id: int
    kind: Literal["care", "marketing", "all"]
    signature: str
    began_at: AwareDatetime
    by_text: bool
    note: str


class Conversation(BaseModel):
    """Everything said by SMS with one number, as it is now. ``candidates`` patients have the number.

    It waits for ``assigned_to``, else for ``department``, else for the SMS desk. The number proves nobody's identity.
    ``lost_answer`` is the state of an answer that did not reach the patient, who waits again because of it; else empty.
    ``last_text`` is the patient's as long as the patient waits.
    """

    id: int
    number: str
    number_formatted: str
    region: str
    region_en: str
    patient: TalkPatient | None
    candidates: int
    assigned_to: Named | None
    department: Named | None
    our_number: str
    state: Literal["open", "snoozed", "done"]
    snoozed_until: AwareDatetime | None
    unread: int
    waiting: bool
    waiting_since: AwareDatetime | None
    lost_answer: Literal["", "failed", "cancelled", "expired", "suppressed"]
    last_at: AwareDatetime
    last_text: str
    last_direction: Literal["in", "out"]
    opt_outs: list[LiveOptOut]
    version: int


class ConversationPage(BaseModel):
    """A page of conversations; ``next`` is null on the last one."""

    items: list[Conversation]
    next: str | None


class Answerer(Named):
    """Somebody who may answer, with the name of the department, which may be empty."""

    department: str


class Owners(BaseModel):
    """To whom a conversation can be given: the first few, and whether there are ``more``."""

    people: list[Answerer]
    departments: list[Named]
    more: bool


class Candidates(BaseModel):
    """Patients with a number, by name, and the one whom somebody said to take."""

    patients: list[CallPatient]
    remembered: int | None


class ConversationQuery(Input):
    """``box`` is a part of the inbox; ``q`` finds by the patient's name, initials, record number and number."""

    box: Literal["open", "mine", "department", "unassigned", "snoozed", "done", "all"] = "open"
    q: Short = ""
    unread: bool = False
    waiting: bool = False
    patient_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class OwnerQuery(Input):
    """Words that are all in a name, its pinyin or initials, or in the department's; what belongs to the department of
    ``conversation_id`` comes first.
    """

    q: Short = ""
    conversation_id: Id | None = None


class Seen(Input):
    """The last message that was seen; what came after it stays unread."""

    last_message: Id | None = None


class Owner(Input):
    """To whom: a person, else a department, else the SMS desk."""

    user_id: Id | None = None
    department_id: Id | None = None


class Until(Input):
    """Until when."""

    until: Moment


class Whose(Input):
    """Whose conversation it is, null for nobody's; ``remember`` it for a number that several share."""

    patient_id: Id | None
    remember: bool = False


class WrittenReply(Input):
    """An answer. ``key`` is new for each; sent again with the same key it sends nothing. ``at`` null is now.
    ``template_id``: what it was written from.
    """

    text: MessageText
    key: Key
    at: Moment | None = None
    template_id: Id | None = None


class Stop(Input):
    """Which messages are not wanted."""

    kind: Literal["care", "marketing", "all"] = "all"


def conversation_filter(query: Any) -> ConversationFilter:
    """The filter for the service."""
    return ConversationFilter(Box(query.box), query.q, query.unread, query.waiting, query.patient_id)


@routes.get("/conversations", permission="conversations.view", returns=ConversationPage)
async def list_conversations(exchange: Exchange, query: ConversationQuery) -> Reply:
    """Conversations, the one with the newest words first."""
    found = exchange.services.desk.conversations
    return Json(page_json(await found.list(exchange.principal, conversation_filter(query), query.limit, query.cursor)))


@routes.get("/conversations/counts", permission="conversations.view", returns=dict[str, int])
async def counts(exchange: Exchange) -> Reply:
    """In how many conversations somebody waits for an answer, by box, each counted up to 1000."""
    return Json(await exchange.services.desk.conversations.counts(exchange.principal))


@routes.get("/conversations/owners", permission="conversations.assign", returns=Owners)
async def list_owners(exchange: Exchange, query: OwnerQuery) -> Reply:
    """To whom a conversation can be given, beside oneself: the first few that are found."""
    found = exchange.services.desk.conversations
    return Json(await found.owners(exchange.principal, query.conversation_id, query.q))


@routes.get("/conversations/<int:conversation_id>", permission="conversations.view", returns=Conversation)
async def get_conversation(exchange: Exchange, conversation_id: int) -> Reply:
    """One conversation."""
    return Json(await exchange.services.desk.conversations.get(exchange.principal, conversation_id))


@routes.get("/conversations/<int:conversation_id>/messages", permission="conversations.view", returns=MessagePage)
async def list_said(exchange: Exchange, conversation_id: int, query: Paging) -> Reply:
    """What was said, newest first."""
    found = exchange.services.desk.conversations
    return Json(page_json(await found.messages(exchange.principal, conversation_id, query.limit, query.cursor)))


@routes.get("/conversations/<int:conversation_id>/candidates", permission="conversations.view", returns=Candidates)
async def list_candidates(exchange: Exchange, conversation_id: int) -> Reply:
    """Who has the number. Also needs ``patients.view``."""
    return Json(await exchange.services.desk.conversations.candidates(exchange.principal, conversation_id))


@routes.post("/conversations/<int:conversation_id>/read", permission="conversations.view", returns=Conversation)
async def mark_read(exchange: Exchange, conversation_id: int, body: Seen) -> Reply:
    """Somebody has read it."""
    found = exchange.services.desk.conversations
    return Json(await found.mark_read(exchange.principal, conversation_id, body.last_message))


@routes.post("/conversations/<int:conversation_id>/reply", permission="conversations.reply", returns=Message)
async def reply(exchange: Exchange, conversation_id: int, body: WrittenReply) -> Reply:
    """Write back, now or later."""
    found = exchange.services.desk.conversations
    typed = Typed(body.text, body.key, body.at, body.template_id)
    return Json(await found.reply(exchange.principal, conversation_id, typed))


@routes.post(
    "/conversations/<int:conversation_id>/messages/<int:message_id>/cancel",
    permission="conversations.reply",
    returns=Message,
)
async def cancel_reply(exchange: Exchange, conversation_id: int, message_id: int) -> Reply:
    """Take back what one wrote oneself, as long as it waits; 409 when it has left."""
    found = exchange.services.desk.conversations
    return Json(await found.cancel(exchange.principal, conversation_id, message_id))


@routes.post("/conversations/<int:conversation_id>/assign", permission="conversations.reply", returns=Conversation)
async def assign(exchange: Exchange, conversation_id: int, body: Owner) -> Reply:
    """Take it, or give it to somebody; to others only with ``conversations.assign``."""
    found = exchange.services.desk.conversations
    return Json(await found.assign(exchange.principal, conversation_id, body.user_id, body.department_id))


@routes.post("/conversations/<int:conversation_id>/snooze", permission="conversations.reply", returns=Conversation)
async def snooze(exchange: Exchange, conversation_id: int, body: Until) -> Reply:
    """Put it off."""
    return Json(await exchange.services.desk.conversations.snooze(exchange.principal, conversation_id, body.until))


@routes.post("/conversations/<int:conversation_id>/done", permission="conversations.reply", returns=Conversation)
async def finish(exchange: Exchange, conversation_id: int) -> Reply:
    """Nothing is left to do; the next text opens it again."""
    return Json(await exchange.services.desk.conversations.finish(exchange.principal, conversation_id))


@routes.post("/conversations/<int:conversation_id>/open", permission="conversations.reply", returns=Conversation)
async def reopen(exchange: Exchange, conversation_id: int) -> Reply:
    """It is to be dealt with after all."""
    return Json(await exchange.services.desk.conversations.reopen(exchange.principal, conversation_id))


@routes.post("/conversations/<int:conversation_id>/patient", permission="conversations.reply", returns=Conversation)
async def choose_patient(exchange: Exchange, conversation_id: int, body: Whose) -> Reply:
    """Say whose it is."""
    found = exchange.services.desk.conversations
    return Json(await found.choose_patient(exchange.principal, conversation_id, body.patient_id, body.remember))


@routes.post("/conversations/<int:conversation_id>/stop", permission="opt_outs.edit", returns=Conversation)
async def stop_messages(exchange: Exchange, conversation_id: int, body: Stop) -> Reply:
    """The patient wants no messages of a kind, said so by phone or in person."""
    return Json(await exchange.services.desk.opt_outs.begin_in(exchange.principal, conversation_id, body.kind))
