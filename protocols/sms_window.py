"""How fast parts may be written, and what waits for its answer: what all gateway sessions over a connection share."""

from __future__ import annotations

from dataclasses import dataclass

_HIGHEST = 0x7FFFFFFF
_SLACK = 5.0
"""Seconds that a timer may be late; with more the program stood still."""


class SteadyTime:
    """Seconds in which the program ran, from a clock that goes on while it stands still.

    The daemon's clock is not set, but a process can be stopped and a machine suspended. When it goes on, timers are
    called before anything is read: a jump ahead of what was waited for passes for a few seconds, so that answers that
    wait to be read are not late. Of a clock that is set the same holds; it does not go back here.
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self.now = 0.0

    def move(self, now: float, due: float | None) -> None:
        """The clock shows ``now``; ``due``, on this one, is the next thing that was waited for."""
        step = 0.0 if self._last is None else max(0.0, now - self._last)
        if due is not None and self.now + step > due + _SLACK:
            step = min(step, _SLACK)
        self._last, self.now = now, self.now + step

    def outside(self, at: float) -> float:
        """When the clock shows what is ``at`` on this one."""
        return (self._last or 0.0) + at - self.now


class TokenBucket:
    """Lets ``rate`` parts through a second, and a tenth of them at once after a pause."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._size = max(1.0, rate / 10)
        self._tokens = self._size
        self._at = 0.0

    def tokens(self, now: float) -> int:
        """How many may go now."""
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        # A hair less than one is one: what is waited for by a timer must not be waited for again.
        return int(self._tokens + 1e-6)

    def take(self, count: int) -> None:
        """That many went."""
        self._tokens -= count

    def ready_at(self, waiting: int) -> float:
        """When it is worth looking again for ``waiting`` parts: not for each of thousands a second."""
        wanted = max(1.0, min(float(waiting), self._size / 2))
        return self._at + max(0.0, wanted - self._tokens) / self._rate


class SequenceNumbers:
    """1 to 0x7FFFFFFF and again, beginning after ``last``; shared by the connections of a gateway one after another."""

    def __init__(self, last: int = 0) -> None:
        self._last = last % _HIGHEST

    def take(self) -> int:
        """The next one."""
        self._last = self._last % _HIGHEST + 1
        return self._last


@dataclass(frozen=True, slots=True)
class Waiting:
    """A part that was written and is not answered yet."""

    key: str
    since: float
    number: str = ""


class Latecomers:
    """Parts that nobody waits for any more and that may be answered yet, by sequence number: the newest ``most``."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._parts: dict[int, Waiting] = {}

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._parts

    def add(self, sequence: int, part: Waiting) -> None:
        """Nobody waits for its answer any more."""
        self._parts[sequence] = part
        if len(self._parts) > self._most:
            del self._parts[next(iter(self._parts))]

    def take(self, sequence: int) -> Waiting | None:
        """The part that is answered now, None if there is none."""
        return self._parts.pop(sequence, None)

    def clear(self) -> None:
        """Nothing comes any more."""
        self._parts.clear()


class PauseLength:
    """How long to write nothing when the gateway asks for it: from ``first`` seconds doubling to ``most``.

    Answers to what was written before the present pause began are part of the same request.
    """

    def __init__(self, first: float = 1.0, most: float = 60.0) -> None:
        self._first = first
        self._most = most
        self._next = first
        self._began = float("-inf")

    def asked(self, now: float, written: float) -> float | None:
        """The seconds to pause, None if this is no news. ``written`` is when the part was that brought the answer."""
        if written <= self._began:
            return None
        self._began = now
        length, self._next = self._next, min(self._most, 2 * self._next)
        return length

    def fine(self, written: float) -> None:
        """A part that was written at ``written`` was taken."""
        if written > self._began:
            self._next = self._first


class Capacity:
    """How many parts may wait unwritten so that all are written in about a second.

    ``rate`` at first; when parts were waiting for a whole second, what was answered in it. It grows again when there
    were none for a moment. ``promised`` is what it was before it last changed, if that is more: whoever saw room then
    may be bringing parts for it.
    """

    def __init__(self, rate: float, least: int) -> None:
        self._most = max(int(rate + 0.999), 1)
        self._least = min(least, self._most)
        self.parts = self.promised = self._most
        self._since = 0.0
        self._answered = 0
        self._ran_empty = True

    def answered(self, now: float, waiting: int) -> None:
        """A part was answered, and ``waiting`` are not written yet."""
        self._answered += 1
        if not waiting:
            self._ran_empty = True
        if now - self._since >= 1.0:
            self._measure(now)

    def _measure(self, now: float) -> None:
        per_second = self._answered / (now - self._since)
        wanted = 2 * self.parts if self._ran_empty else int(per_second) + 1
        before = self.parts
        self.parts = max(self._least, min(self._most, wanted))
        self.promised = max(before, self.parts)
        self._since, self._answered, self._ran_empty = now, 0, False


class Heartbeat:
    """Asks after ``every`` seconds of silence, and every ``answer`` seconds from then on, ``tries`` times at most."""

    def __init__(self, every: float, answer: float, tries: int) -> None:
        self._every = every
        self._answer = answer
        self._tries = tries
        self._asked = 0
        self.heard_at = 0.0
        self.due = 0.0

    def heard(self, now: float) -> None:
        """The other side said something."""
        self.heard_at = now
        self.due = now + self._every
        self._asked = 0

    def ask(self, now: float) -> bool:
        """It is ``due``: whether to ask. Otherwise nobody is there."""
        self._asked += 1
        self.due = now + self._answer
        return self._asked <= self._tries
