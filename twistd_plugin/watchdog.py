"""Notices that one turn of the reactor took too long, and where."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

_log = Logger(namespace="callcenter.watchdog")

STACK_DEPTH = 12


class StackSampler:
    """A thread that keeps the reactor's stack as it was ``after`` seconds without a beat: the culprit's address."""

    def __init__(self, after: float) -> None:
        self._after = after
        self._beat = threading.Event()
        self._stopped = False
        self._watched = 0
        self._thread: threading.Thread | None = None
        self._stack = ""

    def start(self) -> None:
        """Watch the calling thread from now on."""
        self._watched = threading.get_ident()
        self._thread = threading.Thread(target=self._run, name="stall-sampler", daemon=True)
        self._thread.start()

    def beat(self) -> str:
        """The watched thread is alive. Returns the stack of the stall that just ended, empty when there was none."""
        stack, self._stack = self._stack, ""
        self._beat.set()
        return stack

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._beat.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            if self._beat.wait(self._after):
                self._beat.clear()
            else:
                self._sample()
                self._beat.wait()

    def _sample(self) -> None:
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - the documented way to another thread's stack
        if frame is not None:
            summary = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
            self._stack = " < ".join(f"{entry.filename}:{entry.lineno} {entry.name}" for entry in summary[:STACK_DEPTH])


class StallWatchdog:
    """Beats twice per ``limit`` seconds; a beat that is late by more than ``limit`` means that a turn took that long.

    ``on_stall`` hears the seconds. A turn between one and one and a half limits may go unseen, a longer one never.
    """

    def __init__(
        self,
        clock: IReactorTime,
        limit: float,
        on_stall: Callable[[float], None],
        sampler: StackSampler | None = None,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._interval = limit / 2
        self._on_stall = on_stall
        self._sampler = sampler
        self._last = 0.0
        self._loop = LoopingCall(self._beat)
        self._loop.clock = clock

    def start(self) -> None:
        """Begin on the thread to be watched."""
        if self._sampler is not None:
            self._sampler.start()
        self._last = self._clock.seconds()
        self._loop.start(self._interval, now=False).addErrback(
            lambda failure: _log.failure("the watchdog died", failure=failure)
        )

    def stop(self) -> None:
        """Watch no more."""
        if self._loop.running:
            self._loop.stop()
        if self._sampler is not None:
            self._sampler.stop()

    def _beat(self) -> None:
        now = self._clock.seconds()
        late = now - self._last - self._interval
        self._last = now
        where = self._sampler.beat() if self._sampler is not None else ""
        if late > self._limit:
            _log.warn(
                "the reactor stood still for {seconds:.3f} s {where}", seconds=late, where=where and f"in {where}"
            )
            self._on_stall(late)
