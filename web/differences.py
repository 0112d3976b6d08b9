"""What somebody else has changed in a form meanwhile, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callcenter.errors import ConflictError, ServiceError


@dataclass(frozen=True)
class Entry:
    """One field of a form in words: what it is called, and its value; empty for none."""

    label: str
    value: str


def differences(now: Sequence[Entry], typed: Sequence[Entry]) -> list[dict[str, str]]:
    """Of each field that is ``now`` otherwise than it was ``typed``, what it is now. Both have the same fields."""
    return [
        {"label": one.label, "value": one.value or "–", "typed": other.value or "–"}
        for one, other in zip(now, typed, strict=True)
        if one.value != other.value
    ]


def is_stale(error: ServiceError | None) -> bool:
    """Whether a form was refused because somebody else has changed the record since it was opened."""
    return isinstance(error, ConflictError) and "current" in error.details


def last_change(error: ServiceError | None) -> Mapping[str, Any]:
    """``by`` and ``at`` of what somebody else has changed, for the notice above the form; empty if not known."""
    return error.details if error is not None and is_stale(error) and "by" in error.details else {}
