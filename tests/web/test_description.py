"""The description of the API says what the API does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest_twisted

from protocols.signals import CallerIdentified, Rang
from tests.peers.site import RunningSite
from tests.web.test_permissions import ROUTES
from web.api.models import Agents, CallPage, Lines
from web.api.session import Session

METHODS = {"get", "post", "patch", "delete"}


def references(node: Any) -> Iterator[str]:
    match node:
        case dict():
            if type(node.get("$ref")) is str:
                yield node["$ref"]
            for inner in node.values():
                yield from references(inner)
        case list():
            for inner in node:
                yield from references(inner)


@pytest_twisted.ensureDeferred
async def test_every_address_is_described_and_no_other(site: RunningSite) -> None:
    document = (await site.browser().get("/api/v1/openapi.json")).json
    assert document["openapi"].startswith("3.1.")
    assert document["info"].keys() >= {"title", "version"}
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    real = {(route.method, re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", route.path)) for route in ROUTES if route.is_api}
    assert described == real


@pytest_twisted.ensureDeferred
async def test_the_document_is_sound(site: RunningSite) -> None:
    document = (await site.browser().get("/api/v1/openapi.json")).json
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in schemas, reference
    names = []
    for path, item in document["paths"].items():
        assert item.keys() <= METHODS
        for method, operation in item.items():
            names.append(operation["operationId"])
            assert operation["summary"], path
            assert "default" in operation["responses"]
            assert any(code.startswith("2") for code in operation["responses"])
            variables = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert variables == set(re.findall(r"{([a-z_]+)}", path))
            if method != "get" and operation.get("security") != []:
                assert any(one["name"] == "X-CSRF-Token" for one in operation["parameters"]), path
    assert len(names) == len(set(names))


@pytest_twisted.ensureDeferred
async def test_declared_records_are_described_by_their_declaration(site: RunningSite) -> None:
    document = (await site.browser().get("/api/v1/openapi.json")).json
    body = document["paths"]["/api/v1/patients"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["name"]
    assert body["properties"]["phones"]["type"] == "array"
    assert body["additionalProperties"] is False
    change = document["paths"]["/api/v1/users/{key}"]["patch"]["requestBody"]["content"]["application/json"]["schema"]
    assert change["required"] == ["version"]


@pytest_twisted.ensureDeferred
async def test_answers_have_the_described_shape(site: RunningSite) -> None:
    admin = site.browser()
    Session.model_validate((await admin.sign_in("admin")).json)
    await site.hear(Rang(), CallerIdentified("13800138000"))
    calls = CallPage.model_validate((await admin.get("/api/v1/calls")).json)
    assert len(calls.items) == 1
    told = (await admin.get("/api/v1/calls")).json["items"][0]
    assert set(told) == set(type(calls.items[0]).model_fields)
    lines = Lines.model_validate((await admin.get("/api/v1/lines")).json)
    assert set((await admin.get("/api/v1/lines")).json["items"][0]) == set(type(lines.items[0]).model_fields)
    Agents.model_validate((await admin.get("/api/v1/agents")).json)


@pytest_twisted.ensureDeferred
async def test_what_scripts_rely_on(site: RunningSite) -> None:
    """Kept stable: others script against these."""
    program = site.browser()
    answer = await program.sign_in("supervisor")
    assert answer.json["csrf"]
    await site.hear(Rang(), CallerIdentified("13800138000"))
    page = (await program.get("/api/v1/calls?limit=1")).json
    assert page.keys() == {"items", "next"}
    assert page["items"][0].keys() >= {
        "id", "direction", "number", "name", "line", "patient", "agent", "state", "outcome", "started_at",
        "answered_at", "ended_at", "end_reason",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", page["items"][0]["started_at"])
    dialled = await program.post("/api/v1/lines/2/dial", {"number": "13911112222"})
    assert dialled.status == 200, dialled.text
    assert site.lines[1].asked == [("dial", "13911112222")]
    first = (await program.get("/api/v1/calls?limit=1")).json
    assert first["next"]
    second = (await program.get(f"/api/v1/calls?limit=1&cursor={first['next']}")).json
    assert second["items"][0]["id"] != first["items"][0]["id"]
    assert second["next"] is None
    problem = (await program.post("/api/v1/patients", {})).json
    assert problem.keys() >= {"type", "title", "status", "detail", "code", "fields"}
    missing = await program.get("/api/v1/calls/424242")
    assert missing.header("Content-Type") == "application/problem+json"
