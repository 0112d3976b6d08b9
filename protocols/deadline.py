"""The one timer of a session."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Deadline:
    """Calls ``act`` once the moment that was set has passed and what had come by then was read.

    A reactor that stood still runs its timers before it reads: what came in time, such as the ring whose absence ends a
    call, or the answer to what was sent, would be taken for missing.
    """

    def __init__(self, clock: IReactorTime, act: Callable[[], None]) -> None:
        self._clock = clock
        self._act = act
        self._due = 0.0
        self._timer: IDelayedCall | None = None
        self._has_passed = False

    def set(self, due: float | None) -> None:
        """Act at ``due``, by the clock, and at no other moment that was set before; None: not at all."""
        if due is None:
            self.cancel()
            return
        self._due = due
        if self._timer is not None:
            # One that is early is set anew when it has run out: cheaper than to move it with everything heard.
            if self._has_passed or self._timer.getTime() <= due:
                return
            self._timer.cancel()
        self._timer = self._clock.callLater(max(0.0, due - self._clock.seconds()), self._pass)

    def cancel(self) -> None:
        """Act no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._has_passed = False

    def _pass(self) -> None:
        self._timer = None
        if not self._is_early():
            self._has_passed = True
            self._timer = self._clock.callLater(0, self._end)

    def _end(self) -> None:
        self._timer = None
        self._has_passed = False
        if not self._is_early():
            self._act()

    def _is_early(self) -> bool:
        """Whether it was put off meanwhile; then it is set anew."""
        early = self._clock.seconds() < self._due
        if early:
            self.set(self._due)
        return early
