"""Who has a page open: telephony is told when the first one comes and when the last one goes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from callcenter.administration.principal import Principal


class Presence:
    """Counts pages per person. ``agents`` waits a while itself before it believes that somebody has gone."""

    def __init__(self, agents: Any) -> None:
        self._agents = agents
        self._pages: Counter[int | None] = Counter()

    async def came(self, principal: Principal) -> None:
        """One page more."""
        self._pages[principal.user_id] += 1
        if self._pages[principal.user_id] == 1:
            await self._agents.connected(principal)

    async def left(self, principal: Principal) -> None:
        """One page less."""
        self._pages[principal.user_id] -= 1
        if self._pages[principal.user_id] <= 0:
            del self._pages[principal.user_id]
            await self._agents.disconnected(principal)
