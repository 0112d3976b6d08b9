"""What a line host has to report of one line and the server has not written down yet."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from protocols.line_host.messages import Report, What

OLDEST = 30 * 86_400.0
"""Seconds. Whatever a clock of the day says beyond that, it says because it was set."""


@dataclass(frozen=True)
class Moment:
    """The same moment on two clocks, in seconds: a steady one that counts from anywhere, and that of the day."""

    steady: float
    wall: float


@dataclass(frozen=True)
class Item:
    """News of a line. ``ordinal`` is its place among those of all lines, upwards.

    ``steady`` is None for one of an earlier run of the host, whose steady clock means nothing any more.
    """

    ordinal: int
    line: str
    source: str
    number: int
    wall: float
    steady: float | None
    news: What

    def report(self, now: Moment, began: float) -> Report:
        """As it is sent at ``now``; the run ``began`` then on the steady clock, before which earlier runs were."""
        at = self.steady
        if at is None:
            age = now.wall - self.wall
            at = min(began, now.steady - age) if 0 <= age <= OLDEST else began
        return Report(self.line, self.source, self.number, at, self.news)


class Outbox:
    """The items of one line in their order, at most ``most``; ``sent`` of them have gone over this connection."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: deque[Item] = deque()
        self.sent = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def all_sent(self) -> bool:
        """Whether nothing waits to be sent."""
        return self.sent == len(self._items)

    def add(self, item: Item) -> Item | None:
        """One more; gives the oldest, which was dropped for it, if there is no room."""
        self._items.append(item)
        if len(self._items) <= self._most:
            return None
        self.dropped += 1
        self.sent = max(0, self.sent - 1)
        return self._items.popleft()

    def send_next(self) -> Item:
        """The next that was not sent yet, which counts as sent now; there must be one."""
        item = self._items[self.sent]
        self.sent += 1
        return item

    def rewind(self) -> None:
        """The connection is gone: what was sent may not have arrived."""
        self.sent = 0

    def written(self, source: str, number: int) -> list[int]:
        """The server has written down the item of this number and all before it; the ordinals of what may go."""
        covered = [
            place for place, item in enumerate(self._items, 1) if item.source == source and item.number <= number
        ]
        gone = [self._items.popleft().ordinal for _ in range(covered[-1] if covered else 0)]
        self.sent = max(0, self.sent - len(gone))
        return gone
