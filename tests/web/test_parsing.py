"""What is read from requests: true is no number, wherever one is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from hardware.gateways.drivers import MODELS
from hardware.settings import LineSettings
from web.endpoints import all_routes


def models() -> set[type[BaseModel]]:
    """What bodies and the settings in them are read as."""
    bodies = {route.body for route in all_routes() if route.is_api and route.body is not None}
    return {*bodies, *MODELS.values(), LineSettings}


def shapes(schema: dict[str, Any], whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of which a value may be one."""
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    choices = schema.get("anyOf") or [schema]
    yield from choices if choices == [schema] else (shape for one in choices for shape in shapes(one, whole))


def numbers() -> Iterator[tuple[type[BaseModel], str, Any]]:
    """Each field that takes numbers and neither true nor false, and true in its place."""
    for model in sorted(models(), key=lambda one: one.__name__):
        whole = model.model_json_schema()
        for name, schema in whole.get("properties", {}).items():
            kinds = {shape.get("type"): shape for shape in shapes(schema, whole)}
            if "boolean" in kinds or None in kinds:
                continue
            if kinds.keys() & {"integer", "number"}:
                yield model, name, True
            items = kinds.get("array", {}).get("items", {})
            if {shape.get("type") for shape in shapes(items, whole)} & {"integer", "number"}:
                yield model, name, [1, True]


@pytest.mark.parametrize(("model", "name", "value"), [*numbers()])
def test_true_is_no_number(model: type[BaseModel], name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({name: value})
    assert {found["type"] for found in refused.value.errors() if found["loc"][0] == name} <= {"int_type", "float_type"}
    assert name in {found["loc"][0] for found in refused.value.errors()}
