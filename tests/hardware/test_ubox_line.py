"""The UBOX driver over real WebSockets, against the vendor's service in software."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from hardware import ubox_port
from hardware.line_device import Capability, HardwareError, NotCapableError
from hardware.simulators.control import SimulatorError, request, send
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
    RingingStopped,
)
from protocols.ubox.codec import MAX_MESSAGE
from tests.peers.patience import PATIENCE
from tests.peers.ubox import Service, lines_on, service

NUMBER = "13800138000"


@contextmanager
def process(*options: str) -> Iterator[None]:
    running = subprocess.Popen([sys.executable, "-m", "hardware.simulators.ubox_service", *options])
    try:
        yield
    finally:
        running.terminate()
        running.wait(PATIENCE)


@ensureDeferred
async def test_ring_number_and_nobody_answers(tmp_path: Path) -> None:
    async with service() as ubox, lines_on(ubox.port, tmp_path) as [(device, heard)]:
        assert await heard.first(LineReady) == LineReady("UBOX FI3101A, channel 1")
        assert Capability.ANSWER | Capability.DIAL | Capability.DTMF_OUT in device.capabilities
        assert await ubox.run("call", number=NUMBER, rings=2) == "abandoned"
        await heard.until(lambda signals: RingingStopped() in signals)
        assert heard.of(CallerIdentified) == [CallerIdentified(NUMBER)]
        await ubox.run("call", number=NUMBER, caller_id="private", rings=1)
        await heard.until(lambda signals: signals.count(RingingStopped()) == 2)
        assert heard.of(CallerIdentified)[1:] == [CallerIdentified("", absent=AbsentReason.PRIVATE)]


@ensureDeferred
async def test_answer_talk_and_the_caller_hangs_up(tmp_path: Path) -> None:
    async with service() as ubox, lines_on(ubox.port, tmp_path) as [(device, heard)]:
        await heard.first(LineReady)
        over = ubox.run("call", number=NUMBER, rings=100, hangup_after=20, digits="1#")
        await heard.first(Rang)
        device.answer()
        await heard.first(Answered)
        assert await over == "far end hung up"
        await heard.until(lambda signals: Ended(by_far_end=True) in signals)
        assert heard.of(DigitHeard) == [DigitHeard("1"), DigitHeard("#")]
        assert not ubox.ask("status")["off_hook"]


@ensureDeferred
async def test_the_telephone_takes_the_call(tmp_path: Path) -> None:
    async with service(model="FI3001B") as ubox, lines_on(ubox.port, tmp_path) as [(device, heard)]:
        await heard.first(LineReady)
        await ubox.run("call", number=NUMBER, answer_after=4, hangup_after=20)
        await heard.until(lambda signals: HandsetReplaced() in signals)
        assert heard.signals == [Rang(), CallerIdentified(NUMBER), HandsetLifted(), HandsetReplaced()]
        assert Capability.CALLER_ID in device.capabilities
        for forbidden in (device.answer, device.hang_up, lambda: device.dial("10086"), lambda: device.send_digits("1")):
            with pytest.raises(NotCapableError, match="cannot"):
                forbidden()


@ensureDeferred
async def test_dialling(tmp_path: Path) -> None:
    async with service() as ubox, lines_on(ubox.port, tmp_path) as [(device, heard)]:
        await heard.first(LineReady)
        over = ubox.run("outgoing", result="busy", after=1)
        device.dial("+8610086")
        assert await heard.first(DialFailed) == DialFailed(DialFailure.BUSY)
        assert await over == "busy"
        assert ubox.ask("status")["dialled"] == "008610086"
        over = ubox.run("outgoing", result="answer", after=1)
        device.dial("10010")
        await heard.until(lambda _: ubox.ask("status")["line"] == "talking")
        device.hang_up()
        assert await heard.first(Ended) == Ended(by_far_end=False)
        assert await over == "hung up by the computer"
        with pytest.raises(ValueError, match="cannot dial"):
            device.dial('1","event":"SoftHookon')


@ensureDeferred
async def test_several_lines_share_one_connection(tmp_path: Path) -> None:
    async with service(channels=3) as ubox, lines_on(ubox.port, tmp_path, count=3) as lines:
        for _, heard in lines:
            await heard.first(LineReady)
        assert len(ubox.running.clients) == 1
        ubox.ask("call", channel=2, number=NUMBER, rings=1)
        await lines[1][1].first(CallerIdentified)
        assert lines[0][1].signals == lines[2][1].signals == []
        await lines[1][0].stop()
        ubox.ask("call", channel=3, number=NUMBER, rings=1)
        await lines[2][1].first(CallerIdentified)
        assert len(ubox.running.clients) == 1
        ubox.ask("unplug", channel=1)
        assert await lines[0][1].first(LineLost) == LineLost("channel 1 of the UBOX service was unplugged")
        assert not lines[2][1].of(LineLost)
        ubox.ask("replug", channel=1)
        await lines[0][1].first(LineReady)


@ensureDeferred
async def test_the_service_stops_and_starts(tmp_path: Path) -> None:
    async with service(channels=2) as ubox, lines_on(ubox.port, tmp_path, count=2) as lines:
        for _, heard in lines:
            await heard.first(LineReady)
        ubox.ask("call", number=NUMBER)
        await lines[0][1].first(Rang)
        await ubox.stop()
        for device, heard in lines:
            lost = await heard.first(LineLost)
            assert isinstance(lost, LineLost)
            assert lost.reason.startswith("the UBOX service is gone: ")
            with pytest.raises(HardwareError, match="not available"):
                device.dial("10086")
        await ubox.start()
        for _, heard in lines:
            await heard.first(LineReady)
        assert len(ubox.running.clients) == 1


@ensureDeferred
async def test_a_service_that_is_not_there_is_lost_at_once_and_taken_when_it_comes(tmp_path: Path) -> None:
    ubox = Service(channels=2)
    await ubox.start()
    await ubox.stop()
    async with lines_on(ubox.port, tmp_path, count=2) as lines:
        for _, heard in lines:
            lost = await heard.first(LineLost)
            assert isinstance(lost, LineLost)
            assert lost.reason.startswith(f"cannot open ws://127.0.0.1:{ubox.port}/ws: Connection refused")
        await ubox.start()
        for _, heard in lines:
            await heard.first(LineReady)
        await ubox.stop()


@ensureDeferred
async def test_broken_json_unknown_events_and_a_flood_do_not_hide_the_next_call(tmp_path: Path) -> None:
    source = random.Random(9)
    async with service() as ubox, lines_on(ubox.port, tmp_path) as [(_, heard)]:
        await heard.first(LineReady)
        for data in (b"", b"{", b"null", b"[" * 50_000, b'{"event":"voltage"}', b'{"event":"ring","handle":{}}'):
            ubox.say_raw(data)
        for size in range(200):
            ubox.say_raw(source.randbytes(size))
        for _ in range(2000):
            ubox.say(event="ring", handle=0)
        await heard.first(Rang)
        ubox.say(event="ringCancel", handle=0)
        await heard.until(lambda signals: RingingStopped() in signals)
        assert heard.signals.count(Rang()) < 10
        assert not heard.of(LineLost)
        heard.signals.clear()
        ubox.ask("call", number=NUMBER, rings=1)
        assert await heard.first(CallerIdentified) == CallerIdentified(NUMBER)


@pytest.mark.parametrize("piece", [None, 4096])
@ensureDeferred
async def test_a_huge_message_costs_the_connection_and_not_the_line(piece: int | None, tmp_path: Path) -> None:
    async with service() as ubox, lines_on(ubox.port, tmp_path) as [(_, heard)]:
        await heard.first(LineReady)
        (client,) = ubox.running.clients
        client.sendMessage(b"x" * (MAX_MESSAGE + 1), fragmentSize=piece)
        await heard.first(LineLost)
        await heard.first(LineReady)


@ensureDeferred
async def test_a_service_that_accepts_and_says_nothing(tmp_path: Path) -> None:
    async with service(silent=True) as ubox, lines_on(ubox.port, tmp_path) as [(_, heard)]:
        assert await heard.first(LineLost) == LineLost("the UBOX service does not answer")
        ubox.running.silent = False
        await heard.first(LineReady)


@ensureDeferred
async def test_something_that_is_no_web_socket_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ubox_port, "HANDSHAKE_SECONDS", 0.5)
    accepts = Factory.forProtocol(Protocol)
    listener = reactor.listenTCP(0, accepts, interface="127.0.0.1")
    async with lines_on(listener.getHost().port, tmp_path) as [(_, heard)]:
        lost = await heard.first(LineLost)
        assert isinstance(lost, LineLost)
        assert "WebSocket opening handshake timeout" in lost.reason
    await listener.stopListening()


@ensureDeferred
async def test_stopping_waits_for_no_handshake(tmp_path: Path) -> None:
    seen: list[str] = []

    class Acceptor(Protocol):
        def connectionMade(self) -> None:
            seen.append("accepted")

        def connectionLost(self, reason: object = None) -> None:
            seen.append("dropped")

    listener = reactor.listenTCP(0, Factory.forProtocol(Acceptor), interface="127.0.0.1")
    async with lines_on(listener.getHost().port, tmp_path, count=2) as [(_, heard), _]:
        await heard.until(lambda _: bool(seen))
        await deferLater(reactor, 0.1)
    await heard.until(lambda _: seen == ["accepted", "dropped"])
    assert heard.signals == []
    await listener.stopListening()


@ensureDeferred
async def test_stopping_hangs_up_and_closes_the_connection(tmp_path: Path) -> None:
    async with service(channels=2) as ubox:
        async with lines_on(ubox.port, tmp_path, count=2) as [(device, heard), _]:
            await heard.first(LineReady)
            ubox.ask("call", number=NUMBER)
            await heard.first(Rang)
            device.answer()
            await heard.first(Answered)
        assert not ubox.ask("status")["off_hook"]
        await heard.until(lambda _: ubox.running.clients == [])


@ensureDeferred
async def test_the_simulator_as_a_process(tmp_path: Path) -> None:
    ubox = Service()
    await ubox.start()
    await ubox.stop()
    control = tmp_path / "control"
    with process("--port", str(ubox.port), "--control", str(control), "--speed", "10", "--channels", "2"):
        async with lines_on(ubox.port, tmp_path, count=2) as [_, (_, heard)]:
            await heard.first(LineReady)
            options = {"command": "call", "channel": 2, "number": NUMBER, "rings": 2}
            replies = await deferToThread(lambda: list(send(control, options, timeout=PATIENCE)))
            assert replies[-1] == {"done": "abandoned"}
            assert await heard.first(CallerIdentified) == CallerIdentified(NUMBER)
            with pytest.raises(SimulatorError, match="2 channels"):
                await deferToThread(request, control, {"command": "status", "channel": 3})
