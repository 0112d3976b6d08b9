"""What is odd about a gateway, for the log: one that sends the same nonsense without end fills no disk."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

SILENCE = 60.0
"""Seconds in which the same is told once."""

_log = Logger(namespace="hardware.gateways")


class Doubts:
    """Of the gateway ``name``. What is told is one of a few sentences of ours."""

    def __init__(self, name: str, clock: IReactorTime) -> None:
        self._name = name
        self._clock = clock
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def tell(self, doubt: str) -> None:
        """Log ``doubt``, and how often it was not since it was the last time."""
        now = self._clock.seconds()
        if now < self._told.get(doubt, float("-inf")) + SILENCE:
            self._untold[doubt] = self._untold.get(doubt, 0) + 1
            return
        self._told[doubt] = now
        if more := self._untold.pop(doubt, 0):
            _log.warn("gateway {name}: {doubt}, and {more} times before", name=self._name, doubt=doubt, more=more)
        else:
            _log.warn("gateway {name}: {doubt}", name=self._name, doubt=doubt)
