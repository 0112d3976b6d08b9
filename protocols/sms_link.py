"""One connection over which a gateway brings something, for whoever wants to know whether it read our answers."""

from __future__ import annotations

from collections.abc import Callable

READ_AFTER = 5.0
"""A gateway that is heard so many seconds after an answer was written has read it: the network would have brought it by
then, or have ended the connection.
"""


def _nothing() -> None:
    pass


class Link:
    """Answers are read in the order in which they are written, so all is told by the time up to which they were.

    ``ask`` has the gateway asked whether it is there, soon; ``watcher`` is called when there is more to know. Times are
    seconds on the clock that the session is driven by.
    """

    __slots__ = ("_answered_until", "_read_until", "ask", "ended", "watcher")

    def __init__(self, ask: Callable[[], None] = _nothing) -> None:
        self._read_until = self._answered_until = float("-inf")
        self.ended = False
        self.ask = ask
        self.watcher = _nothing

    def heard(self, now: float) -> None:
        """The gateway said something."""
        self._read_until = now - READ_AFTER
        self.watcher()

    def answered(self, asked_at: float) -> None:
        """It answered what was written at ``asked_at``, and so read what was written before."""
        self._answered_until = asked_at
        self.watcher()

    def end(self) -> None:
        """The connection is gone."""
        self.ended = True
        self.watcher()

    def has_read(self, answered_at: float) -> bool:
        """Whether an answer that was written at ``answered_at`` was certainly read."""
        return answered_at <= self._read_until or answered_at <= self._answered_until
