"""Slows down whoever guesses passwords.

A key is what is guessed at or from where: a user name, a user name at an address known to be that person's, an address.
After some free failures each further one closes the key, first for a short time, then for twice as long each time, up
to a limit: nothing is closed for ever. What is refused while a key is closed is not counted, so nobody can keep it
closed by hammering at it. Failures are forgotten after a quiet time.

Counts are taken before the password is checked and taken back when it was right: a hundred guesses sent at once are a
hundred failures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_REMEMBERED = 50_000


@dataclass(frozen=True)
class Limits:
    """``free`` failures have no consequence; the next closes for ``first``, each after that for twice as long."""

    free: int = 5
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)
    forgotten_after: timedelta = timedelta(hours=12)

    def closed_for(self, failures: int) -> timedelta:
        """For how long a key is closed by its ``failures``-th failure."""
        over = failures - self.free
        if over <= 0:
            return timedelta()
        # Shifting further would only overflow: the limit is long reached.
        return min(self.longest, self.first * (1 << min(over - 1, 20)))


@dataclass(frozen=True)
class Standing:
    """How a key stands: failures so far, the time of the last, and until when it is closed."""

    failures: int
    last: datetime
    closed_until: datetime | None


class Throttle:
    """Failures by key, in memory and bounded; the oldest keys are forgotten first."""

    def __init__(self, limits: Limits, remembered: int = _REMEMBERED) -> None:
        self._limits = limits
        self._remembered = remembered
        self._standings: dict[str, Standing] = {}

    def standing(self, key: str, now: datetime) -> Standing | None:
        """The standing of ``key``, None when nothing is held against it."""
        found = self._standings.get(key)
        if found is not None and now - found.last > self._limits.forgotten_after:
            del self._standings[key]
            return None
        if found is not None and found.closed_until and found.closed_until - now > self._limits.longest:
            # The wall was set back: nobody waits longer for that.
            found = self._standings[key] = replace(found, last=now, closed_until=now + self._limits.longest)
        return found

    def closed_for(self, key: str, now: datetime) -> timedelta:
        """How long ``key`` stays closed from now on; zero when it is open."""
        found = self.standing(key, now)
        if found is None or found.closed_until is None:
            return timedelta()
        return max(timedelta(), found.closed_until - now)

    def count(self, key: str, now: datetime) -> Standing:
        """One failure more. Closing counts from ``now``."""
        before = self.standing(key, now)
        failures = (before.failures if before else 0) + 1
        closed = self._limits.closed_for(failures)
        made = Standing(failures, now, now + closed if closed else None)
        self._put(key, made)
        return made

    def take_back(self, key: str) -> None:
        """The attempt that was counted was no failure."""
        found = self._standings.get(key)
        if found is None:
            return
        if found.failures <= 1:
            del self._standings[key]
        else:
            closed = found.closed_until if self._limits.closed_for(found.failures - 1) else None
            self._put(key, Standing(found.failures - 1, found.last, closed))

    def clear(self, key: str) -> None:
        """Nothing is held against ``key`` any more."""
        self._standings.pop(key, None)

    def restore(self, key: str, standing: Standing) -> None:
        """What was on disk from before a restart, unless more is known already."""
        if key not in self._standings:
            self._put(key, standing)

    def _put(self, key: str, standing: Standing) -> None:
        self._standings.pop(key, None)
        self._standings[key] = standing
        while len(self._standings) > self._remembered:
            del self._standings[next(iter(self._standings))]
