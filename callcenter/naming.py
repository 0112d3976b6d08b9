"""How views name what a record refers to: a person, a department, a gateway."""

from __future__ import annotations

from typing import Any


def named(key: int | None, name: str | None) -> dict[str, Any] | None:
    """Its id and name; None where there is none."""
    return None if key is None else {"id": key, "name": name or ""}
