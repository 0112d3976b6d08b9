"""The one place where a coroutine is started without somebody awaiting it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

_log = Logger(namespace="callcenter.tasks")

PAUSE_SECONDS = 1.0
"""After a failure, before what is owed is tried again."""


class TaskTracker:
    """Starts coroutines, logs those that fail, and waits for the rest on stop. ``name`` appears in the log."""

    def __init__(self, name: str, reactor: IReactorTime) -> None:
        self._name = name
        self._reactor = reactor
        self._running: set[Deferred[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run ``coroutine``; its failure is logged, its result dropped. After ``drain`` it is not begun at all."""
        if self._closed:
            coroutine.close()
            _log.warn("{name}: a task was not started because the service is stopping", name=self._name)
            return
        task = Deferred.fromCoroutine(coroutine)
        self._running.add(task)
        task.addErrback(self._failed)
        task.addBoth(lambda _: self._running.discard(task))

    async def drain(self, deadline: float) -> None:
        """Start nothing more; wait up to ``deadline`` seconds for what runs, then cancel it.

        When this is cancelled itself, nothing is waited for any more, and what runs is cancelled at once.
        """
        self._closed = True
        if not self._running:
            return
        done: Deferred[None] = Deferred()
        left = set(self._running)

        def one_less(result: Any, task: Deferred[Any]) -> Any:
            left.discard(task)
            if not left and not done.called:
                done.callback(None)
            return result

        for task in list(self._running):
            task.addBoth(one_less, task)
        timer = self._reactor.callLater(deadline, self._cancel, left)
        try:
            await done
        except CancelledError:
            # Nobody would come back to end it.
            self._cancel(left)
            raise
        finally:
            if timer.active():
                timer.cancel()

    def _cancel(self, left: set[Deferred[Any]]) -> None:
        _log.warn("{name}: {count} tasks did not finish in time", name=self._name, count=len(left))
        for task in list(left):
            task.cancel()

    def _failed(self, failure: Failure) -> None:
        if not issubclass(failure.type or Exception, CancelledError):
            _log.failure("{name}: a task failed", failure, name=self._name)


class Periodic:
    """Runs an async function every ``seconds``, never twice at a time; a failure is logged and does not end it.

    The next run begins ``seconds`` after the end of the one before, so slow runs cannot pile up.
    """

    def __init__(self, reactor: IReactorTime, seconds: float, function: Callable[[], Awaitable[None]]) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._function = function
        self._timer: DelayedCall | None = None
        self._current: Deferred[None] | None = None
        self._stopped = True

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._current is not None

    def start(self) -> None:
        """Run for the first time after ``seconds``."""
        self._stopped = False
        self._schedule()

    async def stop(self) -> None:
        """Run no more; wait for a run that is under way."""
        self._stopped = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._current is not None:
            finished: Deferred[None] = Deferred()
            self._current.addBoth(lambda _: finished.callback(None))
            await finished

    def _schedule(self) -> None:
        if not self._stopped:
            # The interface is all that is asked of a clock; what comes back is a DelayedCall or its like.
            self._timer = self._reactor.callLater(self._seconds, self._begin)  # type: ignore[assignment]

    def _begin(self) -> None:
        self._current = current = Deferred.fromCoroutine(self._run())
        current.addBoth(self._finished)

    async def _run(self) -> None:
        try:
            await self._function()
        except Exception:  # noqa: BLE001 - one bad run must not be the last
            _log.failure("a periodic task failed; it is tried again in {seconds} s", seconds=self._seconds)

    def _finished(self, _: object) -> None:
        self._current = None
        self._schedule()


def periodic(reactor: IReactorTime, seconds: float, function: Callable[[], Awaitable[None]]) -> Periodic:
    """A started ``Periodic``."""
    task = Periodic(reactor, seconds, function)
    task.start()
    return task


def pause(reactor: IReactorTime, seconds: float) -> Deferred[None]:
    """A Deferred that fires after ``seconds``; cancelling it cancels the timer."""
    timer: Any = None
    waiting: Deferred[None] = Deferred(lambda _: timer.cancel() if timer is not None and timer.active() else None)
    timer = reactor.callLater(seconds, waiting.callback, None)
    return waiting
