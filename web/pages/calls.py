"""Call records, missed calls, and one call with everything that is known of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from callcenter.errors import InvalidError
from web.api.models import Cursor, Limit
from web.call_filters import CallLimits, call_filter
from web.call_sheet import talk_seconds
from web.exchange import Exchange, Page, Reply
from web.pages.lists import address, ways
from web.routing import Routes

routes = Routes()

_PAGING = {"limit", "cursor", "trail"}


class CallsPage(CallLimits):
    """A list of calls as it stands in an address. ``trail`` holds the cursors of the pages before."""

    limit: Limit = 50
    cursor: Cursor | None = None
    trail: Annotated[str, Field(max_length=6000)] = ""

    @model_validator(mode="before")
    @classmethod
    def _empty_fields_limit_nothing(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value != ""}

    @property
    def view(self) -> dict[str, Any]:
        """What the list is narrowed to, as it stands in an address."""
        return self.model_dump(mode="json", exclude_none=True, exclude=_PAGING)

    @property
    def shown(self) -> dict[str, Any]:
        """Every field of the filter form, empty where it limits nothing."""
        return dict.fromkeys(type(self).model_fields.keys() - _PAGING, "") | self.view


@routes.get("/calls", permission="calls.view")
async def list_calls(exchange: Exchange, query: CallsPage) -> Reply:
    """Call records, newest first."""
    return await _list(exchange, query, "/calls", exchange.services.telephony.calls.list)


@routes.get("/calls/missed", permission="calls.view")
async def list_missed(exchange: Exchange, query: CallsPage) -> Reply:
    """Missed calls that nobody has dealt with, newest first."""
    return await _list(exchange, query, "/calls/missed", exchange.services.telephony.calls.missed)


@routes.get("/calls/<int:call_id>", permission="calls.view")
async def show_call(exchange: Exchange, call_id: int) -> Reply:
    """One call."""
    call = await exchange.services.telephony.calls.get(exchange.principal, call_id)
    return Page("call.html", {"call": call, "outcomes": await _outcomes(exchange), "talked": talk_seconds(call)})


async def _list(exchange: Exchange, query: CallsPage, path: str, find: Any) -> Reply:
    problem, items, links = "", [], {"first": "", "previous": "", "next": ""}
    try:
        wanted = call_filter(query, exchange.settings.time_zone)
        page = await find(exchange.principal, wanted, query.limit, query.cursor)
        items, links = page.items, ways(path, query.view, query, page)
    except InvalidError as error:
        problem = exchange.translate(next(iter(error.fields.values()), error.message))
    context = {
        "calls": [{**call, "talked": talk_seconds(call)} for call in items],
        "view": query.shown,
        "missed": path == "/calls/missed",
        "problem": problem,
        "paths": {"self": path, **links},
        "outcomes": await _outcomes(exchange),
        "lines": await _lines(exchange),
        "agents": await _agents(exchange),
        "exports": _exports(exchange, query) if path == "/calls" else [],
    }
    return Page("calls.html", context, status=422 if problem else 200)


async def _outcomes(exchange: Exchange) -> dict[str, str]:
    """Code → label in the reader's language, in order."""
    label = "label_en" if exchange.locale == "en" else "label_zh"
    found = await exchange.services.telephony.calls.outcomes(exchange.principal)
    return {outcome["code"]: outcome[label] for outcome in found}


async def _lines(exchange: Exchange) -> list[dict[str, Any]]:
    if not exchange.principal.may("lines.view"):
        return []
    return list(await exchange.services.telephony.lines.list(exchange.principal))


async def _agents(exchange: Exchange) -> list[dict[str, Any]]:
    if not exchange.principal.may("agents.view"):
        return []
    return list(await exchange.services.telephony.agents.list(exchange.principal))


def _exports(exchange: Exchange, query: CallsPage) -> list[dict[str, str]]:
    if not exchange.principal.may("calls.export"):
        return []
    return [
        {"label": label, "href": address("/api/v1/calls/export", {**query.view, "format": form})}
        for form, label in (("xlsx", "Excel"), ("csv", "CSV"))
    ]
