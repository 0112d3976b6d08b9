"""Publish and subscribe: who wants to hear of committed events says so here.

The commit is the truth; the bus only says "look". What is lost with the process is asked for again by sequence number,
so an implementation delivers at least once, in the order of publishing, and never a failure of one listener to another.
Every implementation passes the suite in ``tests/callcenter/bus_contract.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.logger import Logger

from storage.event_log import StoredEvent

EventListener = Callable[[Sequence[StoredEvent]], None]
"""Is told in one call of what became true together, in order."""
Unsubscribe = Callable[[], None]

_log = Logger(namespace="callcenter.bus")


class EventBus(Protocol):
    """What services and sockets see of the bus. Everything happens in the reactor's thread."""

    def subscribe(self, listener: EventListener) -> Unsubscribe:
        """Tell ``listener`` of all events from now on, until the returned function is called (twice does no harm)."""
        ...

    def publish(self, events: Sequence[StoredEvent]) -> None:
        """Tell all listeners of ``events``, at least one. Raises nothing: a failing listener is logged."""
        ...


class LocalBus:
    """The bus of a single node: a list of listeners, called at once."""

    def __init__(self) -> None:
        self._listeners: dict[object, EventListener] = {}

    def subscribe(self, listener: EventListener) -> Unsubscribe:
        """See ``EventBus``. The same listener may subscribe twice and is then told twice."""
        key = object()
        self._listeners[key] = listener

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe

    def publish(self, events: Sequence[StoredEvent]) -> None:
        """See ``EventBus``."""
        for key, listener in list(self._listeners.items()):
            # An earlier listener may have ended this one's subscription.
            if key in self._listeners:
                _tell(listener, events)


def _tell(listener: EventListener, events: Sequence[StoredEvent]) -> None:
    try:
        listener(events)
    except Exception:  # noqa: BLE001 - whatever a listener does wrong, the others must still hear
        _log.failure("a listener failed on events {first} to {last}", first=events[0].seq, last=events[-1].seq)
