"""A PBX's manager interface on loopback, which misbehaves as the test wishes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from tests.peers.pbx import Manager, Pbx
from twistd_plugin.commands.ports import free_port


class Connection(Protocol):
    """One client. What the PBX says goes to it once it has signed in."""

    def __init__(self, server: AmiServer) -> None:
        self.server = server
        self.manager = Manager(server.pbx, deaf=server.deaf, refused=server.refused, originated=server.originated)

    def connectionMade(self) -> None:
        self.server.connections.append(self)
        self.server.accepted += 1
        if self.server.silent:
            return
        self.send(self.manager.version)

    def dataReceived(self, data: bytes) -> None:
        self.send(self.manager.receive(data))
        self.server.seen += self.manager.seen
        self.manager.seen.clear()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.server.connections.remove(self)

    def send(self, data: bytes) -> None:
        assert self.transport is not None
        for start in range(0, len(data), self.server.piece):
            self.transport.write(data[start : start + self.server.piece])

    def drop(self) -> None:
        assert self.transport is not None
        self.transport.abortConnection()  # type: ignore[attr-defined]


@dataclass
class AmiServer:
    """``pbx`` is where calls happen. ``piece`` bytes are written at a time."""

    piece: int = 4096
    silent: bool = False
    deaf: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    accepted: int = 0
    port: int = field(default_factory=free_port)
    listening: IListeningPort | None = None

    def __post_init__(self) -> None:
        self.pbx = Pbx(self.tell)

    def tell(self, event: bytes) -> None:
        for connection in self.connections:
            if connection.manager.signed_in:
                connection.send(event)

    def originated(self, action: dict[str, str]) -> None:
        """The telephone rings, unless a test replaces this. Whom a third party's call reaches is the test's."""
        if action["Channel"].startswith("Local/"):
            self.pbx.third(action)
            return
        leg = self.pbx.leg(action["Channel"], 0, uniqueid=action["ChannelId"])
        self.pbx.dial(None, leg)
        self.pbx.state(leg, 5)

    def drop(self) -> None:
        for connection in list(self.connections):
            connection.drop()

    def actions(self, name: str) -> list[dict[str, str]]:
        return [action for action in self.seen if action["Action"] == name]

    async def listen(self, tls: Any = None) -> None:
        """Listen, on the same port as before if it refused."""
        factory = Factory.forProtocol(lambda: Connection(self))
        factory.noisy = False
        if tls is None:
            self.listening = await TCP4ServerEndpoint(reactor, self.port, interface="127.0.0.1").listen(factory)
        else:
            self.listening = reactor.listenSSL(self.port, factory, tls, interface="127.0.0.1")

    async def refuse(self) -> None:
        """Refuse connections until ``listen``."""
        if self.listening is not None:
            listening, self.listening = self.listening, None
            await listening.stopListening()


@asynccontextmanager
async def ami_server(tls: Any = None, **options: Any) -> AsyncIterator[AmiServer]:
    server = AmiServer(**options)
    await server.listen(tls)
    try:
        yield server
    finally:
        await server.refuse()
        server.drop()
        await deferLater(reactor, 0)
