"""One connection over which a gateway brings something, for whoever wants to know whether it read our answers."""

from __future__ import annotations

READ_AFTER = 5.0
"""A gateway that is heard so many seconds after an answer was written has read it: the network would have brought it by
then, or have ended the connection.
"""


class Link:
    """Answers are read in the order in which they are written, so all is told by the time up to which they were.

    Times are seconds on the clock that the session is driven by.
    """

    __slots__ = ("_read_until", "ended")

    def __init__(self) -> None:
        self._read_until = float("-inf")
        self.ended = False

    def heard(self, now: float) -> None:
        """The gateway said something."""
        self._read_until = now - READ_AFTER

    def answered(self, asked_at: float) -> None:
        """It answered what was written at ``asked_at``, and so read what was written before."""
        self._read_until = asked_at

    def has_read(self, answered_at: float) -> bool:
        """Whether an answer that was written at ``answered_at`` was certainly read."""
        return answered_at <= self._read_until
