"""Hands committed events to the reactor in the order of their numbers, however many threads commit them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from storage.event_log import StoredEvent


@dataclass(eq=False)
class Announced:
    """The events of one transaction: ``over`` when its commit or roll-back is known, ``taken`` when the events were
    given to be delivered, or never will be.
    """

    events: Sequence[StoredEvent]
    over: bool = False
    taken: bool = False


class EventDelivery:
    """A reorder buffer between the writing threads and the reactor. Every method may be called from any thread.

    A transaction announces its events while it still holds the counter row, so whoever has lower numbers has announced
    before. After the commit it says so; two threads may say so in the wrong order, and then the higher numbers wait
    here for the lower. Numbers that other nodes took are no gap: only announced ones are waited for. After a roll-back
    the next transaction has the same numbers, so it is the transactions that are told apart, not their numbers.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._announced: deque[Announced] = deque()
        self._ready: list[Announced] = []

    def announce(self, events: Sequence[StoredEvent]) -> Announced | None:
        """These numbers were taken; their commit or roll-back will be told. None when there are no events."""
        if not events:
            return None
        announced = Announced(events)
        with self._lock:
            self._announced.append(announced)
        return announced

    def committed(self, announced: Announced) -> None:
        """They are true now, and may be delivered when all that were announced before are over."""
        self._end(announced, announced.events)

    def abandoned(self, announced: Announced) -> None:
        """They were rolled back; their numbers will be given again."""
        self._end(announced, ())

    def _end(self, announced: Announced, events: Sequence[StoredEvent]) -> None:
        with self._lock:
            announced.events, announced.over = events, True
            while self._announced and self._announced[0].over:
                self._ready.append(self._announced.popleft())

    def take(self) -> list[StoredEvent]:
        """What may be delivered now, in order."""
        with self._lock:
            ready, self._ready = self._ready, []
            for one in ready:
                one.taken = True
        return [event for one in ready for event in one.events]
