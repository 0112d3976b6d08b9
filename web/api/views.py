"""Saved views of lists through the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, Field

from callcenter.administration import audit_log
from callcenter.administration.reading import check_query
from callcenter.administration.resources import chosen_sort
from callcenter.administration.saved_views import LONGEST_NAME
from callcenter.alarms import service as alarms
from callcenter.servicedesk.complaints import listing as complaints
from callcenter.telephony import call_orders
from web.api.models import Short
from web.exchange import Empty, Exchange, Json, Reply
from web.pages.alarms import AlarmsPage
from web.pages.audit import AuditPage
from web.pages.calls import CallsPage
from web.pages.complaints import ComplaintsPage
from web.pages.lists import query_string
from web.pages.resources import ListPage
from web.parsing import Input, check, form_fields
from web.records import declaration
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
    given = {name: value for name, value in form_fields(text.removeprefix("?")).items() if value != ""}
    view = _READERS.get(list_name, _record_view)(exchange, list_name, given)
    return query_string(view)


def _record_view(exchange: Exchange, list_name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    query = check(ListPage, given)
    check_query(declaration(exchange.services, list_name), query.list_query())
    return query.view


def _call_view(exchange: Exchange, _: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    query = check(CallsPage, given)
    chosen_sort(query.sort, call_orders.DEFAULT_SORT, call_orders.call_sorts(exchange.principal))
    return query.view


def _audit_view(exchange: Exchange, _: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    query = check(AuditPage, given)
    chosen_sort(query.sort, audit_log.DEFAULT_SORT, audit_log.SORTS)
    return query.view


def _alarm_view(exchange: Exchange, _: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    query = check(AlarmsPage, given)
    chosen_sort(query.sort, alarms.DEFAULT_SORT, alarms.SORTS)
    return query.view


def _complaint_view(exchange: Exchange, _: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    query = check(ComplaintsPage, given)
    chosen_sort(query.sort, complaints.DEFAULT_SORT, complaints.SORTS)
    return query.view


_READERS: Mapping[str, Callable[[Exchange, str, Mapping[str, Any]], Mapping[str, Any]]] = MappingProxyType(
    {
        "calls": _call_view,
        "missed": _call_view,
        "audit": _audit_view,
        "alarms": _alarm_view,
        "complaints": _complaint_view,
    }
)
