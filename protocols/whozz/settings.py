"""Which line of which box a session follows, and the times that it goes by."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.whozz.messages import Packet


@dataclass(frozen=True)
class RecordTimings:
    """How the records of one line are put together. In seconds."""

    ring_stop: float = 30.0
    """A box that tells nothing but callers is taken to have stopped ringing so long after the last sign of a call."""
    end_lost: float = 120.0
    """A box that tells of hook and end as well is waited for so long: exchanges let nobody ring longer."""
    repeat: float = 3.0
    """The same record again this soon is a copy: boxes may send each one several times."""
    end_follows: float = 2.0
    """The end record comes within this time after the telephone was replaced."""
    presumed_answered: float = 60.0
    """An outgoing call that lasts longer than exchanges let a telephone ring is presumed answered."""


@dataclass(frozen=True)
class WhozzSettings:
    """``unit`` is the unit or the serial number, None for any box; ``line`` counts from 1. Times are in seconds."""

    line: int
    unit: int | None = None
    timings: RecordTimings = field(default_factory=RecordTimings)
    ask_every: float = 60.0
    ask_again: float = 5.0
    """A question of ours that stayed unanswered is asked again after this."""
    unanswered: int = 3

    def from_its_box(self, packet: Packet) -> bool:
        """Whether ``packet`` is from the box of this line."""
        return self.unit is None or self.unit in (packet.unit, packet.serial)
