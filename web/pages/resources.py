"""List and form pages of every declared record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from callcenter.administration.permissions import RESOURCES
from callcenter.administration.reading import check_query
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, ServiceError
from callcenter.text import N_, translated
from storage.queries.paging import Page as ResultPage
from web.errors import status_of
from web.exchange import Exchange, Page, Redirect, Reply
from web.field_words import field_text
from web.forms import form_inputs, typed_body
from web.pages.lists import has_placeholders, list_context, title_of
from web.pages.view_chips import view_chips
from web.parsing import Filters, check
from web.records import NAMES, ListInput, declaration, service_of
from web.routing import Handler, Routes
from web.words import NEW

routes = Routes()

COUNTED = frozenset({"templates", "phrases", "auto_replies"})
"""Records whose texts are sent: their forms show what a patient would read, and what it costs."""

Word = Annotated[str, Field(max_length=80)]


class ListPage(Filters, ListInput):
    """A list's address. ``trail`` holds the cursors of the pages before; ``done`` and ``key`` what was just done.

    ``plain`` shows it as it is, whatever view it opens with otherwise.
    """

    trail: Annotated[str, Field(max_length=6000)] = ""
    done: Word = ""
    key: Word = ""
    plain: bool = False

    @property
    def view(self) -> dict[str, Any]:
        """How the list is narrowed and sorted."""
        return {"q": self.q, "sort": self.sort, "disabled": self.disabled or "", **self.filters}


def record_view(exchange: Exchange, name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the list is narrowed and sorted; InvalidError for what it does not take."""
    query = check(ListPage, given)
    check_query(declaration(exchange.services, name), query.list_query())
    return query.view


def add_pages(routes: Routes, name: str, key: str) -> None:
    """Declare the pages of ``name``, as far as roles can permit what they do."""
    one = f"/{name}/<{key}>"
    handlers: list[tuple[str, str, str, str, Handler, bool]] = [
        ("GET", f"/{name}", "view", "list", _lister(name), False),
        ("GET", f"/{name}/new", "create", "new", _blank(name), False),
        ("POST", f"/{name}/new", "create", "create", _creator(name), True),
        ("GET", f"{one}/edit", "view", "form", _shower(name), False),
        ("POST", f"{one}/edit", "edit", "edit", _editor(name), True),
        ("POST", f"{one}/disable", "disable", "disable", _switcher(name, "disable"), False),
        ("POST", f"{one}/enable", "disable", "enable", _switcher(name, "enable"), False),
    ]
    for method, address, action, what, handler, free in handlers:
        if action in RESOURCES[name]:
            routes.add(
                method, address, handler, permission=f"{name}.{action}", name=f"{what}_{name}_page", free_body=free,
                resource=name,
            )  # fmt: skip


def _lister(name: str) -> Handler:
    async def show_list(exchange: Exchange, query: ListPage) -> Reply:
        """The list."""
        views = await view_chips(exchange, name, f"/{name}", query.view, record_view)
        if views["start"]:
            return Redirect(views["start"])
        problem, page = "", ResultPage[Any]([], None)
        try:
            page = await service_of(exchange.services, name).list(exchange.principal, query.list_query())
        except InvalidError as error:
            problem = translated(exchange.translate, next(iter(error.fields.values()), error.message))
        context = await list_context(exchange, name, query, page, views, problem)
        return Page("resource_list.html", context, status=422 if problem else 200, disclosed=True)

    return show_list


def _blank(name: str) -> Handler:
    async def show_blank(exchange: Exchange) -> Reply:
        """A form with what new records begin with."""
        fields = declaration(exchange.services, name).fields
        return await _form(exchange, name, {one.name: one.default for one in fields}, creating=True)

    return show_blank


def _shower(name: str) -> Handler:
    async def show_form(exchange: Exchange, key: Any) -> Reply:
        """The form with the record as it is; without inputs for whoever may only look."""
        record = await service_of(exchange.services, name).get(exchange.principal, key)
        return await _form(exchange, name, record, creating=False)

    return show_form


def _creator(name: str) -> Handler:
    async def create_record(exchange: Exchange, body: Any) -> Reply:
        """Make the record, or show the form again with everything that was typed."""
        resource = declaration(exchange.services, name)
        typed = typed_body(resource.writable(creating=True), body)
        try:
            made = await service_of(exchange.services, name).create(exchange.principal, typed)
        except (InvalidError, ConflictError, NotAllowedError) as error:
            return await _form(exchange, name, typed, error, creating=True)
        return Redirect(_after(name, made[resource.key], "made"))

    return create_record


def _editor(name: str) -> Handler:
    async def edit_record(exchange: Exchange, key: Any, body: Any) -> Reply:
        """Change the record, or show the form again: with what is wrong, or with what somebody else changed."""
        service, resource = service_of(exchange.services, name), declaration(exchange.services, name)
        typed = typed_body(resource.writable(creating=False), body) | {"version": body.get("version", "")}
        try:
            await service.edit(exchange.principal, key, typed)
        except (InvalidError, ConflictError, NotAllowedError) as error:
            record = await service.get(exchange.principal, key)
            meant = record["version"] if isinstance(error, ConflictError) else typed["version"]
            return await _form(exchange, name, {**record, **typed, "version": meant}, error, record, creating=False)
        return Redirect(_after(name, key, "changed"))

    return edit_record


def _switcher(name: str, action: str) -> Handler:
    async def switch_record(exchange: Exchange, key: Any) -> Reply:
        """Disable or enable; the list offers to undo it."""
        await getattr(service_of(exchange.services, name), action)(exchange.principal, key)
        return Redirect(f"/{name}?done={action}d&key={key}")

    return switch_record


def _after(name: str, key: Any, done: str) -> str:
    """Patients have a card; everything else goes back to its list."""
    return f"/patients/{key}" if name == "patients" else f"/{name}?done={done}&key={key}"


def _headed(resource: Any, record: Mapping[str, Any]) -> str:
    """The text with placeholders that a record is called by, else empty."""
    return str(record.get(resource.title) or "") if has_placeholders(resource) else ""


async def _form(
    exchange: Exchange,
    name: str,
    record: Mapping[str, Any],
    error: ServiceError | None = None,
    current: Mapping[str, Any] | None = None,
    *,
    creating: bool,
) -> Page:
    services, say = exchange.services, exchange.translate
    resource = declaration(services, name)
    may_write = exchange.principal.may(f"{name}.{'create' if creating else 'edit'}")
    options = {
        one.name: await services.resources[name].options(exchange.principal, one.name)
        for one in resource.fields
        if one.reference is not None and may_write
    }
    errors = error.fields if isinstance(error, InvalidError) else {}
    inputs = form_inputs(resource, record, options, errors, say, creating=creating, may_write=may_write)
    context = {
        "name": name,
        "heading": say(NEW[name]) if creating else title_of(exchange, resource, current or record),
        "headed": _headed(resource, current or record) if not creating else "",
        "label": say(resource.label),
        "inputs": inputs,
        "new_words": {one.source: say(NEW[one.source]) for one in inputs if one.source in NEW},
        "creating": creating,
        "may_write": may_write,
        "may_disable": not creating and "disable" in resource.actions and exchange.principal.may(f"{name}.disable"),
        "disabled": bool(record.get("disabled")),
        "begins_off": resource.lists_disabled,
        "counted": name in COUNTED,
        "key": record.get(resource.key, ""),
        "version": record.get("version", ""),
        "error": translated(say, error.message) if error else "",
        "differences": _differences(exchange, resource, record, current) if isinstance(error, ConflictError) else [],
    }
    return Page("resource_form.html", context, status=status_of(error) if error else 200, disclosed=True)


def _differences(
    exchange: Exchange, resource: Any, typed: Mapping[str, Any], current: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    """Where what was typed is not what is true now: the field, and what is true."""
    if current is None:
        return []
    nothing = exchange.translate(N_("empty"))
    return [
        {"label": exchange.translate(one.label), "value": field_text(exchange, one, current) or nothing}
        for one in resource.writable(creating=False)
        if not one.secret and _plain(typed.get(one.name)) != _plain(current.get(one.name))
    ]


def _plain(value: Any) -> Any:
    """Values as they come from forms and from services, alike."""
    match value:
        case None | "" | False:
            return ""
        case list():
            return [_plain(one) for one in value]
        case dict():
            # A phone is shown with more than its number and label; those are what can be changed.
            return {name: _plain(inner) for name, inner in value.items() if name != "number_formatted"}
        case _:
            return str(value)


for _name in (*NAMES, "patients"):
    add_pages(routes, _name, "string:key" if _name == "outcomes" else "int:key")
