"""What can be set on a TP phone box line, and the times the session goes by."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.dial_strings import checked_prefix


@dataclass(frozen=True)
class TpHidTimings:
    """All in seconds. Those marked upil are what the public upil project waits."""

    acknowledge: float = 1.0
    """A report not acknowledged for this long is sent again, or given up."""
    keep_alive: float = 5.0
    """upil: how often the box is told that we are there."""
    ring_stop: float = 8.0
    """upil: no ring for this long means that ringing stopped."""
    off_hook: float = 3.0
    """The box has this long to go off or on hook and say so."""
    off_hook_grace: float = 0.5
    """A ring this soon after going off hook was on its way already."""
    dial_delay: float = 1.0
    """upil: first tone after going off hook."""
    dialled: float = 6.0
    """upil: no further tone of the number for this long means that it was dialled."""
    presumed: float = 10.0
    """No busy tone for this long after dialling: the far end is presumed to have answered."""
    retry_first: float = 2.0
    retry_most: float = 60.0
    """A box that does not answer is set up again after these, doubling."""


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
