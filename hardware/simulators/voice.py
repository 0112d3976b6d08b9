"""What the simulated modem hears in a call, as it sends it in receive mode.

Two tones by turns, so that an ear or a test finds every gap. Samples are 8 bits unsigned, 8000 a second of the
telephone line's time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

RATE = 8000
_DLES = re.compile(rb"\x10\x10?")
_TICK = 0.02
_PERIOD = 16_000
"""Samples after which it repeats: a second of each tone."""


def _sample(place: int) -> int:
    tone = 440 if place < RATE else 554
    # Full scale, so that the bytes which must be shielded occur.
    return 128 + round(127 * math.sin(2 * math.pi * tone * place / RATE))


_SOUND = bytes(_sample(place) for place in range(_PERIOD))


def sound(start: int, count: int) -> bytes:
    """``count`` samples from the one numbered ``start`` on."""
    start %= _PERIOD
    times = (start + count) // _PERIOD + 1
    return (_SOUND * times)[start : start + count]


def shielded(samples: bytes) -> bytes:
    """``samples`` as they go over the wire: DLE twice, and two of them as DLE SUB (V.253 chapter 9)."""
    return _DLES.sub(lambda found: b"\x10\x1a" if len(found[0]) == 2 else b"\x10\x10", samples)


class VoiceSource:
    """Sends the sound of a call while it is on, without a gap: while ``is_behind`` says that not all was taken, it
    waits. ``speed`` is the line's.
    """

    def __init__(
        self, write: Callable[[bytes], None], is_behind: Callable[[], bool], clock: IReactorTime, speed: float = 1.0
    ) -> None:
        self._write = write
        self._is_behind = is_behind
        self._clock = clock
        self._rate = RATE * speed
        self._sent = 0
        self._began = 0.0
        self._loop = LoopingCall(self._send)
        self._loop.clock = clock

    @property
    def on(self) -> bool:
        """Whether sound is being sent."""
        return self._loop.running

    def start(self) -> None:
        """Begin, with the first sample."""
        if not self.on:
            self._sent, self._began = 0, self._clock.seconds()
            self._loop.start(_TICK, now=False)

    def stop(self) -> None:
        """Send no more."""
        if self.on:
            self._loop.stop()

    def _send(self) -> None:
        if self._is_behind():
            return
        due = int((self._clock.seconds() - self._began) * self._rate) - self._sent
        # Who cannot keep up hears the rest later, not all at once.
        count = min(due, 2000)
        self._write(shielded(sound(self._sent, count)))
        self._sent += count
