"""Messages that leave at once: in order with everything else, and no byte lost when the reader does not keep up."""

from __future__ import annotations

import ctypes
import select
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport

from tests.peers.patience import PATIENCE, until
from tests.peers.site import pause
from web.prompt_transport import PromptServer, _sending, listen_promptly, sender

MUCH = 8 << 20
"""More than the kernel's buffers of a loopback connection hold."""


class Side(Protocol):
    """The server's side; tells when the client is there and when it is gone."""

    def __init__(self, here: Deferred[Any]) -> None:
        self.here = here
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.here.callback(self)

    def connectionLost(self, reason: Any = None) -> None:
        self.gone.callback(None)


@pytest_twisted.async_yield_fixture
async def sides() -> AsyncIterator[tuple[Side, socket.socket]]:
    here: Deferred[Side] = Deferred()
    factory = Factory()
    factory.buildProtocol = lambda _: Side(here)  # type: ignore[assignment, method-assign]
    port: Any = listen_promptly(reactor, 0, factory, 5, "127.0.0.1")
    client = socket.create_connection(("127.0.0.1", port.getHost().port))
    client.setblocking(False)
    side = await here
    yield side, client
    client.close()
    side.transport.abortConnection()
    await side.gone
    await port.stopListening()


def taken(client: socket.socket) -> bytes:
    try:
        return client.recv(1 << 20)
    except BlockingIOError:
        return b""


def received(client: socket.socket) -> bytes:
    """What has left, though it be a moment on its way; the reactor does not turn."""
    select.select([client], [], [], PATIENCE)
    return taken(client)


async def all_of(client: socket.socket, count: int) -> bytes:
    got = bytearray()

    def has_all() -> bool:
        got.extend(taken(client))
        return len(got) >= count

    await until(has_all, lambda: f"{count} bytes; got {len(got)}")
    return bytes(got)


@pytest_twisted.ensureDeferred
async def test_a_message_has_left_before_the_reactor_turns(sides: tuple[Side, socket.socket]) -> None:
    side, client = sides
    assert isinstance(side.transport, PromptServer)
    side.transport.write_now(b"event")
    assert received(client) == b"event"
    side.transport.write(b"later")
    assert taken(client) == b""
    assert await all_of(client, 5) == b"later"


@pytest_twisted.ensureDeferred
async def test_what_is_buffered_keeps_its_place(sides: tuple[Side, socket.socket]) -> None:
    side, client = sides
    transport: Any = side.transport
    for number in range(50):
        (transport.write if number % 3 else transport.write_now)(b"%03d" % number)
    assert await all_of(client, 150) == b"".join(b"%03d" % number for number in range(50))
    transport.write_now(b"again at once")
    assert received(client) == b"again at once"


@pytest_twisted.ensureDeferred
async def test_a_reader_that_stops_gets_everything_when_it_goes_on(sides: tuple[Side, socket.socket]) -> None:
    side, client = sides
    transport: Any = side.transport
    block = bytes(range(256)) * 4096
    blocks = MUCH // len(block)
    for _ in range(blocks):
        transport.write_now(block)
        await pause(0)
    transport.write_now(b"end")
    assert await all_of(client, blocks * len(block) + 3) == block * blocks + b"end"


@pytest_twisted.ensureDeferred
async def test_writing_to_a_connection_that_is_gone_does_no_harm(sides: tuple[Side, socket.socket]) -> None:
    side, client = sides
    transport: Any = side.transport
    client.close()

    def is_gone() -> bool:
        transport.write_now(b"x" * 1000)
        return side.gone.called

    await until(is_gone, "the end of the connection")
    transport.write_now(b"too late")


def test_without_a_send_to_call_directly_pythons_own_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: None) -> None:
        raise OSError("no shared libraries here")

    monkeypatch.setattr(ctypes, "PyDLL", none)
    plainly = _sending()
    here, there = socket.socketpair()
    with here, there:
        assert plainly(here, b"\0 at once") == 9
        assert there.recv(100) == b"\0 at once"
        there.close()
        assert plainly(here, b"too late") == 0


@given(st.lists(st.binary(min_size=1, max_size=50)))
def test_other_transports_are_written_to_as_usual(messages: list[bytes]) -> None:
    transport = StringTransport()
    send = sender(transport)
    for message in messages:
        send(message)
    assert transport.value() == b"".join(messages)
