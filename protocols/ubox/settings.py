"""What can be set on a UBOX line, and the times the session goes by."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.dial_strings import checked_prefix
from protocols.phone_box import BoxTimings


@dataclass(frozen=True)
class UboxTimings:
    """All in seconds."""

    join: float = 2.0
    """A service that has not said ``joined`` by then is asked all the same."""
    answer: float = 5.0
    """The service has this long for an answer."""
    check: float = 30.0
    """How often a quiet service is asked whether it is there."""
    ring_stop: float = 60.0
    """The service tells when ringing stopped, 6 s after the last ring; this is for one that forgets to."""
    pause: float = 2.0
    """What a comma in a number stands for."""
    tone: float = 0.2
    """One tone and the silence behind it."""
    line: BoxTimings = field(default_factory=BoxTimings)


@dataclass(frozen=True)
class UboxSettings:
    """One line, the ``channel``-th of the service, from 1. ``dial_prefix`` goes before every number,
    ``international_prefix`` replaces a leading ``+``.
    """

    channel: int = 1
    numberless_alarm_after: int = 5
    dial_prefix: str = ""
    international_prefix: str = "00"
    timings: UboxTimings = field(default_factory=UboxTimings)

    def __post_init__(self) -> None:
        checked_prefix(self.dial_prefix)
        checked_prefix(self.international_prefix)
        if self.channel < 1 or self.numberless_alarm_after < 1:
            raise ValueError("channel and numberless_alarm_after must be at least 1")
