"""When pages are told: a ringing telephone at once, all else in company.

To tell two hundred pages costs the same whether they are told one thing or five. So what changes shortly after
something was told waits a moment for more, and goes along at once when a telephone rings. Where little happens nothing
waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from callcenter.events import URGENT_TYPES
from storage.event_log import StoredEvent

INTERVAL = 0.05
"""Seconds between two tellings, unless a telephone rings: shorter than anybody can see."""


class Pacer:
    """Gives events on to ``tell`` in their order, several together when they come thick and fast."""

    def __init__(self, clock: IReactorTime, tell: Callable[[Sequence[StoredEvent]], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._held: list[StoredEvent] = []
        self._told_at = float("-inf")
        self._timer: IDelayedCall | None = None

    def publish(self, events: Sequence[StoredEvent]) -> None:
        """Take events; at least one."""
        self._held.extend(events)
        wait = self._told_at + INTERVAL - self._clock.seconds()
        if wait <= 0 or any(event.type in URGENT_TYPES for event in events):
            self.flush()
        elif self._timer is None:
            self._timer = self._clock.callLater(wait, self._due)

    def flush(self) -> None:
        """Tell what is held now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held:
            held, self._held = self._held, []
            self._told_at = self._clock.seconds()
            self._tell(held)

    def _due(self) -> None:
        self._timer = None
        self.flush()
