"""What an Asterisk manager connection carries, as frozen messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Banner:
    """The first line of a connection. ``version`` is that of the interface, not of Asterisk: ``5.0.2``."""

    version: str


@dataclass(frozen=True)
class Block:
    """One event or response: its fields in order, keys as sent, repeated ones kept.

    Keys are compared without case: Asterisk wrote ``UniqueID`` and ``Uniqueid`` in different years.
    """

    fields: tuple[tuple[str, str], ...]

    @cached_property
    def _first(self) -> Mapping[str, str]:
        return {key.lower(): value for key, value in reversed(self.fields)}

    def get(self, key: str) -> str:
        """The first value of ``key``, empty without one."""
        return self._first.get(key.lower(), "")

    def all(self, key: str) -> tuple[str, ...]:
        """Every value of ``key``, in order."""
        return tuple(value for name, value in self.fields if name.lower() == key.lower())

    @property
    def event(self) -> str:
        """The event's name, empty for a response."""
        return self.get("Event")

    @property
    def response(self) -> str:
        """``Success``, ``Error``, ``Goodbye`` …; empty for an event that has no such field."""
        return self.get("Response")


Message = Banner | Block
