"""DTMF caller id: the keys that were heard in, the caller out. Pure.

A code is a start, the number, and an end. Exchanges differ in which of ``A B C D * #`` they begin and end with; most
Chinese ones send ``D`` or ``A``, the number, and ``C`` or ``#``. Where there is no number, a short code says why (as
Asterisk reads them)::

    D13800138000C    A13800138000#    B00C not available    B10C private    D1# private    D2# D3# not available

No telephone has keys A to D, so what begins with one was not dialled by anybody in the house.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.signals import AbsentReason, CallerIdentified

MAX_KEYS = 32
"""Longest code read, in keys."""

_CODE = re.compile(r"([ABCD*#]?)([0-9]*)([ABCD*#]?)$")
_MIN_NUMBER = 3
_PRIVATE_CODES = frozenset({("B", "10"), ("D", "1")})
_SHORT_CODE = {"B": 2, "D": 1}
_ENDS = frozenset("C#")


@dataclass(frozen=True)
class DtmfCallerId:
    """What a code says. ``certain`` if no telephone could have dialled it."""

    number: str
    absent: AbsentReason | None
    certain: bool

    def signal(self) -> CallerIdentified:
        """What the line reports about it."""
        return CallerIdentified(self.number, absent=self.absent)


def read_caller_id(keys: str) -> DtmfCallerId | None:
    """Caller of the code at the end of ``keys`` (of ``0-9 A-D * #``), None if there is none.

    >>> read_caller_id("D13800138000C")
    DtmfCallerId(number='13800138000', absent=None, certain=True)
    """
    match = _CODE.search(keys[-MAX_KEYS:])
    if match is None:
        return None
    start, number, end = match.groups()
    certain = start in ("A", "B", "C", "D")
    if len(number) >= _MIN_NUMBER:
        return DtmfCallerId(number, None, certain)
    if not certain or not (end or len(number) == _SHORT_CODE.get(start)):
        return None
    private = (start, number) in _PRIVATE_CODES
    return DtmfCallerId("", AbsentReason.PRIVATE if private else AbsentReason.UNAVAILABLE, certain)


def is_complete(keys: str) -> bool:
    """Whether nothing can follow ``keys`` any more."""
    return keys[-1:] in _ENDS and len(keys) > 1 and read_caller_id(keys) is not None
