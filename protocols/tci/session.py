"""One line of a serial caller-id box without port and clock: bytes and time in, line signals out."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.actions import Actions
from protocols.signals import LineLost, LineReady, LineSignal
from protocols.tci.codec import RecordLines
from protocols.whozz.calls import LineCalls
from protocols.whozz.messages import Record
from protocols.whozz.settings import RecordTimings


@dataclass(frozen=True)
class TciSettings:
    """``line`` is the line of the box, None for a box with one line, whatever it calls it. Times are in seconds."""

    line: int | None = None
    timings: RecordTimings = field(default_factory=RecordTimings)
    gap: float = 0.5
    """Silence this long ends a line of text: some boxes send no line end."""


class TciSession:
    """A ``LineSession`` that only listens."""

    def __init__(self, settings: TciSettings) -> None:
        self._settings = settings
        self._lines = RecordLines()
        self._calls = LineCalls(settings.timings)
        self._open = False
        self._gap_at: float | None = None

    @property
    def sees_hook(self) -> bool:
        """Whether the box has shown that it tells of rings and of the telephone being lifted and replaced."""
        return self._calls.sees_hook

    def start(self, now: float) -> Actions:
        """The port is open: that is all there is to know."""
        self._open = True
        self._lines = RecordLines()
        which = "" if self._settings.line is None else f", line {self._settings.line:02}"
        return Actions(signals=(LineReady(f"serial caller-id box{which} (listens only)"),))

    def receive(self, data: bytes, now: float) -> Actions:
        """Bytes from the box. Never raises."""
        if not self._open:
            return Actions()
        signals = self._heard(self._lines.feed(data), now)
        self._gap_at = now + self._settings.gap if self._lines.partial else None
        return Actions(signals=tuple(signals))

    def tick(self, now: float) -> Actions:
        """Time passed."""
        if not self._open:
            return Actions()
        signals: list[LineSignal] = []
        if self._gap_at is not None and now >= self._gap_at:
            self._gap_at = None
            signals += self._heard(self._lines.gap(), now)
        return Actions(signals=(*signals, *self._calls.tick(now)))

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        times = (self._gap_at, self._calls.deadline())
        return min((time for time in times if time is not None), default=None)

    def port_lost(self, reason: str, now: float) -> Actions:
        """The port is gone."""
        if not self._open:
            return Actions()
        self._open = False
        self._gap_at = None
        self._calls.forget()
        return Actions(signals=(LineLost(reason),))

    def _heard(self, records: list[Record], now: float) -> list[LineSignal]:
        own = (record for record in records if self._settings.line in (None, record.line))
        return [signal for record in own for signal in self._calls.hear(record, now)]
