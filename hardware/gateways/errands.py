"""What a gateway does later or meanwhile: timers by name, and work that ends with it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

log = Logger()


class Errands:
    """Once stopped it takes nothing more."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._timers: dict[str, IDelayedCall] = {}
        self._work: set[Deferred[Any]] = set()
        self._awaited: set[Deferred[Any]] = set()
        self._finished: Deferred[None] | None = None
        self._stopped = False

    def later(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        """Do ``action`` after ``seconds``, instead of what was to be done under this ``name``."""
        self.cancel(name)
        if not self._stopped:
            self._timers[name] = self._clock.callLater(seconds, self._due, name, action)

    def waits(self, name: str) -> bool:
        """Whether something is to be done under this ``name``."""
        return name in self._timers

    def due(self, name: str) -> float | None:
        """When something is to be done under this ``name``, in seconds of the clock; None: never."""
        timer = self._timers.get(name)
        return None if timer is None else timer.getTime()

    def cancel(self, name: str) -> None:
        """Do nothing under this ``name``."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def run(self, work: Coroutine[Deferred[Any], Any, None], *, awaited: bool = False) -> None:
        """Begin ``work``. A failure is logged. ``finish`` waits for what is ``awaited``: its answer comes only once."""
        working = Deferred.fromCoroutine(work)
        self._work.add(working)
        if awaited:
            self._awaited.add(working)
        working.addBoth(self._done, working)

    def stop(self) -> None:
        """Do nothing later."""
        self._stopped = True
        for name in list(self._timers):
            self.cancel(name)

    async def finish(self, seconds: float) -> None:
        """Wait, no longer than ``seconds``, until no awaited work goes on."""
        if self._awaited:
            self._finished = finished = Deferred[None]()
            await finished.addTimeout(seconds, self._clock, lambda *_: None)

    def abandon(self) -> None:
        """End the work that goes on."""
        for working in list(self._work):
            working.cancel()

    def _due(self, name: str, action: Callable[[], None]) -> None:
        del self._timers[name]
        action()

    def _done(self, result: object, working: Deferred[Any]) -> None:
        self._work.discard(working)
        self._awaited.discard(working)
        if self._finished is not None and not self._awaited and not self._finished.called:
            self._finished.callback(None)
        if isinstance(result, Failure) and not self._stopped:
            log.failure("work of a gateway", failure=result)
