"""Notices that one turn of the reactor took too long, and where."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

_log = Logger(namespace="callcenter.watchdog")

STACK_DEPTH = 12
LOOK = signal.SIGVTALRM
"""Has the main thread look where it is. Nobody else uses it: it is of a timer that nothing sets."""
_MAIN = threading.main_thread().ident or 0
# Where a reactor with nothing to do is found: late there means that the machine was busy, not we.
_WAITING = frozenset({"doPoll", "doSelect"})


class StackSampler:
    """Keeps the stack of the main thread as it was ``after`` seconds without a beat: the culprit's address.

    A thread of its own counts the seconds and has the main thread look at itself, by ``LOOK``. From outside it would
    read a stack that goes on meanwhile; a daemon that did crashed once, in ``PyFrame_GetBack`` of Python 3.11.7.
    """

    def __init__(self, after: float) -> None:
        self._after = after
        self._beat = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._stack = ""
        self._handled: Any = None

    def start(self) -> None:
        """Watch the calling thread, which is the main one, from now on."""
        self._handled = signal.signal(LOOK, self._look)
        # What waits in C goes on waiting.
        signal.siginterrupt(LOOK, False)
        self._thread = threading.Thread(target=self._run, name="stall-sampler", daemon=True)
        self._thread.start()

    def beat(self) -> str:
        """The watched thread is alive. Returns the stack of the stall that just ended, empty when there was none."""
        self._beat.set()
        stack, self._stack = self._stack, ""
        return stack

    def stop(self) -> None:
        """End the thread; to be called where it was started."""
        if self._thread is None:
            return
        self._stopped = True
        self._beat.set()
        self._thread.join()
        self._thread = None
        signal.signal(LOOK, self._handled)

    def _run(self) -> None:
        while not self._stopped:
            if self._beat.wait(self._after):
                self._beat.clear()
            else:
                self._sample()
                self._beat.wait()

    def _sample(self) -> None:
        signal.pthread_kill(_MAIN, LOOK)

    def _look(self, _number: int, frame: FrameType | None) -> None:
        # Between two instructions of the main thread, or when a call into C is over.
        if frame is not None and frame.f_code.co_name not in _WAITING and not self._beat.is_set():
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
