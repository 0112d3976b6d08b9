"""Tells what a gateway brings again from what is new: by its name or time, and without those by what it says. Pure.

Texts of one part that came over a connection have a name of ours where the gateway gives none: see ``brought``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from protocols.sms import TextArrived

SAME_TEXT = timedelta(minutes=1)
"""Where nothing else is known. A short answer may be given twice, so of texts of one part only what follows at once is
taken for a repetition: a text that is shown twice does less harm than one that is lost.
"""
SAME_PART = timedelta(minutes=30)
"""Two long texts of one reference, with a part that is the same, are hardly two; and its other parts are known, so
that it would never be whole. As long as the others are waited for.
"""
_NAME_LENGTH = 64
_OURS = "~"
"""No digest begins so."""


class Mark(NamedTuple):
    """The name ``now`` under which a part is written down, so that it is known when it comes again.

    Where the name is made of the present stretch of time, ``before`` is what it would have been in the stretch before:
    a part of that name is the same if it is not older than ``within``. Empty where the name holds as long as
    the part is kept.
    """

    now: str
    before: str = ""
    within: timedelta = timedelta(0)

    @property
    def names(self) -> tuple[str, ...]:
        """What is to be looked up."""
        return (self.now, self.before) if self.before else (self.now,)

    def is_known(self, found: Mapping[str, datetime], now: datetime) -> bool:
        """``found``: what is written down of ``names``, and when it arrived."""
        return self.now in found or (self.before in found and now - found[self.before] < self.within)


def mark(gateway_id: int, signal: TextArrived, now: datetime) -> Mark:
    """By what the part is known when it comes again."""
    if is_name_of_ours(signal.gateway_id) and signal.link is not None:
        return Mark(signal.gateway_id)
    when = signal.at.isoformat() if signal.at is not None else ""
    if once := signal.gateway_id or when:
        return Mark(_digest(gateway_id, once, when, signal))
    within = SAME_PART if signal.total > 1 else SAME_TEXT
    stretch = int(now.timestamp() // within.total_seconds())
    present, before = (_digest(gateway_id, f"{within}/{each}", when, signal) for each in (stretch, stretch - 1))
    return Mark(present, before, within)


def named_content(gateway_id: int, signal: TextArrived) -> str:
    """The first half of a name of ours: the same for all that say the same. The other half is to be new for each."""
    parts = (gateway_id, signal.sender, signal.recipient, signal.text)
    return _OURS + hashlib.sha256(_plain(parts)).hexdigest()[: _NAME_LENGTH // 2 - len(_OURS)]


def is_name_of_ours(name: str) -> bool:
    """Whether it is one that begins with ``named_content``."""
    return name.startswith(_OURS) and len(name) == _NAME_LENGTH


def piece_name(name: str, place: int) -> str:
    """What a piece is called of what is written down in several; the first one is called as the whole."""
    return name if place == 1 else hashlib.sha256(f"{name} {place}".encode()).hexdigest()


def _digest(gateway_id: int, once: str, when: str, signal: TextArrived) -> str:
    parts = (gateway_id, once, when, signal.sender, signal.reference, signal.position, signal.total, signal.text)
    return hashlib.sha256(_plain(parts)).hexdigest()


def _plain(parts: tuple[object, ...]) -> bytes:
    return repr(parts).encode("utf-8", "surrogatepass")
