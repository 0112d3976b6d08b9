"""Mappings as people write them, one ``name = value`` a line, for settings that are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.sayings import Said, Saying


def mapping_of(lines: str) -> dict[str, str]:
    """What ``lines`` say; empty ones nothing. ``ValueError`` for a line of another form, or a name that comes twice."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines.splitlines(), start=1):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not name or not sign:
            raise ValueError(Said(Saying.LINE_FORM, number=number))
        if name in found:
            raise ValueError(Said(Saying.LINE_TWICE, number=number, name=name))
        found[name] = value
    return found


def lines_of(mapping: Mapping[str, Any]) -> str:
    """``mapping`` as it is written; what codes mean (``refusal``, ``words``) in a row."""
    return "\n".join(f"{name} = {_written(value)}".rstrip() for name, value in mapping.items())


def writable(text: str) -> bool:
    """Whether ``text`` can be a name or value in a line: one line, without blanks at its ends."""
    return text == text.strip() and len(text.splitlines()) <= 1


def _written(value: Any) -> str:
    return f"{value['refusal']} {value.get('words', '')}" if isinstance(value, Mapping) else str(value)
