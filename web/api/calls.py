"""Calls through the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from callcenter.telephony.calls import WrapUpDraft
from web.api.models import Call, CallPage, Calls, Cursor, Id, Limit, Number, Paging
from web.call_filters import CallLimits, call_filter
from web.call_sheet import call_columns, outcome_words
from web.exchange import Exchange, Json, Reply
from web.exports import download
from web.parsing import Input, Moment
from web.routing import Routes

routes = Routes("/api/v1")


class CallQuery(CallLimits):
    """A page of calls, newest first unless sorted otherwise."""

    limit: Limit = 50
    cursor: Cursor | None = None


class CallExport(CallLimits):
    """Calls as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


class Attachment(Input):
    """Whom the call is about, null for nobody; ``remember`` it for a number that several share."""

    patient_id: Id | None
    remember: bool = False


class WrapUp(Input):
    """The whole wrap-up pane; ``finish`` closes it."""

    outcome: Annotated[str, Field(max_length=30)] = ""
    notes: Annotated[str, Field(max_length=10_000)] = ""
    call_back_at: Moment | None = None
    finish: bool = False


class CallBack(Input):
    """Whether an agreed call-back is done."""

    done: bool = True


class Dial(Input):
    """Whom to call. ``confirmed`` calls a patient who asked not to be called."""

    number: Number
    patient_id: Id | None = None
    confirmed: bool = False


class Outcome(BaseModel):
    """What can come of a call; ``key`` is its digit in the wrap-up pane, 0 for none."""

    code: str
    label_zh: str
    label_en: str
    key: int
    needs_time: bool


class Outcomes(BaseModel):
    """All that can be chosen, in their order."""

    items: list[Outcome]


def page_json(page: Any) -> dict[str, Any]:
    """A page of a list as JSON data."""
    return {"items": list(page.items), "next": page.next}


@routes.get("/calls", permission="calls.view", returns=CallPage)
async def list_calls(exchange: Exchange, query: CallQuery) -> Reply:
    """Call records, newest first."""
    wanted = call_filter(query, exchange.settings.time_zone)
    calls = exchange.services.telephony.calls
    return Json(page_json(await calls.list(exchange.principal, wanted, query.limit, query.cursor, query.sort)))


@routes.get("/calls/missed", permission="calls.view", returns=CallPage)
async def list_missed(exchange: Exchange, query: CallQuery) -> Reply:
    """Missed calls that nobody has dealt with, newest first."""
    wanted = call_filter(query, exchange.settings.time_zone)
    calls = exchange.services.telephony.calls
    return Json(page_json(await calls.missed(exchange.principal, wanted, query.limit, query.cursor, query.sort)))


@routes.get("/calls/unclaimed", permission="calls.handle", returns=CallPage)
async def list_unclaimed(exchange: Exchange, query: Paging) -> Reply:
    """Calls that were answered at a telephone and that nobody took, as long as they can be claimed, newest first."""
    late_claims = exchange.services.telephony.late_claims
    return Json(page_json(await late_claims.list(exchange.principal, query.limit, query.cursor)))


@routes.get("/callbacks", permission="calls.view", returns=CallPage)
async def list_callbacks(exchange: Exchange, query: Paging) -> Reply:
    """Whom to call back and when: mine first, then by time, so that what is overdue is on top."""
    calls = exchange.services.telephony.calls
    return Json(page_json(await calls.callbacks(exchange.principal, query.limit, query.cursor)))


@routes.get("/calls/open", permission="calls.view", returns=Calls)
async def list_open(exchange: Exchange) -> Reply:
    """What concerns me now: calls offered to me, mine in progress, wrap-ups that are open."""
    return Json({"items": list(await exchange.services.telephony.calls.open_for(exchange.principal))})


@routes.get("/calls/export", permission="calls.export")
async def export(exchange: Exchange, query: CallExport) -> Reply:
    """The whole list as a file."""
    wanted = call_filter(query, exchange.settings.time_zone)
    rows = exchange.services.telephony.calls.export(exchange.principal, wanted, query.sort)
    columns = call_columns(exchange, await outcome_words(exchange))
    return await download(exchange, "calls", columns, rows, query.format)


@routes.get("/calls/<int:call_id>", permission="calls.view", returns=Call)
async def get_call(exchange: Exchange, call_id: int) -> Reply:
    """One call."""
    return Json(await exchange.services.telephony.calls.get(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/claim", permission="calls.handle", returns=Call)
async def claim(exchange: Exchange, call_id: int) -> Reply:
    """Take a ringing call; 409 tells who was first."""
    return Json(await exchange.services.telephony.calls.claim(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/claim-late", permission="calls.handle", returns=Call)
async def claim_late(exchange: Exchange, call_id: int) -> Reply:
    """Say that I spoke on a call that was answered at a telephone and that nobody took; 409 tells who was first."""
    return Json(await exchange.services.telephony.late_claims.claim(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/take-back-claim", permission="calls.handle", returns=Call)
async def take_back_claim(exchange: Exchange, call_id: int) -> Reply:
    """Say that it was not me after all, as long as I have not finished the wrap-up."""
    return Json(await exchange.services.telephony.late_claims.take_back(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/answer", permission="calls.handle", returns=Call)
async def answer(exchange: Exchange, call_id: int) -> Reply:
    """Take a ringing call and, where the line can, go off hook."""
    return Json(await exchange.services.telephony.calls.answer(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/hang-up", permission="calls.handle", returns=Call)
async def hang_up(exchange: Exchange, call_id: int) -> Reply:
    """End a call."""
    return Json(await exchange.services.telephony.calls.hang_up(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/attach-patient", permission="calls.handle", returns=Call)
async def attach_patient(exchange: Exchange, call_id: int, body: Attachment) -> Reply:
    """Say whom a call is about."""
    calls = exchange.services.telephony.calls
    return Json(await calls.attach_patient(exchange.principal, call_id, body.patient_id, body.remember))


@routes.post("/calls/<int:call_id>/wrap-up", permission="calls.handle", returns=Call)
async def wrap_up(exchange: Exchange, call_id: int, body: WrapUp) -> Reply:
    """Save what came of a call."""
    draft = WrapUpDraft(outcome=body.outcome, notes=body.notes, call_back_at=body.call_back_at)
    calls = exchange.services.telephony.calls
    return Json(await calls.save_wrap_up(exchange.principal, call_id, draft, body.finish))


@routes.post("/calls/<int:call_id>/handle-missed", permission="calls.handle", returns=Call)
async def handle_missed(exchange: Exchange, call_id: int) -> Reply:
    """Tick a missed call off the list."""
    return Json(await exchange.services.telephony.calls.handle_missed(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/call-back", permission="calls.handle", returns=Call)
async def mark_call_back(exchange: Exchange, call_id: int, body: CallBack) -> Reply:
    """Say that an agreed call-back is done, or that it is not. A later call to the number or patient says so itself."""
    return Json(await exchange.services.telephony.calls.mark_call_back(exchange.principal, call_id, body.done))


@routes.post("/calls/dial", permission="calls.dial", returns=Call)
async def dial(exchange: Exchange, body: Dial) -> Reply:
    """Dial on my line, else on any free one that is nobody's own."""
    lines = exchange.services.telephony.lines
    return Json(await lines.dial(exchange.principal, None, body.number, body.patient_id, confirmed=body.confirmed))


@routes.get("/outcomes", permission="calls.view", returns=Outcomes)
async def list_outcomes(exchange: Exchange) -> Reply:
    """What can come of a call, in order."""
    return Json({"items": list(await exchange.services.telephony.calls.outcomes(exchange.principal))})
