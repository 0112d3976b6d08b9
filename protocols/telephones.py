"""The telephones at a phone box that people lift."""

from __future__ import annotations

import enum

from protocols.signals import HandsetLifted, HandsetReplaced, LineSignal


class Telephones:
    """Which of them are lifted. From one to another is one conversation. Methods return what to report."""

    def __init__(self) -> None:
        self._lifted: frozenset[enum.Enum] = frozenset()

    def __bool__(self) -> bool:
        return bool(self._lifted)

    def lift(self, telephone: enum.Enum) -> list[LineSignal]:
        """``telephone`` took the line."""
        return self._become(self._lifted | {telephone})

    def replace(self, telephone: enum.Enum) -> list[LineSignal]:
        """``telephone`` let it go."""
        return self._become(self._lifted - {telephone})

    def only(self, telephone: enum.Enum) -> list[LineSignal]:
        """It is known that ``telephone`` is lifted and no other."""
        return self._become(frozenset({telephone}))

    def none(self) -> list[LineSignal]:
        """It is known that none is lifted."""
        return self._become(frozenset())

    def forget(self) -> None:
        """The box is lost."""
        self._lifted = frozenset()

    def _become(self, lifted: frozenset[enum.Enum]) -> list[LineSignal]:
        before, self._lifted = bool(self._lifted), lifted
        if before == bool(lifted):
            return []
        return [HandsetLifted() if lifted else HandsetReplaced()]
