"""What goes over a gateway's connection, for whoever looks at it now: kept in memory while somebody asks.

Devices mask the numbers before they show anything; the words of messages can be in it, so looking is audited.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import iso, utc_now
from callcenter.messaging.gateways.board import GatewayBoard
from callcenter.messaging.gateways.rows import missing
from hardware.gateways.device import GatewayDevice
from hardware.trace import TraceEntry, Way, as_ascii
from storage.database import Database

KEPT = 500
"""Entries that wait for somebody who looks; of more the oldest are lost."""
MOST_BYTES = 512
"""Of one entry that are shown."""
PATIENCE = 20.0
"""Seconds for which a trace waits for the next look."""

_WAYS = {Way.RECEIVED: "received", Way.SENT: "sent", Way.OPENED: "opened", Way.CLOSED: "closed"}


class GatewayTraces:
    """At most one trace of each gateway, looked at by any number of people. Needs ``gateways.test``."""

    def __init__(self, database: Database, clock: IReactorTime, board: GatewayBoard) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._running: dict[int, _Trace] = {}

    async def begin(self, principal: Principal, gateway_id: int) -> dict[str, Any]:
        """Look from now on; audited. NotFoundError without the gateway."""
        principal.require("gateways.test")
        self._device(gateway_id)
        await self._database.run(_log_look, principal, gateway_id, utc_now(self._clock))
        if gateway_id not in self._running:
            self._running[gateway_id] = _Trace(self._clock, lambda: self._running.pop(gateway_id, None))
        return self.view(principal, gateway_id, self._running[gateway_id].last)

    def view(self, principal: Principal, gateway_id: int, after: int = 0) -> dict[str, Any]:
        """``running``, ``last`` and the ``entries`` after number ``after``. Asking keeps the trace going."""
        principal.require("gateways.test")
        device = self._device(gateway_id)
        trace = self._running.get(gateway_id)
        if trace is None:
            return {"running": False, "last": 0, "entries": []}
        trace.look(device)
        return {"running": True, "last": trace.last, "entries": trace.after(after)}

    def stop(self) -> None:
        """Look at nothing any more."""
        for trace in list(self._running.values()):
            trace.end()

    def _device(self, gateway_id: int) -> GatewayDevice | None:
        post = self._board.get(gateway_id)
        if post is None:
            raise missing(gateway_id)
        return post.device


class _Trace:
    """Follows a gateway from one device to the next, when it is set up anew meanwhile."""

    def __init__(self, clock: IReactorTime, ended: Callable[[], object]) -> None:
        self._clock = clock
        self._ended = ended
        self._device: GatewayDevice | None = None
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._timer: IDelayedCall = clock.callLater(PATIENCE, self.end)
        self.last = 0

    def look(self, device: GatewayDevice | None) -> None:
        """Somebody looks, at a gateway that has ``device`` now."""
        self._timer.cancel()
        self._timer = self._clock.callLater(PATIENCE, self.end)
        if device is not self._device:
            self._watch(device)

    def after(self, number: int) -> list[dict[str, Any]]:
        """What is kept of what came after."""
        return [one for one in self._entries if one["number"] > number]

    def end(self) -> None:
        """Nobody looks any more."""
        if self._timer.active():
            self._timer.cancel()
        self._watch(None)
        self._ended()

    def _watch(self, device: GatewayDevice | None) -> None:
        if self._device is not None:
            self._device.watch(None)
        self._device = device
        if device is not None:
            device.watch(self._told)

    def _told(self, entry: TraceEntry) -> None:
        self.last += 1
        shown = entry.data[:MOST_BYTES]
        self._entries.append(
            {
                "number": self.last,
                "at": iso(datetime.fromtimestamp(entry.seconds, UTC)),
                "way": _WAYS[entry.way],
                "size": len(entry.data),
                "hex": shown.hex(" "),
                "text": as_ascii(shown),
            }
        )


def _log_look(session: Session, principal: Principal, gateway_id: int, now: Any) -> None:
    record_audit(session, principal, "test", "gateway", gateway_id, None, {"trace": True}, now)
