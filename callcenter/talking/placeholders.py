"""The placeholders of call scripts; how they are written and read is said in ``callcenter.placeholders``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter.placeholders import pieces
from callcenter.text import N_

NAMES: Mapping[str, str] = {
    "patient.name": N_("patient name"),
    "agent.name": N_("agent name"),
    "hospital": N_("hospital name"),
}
"""All there are, and what they are called; what a name stands for may be empty in a call."""


@dataclass(frozen=True)
class Part:
    """A piece of a filled text. ``placeholder`` is whose value it is, empty for what stands in the text itself."""

    text: str
    placeholder: str = ""


def fill(text: str, values: Mapping[str, str]) -> list[Part]:
    """``text`` in parts. A value is never looked at again, whatever braces are in it; other braces stay as they are."""
    parts: list[Part] = []
    plain = ""
    for written, name in pieces(text):
        if name is not None and name in NAMES:
            parts += [Part(plain), Part(values.get(name, ""), name)]
            plain = ""
        else:
            plain += written
    parts.append(Part(plain))
    return [part for part in parts if part.text or part.placeholder]
