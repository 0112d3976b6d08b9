"""The web port: taken ports, free ports, TLS."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor
from twisted.internet import ssl as twisted_ssl
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.web.resource import Resource
from twisted.web.server import Site

from callcenter.settings import TlsSettings
from twistd_plugin.listener import RETRY_SECONDS, Listener, TlsError, tls_options
from web.prompt_transport import sender


class Greeter(Protocol):
    def connectionMade(self) -> None:
        self.transport.write(b"hello")  # type: ignore[union-attr]
        self.transport.loseConnection()  # type: ignore[union-attr]


class TakenReactor(MemoryReactorClock):
    """A reactor on which the port is taken until it is freed."""

    taken = True

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        if self.taken:
            raise CannotListenError(interface, port, OSError(98, "Address already in use"))
        return super().listenTCP(port, factory, backlog, interface)


@pytest_twisted.ensureDeferred
async def test_a_taken_port_is_tried_again_and_nothing_else_waits() -> None:
    clock = TakenReactor()
    listener = Listener(clock, Factory.forProtocol(Greeter), 8080, "127.0.0.1", listen=TakenReactor.listenTCP)
    opened: list[None] = []
    listener.opened().addCallback(opened.append)
    await listener.start()
    assert listener.port is None
    clock.advance(RETRY_SECONDS)
    assert opened == []
    clock.taken = False
    clock.advance(RETRY_SECONDS)
    assert opened == [None]
    assert [server[0] for server in clock.tcpServers] == [8080]


@pytest_twisted.ensureDeferred
async def test_stopping_while_the_port_is_taken_ends_the_trying() -> None:
    clock = TakenReactor()
    listener = Listener(clock, Factory.forProtocol(Greeter), 8080, "127.0.0.1", listen=TakenReactor.listenTCP)
    await listener.start()
    await listener.stop()
    assert clock.getDelayedCalls() == []


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsSettings:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem",
        ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return TlsSettings.model_construct(certificate=folder / "cert.pem", key=folder / "key.pem")


@pytest_twisted.ensureDeferred
async def test_https_is_served_with_the_certificate_of_the_configuration(tls: TlsSettings) -> None:
    listener = Listener(reactor, Factory.forProtocol(Greeter), 0, "127.0.0.1", tls_options(tls))
    await listener.start()
    received: Deferred[bytes] = Deferred()

    class Client(Protocol):
        data = b""

        def dataReceived(self, data: bytes) -> None:
            self.data += data

        def connectionLost(self, reason: Any = None) -> None:
            received.callback(self.data)

    trusted = twisted_ssl.Certificate.loadPEM(tls.certificate.read_bytes())
    endpoint = wrapClientTLS(
        twisted_ssl.optionsForClientTLS("localhost", trustRoot=trusted),
        HostnameEndpoint(reactor, "127.0.0.1", listener.port or 0),
    )
    await connectProtocol(endpoint, Client())
    assert await received == b"hello"
    await listener.stop()
    assert listener.port is None


class PromptSpeaker(WebSocketServerProtocol):  # type: ignore[misc]
    """Says something as the pages' sockets do, past Autobahn."""

    def onOpen(self) -> None:
        sender(self.transport)(self.factory.prepareMessage(b"13800138000", isBinary=False).payloadHybi)


@pytest_twisted.ensureDeferred
async def test_what_is_sent_at_once_is_encrypted_too(tls: TlsSettings) -> None:
    speakers = WebSocketServerFactory()
    speakers.protocol = PromptSpeaker
    speakers.startFactory()
    root = Resource()
    root.putChild(b"ws", WebSocketResource(speakers))
    listener = Listener(reactor, Site(root), 0, "127.0.0.1", tls_options(tls))
    await listener.start()
    heard: Deferred[bytes] = Deferred()

    class Page(Protocol):
        data = b""

        def connectionMade(self) -> None:
            head = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            self.transport.write(head + key)  # type: ignore[union-attr]

        def dataReceived(self, data: bytes) -> None:
            self.data += data
            if b"13800138000" in self.data and not heard.called:
                heard.callback(self.data)

        def connectionLost(self, reason: Any = None) -> None:
            if not heard.called:
                heard.errback(reason)

    trusted = twisted_ssl.Certificate.loadPEM(tls.certificate.read_bytes())
    endpoint = wrapClientTLS(
        twisted_ssl.optionsForClientTLS("localhost", trustRoot=trusted),
        HostnameEndpoint(reactor, "127.0.0.1", listener.port or 0),
    )
    page = await connectProtocol(endpoint, Page())
    # In clear text it would have been no TLS record, and the client would have hung up.
    assert (await heard).startswith(b"HTTP/1.1 101 ")
    page.transport.abortConnection()
    await listener.stop()


@pytest.mark.parametrize("old", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_not_offered(tls: TlsSettings, old: ssl.TLSVersion) -> None:
    from OpenSSL import SSL

    context = tls_options(tls).getContext()
    forbidden = {ssl.TLSVersion.TLSv1: SSL.OP_NO_TLSv1, ssl.TLSVersion.TLSv1_1: SSL.OP_NO_TLSv1_1}[old]
    assert context.set_options(0) & forbidden


def test_files_that_do_not_fit_are_named(tls: TlsSettings, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    with pytest.raises(TlsError, match=r"empty\.pem contains no certificate"):
        tls_options(TlsSettings.model_construct(certificate=empty, key=tls.key))
    with pytest.raises(TlsError, match=r"empty\.pem"):
        tls_options(TlsSettings.model_construct(certificate=tls.certificate, key=empty))
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(other), "2048"], check=True, capture_output=True)
    with pytest.raises(TlsError, match=r"other\.pem is not the key of"):
        tls_options(TlsSettings.model_construct(certificate=tls.certificate, key=other))
