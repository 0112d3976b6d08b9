"""Notices that one turn of the reactor took too long, and where."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

_log = Logger(namespace="callcenter.watchdog")

STACK_DEPTH = 12
# Where a reactor with nothing to do is found: late there means that the machine was busy, not we.
_WAITING = frozenset({"doPoll", "doSelect"})


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
        if frame is not None and frame.f_code.co_name not in _WAITING:
            summary = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
            self._stack = " < ".join(f"{entry.filename}:{entry.lineno} {entry.name}" for entry in summary[:STACK_DEPTH])


class StallWatchdog:
    """Beats twice per ``limit`` seconds; a beat that is late by more than ``limit`` means that a turn took that long.

    A beat that is late because the machine gave us no time is nobody's fault: with a ``sampler``, a stall is told only
    if the sampler found the thread at work, or the thread used that much processor time (a long call into C lets no
    other thread look). ``on_stall`` hears the seconds. A turn between one and one and a half limits may go unseen.
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
        self._used = 0.0
        self._loop = LoopingCall(self._beat)
        self._loop.clock = clock

    def start(self) -> None:
        """Begin on the thread to be watched."""
        if self._sampler is not None:
            self._sampler.start()
        self._last = self._clock.seconds()
        self._used = time.thread_time()
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
        used = time.thread_time() - self._used
        self._last, self._used = now, self._used + used
        where = self._sampler.beat() if self._sampler is not None else ""
        ours = self._sampler is None or bool(where) or used > self._limit
        if late > self._limit and ours:
            _log.warn(
                "the reactor stood still for {seconds:.3f} s {where}", seconds=late, where=where and f"in {where}"
            )
            self._on_stall(late)
