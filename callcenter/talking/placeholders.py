"""Placeholders in a text that people write: ``{patient.name}``. A closed list of names, and nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAMES = ("patient.name", "agent.name", "hospital")
"""All there are; what a name stands for may be empty in a call."""

_ANY = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Part:
    """A piece of a filled text. ``placeholder`` is whose value it is, empty for what stands in the text itself."""

    text: str
    placeholder: str = ""


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and is no placeholder, each once, in the order of the text."""
    return list(dict.fromkeys(name for name in _ANY.findall(text) if name not in NAMES))


def fill(text: str, values: Mapping[str, str]) -> list[Part]:
    """``text`` in parts. A value is never looked at again, whatever braces are in it; other braces stay as they are."""
    parts: list[Part] = []
    position = 0
    for found in _ANY.finditer(text):
        if found[1] in NAMES:
            parts += [Part(text[position : found.start()]), Part(values.get(found[1], ""), found[1])]
            position = found.end()
    parts.append(Part(text[position:]))
    return [part for part in parts if part.text or part.placeholder]
