"""``/api/v1/openapi.json``: the API described by what it is made of, so that it cannot say anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema
from twisted.internet.threads import deferToThread

from web.api.models import Problem
from web.exchange import Content, Exchange, Reply
from web.records import declaration
from web.rendering import as_json
from web.routing import Route, Routes
from web.services import Services

routes = Routes("/api/v1")

_PLACE = "#/components/schemas/{model}"
_TYPES: Mapping[str, dict[str, Any]] = MappingProxyType({"int": {"type": "integer"}, "string": {"type": "string"}})
_VARIABLE = re.compile(r"<(?:(?P<kind>[a-z]+):)?(?P<name>[a-z_]+)>")


@routes.get("/openapi.json", public=True, returns=dict[str, Any])
async def openapi(exchange: Exchange) -> Reply:
    """This description."""
    # Making it takes longer than the reactor may stand still, and reads the version from a file.
    return Content("application/json", await deferToThread(_document, exchange.services))


@lru_cache(maxsize=1)
def _document(services: Services) -> bytes:
    from web.endpoints import all_routes  # noqa: PLC0415 - which gathers this module too

    return as_json(describe(all_routes(), services))


def describe(declared: Iterable[Route], services: Services) -> dict[str, Any]:
    """The OpenAPI 3.1 document of those routes that belong to the API."""
    wanted = [route for route in declared if route.is_api]
    models: set[Any] = {
        model for route in wanted for model in (route.body, route.query, route.returns) if _is_model(model)
    }
    ordered = sorted(models | {Problem}, key=lambda model: model.__qualname__)
    pairs: Any = [(model, "validation" if _is_input(model, wanted) else "serialization") for model in ordered]
    found, schema = models_json_schema(pairs, ref_template=_PLACE)
    by_model = {model: place for (model, _), place in found.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in wanted:
        operation = _operation(route, by_model, services)
        paths.setdefault(_VARIABLE.sub(r"{\g<name>}", route.path), {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Huifang", "version": _version(), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": schema.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "huifang_session"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"session": []}, {"bearer": []}],
    }


def _version() -> str:
    try:
        return version("huifang")
    except PackageNotFoundError:
        return "0"


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _is_input(model: Any, routes: Iterable[Route]) -> bool:
    return any(model in (route.body, route.query) for route in routes)


def _operation(route: Route, schemas: Mapping[Any, dict[str, Any]], services: Services) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _identifier(route),
        "summary": route.summary,
        "tags": [route.path.split("/")[3].partition(".")[0]],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_csrf(route)],
        "responses": _responses(route, schemas, services),
    }
    if route.access.public:
        operation["security"] = []
    if route.access.permission:
        operation["x-permission"] = route.access.permission
    if body := _body(route, schemas, services):
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _identifier(route: Route) -> str:
    """``get_calls_call_id`` for GET /api/v1/calls/{call_id}: as stable as the address."""
    words = _VARIABLE.sub(r"\g<name>", route.path.removeprefix(routes.prefix))
    return f"{route.method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', words)}"


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": found["name"], "in": "path", "required": True, "schema": _TYPES[found["kind"] or "string"]}
        for found in _VARIABLE.finditer(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": shape}
        for name, shape in schema.get("properties", {}).items()
    ]


def _csrf(route: Route) -> list[dict[str, Any]]:
    if not route.writes or route.access.public:
        return []
    about = "The csrf of the session; not needed with a bearer token."
    return [{"name": "X-CSRF-Token", "in": "header", "required": False, "description": about,
             "schema": {"type": "string"}}]  # fmt: skip


def _body(route: Route, schemas: Mapping[Any, dict[str, Any]], services: Services) -> dict[str, Any] | None:
    if route.body is not None:
        return schemas[route.body]
    if route.free_body:
        schema: dict[str, Any] = declaration(services, route.resource).json_schema(creating=route.method == "POST")
        return schema
    return None


def _responses(route: Route, schemas: Mapping[Any, dict[str, Any]], services: Services) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    if route.resource and not route.path.endswith("/export"):
        good["content"] = {"application/json": {"schema": declaration(services, route.resource).view_schema()}}
    elif _is_model(route.returns):
        good["content"] = {"application/json": {"schema": schemas[route.returns]}}
    elif route.returns is not None:
        good["content"] = {"application/json": {"schema": TypeAdapter(route.returns).json_schema()}}
    refused = {"application/problem+json": {"schema": schemas[Problem]}}
    return {
        str(route.status): good,
        "default": {"description": "Refused; code says why", "content": refused},
    }
