"""The real driver on a real pseudo-terminal, against the simulated modem in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.logger import capturedLogs, formatEvent

from hardware.gateways import gsm
from hardware.gateways.device import GatewayAbility
from hardware.gateways.gsm import GsmGateway, GsmGatewaySettings
from protocols.sms import (
    Fate,
    GatewayLost,
    GatewayReady,
    PartAccepted,
    PartUnknown,
    PartUnsent,
    ReceiptArrived,
    TextArrived,
    UnreadableFound,
)
from tests.peers.gateway_heard import GatewayHeard, texts
from tests.peers.gsm_bench import NUMBER, part
from tests.peers.patience import PATIENCE
from tests.peers.simulator import Simulator, running

FAST = ("--speed", "20")
THINKS = 6.0
"""So many seconds a network takes for a message, where a test must come before its answer."""


@asynccontextmanager
async def gateway_on(port: Path, folder: Path, **settings: Any) -> AsyncIterator[tuple[GsmGateway, GatewayHeard]]:
    values = {"name": "短信猫 1", "port": str(port), "rate": 1.0, **settings}
    device = GsmGateway(GsmGatewaySettings.model_validate(values), reactor, folder / "trace")
    heard = GatewayHeard(writes=False)
    device.start(heard)
    try:
        yield device, heard
    finally:
        await device.stop()


@ensureDeferred
async def test_sent_delivered_answered_and_deleted(tmp_path: Path) -> None:
    with running(tmp_path, "smsc", "--protocol", "gsm", "--pin", "2468", *FAST) as simulator:
        async with gateway_on(simulator.link, tmp_path, pin="2468", trace=True) as (device, heard):
            assert device.room == 0
            await heard.first(GatewayReady)
            assert GatewayAbility.RECEIPTS | GatewayAbility.LONG_TEXT in device.abilities
            words = "您好，您的复查预约在明天上午九点。" * 5
            pieces = [words[:67], words[67:]]
            device.submit(
                [part(str(at), piece, position=at, total=2, reference=9) for at, piece in enumerate(pieces, 1)]
            )
            assert heard.signals == []
            await heard.until(lambda: len(heard.of(ReceiptArrived)) == 2)
            accepted = {one.gateway_id: one.key for one in heard.of(PartAccepted)}
            assert [accepted[one.gateway_id] for one in heard.of(ReceiptArrived)] == ["1", "2"]
            assert {one.fate for one in heard.of(ReceiptArrived)} == {Fate.DELIVERED}
            status = simulator.ask("status")
            assert [one["part"] for one in status["sent"]] == [[9, 1, 2], [9, 2, 2]]
            simulator.ask("text", number=NUMBER, text="好的，谢谢！")
            text = await heard.first(TextArrived)
            assert isinstance(text, TextArrived)
            assert (text.sender, text.text) == (NUMBER, "好的，谢谢！")
            assert simulator.ask("status")["stored"]["SM"] == 1
            text.written()
            await heard.until(lambda: simulator.ask("status")["stored"]["SM"] == 0)
        # It is written on another thread; the text that came in is deleted last.
        await heard.until(lambda: "AT+CMGD" in texts(tmp_path))
        trace = texts(tmp_path)
        # As ASCII and in hexadecimal; the time of a line may have any figures.
        trace = "\n".join(line.partition(" ")[2] for line in trace.splitlines())
        assert "2468" not in trace
        assert b"2468".hex(" ") not in trace
        assert "6831****" in trace
        # In semi-octets, as PDUs write it.
        assert "683108108300F0" not in trace


@ensureDeferred
async def test_what_cannot_be_read_is_told_and_logged_where_it_lies_and_deleted_when_it_is_on_disk(
    tmp_path: Path,
) -> None:
    with running(tmp_path, "smsc", "--protocol", "gsm", "--places", "10", *FAST) as simulator:
        simulator.ask("store", tpdu="040D91683108108300F0000862118221853223144F60", count=9)
        simulator.ask("store", tpdu="11", sent=True)
        with capturedLogs() as events:
            async with gateway_on(simulator.link, tmp_path) as (_, heard):
                await heard.until(lambda: len(heard.of(TextArrived)) == 9)
                found = heard.of(TextArrived)
                assert {(text.sender, text.text) for text in found} == {(NUMBER, "04 000862118221853223144F60")}
                assert simulator.ask("status")["stored"]["SM"] == 10
                for text in found:
                    text.written()
                await heard.until(lambda: simulator.ask("status")["stored"]["SM"] == 1)
        assert heard.of(UnreadableFound) == []
        logged = [formatEvent(event) for event in events if event.get("log_namespace") == "hardware.gateways"]
        assert [line for line in logged if "SM 9 " in line] == [
            "gateway 短信猫 1: what lies at SM 9 is no message that can be read: it is told as hexadecimal"
        ]
        assert not any("4F60" in line for line in logged)


@ensureDeferred
async def test_pulled_out_in_the_middle_and_back_under_another_name(tmp_path: Path) -> None:
    with running(tmp_path, "smsc", "--protocol", "gsm") as simulator:
        async with gateway_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("fate", delay=60)
            device.submit([part("a"), part("b")])
            await heard.until(lambda: simulator.ask("status")["sent"])
            simulator.ask("unplug")
            await heard.some(GatewayLost)
            assert [type(signal) for signal in heard.signals] == [PartUnknown, PartUnsent, GatewayLost]
            assert device.room == 0
            device.submit([part("c")])
            await heard.until(lambda: heard.signals[-1] == PartUnsent("c"))
            simulator.ask("replug")
            await heard.first(GatewayReady)
            simulator.ask("fate", delay=0.1)
            device.submit([part("d")])
            accepted = await heard.first(PartAccepted)
            assert isinstance(accepted, PartAccepted)
            assert accepted.key == "d"


@ensureDeferred
async def test_stopping_waits_for_the_answer_and_tells_the_end_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gsm, "DRAIN_SECONDS", PATIENCE)
    with running(tmp_path, "smsc", "--protocol", "gsm") as simulator:
        async with gateway_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("fate", delay=THINKS, report=None)
            device.submit([part("a"), part("b")])
            await heard.until(lambda: simulator.ask("status")["sent"])
        assert [(type(signal), signal.key) for signal in heard.signals] == [  # type: ignore[attr-defined]
            (PartUnsent, "b"), (PartAccepted, "a"),
        ]  # fmt: skip


@ensureDeferred
async def test_stopped_before_it_began_to_write(tmp_path: Path) -> None:
    with running(tmp_path, "smsc", "--protocol", "gsm") as simulator:
        async with gateway_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            device.submit([part(str(number)) for number in range(12)])
        assert sorted(signal.key for signal in heard.of(PartUnsent)) == sorted(map(str, range(12)))


@ensureDeferred
async def test_what_comes_while_it_stops_is_unsent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gsm, "DRAIN_SECONDS", PATIENCE)
    with running(tmp_path, "smsc", "--protocol", "gsm") as simulator:
        async with gateway_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("fate", delay=THINKS, report=None)
            device.submit([part("a")])
            await heard.until(lambda: simulator.ask("status")["sent"])
            # The last answer that it waited for, and in the same turn comes what was claimed before.
            heard.when(PartAccepted, lambda: device.submit([part("b"), part("c")]))
            await device.stop()
            assert heard.of(PartUnsent) == [PartUnsent("b"), PartUnsent("c")]


@ensureDeferred
async def test_a_port_that_is_not_there_is_lost_once(tmp_path: Path) -> None:
    async with gateway_on(tmp_path / "nothing", tmp_path) as (device, heard):
        await heard.some(GatewayLost)
        await deferLater(reactor, 1.5)
        assert len(heard.signals) == 1
        assert device.room == 0


def _simulator_noise(simulator: Simulator, data: bytes) -> None:
    simulator.ask("raw", data=data.hex())


@ensureDeferred
async def test_noise_on_the_port(tmp_path: Path) -> None:
    with running(tmp_path, "smsc", "--protocol", "gsm", *FAST) as simulator:
        async with gateway_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            for byte in range(0, 256, 3):
                _simulator_noise(simulator, bytes([byte]) * 50)
            _simulator_noise(simulator, b"\r\n")
            device.submit([part("a")])
            await heard.some(PartAccepted)


@pytest.mark.parametrize(
    "wrong",
    [{"port": "COM3"}, {"baud": 1234}, {"pin": "12"}, {"pin": '1234"'}, {"number": "张三"},
     {"service_centre": '+86"\r'}, {"rate": 5}, {"window": 2}, {"storage": "XX"}, {"reports": "maybe"}, {"port": "tcp://box"}],
)  # fmt: skip
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GsmGatewaySettings.model_validate({"name": "1", "port": "/dev/ttyUSB0", **wrong})


def test_the_pin_is_not_shown() -> None:
    settings = GsmGatewaySettings.model_validate({"name": "1", "port": "/dev/ttyUSB0", "pin": "2468"})
    assert "2468" not in repr(settings)
