"""What pydantic finds, in words: what is allowed, at the field where it is."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcenter.administration.problems import problem_words


class Colour(enum.StrEnum):
    """Of a thing."""

    NONE = ""
    RED = "red"
    BLUE = "light blue"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    depth: int = Field(default=1, ge=1, le=9)
    names: dict[str, int] = Field(default_factory=dict, max_length=1)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str = Field(default="words", min_length=3)
    colour: Colour = Colour.RED
    half: float = Field(default=1, gt=0, multiple_of=0.5)
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"word": ""}, "word", "Required."),
        ({"word": "ab"}, "word", "At least 3 characters."),
        ({"colour": "green"}, "colour", "Choose one of: red, light blue."),
        ({"half": 0}, "half", "More than 0."),
        ({"half": 0.7}, "half", "In steps of 0.5."),
        ({"inner": {"depth": 10}}, "inner.depth", "At most 9."),
        ({"inner": {"names": {"a": "x"}}}, "inner.names", "This must be a whole number."),
        ({"inner": {"names": {"a": 1, "b": 2}}}, "inner.names", "At most 1 of them."),
        ({"inner": {"nothing": 1}}, "inner", "There is no such field."),
        ({"inner": 7}, "inner", "This is not valid."),
        ({"nothing": 1}, "nothing", "There is no such field."),
    ],
)
def test_it_is_said_where_it_is(values: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(values)
    assert problem_words(caught.value, Outer) == {field: says}
    assert problem_words(caught.value, Outer, "options.") == {f"options.{field}": says}
