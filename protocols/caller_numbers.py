"""Caller numbers as networks and boxes write them, and the many words for not telling."""

from __future__ import annotations

import re

from protocols.signals import AbsentReason

MAX_NUMBER = 40
"""Longest number passed on, in characters."""

# As sent by exchanges and rewritten by modem firmware; compared without case, blanks and hyphens.
_WORDS: dict[str, AbsentReason] = {
    **dict.fromkeys(
        (
            *("P", "PRIVATE", "RESTRICTED", "PRIVDIROFF", "ANONYMOUS", "WITHHELD", "BLOCKED"),
            *("PRIVATENUMBER", "PRIVATENAME", "PRIVATECALLER"),
        ),
        AbsentReason.PRIVATE,
    ),
    **dict.fromkeys(
        (
            *("", "O", "OUTOFAREA", "UNAVAILABLE", "UNKNOWN", "NONUMBER", "NONAME", "NOCALLERID", "S"),
            *("UNKNOWNNUMBER", "UNKNOWNNAME", "UNKNOWNCALLER"),
        ),
        AbsentReason.UNAVAILABLE,
    ),
}
_SEPARATORS = re.compile(r"[\s._-]")
_ALL_ZEROS = re.compile(r"0{5,}")


def absent_reason(value: str) -> AbsentReason | None:
    """Why ``value`` is not a number or name, or None if it is one.

    >>> absent_reason("PrivDirOff")
    <AbsentReason.PRIVATE: 'private'>
    """
    return _WORDS.get(_SEPARATORS.sub("", value).upper())


def read_number(value: str) -> tuple[str, AbsentReason | None]:
    """Number as sent, or empty with the reason. Anything without a digit is no number."""
    reason = absent_reason(value)
    if reason is not None:
        return "", reason
    if _ALL_ZEROS.fullmatch(value) or not any(char in "0123456789" for char in value):
        return "", AbsentReason.UNAVAILABLE
    return value[:MAX_NUMBER].rstrip(), None
