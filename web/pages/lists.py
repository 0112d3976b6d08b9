"""What the page of a list shows: filters, headings, rows, ways on, and what to do when there is nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from callcenter.administration.fields import Kind
from callcenter.administration.principal import Principal
from callcenter.errors import InvalidError, ServiceError
from callcenter.messaging.texts.placeholders import legible
from callcenter.text import N_, translated
from web.exchange import Exchange
from web.field_words import field_text
from web.placed import placed
from web.records import declaration
from web.words import EMPTY, NEW

# How many pages back "previous" remembers; further back there is the first page.
REMEMBERED_PAGES = 20
# Stands for the page without a cursor; no cursor looks like this.
FIRST_PAGE = "0"
_NO_WAYS = {"first": "", "previous": "", "next": ""}


def address(path: str, values: Mapping[str, Any]) -> str:
    """``path`` with those of ``values`` that say something."""
    kept = _said(values)
    return f"{path}?{urlencode(kept)}" if kept else path


def query_string(view: Mapping[str, Any]) -> str:
    """How a list is narrowed and sorted, written always in the same way; empty for not at all."""
    return urlencode(sorted(_said(view).items()))


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: str(value).lower() if type(value) is bool else value
        for name, value in values.items()
        if value is not None and value != ""
    }


async def list_context(
    exchange: Exchange, name: str, query: Any, page: Any, views: Mapping[str, Any], problem: str = ""
) -> dict[str, Any]:
    """Everything that resource_list.html needs."""
    services, principal, say = exchange.services, exchange.principal, exchange.translate
    resource = declaration(services, name)
    view = query.view
    path = f"/{name}"
    narrowed = bool(query.q or query.filters)
    empty = N_("No results. Try fewer words or clear the filters.") if narrowed else EMPTY[name]
    return {
        "name": name,
        "label": say(resource.label),
        "columns": [_column(one, resource, query.sort, path, view, say) for one in resource.fields if one.in_list],
        "rows": [_row(exchange, resource, name, record) for record in page.items],
        "filters": [await _filter(exchange, name, one, query) for one in resource.fields if one.filterable],
        "view": view,
        "narrowed": narrowed,
        "lists_disabled": resource.lists_disabled,
        "empty": say(empty),
        "new_label": say(NEW[name]),
        "may_create": "create" in resource.actions and principal.may(f"{name}.create"),
        "may_disable": "disable" in resource.actions and principal.may(f"{name}.disable"),
        "exports": export_links(_export(name), view) if _may_export(principal, resource) else [],
        "done": await _done(exchange, name, resource, query),
        "views": views,
        "problem": problem,
        "paths": {"self": path, "plain": views["plain"], **ways(path, view, query, page)},
    }  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A page of a list as it is shown: its items, the ``ways`` to other pages, and the ``problem`` with what was asked,
    empty for none.
    """

    items: Sequence[Any]
    ways: Mapping[str, str]
    problem: str = ""

    @property
    def status(self) -> int:
        """With which the page is sent."""
        return 422 if self.problem else 200


async def listed(exchange: Exchange, path: str, query: Any, asked: Awaitable[Any]) -> Listed:
    """What ``asked`` finds, or nothing and why it cannot be asked; ``query`` is a ``ListPlace``."""
    try:
        page = await asked
    except InvalidError as error:
        problem = translated(exchange.translate, next(iter(error.fields.values()), error.message))
        return Listed([], _NO_WAYS, problem)
    return Listed(page.items, ways(path, query.view, query, page))


def ways(path: str, view: Mapping[str, Any], query: Any, page: Any) -> dict[str, str]:
    """Addresses of the first, the previous and the next page, empty where there is none."""
    trail = [one for one in query.trail.split(".") if one]
    here = query.cursor or ""
    usual = type(query).model_fields["limit"].default
    base = {**view, "limit": query.limit if query.limit != usual else ""}
    onwards = ".".join([*trail, here or FIRST_PAGE][-REMEMBERED_PAGES:])
    ways = {**_NO_WAYS, "first": address(path, base) if here else ""}
    if trail:
        before = "" if trail[-1] == FIRST_PAGE else trail[-1]
        ways["previous"] = address(path, {**base, "cursor": before, "trail": ".".join(trail[:-1])})
    if page.next:
        ways["next"] = address(path, {**base, "cursor": page.next, "trail": onwards})
    return ways


def export_links(path: str, view: Mapping[str, Any]) -> list[dict[str, str]]:
    """The ways to ``path``, which makes files of the list as ``view`` narrows it: one for each kind of file."""
    return [
        {"label": label, "href": address(path, {**view, "format": form})}
        for form, label in (("xlsx", "Excel"), ("csv", "CSV"))
    ]


def heading(label: str, name: str, sort: str, path: str, view: Mapping[str, Any]) -> dict[str, str]:
    """The heading of a column by which the list can be sorted: where it leads, and how it is sorted by it now."""
    order = {name: "ascending", f"-{name}": "descending"}.get(sort, "none")
    turned = f"-{name}" if order == "ascending" else name
    return {"label": label, "href": address(path, {**view, "sort": turned}), "order": order}


def _column(field: Any, resource: Any, sort: str, path: str, view: Mapping[str, Any], say: Any) -> dict[str, Any]:
    if field.name not in resource.sorts:
        return {"label": say(field.label), "href": "", "order": ""}
    return heading(say(field.label), field.name, sort or resource.default_sort, path, view)


def _row(exchange: Exchange, resource: Any, name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    key = record[resource.key]
    cells = [
        {
            **_cell(exchange, one, record),
            "kind": one.kind.value,
            "value": record.get(one.name),
            "title": one.name == resource.title,
            "without": exchange.translate(one.without) if one.without else "",
        }
        for one in resource.fields
        if one.in_list
    ]
    href = f"/patients/{key}" if name == "patients" else f"/{name}/{key}/edit"
    return {"key": key, "href": href, "cells": cells, "disabled": record["disabled"]}


def _cell(exchange: Exchange, field: Any, record: Mapping[str, Any]) -> dict[str, str]:
    """Its ``text``, and what is ``shown`` of it on the page."""
    text = field_text(exchange, field, record)
    if not field.placeholders:
        return {"text": text, "shown": text}
    return {"text": legible(text, exchange.translate), "shown": placed(text, exchange.translate)}


def title_of(exchange: Exchange, resource: Any, record: Mapping[str, Any]) -> str:
    """What a record is called in a sentence and at the head of its page, with its placeholders by their names."""
    title = str(record.get(resource.title) or "")
    return legible(title, exchange.translate) if has_placeholders(resource) else title


def has_placeholders(resource: Any) -> bool:
    """Whether what its records are called is a text with placeholders."""
    return any(one.placeholders for one in resource.fields if one.name == resource.title)


async def _filter(exchange: Exchange, name: str, field: Any, query: Any) -> dict[str, Any]:
    say = exchange.translate
    options: list[dict[str, Any]] = []
    match field.kind:
        case Kind.FLAG:
            options = [{"id": "true", "name": say(N_("yes"))}, {"id": "false", "name": say(N_("no"))}]
        case Kind.CHOICE:
            options = [{"id": choice, "name": say(label)} for choice, label in field.choices]
        case Kind.REFERENCE:
            options = await exchange.services.resources[name].options(exchange.principal, field.name)
    return {
        "name": field.name,
        "label": say(field.label),
        "value": str(query.filters.get(field.name, "")),
        "options": options,
        "is_text": not options and field.kind in (Kind.TEXT, Kind.NUMBER),
        "max_length": field.max_length,
    }


def _export(name: str) -> str:
    return "/api/v1/outcomes/all/export" if name == "outcomes" else f"/api/v1/{name}/export"


def _may_export(principal: Principal, resource: Any) -> bool:
    return "export" in resource.actions and principal.may(resource.permission("export"))


async def narrowed_words(exchange: Exchange, name: str, query: Any) -> list[dict[str, str]]:
    """By what the list of ``name`` is narrowed, in words: what was searched for, then each filter with what it asks."""
    resource = declaration(exchange.services, name)
    shown = [await _filter(exchange, name, one, query) for one in resource.fields if one.filterable]
    searched = [{"label": exchange.translate(N_("Search")), "value": query.q}] if query.q else []
    return searched + [{"label": one["label"], "value": _chosen_word(one)} for one in shown if one["value"]]


def _chosen_word(shown: Mapping[str, Any]) -> str:
    names = {str(option["id"]): option["name"] for option in shown["options"]}
    return names.get(shown["value"], shown["value"])


async def _done(exchange: Exchange, name: str, resource: Any, query: Any) -> dict[str, str] | None:
    """What was just done to which record, with the way back."""
    messages = {
        "made": N_("%(name)s was added."),
        "changed": N_("%(name)s was saved."),
        "disabled": N_("%(name)s was disabled and is no longer offered."),
        "enabled": N_("%(name)s was enabled again."),
    }
    if resource.lists_disabled:
        messages |= {
            "made": N_("%(name)s was added. It is not enabled yet."),
            "disabled": N_("%(name)s was disabled."),
            "enabled": N_("%(name)s was enabled."),
        }
    undo = {"disabled": "enable", "enabled": "disable"}
    if query.done not in messages or not query.key:
        return None
    try:
        record = await exchange.services.resources[name].get(exchange.principal, query.key)
    except ServiceError:
        return None
    text = exchange.translate(messages[query.done]) % {"name": title_of(exchange, resource, record)}
    way = undo.get(query.done, "")
    return {"text": text, "undo": f"/{name}/{record[resource.key]}/{way}" if way else ""}
