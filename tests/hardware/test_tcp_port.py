"""Lines whose device stands behind a serial device server, on loopback."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHostnameResolver
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from hardware.drivers import LineSettings, create_line_device
from hardware.line_device import LineDevice
from hardware.port_address import TcpAddress
from hardware.supervisor import PortError
from hardware.tcp_port import TcpOpener
from protocols.signals import Answered, CallerIdentified, Ended, LineLost, LineReady, Rang, RingingStopped
from tests.peers.serial_server import SerialServer
from tests.peers.simulator import Heard, running
from twistd_plugin.commands.ports import free_port

NUMBER = "13800138000"
FAST = ("--speed", "10")


@asynccontextmanager
async def line_on(address: str, folder: Path, **settings: Any) -> AsyncIterator[tuple[LineDevice, Heard]]:
    values = {"name": "1", "driver": "hayes", "port": address, "ring_timeout": 1.0, **settings}
    device = create_line_device(LineSettings.model_validate(values), reactor, folder)
    heard = Heard()
    device.start(heard)
    try:
        yield device, heard
    finally:
        await device.stop()


@ensureDeferred
async def test_a_modem_behind_a_server_rings_answers_and_survives_the_network(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        server = SerialServer(simulator.link)
        async with line_on(f"tcp://localhost:{server.port}", tmp_path) as (device, heard):
            await heard.first(LineReady)
            over = simulator.run("call", number=NUMBER, rings=100, hangup_after=20)
            await heard.first(Rang)
            device.answer()
            await heard.first(Answered)
            await over
            await heard.until(lambda signals: Ended(by_far_end=True) in signals)
            server.drop()
            lost = await heard.first(LineLost)
            assert lost == LineLost(f"the connection to localhost:{server.port} was closed by it")
            await heard.first(LineReady)
            await simulator.run("call", number=NUMBER, rings=2)
            assert await heard.first(CallerIdentified) == CallerIdentified(NUMBER)
        await server.close()


@ensureDeferred
async def test_a_receiver_behind_a_server(tmp_path: Path) -> None:
    with running(tmp_path, "fsk_box", *FAST) as simulator:
        server = SerialServer(simulator.link)
        async with line_on(f"tcp://127.0.0.1:{server.port}", tmp_path, driver="fsk") as (_, heard):
            await heard.first(LineReady)
            await heard.until(lambda _: bool(server.clients))
            await simulator.run("call", number=NUMBER, rings=1)
            await heard.until(lambda signals: RingingStopped() in signals)
            assert heard.signals == [CallerIdentified(NUMBER), RingingStopped()]
        await server.close()


@ensureDeferred
async def test_a_server_that_is_not_there_is_lost_and_taken_when_it_comes(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(f"tcp://127.0.0.1:{port}", tmp_path) as (_, heard):
            lost = await heard.first(LineLost)
            assert lost == LineLost(f"cannot connect to 127.0.0.1:{port}: Connection refused")
            server = SerialServer(simulator.link, port)
            await heard.first(LineReady)
            assert not heard.of(LineLost)
        await server.close()


@implementer(IHostnameResolver)
class Resolver:
    """Finds no address, or says nothing ever."""

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers

    def resolveHostName(self, receiver: Any, *_: Any, **__: Any) -> None:
        if self._answers:
            receiver.resolutionComplete()


@contextmanager
def names(*, answers: bool) -> Iterator[None]:
    before = reactor.installNameResolver(Resolver(answers=answers))
    try:
        yield
    finally:
        reactor.installNameResolver(before)


@ensureDeferred
async def test_an_unknown_name() -> None:
    with names(answers=True), pytest.raises(PortError, match="cannot connect to moxa:4001: the name is not known"):
        await TcpOpener(TcpAddress("moxa", 4001), reactor).open(Protocol(), lambda: None)


@ensureDeferred
async def test_stopping_does_not_wait_for_a_name_server_that_never_answers(tmp_path: Path) -> None:
    with names(answers=False):
        async with line_on("tcp://moxa:4001", tmp_path) as (_, heard):
            pass
    assert heard.signals == []


@ensureDeferred
async def test_a_peer_that_falls_silent_is_found_out_by_the_kernel(tmp_path: Path) -> None:
    closed: Deferred[None] = Deferred()
    with running(tmp_path, "fsk_box") as simulator:
        server = SerialServer(simulator.link)
        opener = TcpOpener(TcpAddress("127.0.0.1", server.port), reactor)
        protocol = Protocol()
        port = await opener.open(protocol, lambda: closed.callback(None))
        handle = protocol.transport.getHandle()
        assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, interval, probes = (
            handle.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + interval * probes <= 30
        assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
        port.close()
        await closed
        await server.close()
