"""Saved views of lists through the API."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, Field

from callcenter.administration.saved_views import LONGEST_NAME
from web.api.models import Short
from web.exchange import Empty, Exchange, Json, Reply
from web.pages.alarms import alarm_view
from web.pages.audit import audit_view
from web.pages.calls import call_view
from web.pages.complaints import complaint_view
from web.pages.lists import query_string
from web.pages.resources import record_view
from web.pages.view_chips import Reader, view_fields
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")

Name = Annotated[str, Field(max_length=LONGEST_NAME)]


class ViewsQuery(Input):
    """Of which list: calls, missed, patients, users, roles, departments, outcomes, groups, skills, scripts,
    articles, complaints, alarms or audit."""

    list: Short


class NewView(Input):
    """``query`` is the query string of the list's page; where in the list one is, is left out of it."""

    list: Short
    name: Name
    query: Annotated[str, Field(max_length=4000)]
    default: bool = False


class ViewChange(Input):
    """What is to change; the list opens with its ``default``."""

    name: Name | None = None
    default: bool | None = None


class View(BaseModel):
    """A filter and order of a list, under a name."""

    id: int
    list: str
    name: str
    query: str
    default: bool


class Views(BaseModel):
    """All of one's views of a list."""

    items: list[View]


@routes.get("/views", signed_in=True, returns=Views)
async def list_views(exchange: Exchange, query: ViewsQuery) -> Reply:
    """One's own views of a list."""
    return Json({"items": list(await exchange.services.views.list(exchange.principal, query.list))})


@routes.post("/views", signed_in=True, returns=View, status=201)
async def save_view(exchange: Exchange, body: NewView) -> Reply:
    """Save a filter and order of a list under a name."""
    await exchange.services.views.list(exchange.principal, body.list)
    query = kept_query(exchange, body.list, body.query)
    view = await exchange.services.views.save(exchange.principal, body.list, body.name, query, body.default)
    return Json(view, status=201)


@routes.patch("/views/<int:view_id>", signed_in=True, returns=View)
async def change_view(exchange: Exchange, view_id: int, body: ViewChange) -> Reply:
    """Give a view another name, or make it the one with which the list opens."""
    return Json(await exchange.services.views.edit(exchange.principal, view_id, body.name, body.default))


@routes.delete("/views/<int:view_id>", signed_in=True, status=204)
async def delete_view(exchange: Exchange, view_id: int) -> Reply:
    """Forget a view."""
    await exchange.services.views.delete(exchange.principal, view_id)
    return Empty()


def kept_query(exchange: Exchange, list_name: str, text: str) -> str:
    """What of a query string is kept: filters and order that the list knows, written one way.

    Raises InvalidError for anything that the list does not take.
    """
    return query_string(_READERS.get(list_name, record_view)(exchange, list_name, view_fields(text)))


_READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "calls": call_view,
        "missed": call_view,
        "audit": audit_view,
        "alarms": alarm_view,
        "complaints": complaint_view,
    }
)
