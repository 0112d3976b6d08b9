"""The names that gateways give to parts, as we compare them."""

from __future__ import annotations

import re

from protocols.text import clean_text

_REF_LENGTH = 70
_HEX = re.compile(r"[0-9a-f]{1,16}")


def canonical_ref(name: str) -> str | None:
    """A gateway's name for a part as we compare it: in lower case, without leading zeros and blanks, as long as its
    column at most; None: no name. What was canonical stays as it is.
    """
    # Nothing of what is cleaned away is a letter or a digit, of which most names consist.
    cleaned = name if name.isalnum() else clean_text(name, len(name))
    if not cleaned:
        return None
    # Cut at the very end: a letter may be two in lower case.
    return cleaned.lower().lstrip("0 ")[:_REF_LENGTH].rstrip() or "0"


def other_spellings(ref: str) -> tuple[str, ...]:
    """The same number in the other base: gateways answer in one and report in the other."""
    if not _HEX.fullmatch(ref):
        return ()
    spelt = [str(int(ref, 16))]
    if ref.isdigit():
        spelt.append(f"{int(ref):x}")
    return tuple(one for one in spelt if one != ref)
