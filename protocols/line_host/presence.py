"""Whether somebody at the far end of a connection, or of several one after another, is still heard of."""

from __future__ import annotations

import enum


class Absence(enum.Enum):
    """What the time without a word has come to."""

    SILENT = enum.auto()
    """Nothing was heard for a while."""
    GONE = enum.auto()
    """Nothing more is expected."""


class Presence:
    """``silence`` and ``patience`` are in seconds since the last word. Before the first word nobody is missed."""

    def __init__(self, silence: float, patience: float) -> None:
        self._after = {Absence.SILENT: silence, Absence.GONE: patience}
        self._noticed = set(Absence)
        self.contact = 0.0

    def heard(self, now: float) -> None:
        """A word."""
        self.contact = now
        self._noticed.clear()

    def noticed(self, now: float) -> list[Absence]:
        """What is to be noticed by ``now`` and was not before."""
        due = [one for one in Absence if one not in self._noticed and now >= self.contact + self._after[one]]
        self._noticed.update(due)
        return due

    def deadline(self) -> float | None:
        """When there may be something to notice."""
        left = [self.contact + self._after[one] for one in Absence if one not in self._noticed]
        return min(left, default=None)


class Pace:
    """At most ``most`` messages in each second."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = 0
        self._count = 0

    def keeps(self, now: float) -> bool:
        """Whether one more message is within the limit."""
        if self._second != int(now):
            self._second, self._count = int(now), 0
        self._count += 1
        return self._count <= self._most
