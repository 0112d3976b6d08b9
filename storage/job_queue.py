"""What waits to be written: urgent jobs first, but the others not for ever."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock

from storage.work import Job

PATIENCE = 0.25
"""Seconds after which a job that is not urgent goes before urgent ones."""


class JobQueue:
    """Jobs in the order of coming, urgent ones before the others. Every method may be called from any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._urgent: deque[Job] = deque()
        self._others: deque[tuple[float, Job]] = deque()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    def add(self, job: Job) -> None:
        """Let ``job`` wait."""
        with self._lock:
            if job.urgent:
                self._urgent.append(job)
            else:
                self._others.append((self._now(), job))

    def take(self) -> Job | None:
        """The job whose turn it is; None when nothing waits."""
        with self._lock:
            if self._urgent and not self._overdue():
                return self._urgent.popleft()
            return self._others.popleft()[1] if self._others else None

    def take_with(self, first: Job) -> Job | None:
        """A job that may go into one commit with ``first``; None when ``first`` should wait for no other.

        An urgent job does not wait for others, and they do not keep an urgent one waiting.
        """
        with self._lock:
            if first.urgent:
                return self._urgent.popleft() if self._urgent else None
            if self._others and (not self._urgent or self._overdue()):
                return self._others.popleft()[1]
            return None

    def _overdue(self) -> bool:
        return bool(self._others) and self._now() - self._others[0][0] > PATIENCE
