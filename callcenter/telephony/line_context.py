"""What the writing side needs to know of a line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LineContext:
    """A line with its record's id.

    ``department_id`` is the department whose name is the line's group; ``bound_agent`` a user name, often empty.
    """

    line_id: int
    name: str
    department_id: int | None = None
    bound_agent: str = ""
    capabilities: tuple[str, ...] = ()
    area_code: str = ""
