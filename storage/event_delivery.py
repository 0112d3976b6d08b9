"""Hands committed events to the reactor in the order of their numbers, however many threads commit them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from threading import Lock

from storage.event_log import StoredEvent


class EventDelivery:
    """A reorder buffer between the writing threads and the reactor. Every method may be called from any thread.

    A transaction announces its events while it still holds the counter row, so whoever has lower numbers has announced
    before. After the commit it says so; two threads may say so in the wrong order, and then the higher numbers wait
    here for the lower. Numbers that other nodes took are no gap: only announced ones are waited for.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._announced: list[int] = []
        self._resolved: dict[int, Sequence[StoredEvent]] = {}
        self._ready: list[StoredEvent] = []

    def announce(self, events: Sequence[StoredEvent]) -> None:
        """These numbers were taken; their commit or roll-back will be told."""
        if events:
            with self._lock:
                heapq.heappush(self._announced, events[0].seq)

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """They are true now, and may be delivered when every lower one is resolved."""
        self._resolve(events, events)

    def abandoned(self, events: Sequence[StoredEvent]) -> None:
        """They were rolled back; their numbers will be given again."""
        self._resolve(events, ())

    def _resolve(self, events: Sequence[StoredEvent], outcome: Sequence[StoredEvent]) -> None:
        if not events:
            return
        with self._lock:
            self._resolved[events[0].seq] = outcome
            while self._announced and self._announced[0] in self._resolved:
                self._ready.extend(self._resolved.pop(heapq.heappop(self._announced)))

    def take(self) -> list[StoredEvent]:
        """What may be delivered now, in order."""
        with self._lock:
            ready, self._ready = self._ready, []
        return ready
