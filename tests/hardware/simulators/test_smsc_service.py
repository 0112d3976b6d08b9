"""Whom a simulated SMS gateway cuts off."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from tests.peers.patience import PATIENCE, until
from tests.peers.smsc import smsc_running


class Silent(Protocol):
    """Connects and does not sign in."""

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended.callback(None)


@ensureDeferred
async def test_who_has_not_signed_in_yet_is_cut_off_too() -> None:
    waiting: Any = reactor
    async with smsc_running("cmpp3") as smsc:
        endpoint = HostnameEndpoint(waiting, "127.0.0.1", smsc.port)
        silent = await connectProtocol(endpoint, Silent())
        await until(lambda: smsc.counts["connections"])
        assert smsc.clients == []
        smsc.drop()
        await silent.ended.addTimeout(PATIENCE, waiting)
        assert smsc.connections == []
