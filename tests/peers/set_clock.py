"""A clock that the test moves, beside a wall that somebody sets."""

from __future__ import annotations

from datetime import datetime

from twisted.internet.task import Clock
from zope.interface import implementer

from protocols.clocks import IWallTime

_ELSEWHERE = -1_000_000_000.0
"""Whoever takes one time for the other is thirty years off."""


@implementer(IWallTime)
class SetClock(Clock):
    """Shows ``now`` at first. Time goes on by ``advance`` as on every clock; ``set`` moves the wall alone."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.rightNow = now.timestamp()
        self._ahead = 0.0

    def seconds(self) -> float:
        """Steady, from anywhere."""
        return self.rightNow + _ELSEWHERE

    def wall_seconds(self) -> float:
        """See ``IWallTime``."""
        return self.rightNow + self._ahead

    def set(self, by: float) -> None:
        """Somebody sets the wall forward, or back where ``by`` is less than nothing; in seconds."""
        self._ahead += by
