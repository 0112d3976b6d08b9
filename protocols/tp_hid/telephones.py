"""The telephones at the box that people lift: its handset, its hands-free key, the parallel telephone."""

from __future__ import annotations

from protocols.signals import HandsetLifted, HandsetReplaced, LineSignal
from protocols.tp_hid.messages import Hook


class Telephones:
    """Which of them are lifted. From one to another is one conversation. Methods return what to report."""

    def __init__(self) -> None:
        self._lifted: frozenset[Hook] = frozenset()

    def __bool__(self) -> bool:
        return bool(self._lifted)

    def lift(self, hook: Hook) -> list[LineSignal]:
        """``hook`` took the line."""
        return self._become(self._lifted | {hook})

    def replace(self, hook: Hook) -> list[LineSignal]:
        """``hook`` let it go."""
        return self._become(self._lifted - {hook})

    def are(self, *hooks: Hook) -> list[LineSignal]:
        """It is known that these are lifted and no others."""
        return self._become(frozenset(hooks))

    def _become(self, lifted: frozenset[Hook]) -> list[LineSignal]:
        before, self._lifted = bool(self._lifted), lifted
        if before == bool(lifted):
            return []
        return [HandsetLifted() if lifted else HandsetReplaced()]
