"""What goes over a gateway is kept for who looks, follows a gateway that is set up anew, and ends by itself."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted

from callcenter.administration.principal import Principal
from callcenter.errors import NotAllowedError, NotFoundError
from callcenter.messaging.gateways.board import GatewayBoard
from callcenter.messaging.gateways.settings import Arrangement
from callcenter.messaging.gateways.traces import KEPT, MOST_BYTES, PATIENCE, GatewayTraces
from hardware.trace import TraceEntry, TraceListener, Way
from protocols.clocks import wall_seconds
from storage.database import Database
from tests.peers.call_center import NOW, clock_at
from tests.peers.messaging import ADMIN
from tests.peers.scripted_gateway import ScriptedGateway

NOBODY = Principal(None, "nobody", "Nobody", None, {})


class Watched(ScriptedGateway):
    """Tells what a test says."""

    listener: TraceListener | None = None

    def watch(self, listener: TraceListener | None) -> None:
        self.listener = listener


@pytest_twisted.ensureDeferred
async def test_a_trace_is_told_once_and_ends_when_nobody_looks(database: Database) -> None:
    clock: Any = clock_at(NOW)
    board = GatewayBoard(database, clock)
    traces = GatewayTraces(database, clock, board)
    one, other = Watched(clock), Watched(clock)
    board.put(1, Arrangement(name="g"), one)
    assert traces.view(ADMIN, 1) == {"running": False, "last": 0, "entries": []}
    with pytest.raises(NotAllowedError):
        await traces.begin(NOBODY, 1)
    with pytest.raises(NotFoundError):
        await traces.begin(ADMIN, 2)
    assert await traces.begin(ADMIN, 1) == {"running": True, "last": 0, "entries": []}
    assert one.listener is not None
    one.listener(TraceEntry(wall_seconds(clock), Way.SENT, b"\x00a" * MOST_BYTES))
    (entry,) = traces.view(ADMIN, 1)["entries"]
    assert (entry["way"], entry["size"], entry["text"]) == ("sent", 2 * MOST_BYTES, ".a" * (MOST_BYTES // 2))
    assert traces.view(ADMIN, 1, entry["number"])["entries"] == []
    # Set up anew: the next look goes on with the new device.
    board.put(1, Arrangement(name="g"), other)
    traces.view(ADMIN, 1)
    assert one.listener is None
    assert other.listener is not None
    for _ in range(KEPT + 5):
        other.listener(TraceEntry(wall_seconds(clock), Way.RECEIVED, b"x"))
    view = traces.view(ADMIN, 1)
    assert (len(view["entries"]), view["last"]) == (KEPT, KEPT + 6)
    clock.advance(PATIENCE - 1)
    assert traces.view(ADMIN, 1)["running"]
    clock.advance(PATIENCE - 1)
    assert other.listener is not None
    clock.advance(2)
    assert other.listener is None
    assert not traces.view(ADMIN, 1)["running"]
    await board.stop()
