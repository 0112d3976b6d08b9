"""State machine of a line whose box announces each call once and tells nothing else.

Not of rings, not of the answer, not of the end, and it cannot be asked whether it is there. A call is taken to be over
when ``ring_stop`` seconds have passed since its caller id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protocols.actions import Actions
from protocols.signals import CallerIdentified, LineLost, LineReady, LineSignal, RingingStopped


class CallerDecoder(Protocol):
    """Bytes of one kind of box in, callers out. Bounded, and never raises."""

    @property
    def partial(self) -> bool:
        """Whether bytes are kept that may be the beginning of an announcement."""
        ...

    def feed(self, data: bytes) -> list[CallerIdentified]:
        """Callers announced by ``data`` and what was kept."""
        ...

    def gap(self) -> list[CallerIdentified]:
        """The line fell silent: what is kept is all there will be of it."""
        ...


@dataclass(frozen=True)
class MonitorSettings:
    """All in seconds."""

    ring_stop: float = 30.0
    gap: float = 0.5
    """At 1200 baud a byte takes 8 ms, so a gap in an announcement is a tenth of a second at most."""
    repeat: float = 3.0
    """The same caller id again this soon is a repetition of the same call's."""


class MonitorSession:
    """A ``LineSession`` that writes nothing. ``identification`` is what the device is, for people."""

    def __init__(
        self, settings: MonitorSettings, new_decoder: Callable[[], CallerDecoder], identification: str
    ) -> None:
        self._settings = settings
        self._new_decoder = new_decoder
        self._identification = identification
        self._decoder = new_decoder()
        self._open = False
        self._gap_at: float | None = None
        self._over_at: float | None = None
        self._last: CallerIdentified | None = None
        self._last_at = 0.0

    def start(self, now: float) -> Actions:
        """The port is open: that is all there is to know."""
        self._decoder = self._new_decoder()
        self._open = True
        return Actions(signals=(LineReady(self._identification),))

    def receive(self, data: bytes, now: float) -> Actions:
        """Bytes from the box. Never raises."""
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

    def _calls(self, callers: list[CallerIdentified], now: float) -> list[LineSignal]:
        return [signal for caller in callers for signal in self._call(caller, now)]

    def _call(self, caller: CallerIdentified, now: float) -> list[LineSignal]:
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
