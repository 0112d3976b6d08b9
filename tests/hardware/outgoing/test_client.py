"""Requests to addresses that were checked: against a server of ours, and against a name that changes its mind."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor, ssl
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.web.client import ResponseFailed
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from callcenter.alarms.channels import Problem
from callcenter.alarms.webhook import problem_of
from hardware.outgoing.bodies import TooLongError
from hardware.outgoing.client import REQUEST_SECONDS, Answer, CheckedClient, NotSentError
from hardware.outgoing.endpoint import ForbiddenAddressError, NeverAllowedError, Reach
from hardware.supervisor import PortError
from twistd_plugin.commands.ports import free_port

INSIDE = Reach(inside=True)


class Receiver(Resource):
    """Answers with ``status`` and keeps what it was sent."""

    isLeaf = True  # noqa: N815 - the name that Twisted reads

    def __init__(self) -> None:
        super().__init__()
        self.status = 204
        self.received: list[tuple[bytes, bytes, bytes]] = []

    def render_POST(self, request: Any) -> bytes:
        self.received.append((request.uri, request.getHeader("Host").encode(), request.content.read()))
        request.setResponseCode(self.status)
        if 300 <= self.status < 400:
            request.setHeader("Location", "/elsewhere")
        return b"x" * 100_000 if self.status == 500 else b""


@pytest_twisted.async_yield_fixture
async def receiver() -> AsyncIterator[tuple[Receiver, int]]:
    resource = Receiver()
    port = reactor.listenTCP(0, Site(resource), interface="127.0.0.1")
    yield resource, port.getHost().port
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_what_is_posted_arrives_and_the_status_comes_back(receiver: tuple[Receiver, int]) -> None:
    resource, port = receiver
    client = CheckedClient(reactor, f"http://localhost:{port}/hook?a=b", INSIDE)
    for status in (204, 404, 302, 500):
        resource.status = status
        assert await client.post({"Content-Type": "text/plain"}, b"body") == status
    # The redirect was not followed.
    assert resource.received == [(b"/hook?a=b", f"localhost:{port}".encode(), b"body")] * 4


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"])
@pytest_twisted.ensureDeferred
async def test_nothing_is_sent_inside_whatever_the_place_is_called(receiver: tuple[Receiver, int], host: str) -> None:
    resource, port = receiver
    client = CheckedClient(reactor, f"http://{host}:{port}/", Reach())
    # Not every system knows such names; those that do find what is forbidden.
    with pytest.raises((ForbiddenAddressError, DNSLookupError)) as caught:
        await client.post({}, b"body")
    assert "127.0.0.1" not in str(caught.value)
    assert resource.received == []


class Names:
    """A resolver that gives other addresses each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def resolveHostName(self, receiver: Any, host: str, port: int = 0, *_: Any) -> Any:
        receiver.resolutionBegan(self)
        for address in self.answers.pop(0):
            receiver.addressResolved(IPv4Address("TCP", address, port))
        receiver.resolutionComplete()
        return self

    def cancel(self) -> None:
        """Nothing to cancel."""


class NamingReactor(MemoryReactorClock):
    """A reactor in memory whose names are ``names``."""

    names: Names

    @property
    def nameResolver(self) -> Any:
        return self.names

    @nameResolver.setter
    def nameResolver(self, _: Any) -> None:
        """MemoryReactorClock sets one of its own."""


def failure_of(posting: Any) -> Any:
    found: list[Any] = []
    Deferred.fromCoroutine(posting).addErrback(lambda failure: found.append(failure.value))
    return found


def test_a_name_that_points_inside_a_moment_later_is_connected_to_where_it_was_checked() -> None:
    memory = NamingReactor()
    memory.names = Names(["93.184.216.34"], ["127.0.0.1"])
    client = CheckedClient(memory, "http://rebinding.example/", Reach())
    first = failure_of(client.post({}, b""))
    assert [connection[:2] for connection in memory.tcpClients] == [("93.184.216.34", 80)]
    # Looked up once for each request; the second time it is refused.
    assert len(memory.names.answers) == 1
    second = failure_of(client.post({}, b""))
    assert isinstance(second[0], ForbiddenAddressError)
    assert len(memory.tcpClients) == 1
    memory.advance(REQUEST_SECONDS)
    assert problem_of(first[0]) is Problem.TIMED_OUT


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"])  # noqa: S104
def test_what_a_name_leads_to_may_be_never_allowed_not_even_inside(address: str) -> None:
    memory = NamingReactor()
    memory.names = Names(["10.0.0.1"], ["10.0.0.1", address])
    client = CheckedClient(memory, "http://provider.example/", INSIDE)
    failure_of(client.post({}, b""))
    assert [connection[:2] for connection in memory.tcpClients] == [("10.0.0.1", 80)]
    (refused,) = failure_of(client.post({}, b""))
    assert isinstance(refused, NeverAllowedError)
    assert problem_of(refused) is Problem.FORBIDDEN
    assert address not in str(refused)
    assert len(memory.tcpClients) == 1


def test_one_address_inside_among_several_is_enough_to_refuse() -> None:
    memory = NamingReactor()
    memory.names = Names(["93.184.216.34", "10.0.0.1"], [])
    client = CheckedClient(memory, "http://both.example/", Reach())
    assert isinstance(failure_of(client.post({}, b""))[0], ForbiddenAddressError)
    assert isinstance(failure_of(client.post({}, b""))[0], DNSLookupError)
    assert memory.tcpClients == []


@pytest_twisted.ensureDeferred
async def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(ConnectError) as caught:
        await CheckedClient(reactor, f"http://127.0.0.1:{free_port()}/", INSIDE).post({}, b"")
    assert problem_of(caught.value) is Problem.UNREACHABLE


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.PrivateCertificate]:
    """A certificate for localhost that nobody but itself vouches for."""
    file = tmp_path_factory.mktemp("tls") / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", file, "-out", f"{file}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    authorities = Path(f"{file}.crt")
    return authorities, ssl.PrivateCertificate.loadPEM(file.read_bytes() + authorities.read_bytes())


@pytest_twisted.ensureDeferred
async def test_https_is_verified_by_the_authorities_and_the_name(
    certificate: tuple[Path, ssl.PrivateCertificate],
) -> None:
    authorities, own = certificate
    resource = Receiver()
    port = reactor.listenSSL(0, Site(resource), own.options(), interface="127.0.0.1")
    number = port.getHost().port
    known = Reach(inside=True, authorities=authorities)
    try:
        assert await CheckedClient(reactor, f"https://localhost:{number}/", known).post({}, b"x") == 204
        for host, reach in (("localhost", INSIDE), ("127.0.0.1", known)):
            with pytest.raises(ResponseFailed) as caught:
                await CheckedClient(reactor, f"https://{host}:{number}/", reach).post({}, b"x")
            assert problem_of(caught.value) is Problem.UNTRUSTED
            with pytest.raises(NotSentError):
                await CheckedClient(reactor, f"https://{host}:{number}/", reach).ask("POST", "", {}, b"x", 10)
        assert len(resource.received) == 1
    finally:
        await port.stopListening()


class Pages(Resource):
    """Answers with what it was asked, or as the path says."""

    isLeaf = True  # noqa: N815 - the name that Twisted reads

    def render(self, request: Any) -> Any:
        request.setHeader("Content-Type", "text/plain; charset=gbk")
        match request.path:
            case b"/long":
                return b"x" * 100_000
            case b"/away":
                request.setResponseCode(302)
                request.setHeader("Location", "/echo")
                return b"elsewhere"
            case b"/later":
                request.setResponseCode(503)
                request.setHeader("Retry-After", "5")
                return b""
            case b"/closed":
                request.transport.abortConnection()
                return NOT_DONE_YET
            case _:
                return b" ".join([request.method, request.uri, request.content.read()])


@pytest_twisted.async_yield_fixture
async def pages() -> AsyncIterator[str]:
    port = reactor.listenTCP(0, Site(Pages()), interface="127.0.0.1")
    yield f"http://localhost:{port.getHost().port}"
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_what_is_asked_is_answered(pages: str) -> None:
    client = CheckedClient(reactor, f"{pages}/echo", INSIDE)
    await client.reach()
    posted = await client.ask("POST", "", {"Content-Type": "text/plain"}, b"body", 1000)
    assert posted == Answer(200, "text/plain; charset=gbk", b"POST /echo body")
    assert (await client.ask("GET", "a=%B0%A1", {}, b"", 1000)).body == b"GET /echo?a=%B0%A1 "


@pytest_twisted.ensureDeferred
async def test_a_redirect_is_an_answer_and_a_long_one_an_error(pages: str) -> None:
    away = await CheckedClient(reactor, f"{pages}/away", INSIDE).ask("GET", "", {}, b"", 1000)
    assert (away.status, away.body) == (302, b"elsewhere")
    later = await CheckedClient(reactor, f"{pages}/later", INSIDE).ask("GET", "", {}, b"", 1000)
    assert (later.status, later.comes_again, away.comes_again) == (503, True, False)
    long = CheckedClient(reactor, f"{pages}/long", INSIDE)
    assert len((await long.ask("GET", "", {}, b"", 100_000)).body) == 100_000
    with pytest.raises(TooLongError):
        await long.ask("GET", "", {}, b"", 99_999)


class Endless(Protocol):
    """Answers with a head that never ends, and counts what of it was taken."""

    written = 0
    start = b"HTTP/1.1 200 OK\r\n"
    lines = b"a:\r\n" * 4000
    ended: Deferred[int]

    def dataReceived(self, data: bytes) -> None:
        if not self.written:
            self.transport.write(self.start)
            self.transport.registerProducer(self, streaming=False)

    def resumeProducing(self) -> None:
        self.written += len(self.lines)
        self.transport.write(self.lines)

    def stopProducing(self) -> None:
        """The other side is gone."""

    def connectionLost(self, reason: Any = None) -> None:
        self.ended.callback(self.written)


class Interim(Endless):
    """Says again and again that the answer comes later."""

    start = b""
    lines = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 400


@pytest.mark.parametrize("kind", [Endless, Interim])
@pytest_twisted.ensureDeferred
async def test_an_endless_head_is_read_no_further_than_is_sensible(kind: type[Endless]) -> None:
    factory = Factory.forProtocol(kind)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    client = CheckedClient(reactor, f"http://127.0.0.1:{port.getHost().port}/", INSIDE)
    try:
        for asking in (client.ask("POST", "", {}, b"x", 1000), client.post({}, b"x")):
            kind.ended = Deferred()
            with pytest.raises(TooLongError):
                await asking
            # What lies in the buffers between the two was written, too.
            assert await kind.ended < 20_000_000
    finally:
        await port.stopListening()


class Headed(Protocol):
    """Answers with a long head and a longer body, all at once."""

    def dataReceived(self, data: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n" + b"X-Filler: 0123456789\r\n" * 3000
        self.transport.write(head + b"\r\n" + b"x" * 300_000)
        self.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_the_body_does_not_count_for_the_head() -> None:
    port = reactor.listenTCP(0, Factory.forProtocol(Headed), interface="127.0.0.1")
    client = CheckedClient(reactor, f"http://127.0.0.1:{port.getHost().port}/", INSIDE)
    try:
        assert len((await client.ask("POST", "", {}, b"x", 300_000)).body) == 300_000
    finally:
        await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_whether_anything_was_sent_is_told(pages: str) -> None:
    with pytest.raises(ResponseFailed):
        await CheckedClient(reactor, f"{pages}/closed", INSIDE).ask("POST", "", {}, b"x", 10)
    for url, reach in ((f"{pages}/echo", Reach()), ("http://127.0.0.1:1/", INSIDE), ("http://no.invalid/", INSIDE)):
        client = CheckedClient(reactor, url, reach)
        with pytest.raises(NotSentError) as caught:
            await client.ask("POST", "", {}, b"x", 10)
        assert caught.value.__cause__ is not None
        with pytest.raises(NotSentError):
            await client.reach()


def test_a_server_that_is_silent_is_waited_for_a_while() -> None:
    memory = NamingReactor()
    memory.names = Names(["93.184.216.34"])
    asking = failure_of(CheckedClient(memory, "http://silent.example/", Reach()).ask("GET", "", {}, b"", 10))
    memory.advance(REQUEST_SECONDS)
    # The connection itself was not made.
    assert isinstance(asking[0], NotSentError)


def test_authorities_that_are_none_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(PortError, match="no certificate"):
        CheckedClient(reactor, "https://localhost/", Reach(authorities=tmp_path / "empty.pem"))
