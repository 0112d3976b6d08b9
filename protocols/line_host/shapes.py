"""Frozen dataclasses as JSON objects: what may stand in each field, and how it is read from somebody who may lie."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protocols.text import clean_text

_LARGEST = 2**53
"""Up to here every program reads the same whole number."""


class ShapeError(ValueError):
    """A value is not what its field takes; the message names the field."""


@dataclass(frozen=True)
class Kind:
    """What a field takes. ``read`` raises ``ShapeError``; ``write`` gives plain JSON data that ``read`` takes."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = lambda value: value


def text(limit: int) -> Kind:
    """At most ``limit`` characters on one line. What is written is cut; longer is not read."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise ShapeError(f"must be a text of at most {limit} characters")
        return clean_text(value, limit)

    return Kind(read, lambda value: str(value)[:limit])


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ShapeError("must be a whole number from 0")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > _LARGEST:
        raise ShapeError("must be a number")
    return float(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ShapeError("must be true or false")
    return value


COUNT, NUMBER, FLAG = Kind(_count), Kind(_number), Kind(_flag)


def choice(allowed: type[enum.Enum]) -> Kind:
    """A member of ``allowed``, by its value."""
    members = {member.value: member for member in allowed}

    def read(value: Any) -> enum.Enum:
        if not isinstance(value, str) or value not in members:
            raise ShapeError(f"must be one of {', '.join(members)}")
        return members[value]

    return Kind(read, lambda member: member.value)


def optional(kind: Kind) -> Kind:
    """``kind``, or null."""
    return Kind(
        lambda value: None if value is None else kind.read(value),
        lambda value: None if value is None else kind.write(value),
    )


def each(kind: Kind, most: int) -> Kind:
    """A tuple of at most ``most``."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise ShapeError(f"must be a list of at most {most}")
        return tuple(kind.read(one) for one in value)

    return Kind(read, lambda values: [kind.write(one) for one in values])


def by_name(kind: Kind, most: int, name: Kind) -> Kind:
    """A mapping of at most ``most`` names."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > most:
            raise ShapeError(f"must be an object of at most {most} names")
        return {name.read(key): kind.read(one) for key, one in value.items()}

    return Kind(read, lambda values: {name.write(key): kind.write(one) for key, one in values.items()})


class Shape:
    """A dataclass with the kinds of its fields. Fields that it does not know are passed over."""

    def __init__(self, made: Callable[..., Any], **fields: Kind) -> None:
        self.made = made
        self._fields = fields

    def read(self, found: Mapping[str, Any]) -> Any:
        """The message; raises ``ShapeError``."""
        values = {}
        for name, kind in self._fields.items():
            if name not in found:
                raise ShapeError(f"{name}: is missing")
            try:
                values[name] = kind.read(found[name])
            except ShapeError as error:
                raise ShapeError(f"{name}: {error}") from error
        return self.made(**values)

    def write(self, message: Any) -> dict[str, Any]:
        """Its fields as plain data."""
        return {name: kind.write(getattr(message, name)) for name, kind in self._fields.items()}

    @property
    def kind(self) -> Kind:
        """A field that holds one of them."""
        return Kind(lambda value: self.read(an_object(value)), self.write)


def an_object(value: Any) -> Mapping[str, Any]:
    """``value`` itself if it is a JSON object; else ``ShapeError``."""
    if not isinstance(value, dict):
        raise ShapeError("must be an object")
    return value
