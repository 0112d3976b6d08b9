"""What can be set on a modem line, and the times the session goes by."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.dial_strings import checked_prefix
from protocols.hayes.profiles import AUTO, profile_names


@dataclass(frozen=True)
class HayesTimings:
    """All in seconds."""

    command: float = 3.0
    probe: float = 1.0
    reset: float = 6.0
    gap: float = 0.05
    """Silence before each command."""
    dial: float = 90.0
    """Longest wait for a dialled number to answer, be busy or fail."""
    ring_stop: float = 6.0
    """No ring for this long means that ringing stopped; 4 s pass between rings in China and the USA."""
    ring_merge: float = 0.4
    """Two RINGs closer than this are one: a flood is at most 2.5 rings a second."""
    ring_report: float = 2.5
    """A DLE ring or cadence report this soon after a counted ring belongs to it."""
    presumed_after_ringback: float = 7.0
    """Ringback not heard for this long: the far end is presumed to have answered (V.253 +VRA default)."""
    presumed_without_ringback: float = 10.0
    """Ringback never heard for this long after dialling: presumed answered (V.253 +VRN default)."""
    off_hook_check: float = 6.0
    """A ring this soon after going off hook shows that the modem did not."""
    off_hook_grace: float = 0.5
    """A ring this soon after going off hook was on its way already."""
    stop_receiving: float = 1.5
    """How long receive mode may take to end at each way of ending it."""
    receive_stall: float = 5.0
    """Receive mode that brings no sample for this long is left."""
    receive_again: float = 0.3
    """Receive mode that the modem ended by itself is entered again after this."""
    keep_alive: float = 30.0
    """An idle modem is asked this often whether it is there."""
    retry_first: float = 2.0
    retry_most: float = 60.0
    """A modem that does not answer is set up again after these, doubling."""


@dataclass(frozen=True)
class HayesSettings:
    """One line. ``dial_prefix`` goes before every number (an outside line such as ``9,``);
    ``international_prefix`` replaces a leading ``+``, which no telephone exchange understands.
    """

    profile: str = AUTO
    numberless_alarm_after: int = 5
    dial_prefix: str = ""
    international_prefix: str = "00"
    timings: HayesTimings = field(default_factory=HayesTimings)

    def __post_init__(self) -> None:
        checked_prefix(self.dial_prefix)
        checked_prefix(self.international_prefix)
        if self.profile not in profile_names():
            raise ValueError(f"unknown modem profile {self.profile!r}: one of {', '.join(profile_names())}")
        if self.numberless_alarm_after < 1:
            raise ValueError("numberless_alarm_after must be at least 1")
