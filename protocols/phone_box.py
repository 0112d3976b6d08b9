"""What ``box_line`` asks of a phone box that can be told to go off hook, dial and go on hook."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protocols.sayings import Saying


class Use(enum.Enum):
    """What the box does for us; the value is for people."""

    NONE = Saying.NO_CALL
    ANSWERING = Saying.BEING_ANSWERED
    SEIZING = Saying.BOX_GOING_OFF_HOOK
    DIALLING = Saying.BEING_DIALLED
    TALKING = Saying.GOING_ON
    RELEASING = Saying.BOX_HANGING_UP


@dataclass(frozen=True)
class BoxTimings:
    """All in seconds."""

    off_hook: float = 3.0
    """The box has this long to go off or on hook and say so."""
    off_hook_grace: float = 0.5
    """A ring this soon after going off hook was on its way already."""
    dial_delay: float = 1.0
    """First tone after going off hook: dial tone takes this long to come."""
    dialled: float = 6.0
    """No further tone of the number for this long means that it was dialled."""
    presumed: float = 10.0
    """No busy tone for this long after dialling: the far end is presumed to have answered."""


class Box(Protocol):
    """What the line asks of the box. Numbers and digits have been checked."""

    def trouble(self) -> str:
        """Why the box takes no commands now, empty if it does."""
        ...

    def go_off_hook(self) -> None:
        """Go off hook and say so."""
        ...

    def go_on_hook(self) -> None:
        """Go on hook and say so; tones that wait are not sent."""
        ...

    def watch_for_busy_tone(self) -> None:
        """Report busy tone during this call."""
        ...

    def send_tones(self, digits: str, refused: Callable[[], None]) -> None:
        """Send ``0-9 * # A-D`` and ``,`` (a pause), never twice; ``refused`` is called if they were not taken."""
        ...
