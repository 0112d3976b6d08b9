"""How far the steady clock of a line host is from the server's clock, by questions and answers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_KEPT = 12
"""Measurements; with one every 5 s, those of the last minute. Clocks drift apart."""


@dataclass(frozen=True)
class _Measurement:
    took: float
    offset: float


class Offset:
    """Measured over one connection. Of the last measurements the one that took the shortest time counts."""

    def __init__(self, now: float, at: float) -> None:
        """The host said at ``at`` on its clock what arrives ``now``; that is all that is known at first."""
        self._first = now - at
        self._measured: deque[_Measurement] = deque(maxlen=_KEPT)

    def answered(self, sent: float, at: float, now: float) -> None:
        """What was asked at ``sent`` and answered at ``at`` on the host's clock arrived ``now``."""
        if sent <= now:
            self._measured.append(_Measurement(now - sent, (sent + now) / 2 - at))

    @property
    def seconds(self) -> float:
        """To be added to the host's clock."""
        best = min(self._measured, key=lambda one: one.took, default=None)
        return self._first if best is None else best.offset
