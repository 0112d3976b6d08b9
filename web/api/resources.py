"""The addresses of declared records: the same for each, with what its declaration says."""

from __future__ import annotations

from typing import Any

from callcenter.administration.permissions import RESOURCES
from callcenter.errors import InvalidError
from callcenter.text import N_
from web.api.calls import page_json
from web.api.models import Records
from web.exchange import Exchange, Json, Reply
from web.exports import download
from web.parsing import Input
from web.records import NAMES, ExportInput, ListInput, record_columns, service_of
from web.routing import Handler, Routes

routes = Routes("/api/v1")


class Switch(Input):
    """``version`` is the one that was seen; leave it out to switch whatever there is."""

    version: int | None = None


def record_body(body: Any) -> dict[str, Any]:
    """The body that makes or changes a record: an object. Its fields are checked by the declaration."""
    if type(body) is not dict:
        raise InvalidError(N_("Send the fields of the record as an object."))
    return body


def add_resource(routes: Routes, name: str, path: str, key: str) -> None:
    """Declare list, get, create, edit, disable, enable and export of ``name``, as far as roles can permit them."""
    one = f"{path}/<{key}>"
    handlers: list[tuple[str, str, str, str, Handler]] = [
        ("GET", path, "view", "list", _lister(name)),
        ("GET", one, "view", "get", _getter(name)),
        ("POST", path, "create", "create", _creator(name)),
        ("PATCH", one, "edit", "edit", _editor(name)),
        ("POST", f"{one}/disable", "disable", "disable", _switcher(name, "disable")),
        ("POST", f"{one}/enable", "disable", "enable", _switcher(name, "enable")),
        ("GET", f"{path}/export", "export", "export", _exporter(name)),
    ]
    for method, address, action, what, handler in handlers:
        if action in RESOURCES[name]:
            options: dict[str, Any] = {"returns": Records} if what == "list" else {"resource": name}
            if what in ("create", "edit"):
                options["free_body"] = True
            status = 201 if what == "create" else 200
            routes.add(
                method, address, handler, permission=f"{name}.{action}", name=f"{what}_{name}", status=status, **options
            )


def _lister(name: str) -> Handler:
    async def list_records(exchange: Exchange, query: ListInput) -> Reply:
        """A page of the list."""
        page = await service_of(exchange.services, name).list(exchange.principal, query.list_query())
        return Json(page_json(page), disclosed=True)

    return list_records


def _getter(name: str) -> Handler:
    async def get_record(exchange: Exchange, key: Any) -> Reply:
        """One record with all its fields."""
        return Json(await service_of(exchange.services, name).get(exchange.principal, key), disclosed=True)

    return get_record


def _creator(name: str) -> Handler:
    async def create_record(exchange: Exchange, body: Any) -> Reply:
        """Make a record."""
        made = await service_of(exchange.services, name).create(exchange.principal, record_body(body))
        return Json(made, status=201, disclosed=True)

    return create_record


def _editor(name: str) -> Handler:
    async def edit_record(exchange: Exchange, key: Any, body: Any) -> Reply:
        """Change the fields that are named; ``version`` is the one that was seen, 409 tells what is true now."""
        service = service_of(exchange.services, name)
        return Json(await service.edit(exchange.principal, key, record_body(body)), disclosed=True)

    return edit_record


def _switcher(name: str, action: str) -> Handler:
    async def switch_record(exchange: Exchange, key: Any, body: Switch) -> Reply:
        """Put a record out of use, or into use again."""
        switch = getattr(service_of(exchange.services, name), action)
        return Json(await switch(exchange.principal, key, body.version), disclosed=True)

    return switch_record


def _exporter(name: str) -> Handler:
    async def export_records(exchange: Exchange, query: ExportInput) -> Reply:
        """The whole list as a file."""
        query = query.model_copy(update={"cursor": None})
        rows = service_of(exchange.services, name).export(exchange.principal, query.list_query())
        columns = record_columns(exchange, name)
        return await download(exchange, name, columns, rows, query.format, disclosed=True)

    return export_records


for _name in NAMES:
    # An outcome's key is a word; what is offered in the wrap-up pane stands at /outcomes, see web.api.calls.
    if _name == "outcomes":
        add_resource(routes, _name, "/outcomes/all", "string:key")
    else:
        add_resource(routes, _name, f"/{_name}", "int:key")
