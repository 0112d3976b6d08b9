"""UCS2 as phones write it, which is UTF-16 (3GPP TS 23.038, section 6.2.3), and what of it stands in two parts.

A character of two units, such as an emoji, may end one part and begin the next: each has half of it, which is no text.
"""

from __future__ import annotations

import re

_HALVES = re.compile("([\ud800-\udfff])")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def decode(data: bytes, *, is_part: bool) -> str:
    """The words in ``data``; what is wrong is U+FFFD. In a part of a long text halves of characters stay, to be
    ``joined``.
    """
    whole = len(data) // 2 * 2
    text = data[:whole].decode("utf-16-be", "surrogatepass") + _REPLACEMENT * (len(data) - whole)
    return text if is_part else _HALVES.sub(_REPLACEMENT, text)


def split_halves(text: str) -> list[str]:
    """``text`` in pieces: those at odd places are halves of characters, and there are none in the others."""
    return _HALVES.split(text)


def joined(text: str) -> str:
    """``text`` with halves that follow each other made whole, and single ones U+FFFD."""
    return decode(text.encode("utf-16-be", "surrogatepass"), is_part=False)
