"""Phone and id numbers are shown in full to those whose roles say so, and masked to all others, in free text too.

One function for answers of the API, pages, exports and sockets alike. What it returns may be given to it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import singledispatch
from types import MappingProxyType
from typing import Any

from callcenter.administration.masks import mask_document, mask_number, mask_text, restore_text
from callcenter.administration.principal import Principal

REPEAT_AFTER = timedelta(hours=1)
_REMEMBERED = 20_000


# Name of a value → how it is hidden. A list or mapping under such a name is gone through with the same function.
MASKS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "number": mask_number,
        "number_formatted": mask_number,
        "number_received": mask_number,
        "numbers": mask_number,
        "formatted": mask_number,
        "dialable": mask_number,
        "phones": mask_number,
        "id_document": mask_document,
        # What people write: whatever number stands in it.
        "notes": mask_text,
        "purpose": mask_text,
        "name": mask_text,
        "label": mask_text,
        "address": mask_text,
        "allergies": mask_text,
        "reason": mask_text,
        "note": mask_text,
        "last_text": mask_text,
        "text": mask_text,
        "caller_name": mask_text,
        "findings": mask_text,
        "reward": mask_text,
        "penalty": mask_text,
        "reason_words": mask_text,
        "pause_reason": mask_text,
        "refuses": mask_text,
        "words": mask_text,
        "code": mask_text,
        "title": mask_text,
        "why": mask_text,
    }
)


def disclose(data: Any, principal: Principal) -> Any:
    """``data`` (plain JSON data) as ``principal`` may see it: itself, or a copy with numbers masked, however deep."""
    return data if principal.sees_numbers else masked(data)


def masked(data: Any) -> Any:
    """A copy of ``data`` with every phone and id number masked."""
    return _inside(data, None)


def restored(values: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """The texts among ``values``, sent by somebody who was shown ``masked(present)``, with their masks undone."""
    return {
        name: restore_text(value, present.get(name) or "")
        for name, value in values.items()
        if MASKS.get(name) is mask_text and type(value) is str
    }


@singledispatch
def _inside(value: Any, hide: Callable[[Any], Any] | None) -> Any:
    return value if hide is None else hide(value)


@_inside.register(Mapping)
def _(value: Mapping[str, Any], hide: Callable[[Any], Any] | None) -> dict[str, Any]:
    # Inside a list of phones only the number is hidden, not its label.
    return {name: _inside(inner, MASKS.get(name)) for name, inner in value.items()}


@_inside.register(list)
@_inside.register(tuple)
def _(value: Any, hide: Callable[[Any], Any] | None) -> list[Any]:
    return [_inside(inner, hide) for inner in value]


class RecentViews:
    """Which person looked at which record lately, so that the log tells of it once an hour and stays readable.

    Kept in memory and bounded: forgetting one early only writes one entry more.
    """

    def __init__(self, repeat_after: timedelta = REPEAT_AFTER, remembered: int = _REMEMBERED) -> None:
        self._repeat_after = repeat_after
        self._remembered = remembered
        self._seen: dict[tuple[int | None, str, object], datetime] = {}

    def is_due(self, principal: Principal, subject_type: str, subject_id: object, now: datetime) -> bool:
        """Whether this view is to be logged; the caller calls ``logged`` when it is."""
        before = self._seen.get((principal.user_id, subject_type, subject_id))
        return before is None or now - before >= self._repeat_after

    def logged(self, principal: Principal, subject_type: str, subject_id: object, now: datetime) -> None:
        """It is in the log; the oldest are forgotten when there are too many."""
        key = (principal.user_id, subject_type, subject_id)
        self._seen.pop(key, None)
        self._seen[key] = now
        while len(self._seen) > self._remembered:
            del self._seen[next(iter(self._seen))]
