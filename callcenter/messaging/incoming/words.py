"""Reading what a whole text says: whether it is one of the words that stop messages, or a keyword of an answer."""

from __future__ import annotations

import unicodedata

OPT_OUT_WORDS = frozenset({"t", "td", "r", "n", "退订", "stop", "unsubscribe", "cancel", "end", "quit"})
"""Chinese networks want 退订, T, TD, R and N understood; the others are those of the CTIA (Messaging
Principles and Best Practices, section 5.1.3)."""

_LONGEST = 200


def plain_word(text: str) -> str:
    """``text`` in lower case and half width, without blanks and signs at its ends; empty for what is no short word."""
    if len(text) > _LONGEST:
        return ""
    unified = unicodedata.normalize("NFKC", text).casefold()
    start, end = 0, len(unified)
    while start < end and not _says(unified[start]):
        start += 1
    while end > start and not _says(unified[end - 1]):
        end -= 1
    return unified[start:end]


def is_opt_out(text: str) -> bool:
    """Whether the whole of ``text`` asks for no more messages; "got to STOP this" does not."""
    return plain_word(text) in OPT_OUT_WORDS


def _says(sign: str) -> bool:
    """Letters and digits say something; blanks, punctuation, symbols and invisible signs do not."""
    return unicodedata.category(sign)[0] in "LN"
