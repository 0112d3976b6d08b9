"""The wallboard as a service: figures computed when asked for, at most once a second, and shared by all who ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.bus import EventBus, Unsubscribe
from callcenter.clock import utc_now
from callcenter.telephony.figures import load_figures
from callcenter.telephony.settings import TelephonySettings
from storage.database import Database
from storage.event_log import StoredEvent

FRESH_SECONDS = 1.0
"""Figures are not computed more often than this, however much happens."""
STALE_SECONDS = 10.0
"""Figures that time alone moves (handling, occupancy) are computed again after this."""
_MAX_SCOPES = 256

_Key = tuple[Scope, int | None, int | None]


class WallboardService:
    """Figures per data scope. Call ``start`` before use and ``stop`` at the end."""

    def __init__(self, database: Database, clock: IReactorTime, bus: EventBus, settings: TelephonySettings) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._settings = settings
        self._known: dict[_Key, tuple[float, int, dict[str, Any]]] = {}
        self._under_way: dict[_Key, list[Deferred[None]]] = {}
        self._happened = 0
        self._unsubscribe: Unsubscribe | None = None

    def start(self) -> None:
        """Listen for what changes the figures."""
        self._unsubscribe = self._bus.subscribe(self._heard)

    def stop(self) -> None:
        """Listen no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    async def figures(self, principal: Principal) -> dict[str, Any]:
        """The wallboard now, see ``figures.load_figures``. The scope of ``wallboard.view`` limits what is counted."""
        scope = principal.require("wallboard.view")
        key = (scope, None, None) if scope is Scope.ALL else (scope, principal.department_id, principal.user_id)
        while True:
            if (known := self._fresh(key)) is not None:
                return known
            if key not in self._under_way:
                return await self._compute(key, principal)
            # Somebody else asked a moment ago: take the same answer.
            waiting: Deferred[None] = Deferred()
            self._under_way[key].append(waiting)
            await waiting

    def _fresh(self, key: _Key) -> dict[str, Any] | None:
        computed_at, happened, figures = self._known.get(key, (0.0, -1, None))
        if figures is None:
            return None
        age = self._clock.seconds() - computed_at
        nothing_new = happened == self._happened and age < STALE_SECONDS
        return figures if nothing_new or 0 <= age < FRESH_SECONDS else None

    async def _compute(self, key: _Key, principal: Principal) -> dict[str, Any]:
        self._under_way[key] = []
        # Counted before reading: what happens while the figures are read makes them old.
        happened, at = self._happened, self._clock.seconds()
        try:
            figures = await self._database.read(load_figures, principal, self._settings, utc_now(self._clock))
            if len(self._known) >= _MAX_SCOPES:
                self._known.clear()
            self._known[key] = (at, happened, figures)
            return figures
        finally:
            for waiting in self._under_way.pop(key):
                waiting.callback(None)

    def _heard(self, events: Sequence[StoredEvent]) -> None:
        self._happened += len(events)
