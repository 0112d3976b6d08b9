"""WebSockets to a server over TCP and TLS, and servers that refuse them."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from pytest_twisted import ensureDeferred
from twisted.internet import reactor, ssl
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from hardware.supervisor import PortError
from hardware.websocket_port import WebSocketAddress, WebSocketOpener
from tests.peers.patience import until
from twistd_plugin.commands.ports import free_port


class Echo(WebSocketServerProtocol):
    deny = 0

    def connectionMade(self) -> None:
        self.factory.connections.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self.factory.connections.discard(self)

    def onConnect(self, request: Any) -> None:
        self.factory.asked.append(request.headers)
        if self.factory.deny:
            raise ConnectionDeny(self.factory.deny, "no")

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803
        if payload == b"close":
            self.sendClose(1000)
        elif payload == b"drop":
            self.transport.abortConnection()
        elif payload == b"huge":
            self.sendMessage(b"x" * 2000)
        else:
            self.sendMessage(payload, isBinary)


class Client(Protocol):
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.lost: Deferred[str] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.heard.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(str(reason.value))


@asynccontextmanager
async def server(private: ssl.PrivateCertificate | None = None, deny: int = 0) -> AsyncIterator[Any]:
    factory = WebSocketServerFactory()
    factory.protocol, factory.deny, factory.asked, factory.connections = Echo, deny, [], set()
    if private is None:
        listening = reactor.listenTCP(0, factory, interface="127.0.0.1")
    else:
        listening = reactor.listenSSL(0, factory, private.options(), interface="127.0.0.1")
    factory.port_number = listening.getHost().port
    yield factory
    await listening.stopListening()
    # Each has timers of its own until it has noticed that the client is gone.
    await until(lambda: not factory.connections, "the end of the connections")


def opener(port: int, scheme: str = "ws", host: str = "127.0.0.1", **options: Any) -> WebSocketOpener:
    options.setdefault("refusals", {401: "the token is wrong"})
    return WebSocketOpener(WebSocketAddress(f"{scheme}://{host}:{port}/line-host", **options), reactor)


async def heard(client: Client, count: int) -> list[bytes]:
    await until(lambda: len(client.heard) >= count)
    return client.heard


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ssl.PrivateCertificate]:
    """Two authorities, and a certificate of the first for 127.0.0.1 and localhost."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("ca", "stranger"):
        openssl(
            "req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"
        )
    openssl("req", *key, "-subj", "/CN=calls", "-keyout", "calls.key", "-out", "calls.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl(
        "x509", "-req", "-in", "calls.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "names", "-out", "calls.pem",
    )  # fmt: skip
    private = ssl.PrivateCertificate.loadPEM((folder / "calls.pem").read_bytes() + (folder / "calls.key").read_bytes())
    return folder / "ca.pem", folder / "stranger.pem", private


@ensureDeferred
async def test_messages_both_ways_and_a_close() -> None:
    async with server() as echo:
        client, closed = Client(), []
        where = opener(echo.port_number, headers={"Authorization": "Bearer secret"})
        port = await where.open(client, lambda: closed.append(True))
        client.transport.write("张".encode())
        client.transport.writeSequence([b"a", b"b"])
        assert await heard(client, 3) == ["张".encode(), b"a", b"b"]
        assert echo.asked[0]["authorization"] == "Bearer secret"
        assert "secret" not in repr(where._address)
        client.transport.loseConnection()
        await client.lost
        await deferLater(reactor, 0)
        assert closed == [True]
        port.close()


@pytest.mark.parametrize("how", [b"close", b"drop", b"huge"])
@ensureDeferred
async def test_a_server_that_goes_away_or_says_too_much(how: bytes) -> None:
    async with server() as echo:
        client = Client()
        await opener(echo.port_number, longest=1000).open(client, lambda: None)
        client.transport.write(how)
        assert "the connection to ws://127.0.0.1" in await client.lost
        assert client.heard == []


@pytest.mark.parametrize(("status", "says"), [(401, "the token is wrong"), (418, "418")])
@ensureDeferred
async def test_a_server_that_refuses(status: int, says: str) -> None:
    async with server(deny=status) as echo:
        with pytest.raises(PortError, match=says):
            await opener(echo.port_number).open(Client(), lambda: None)


@ensureDeferred
async def test_nobody_is_there() -> None:
    port = free_port()
    with pytest.raises(PortError, match=r"cannot connect to ws://127\.0\.0\.1:.*refused"):
        await opener(port).open(Client(), lambda: None)


@ensureDeferred
async def test_an_opening_is_given_up() -> None:
    silent = reactor.listenTCP(0, Factory.forProtocol(Protocol), interface="127.0.0.1")
    where = opener(silent.getHost().port)
    for pause in (0, 0.1):
        opening = where.open(Client(), lambda: None)
        await deferLater(reactor, pause)
        where.give_up()
        with pytest.raises(PortError):
            await opening
    await silent.stopListening()
    await deferLater(reactor, 0.02)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@ensureDeferred
async def test_tls_with_an_authority_of_ones_own(certificates: Any, host: str) -> None:
    authority, _, private = certificates
    async with server(private) as echo:
        client = Client()
        await opener(echo.port_number, "wss", host, authorities=authority).open(client, lambda: None)
        client.transport.write(b"hello")
        assert await heard(client, 1) == [b"hello"]
        client.transport.loseConnection()
        await client.lost


@pytest.mark.parametrize(
    ("name", "trusted", "why"),
    [
        ("127.0.0.1", "stranger", "certificate verify failed"),
        ("127.0.0.1", "system", "certificate verify failed"),
        ("other.example", "own", "the certificate is for another name"),
    ],
)
@ensureDeferred
async def test_a_certificate_that_does_not_prove_it(certificates: Any, name: str, trusted: str, why: str) -> None:
    """Of a foreign authority, of one that the system does not know, or for another name."""
    own, stranger, private = certificates
    authorities = {"own": own, "stranger": stranger, "system": None}[trusted]
    async with server(private) as echo:
        where = opener(echo.port_number, "wss", authorities=authorities)
        where._tls = opener(1, "wss", name, authorities=authorities)._tls
        with pytest.raises(PortError, match=f"was refused by us or it: {why}"):
            await where.open(Client(), lambda: None)
        await until(lambda: not echo.connections, "the end of the connection")
        assert echo.asked == []


def test_authorities_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(PortError, match="holds no certificate"):
        opener(1, "wss", authorities=tmp_path / "empty.pem")
