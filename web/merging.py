"""Two people at one form: whose value of each field counts when the second of them saves, and what that one is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from callcenter.errors import ConflictError, ServiceError
from callcenter.text import N_

Values = Mapping[str, Any]
"""Fields by name, all written in the same way, so that equal means unchanged."""
Say = Callable[[str], str]
NOTHING = "–"
"""How an empty value is shown."""


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


@dataclass(frozen=True)
class FormField:
    """A field of a form as people know it; ``worded`` makes words of its value."""

    name: str
    label: str
    worded: Callable[[Any], str]
    secret: bool = False


@dataclass(frozen=True)
class Other:
    """What somebody else changed: as it is ``now``, and in ``note`` what becomes of it below."""

    label: str
    now: str
    note: str


def others(merge: Merge, present: Values, fields: Iterable[FormField], say: Say) -> list[Other]:
    """What somebody else changed meanwhile, in the order of ``fields``. Of a secret no more is said than that."""
    moved = merge.moved(present)
    return [_other(merge, present, one, say) for one in fields if one.name in moved]


def _other(merge: Merge, present: Values, field: FormField, say: Say) -> Other:
    if field.secret:
        return Other(field.label, _secret_now(present[field.name], say), _secret_note(merge, field.name, say))
    note = say(N_("taken over below"))
    if field.name in merge.meant:
        typed = field.worded(merge.typed[field.name]) or NOTHING
        note = say(N_("you typed %(value)s, which is still below")) % {"value": typed}
    return Other(field.label, field.worded(present[field.name]) or NOTHING, note)


def _secret_now(present: Any, say: Say) -> str:
    return say(N_("another one is saved")) if present else say(N_("it was removed"))


def _secret_note(merge: Merge, name: str, say: Say) -> str:
    if name not in merge.meant:
        return say(N_("it stays so"))
    if merge.typed[name]:
        return say(N_("type yours in again to save it instead"))
    return say(N_("you want it removed, which is still ticked below"))


def write_seen(values: Values) -> str:
    """What a form is opened with, for its input ``seen``."""
    return json.dumps(dict(values), ensure_ascii=False)


def read_seen(text: str) -> dict[str, Any]:
    """What our own form told; whatever else it is, everything that was typed counts as a change."""
    try:
        seen = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return seen if type(seen) is dict else {}


def is_stale(error: ServiceError | None) -> bool:
    """Whether a form was refused because somebody else has changed the record since it was opened."""
    return isinstance(error, ConflictError) and "current" in error.details


def last_change(error: ServiceError | None) -> Mapping[str, Any]:
    """``by`` and ``at`` of what somebody else has changed, for the notice above the form; empty if not known."""
    return error.details if error is not None and is_stale(error) and "by" in error.details else {}
