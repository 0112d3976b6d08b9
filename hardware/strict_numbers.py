"""Models in which ``true`` is no number."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError


class StrictNumbers(BaseModel):
    """Base of models whose numbers come as numbers or as text: pydantic takes ``true`` for 1, which is an id."""

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        kinds = _kinds_of(cls, info.field_name or "")
        if not kinds & {int, float} or kinds & {bool, Any} or not _holds_truth(value):
            return value
        raise PydanticKnownError("int_type" if int in kinds else "float_type")


def _holds_truth(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(each, bool) for each in value)
    return isinstance(value, bool)


@cache
def _kinds_of(model: type[BaseModel], name: str) -> frozenset[Any]:
    """What a field of ``model``, or what is in it, may be."""
    return frozenset(_kinds(model.model_fields[name].annotation))


def _kinds(annotation: Any) -> list[Any]:
    """The types that an annotation is made of."""
    return [annotation, *(kind for part in get_args(annotation) for kind in _kinds(part))]
