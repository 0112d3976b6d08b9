"""Two people at one form: whose value of each field counts when the second of them saves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
"""Fields by name, all written in the same way, so that equal means unchanged."""


@dataclass(frozen=True)
class Merge:
    """``seen`` is what the form was opened with, ``typed`` what it was sent with: the difference is what is meant."""

    seen: Values
    typed: Values

    @property
    def meant(self) -> dict[str, Any]:
        """What this person changed, and no more: a field that was left alone undoes nobody's work."""
        return {name: value for name, value in self.typed.items() if value != self.seen.get(name)}

    def moved(self, present: Values) -> Collection[str]:
        """The fields that somebody else changed meanwhile, to something else than was typed."""
        return [name for name, value in self.typed.items() if present[name] not in (self.seen.get(name), value)]

    def onto(self, present: Values) -> dict[str, Any]:
        """The form to go on with: what this person changed stays as it was typed, the rest is as it is ``present``."""
        return {**present, **self.meant}
