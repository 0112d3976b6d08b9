"""State machine of a line with an FSK caller-id receiver: bytes and time in, line signals out.

The receiver only listens. It tells of a call by its caller id and of nothing else: not of rings, not of the answer,
not of the end, and it cannot be asked whether it is there. The call is taken to be over when ``ring_stop`` seconds
have passed since its caller id.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.actions import Actions
from protocols.fsk.codec import FskDecoder
from protocols.fsk.messages import CallSetup
from protocols.signals import (
    AbsentReason,
    CallerIdentified,
    LineLost,
    LineReady,
    LineSignal,
    RingingStopped,
)


@dataclass(frozen=True)
class FskSettings:
    """All in seconds. At 1200 baud a byte takes 8 ms, so a gap in a message is a tenth of a second at most."""

    ring_stop: float = 30.0
    gap: float = 0.5
    repeat: float = 3.0
    """The same caller id again this soon is a repetition of the same call's."""


class FskSession:
    """A ``LineSession`` that writes nothing."""

    def __init__(self, settings: FskSettings) -> None:
        self._settings = settings
        self._decoder = FskDecoder()
        self._open = False
        self._gap_at: float | None = None
        self._over_at: float | None = None
        self._last: CallerIdentified | None = None
        self._last_at = 0.0

    def start(self, now: float) -> Actions:
        """The port is open: that is all there is to know."""
        self._decoder = FskDecoder()
        self._open = True
        return Actions(signals=(LineReady("FSK caller-id receiver (listens only)"),))

    def receive(self, data: bytes, now: float) -> Actions:
        """Bytes from the receiver. Never raises."""
        if not self._open:
            return Actions()
        signals = self._calls(self._decoder.feed(data), now)
        self._gap_at = now + self._settings.gap if self._decoder.partial else None
        return Actions(signals=tuple(signals))

    def tick(self, now: float) -> Actions:
        """Time passed."""
        signals: list[LineSignal] = []
        if self._gap_at is not None and now >= self._gap_at:
            self._gap_at = None
            signals += self._calls(self._decoder.gap(), now)
        if self._over_at is not None and now >= self._over_at:
            signals += self._over()
        return Actions(signals=tuple(signals))

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        return min((time for time in (self._gap_at, self._over_at) if time is not None), default=None)

    def port_lost(self, reason: str, now: float) -> Actions:
        """The port is gone."""
        if not self._open:
            return Actions()
        self._open = False
        self._gap_at = self._over_at = self._last = None
        return Actions(signals=(LineLost(reason),))

    def _calls(self, messages: list[CallSetup], now: float) -> list[LineSignal]:
        return [signal for message in messages for signal in self._call(message, now)]

    def _call(self, message: CallSetup, now: float) -> list[LineSignal]:
        caller = CallerIdentified(message.number, message.name, _absence(message), verified=message.verified)
        if caller == self._last and now - self._last_at < self._settings.repeat:
            return []
        ended = self._over()
        self._last, self._last_at = caller, now
        self._over_at = now + self._settings.ring_stop
        return [*ended, caller]

    def _over(self) -> list[LineSignal]:
        if self._over_at is None:
            return []
        self._over_at = self._last = None
        return [RingingStopped()]


def _absence(message: CallSetup) -> AbsentReason | None:
    return message.absent if message.number or message.absent else AbsentReason.UNAVAILABLE
