"""What can be set on a TP phone box line, and the times the session goes by."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.dial_strings import checked_prefix
from protocols.phone_box import BoxTimings


@dataclass(frozen=True)
class TpHidTimings:
    """All in seconds. Those marked upil are what the public upil project waits."""

    acknowledge: float = 1.0
    """A report not acknowledged for this long is sent again, or given up."""
    keep_alive: float = 5.0
    """upil: how often the box is told that we are there."""
    ring_stop: float = 8.0
    """upil: no ring for this long means that ringing stopped."""
    retry_first: float = 2.0
    retry_most: float = 60.0
    """A box that does not answer is set up again after these, doubling."""
    line: BoxTimings = field(default_factory=BoxTimings)
    """Like upil, too, its first tone comes a second after going off hook, and 6 s without another end the number."""


@dataclass(frozen=True)
class TpHidSettings:
    """One line. ``dial_prefix`` goes before every number, ``international_prefix`` replaces a leading ``+``."""

    numberless_alarm_after: int = 5
    dial_prefix: str = ""
    international_prefix: str = "00"
    timings: TpHidTimings = field(default_factory=TpHidTimings)

    def __post_init__(self) -> None:
        checked_prefix(self.dial_prefix)
        checked_prefix(self.international_prefix)
        if self.numberless_alarm_after < 1:
            raise ValueError("numberless_alarm_after must be at least 1")
