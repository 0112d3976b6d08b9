"""Whether a box that sends nothing is there: asked now and then, and believed silent only if it has answered before.

The manual says that every box answers ``^^IdX``. As nobody has shown us one, a box is not called lost for its silence
until it has answered once.
"""

from __future__ import annotations

from protocols.whozz.settings import WhozzSettings


class Presence:
    """Follows one box. Nothing is asked before it was heard, since nobody knows where it is."""

    def __init__(self, settings: WhozzSettings) -> None:
        self._settings = settings
        self._ask_at: float | None = None
        self._open_questions = 0
        self.answers = False
        self.lost = False

    def heard(self, now: float, *, answer: bool) -> bool:
        """The box sent something, ``answer`` if it is no record of a call. True if it was lost before."""
        self.answers = self.answers or (answer and self._open_questions > 0)
        self._open_questions = 0
        self._ask_at = now + self._settings.ask_every
        was_lost, self.lost = self.lost, False
        return was_lost

    def deadline(self) -> float | None:
        """When ``due`` has something to do."""
        return self._ask_at

    def due(self, now: float) -> bool:
        """Whether to ask now. Sets ``lost`` when too many questions stayed open."""
        if self._ask_at is None or now < self._ask_at:
            return False
        self.lost = self.answers and self._open_questions >= self._settings.unanswered
        self._open_questions += 1
        waiting = self.answers and not self.lost
        self._ask_at = now + (self._settings.ask_again if waiting else self._settings.ask_every)
        return True

    def forget(self) -> None:
        """The socket is closed."""
        self._ask_at, self._open_questions, self.lost = None, 0, False
