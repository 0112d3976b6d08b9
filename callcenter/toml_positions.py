"""Where each key of a TOML document stands: the standard parser tells values but not lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

KeyPath = tuple[str | int, ...]

_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]\s*(?:#.*)?$")
_ARRAY_TABLE = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=(.*)$", re.DOTALL)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Path of every table and key → its line number, from 1. ``text`` must be valid TOML.

    The entries of an array of tables are numbered from 0: ``("lines", 1, "port")``. Keys inside an inline table are
    not listed; ask for the key that holds it.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement in _statements(text):
        if match := _ARRAY_TABLE.match(statement):
            array = _resolve(_parts(match[1]), counts)
            counts[array] = counts.get(array, 0) + 1
            table = (*array, counts[array] - 1)
            lines.setdefault(array, number)
            lines[table] = number
        elif match := _TABLE.match(statement):
            table = _resolve(_parts(match[1]), counts)
            lines[table] = number
        elif match := _KEY.match(statement):
            lines[(*table, *_parts(match[1]))] = number
    return lines


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """The line of ``path``, or of the nearest thing around it; None when even its table is absent."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header or assignment with the number of its first line; a value may take several lines."""
    pending = ""
    started = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        started = started if pending else number
        pending = f"{pending}\n{line}" if pending else line
        if _complete(pending):
            yield started, pending
            pending = ""


def _complete(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _parts(dotted: str) -> KeyPath:
    """``a."b.c"`` → ``("a", "b.c")``, by the real parser."""
    value: Any = tomllib.loads(f"{dotted} = 0")
    parts: list[str] = []
    while value != 0:
        key, value = next(iter(value.items()))
        parts.append(key)
    return tuple(parts)


def _resolve(parts: KeyPath, counts: Mapping[KeyPath, int]) -> KeyPath:
    """A header below an array of tables means the array's last entry."""
    path: KeyPath = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if path in counts and position < len(parts) - 1:
            path = (*path, counts[path] - 1)
    return path
