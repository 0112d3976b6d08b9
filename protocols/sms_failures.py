"""Notices that a gateway answers and takes nothing: whatever it says, what is wrong is wrong with the gateway."""

from __future__ import annotations

MOST_IN_VAIN = 3
"""With so many answers in a row by which nothing was taken, no more messages are spent on it."""


class Failures:
    """Answers in a row by which nothing was taken: refusals that are not the message's fault, and such as do not say
    what became of it. A gateway that asks for a pause is waited for, which is no failure.
    """

    def __init__(self) -> None:
        self._count = 0

    @property
    def any(self) -> bool:
        """Whether the last answer was one. Then messages should go one by one, so that a fault that stays costs few."""
        return self._count > 0

    @property
    def too_many(self) -> bool:
        """Whether the gateway is to be left alone for a while. One more message finds out whether it works again."""
        return self._count >= MOST_IN_VAIN

    def worked(self) -> None:
        """It took a message, or found what is wrong with one."""
        self._count = 0

    def failed(self) -> None:
        """It did not take a message, or nobody knows."""
        self._count += 1
