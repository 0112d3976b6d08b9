"""What somebody else has changed in a form meanwhile, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
