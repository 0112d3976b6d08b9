"""Calls coming in on a line whose device reports rings and caller id, but not that the caller gave up."""

from __future__ import annotations

from protocols.caller_numbers import read_number
from protocols.signals import CallerIdentified, LineSignal, NumberlessCalls, Rang, RingingStopped

MERGE = 2.0
"""Rings closer than this many seconds are one. Of numbers closer than this, the first counts unless a later one is
better: so a flood is bounded.
"""


class Ringing:
    """Follows calls one after another. Methods return what to report.

    Caller id may come before the first ring, later, or never. No ring for ``stop_after`` seconds means that ringing
    stopped; ``alarm_after`` calls in a row without any caller id are reported.
    """

    def __init__(self, stop_after: float, alarm_after: int) -> None:
        self._stop_after = stop_after
        self._alarm_after = alarm_after
        self._numberless = 0
        self._quiet_at = self._caller_at = 0.0
        self._rang_at: float | None = None
        self._caller: CallerIdentified | None = None
        self.active = False

    def ring(self, now: float) -> list[LineSignal]:
        """A ring."""
        self._heard(now)
        if self._rang_at is not None and now - self._rang_at < MERGE:
            return []
        self._rang_at = now
        return [Rang()]

    def caller(self, caller: CallerIdentified, now: float) -> list[LineSignal]:
        """Caller id, which may be repeated."""
        self._heard(now)
        before = self._caller
        if caller == before:
            return []
        if before is not None and now - self._caller_at < MERGE and _worth(caller) <= _worth(before):
            return []
        self._caller, self._caller_at = caller, now
        return [caller]

    def taken(self) -> list[LineSignal]:
        """The call was answered, by whomever."""
        numberless = self.active and self._caller is None
        self.forget()
        self._numberless = self._numberless + 1 if numberless else 0
        if numberless and self._numberless % self._alarm_after == 0:
            return [NumberlessCalls(self._numberless)]
        return []

    def stopped(self) -> list[LineSignal]:
        """The device says that ringing stopped."""
        return [RingingStopped(), *self.taken()] if self.active else []

    def tick(self, now: float) -> list[LineSignal]:
        """End the call if it has been quiet for long enough."""
        return self.stopped() if now >= self._quiet_at else []

    def deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        return self._quiet_at if self.active else None

    def forget(self) -> None:
        """The line is lost: whatever was ringing is no longer known."""
        self.active = False
        self._quiet_at = self._caller_at = 0.0
        self._rang_at = self._caller = None

    def _heard(self, now: float) -> None:
        self.active = True
        self._quiet_at = now + self._stop_after


def caller_of(number: str, *, verified: bool = True) -> CallerIdentified:
    """Caller id of a box that sends a number, a word for its absence, or nothing."""
    number, absent = read_number(number)
    return CallerIdentified(number, absent=absent, verified=verified)


def _worth(caller: CallerIdentified) -> tuple[bool, bool]:
    return bool(caller.number), caller.verified
