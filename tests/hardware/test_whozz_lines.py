"""Whozz Calling lines on UDP sockets on loopback."""

from __future__ import annotations

import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.logger import LogEvent, globalLogPublisher

from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.line_device import Capability, LineDevice, NotCapableError
from hardware.port_address import UdpAddress
from hardware.udp_port import Dropped, UdpOpener, UdpSockets, Verdict
from protocols.line_endpoint import LineProtocol
from protocols.signals import (
    AbsentReason,
    CallerIdentified,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
    RingingStopped,
)
from tests.peers.patience import PATIENCE
from tests.peers.simulator import Heard, running
from tests.protocols.whozz.packets import SERIAL, UNIT, call, detail
from twistd_plugin.commands.ports import free_port

NUMBER = "13800138000"


class Bench:
    """Lines by the end of their address, on one socket."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self.shared = SharedPorts(reactor)
        self._folder = folder
        self._devices: list[LineDevice] = []

    def line(self, which: str, **settings: Any) -> tuple[LineDevice, Heard]:
        values = {"name": which, "driver": "whozz", "port": f"udp://127.0.0.1:{self.port}/{which}", **settings}
        device = create_line_device(LineSettings.model_validate(values), reactor, self._folder, self.shared)
        heard = Heard()
        device.start(heard)
        self._devices.append(device)
        return device, heard

    def send(self, *datagrams: bytes, sender: str = "127.0.0.1") -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
            box.bind((sender, 0))
            for datagram in datagrams:
                box.sendto(datagram, ("127.0.0.1", self.port))

    @property
    def dropped(self) -> dict[Verdict, int]:
        return self.shared.sockets.at(UdpAddress("127.0.0.1", self.port)).dropped.total

    async def stop(self) -> None:
        for device in self._devices:
            await device.stop()


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    bench = Bench(folder)
    try:
        yield bench
    finally:
        await bench.stop()


@contextmanager
def logged() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)
    try:
        yield events
    finally:
        globalLogPublisher.removeObserver(events.append)


@ensureDeferred
async def test_an_answered_call_of_a_simulated_box(tmp_path: Path) -> None:
    async with bench(tmp_path) as lines:
        device, heard = lines.line(f"{UNIT}/01")
        assert heard.signals == [LineReady("Whozz Calling, line 01 (listens only)")]
        assert device.capabilities == Capability.CALLER_ID
        with pytest.raises(NotCapableError, match="cannot dial"):
            device.dial("10086")
        heard.signals.clear()
        with running(tmp_path / "box", "whozz_box", "--to", f"127.0.0.1:{lines.port}", "--speed", "10") as box:
            done = await box.run("call", number=NUMBER, name="LI SI", answer_after=8, hangup_after=20)
            assert done[-1] == {"done": "ended on the handset"}
            await heard.until(lambda signals: HandsetReplaced() in signals)
            await box.run("call", number="", caller_id="private", rings=1)
            await heard.until(lambda signals: RingingStopped() in signals)
            assert heard.signals == [
                *(Rang(), CallerIdentified(NUMBER, "LI SI"), HandsetLifted(), HandsetReplaced()),
                *(Rang(), CallerIdentified("", absent=AbsentReason.PRIVATE), RingingStopped()),
            ]
            assert Capability.RING | Capability.LOCAL_HOOK in device.capabilities


@ensureDeferred
async def test_a_simulated_basic_box(tmp_path: Path) -> None:
    async with bench(tmp_path) as lines:
        _, heard = lines.line("*/02", ring_timeout=1)
        options = ("--to", f"127.0.0.1:{lines.port}", "--line", "2", "--basic", "--speed", "10")
        with running(tmp_path / "box", "whozz_box", *options) as box:
            await box.run("call", number=NUMBER, answer_after=8, hangup_after=20)
            await heard.until(lambda signals: RingingStopped() in signals)
            assert heard.signals[1:] == [CallerIdentified(NUMBER), RingingStopped()]


@ensureDeferred
async def test_two_boxes_and_several_lines_on_one_socket(tmp_path: Path) -> None:
    async with bench(tmp_path) as lines:
        heard = {which: lines.line(which)[1] for which in (f"{UNIT}/01", f"{SERIAL}/02", "7/01", "*/08")}
        lines.send(
            call("I S", "10001", ""),
            call("I S", "10002", "", line=2),
            call("I S", "10003", "", unit=7, serial=70),
            call("I S", "10004", "", line=8, unit=7, serial=70),
            call("I S", "10005", "", line=3),
        )
        for which, number in zip(heard, ("10001", "10002", "10003", "10004"), strict=True):
            await heard[which].until(lambda signals, number=number: CallerIdentified(number) in signals)
            assert len(heard[which].of(CallerIdentified)) == 1
        await heard["7/01"].until(lambda _: lines.dropped == {Verdict.OTHER_LINE: 1})


@ensureDeferred
async def test_strangers_are_dropped_and_counted_and_not_told_of(tmp_path: Path) -> None:
    async with bench(tmp_path) as lines:
        _, heard = lines.line("*/01?from=127.0.0.1")
        with logged() as events:
            lines.send(*[call("I S", "13700137000", "")] * 50, detail("R"), sender="127.0.0.2")
            lines.send(call("I S", NUMBER, ""))
            await heard.first(CallerIdentified)
            await heard.until(lambda _: lines.dropped == {Verdict.STRANGER: 51})
        assert heard.signals == []
        told = [event for event in events if "dropped" in str(event.get("log_format"))]
        assert len(told) == 1
        assert "13700137000" not in str(events)


@ensureDeferred
async def test_noise_and_floods_hide_nothing(tmp_path: Path) -> None:
    source = random.Random(7)
    async with bench(tmp_path) as lines:
        _, heard = lines.line("*/01")
        noise = [source.randbytes(source.randrange(1400)) for _ in range(200)] + [b"", b"^^", b"\xff" * 60_000]
        for start in range(0, len(noise), 20):
            # In pieces, so that the kernel's buffer holds them.
            lines.send(*noise[start : start + 20])
            await heard.until(lambda _, count=start: lines.dropped.get(Verdict.NOISE, 0) > count)
        lines.send(*[detail("R")] * 100)
        await heard.first(Rang)
        lines.send(call("I S", NUMBER, ""))
        await heard.first(CallerIdentified)
        assert not heard.of(Rang)


@ensureDeferred
async def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    async with bench(tmp_path) as lines:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", lines.port))
            heard = [lines.line("*/01")[1], lines.line("*/02")[1]]
            lost = LineLost(f"cannot listen on udp 127.0.0.1:{lines.port}: Address already in use")
            assert [each.signals for each in heard] == [[lost], [lost]]
        for each in heard:
            await each.first(LineReady)
        lines.send(call("I S", NUMBER, "", line=2))
        await heard[1].first(CallerIdentified)


@ensureDeferred
async def test_a_stopped_line_leaves_the_socket_to_the_others(tmp_path: Path) -> None:
    async with bench(tmp_path) as lines:
        first, heard_first = lines.line("*/01")
        _, heard = lines.line("*/02")
        await first.stop()
        first.start(heard_first)
        lines.send(call("I S", NUMBER, "", line=2))
        await heard.first(CallerIdentified)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", lines.port))


class Recorder(LineProtocol):
    def __init__(self) -> None:
        self.got: list[bytes] = []

    def connectionMade(self) -> None:
        pass

    def dataReceived(self, data: bytes) -> None:
        self.got.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        pass


@ensureDeferred
async def test_questions_go_to_the_box_that_was_heard(tmp_path: Path) -> None:
    address = UdpAddress("127.0.0.1", free_port(socket.SOCK_DGRAM))
    verdicts = {b"mine": Verdict.MINE, b"noise": Verdict.NOISE}
    protocol = Recorder()
    closed: list[bool] = []
    port = await UdpOpener(UdpSockets(reactor), address, verdicts.__getitem__).open(
        protocol, lambda: closed.append(True)
    )
    heard = Heard()
    protocol.transport.write(b"lost: nobody was heard")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        box.sendto(b"mine", ("127.0.0.1", address.port))
        await heard.until(lambda _: protocol.got == [b"mine"])
        other.sendto(b"noise", ("127.0.0.1", address.port))
        await heard.until(lambda _: protocol.got == [b"mine", b"noise"])
        protocol.transport.write(b"^^IdX")
        box.settimeout(PATIENCE)
        assert box.recv(100) == b"^^IdX"
    port.close()
    await heard.until(lambda _: bool(closed))


def test_the_log_is_told_at_most_once_in_ten_minutes() -> None:
    from twisted.internet.task import Clock

    clock = Clock()
    clock.advance(10_000)
    dropped = Dropped("udp here", clock)
    with logged() as events:
        for _ in range(3):
            dropped.count(Verdict.NOISE)
        assert [event["noise"] for event in events] == [1]
        clock.advance(600)
        dropped.count(Verdict.STRANGER)
        assert [(event["noise"], event["strangers"]) for event in events] == [(1, 0), (2, 1)]
    assert dropped.total == {Verdict.NOISE: 3, Verdict.STRANGER: 1}
