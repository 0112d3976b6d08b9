"""Simulated SMS gateways of every family as processes, scripted from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from hardware.gateways.device import GatewayDevice
from hardware.gateways.drivers import create_gateway
from hardware.gateways.settings import GatewayKind
from hardware.simulators.control import request
from protocols.sms import (
    GatewayPaused,
    GatewayReady,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    ReceiptArrived,
    TextArrived,
)
from tests.peers.gateway_heard import GatewayHeard
from tests.peers.patience import PATIENCE, until
from tests.peers.sms_session import part
from tests.peers.smsc import gateway_settings
from twistd_plugin.commands import main


@dataclass(frozen=True)
class Smsc:
    """``told`` is the set-up that the simulator printed."""

    protocol: str
    control: Path
    told: dict[str, str]


@dataclass(frozen=True)
class Case:
    """A message is refused by ``refuse`` with the code ``refused``. With ``fetches``, receipts and texts do not come by
    themselves.
    """

    protocol: str
    refused: str
    refuse: tuple[str, ...] = ()
    options: tuple[str, ...] = ("--port", "0")
    settings: dict[str, Any] = field(default_factory=lambda: {"rate": 100.0})
    fetches: bool = False


CASES = [
    Case("cmpp2", "11", ("--code", "11")),
    Case("cmpp3", "11", ("--code", "11")),
    Case("smpp", "0x0B", ("--code", "11")),
    Case("http", "Faild", fetches=True),
    Case("gsm", "CMS 21", options=("--speed", "50"), settings={"rate": 1.0}),
]
COMMAND = (sys.executable, "-m", "twistd_plugin.commands", "simulate", "smsc", "--protocol")


def set_up(process: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    """What the simulator prints, up to where it says how a patient writes."""
    assert process.stdout is not None
    for line in process.stdout:
        name, equals, value = line.strip().partition(" = ")
        if equals:
            yield name, value
        elif "simulate sms" in line:
            return
    pytest.fail("the simulator ended")


@pytest.fixture
def smsc(case: Case, tmp_path: Path) -> Iterator[Smsc]:
    control = tmp_path / "control"
    command = [*COMMAND, case.protocol, "--control", str(control), "--receipt-after", "0.01", *case.options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Smsc(case.protocol, control, dict(set_up(process)))
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


@asynccontextmanager
async def gateway_on(smsc: Smsc, case: Case, folder: Path, heard: GatewayHeard) -> AsyncIterator[GatewayDevice]:
    """A gateway of ours with the printed set-up, ready. ``heard`` has heard nothing of being ready yet."""
    told = dict(smsc.told)
    values = {"name": "g", **case.settings, **told}
    kind = GatewayKind(values.pop("kind"))
    assert kind.value == smsc.protocol
    device = create_gateway(gateway_settings(kind, values), reactor, folder)
    device.start(heard)
    try:
        await heard.some(GatewayReady)
        yield device
    finally:
        await device.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.protocol)
@ensureDeferred
async def test_it_is_scripted(smsc: Smsc, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def ask(*arguments: str) -> str:
        command = ["simulate", *arguments, "--control", str(smsc.control)]
        assert await deferToThread(main, command) == 0
        return capsys.readouterr().out

    async def counts() -> dict[str, Any]:
        told: dict[str, Any] = json.loads(await ask("smsc-status", "--json"))
        return told

    async def was_silent() -> bool:
        return bool((await counts()).get("silent"))

    first, heard = GatewayHeard(), GatewayHeard()
    async with gateway_on(smsc, case, tmp_path, first) as device:
        device.submit([part("1")])
        [accepted] = await first.some(PartAccepted)
        await ask("sms", "13800138000", "退订")
        if not case.fetches:
            await first.some(ReceiptArrived)
            await first.some(TextArrived)
    # Providers are asked when we start, and every half minute then: which of the two gets it is not sure.
    async with gateway_on(smsc, case, tmp_path, heard) as device:
        await heard.until(lambda: first.of(ReceiptArrived) + heard.of(ReceiptArrived))
        [receipt] = first.of(ReceiptArrived) + heard.of(ReceiptArrived)
        assert receipt.gateway_id == accepted.gateway_id
        await heard.until(lambda: first.of(TextArrived) + heard.of(TextArrived))
        [text] = first.of(TextArrived) + heard.of(TextArrived)
        assert (text.sender, text.text) == ("13800138000", "退订")
        await ask("treat", "refuse", *case.refuse)
        device.submit([part("2")])
        [refused] = await heard.some(PartRefused)
        assert (refused.key, refused.code) == ("2", case.refused)
        told = await counts()
        assert (told["submitted"], told["accept"], told["refuse"], told["texts"]) == (2, 1, 1, 1)

        await ask("treat", "silent")
        await heard.until(lambda: device.room)
        device.submit([part("3")])
        await until(was_silent)
        await ask("drop")
        await heard.until(lambda: "3" in [one.key for one in heard.of(PartUnknown)])

        await ask("treat", "throttle")
        await heard.until(lambda: device.room)
        device.submit([part("4")])
        await heard.until(lambda: heard.of(GatewayPaused) or heard.of(PartUnsent) or len(heard.of(PartRefused)) == 2)
        told = await counts()
        assert (told["throttle"], told["accept"]) == (1, 1)
        messages = request(smsc.control, {"command": "messages", "last": 1}, PATIENCE)["messages"]
        assert messages[0]["text"] == "您好，预约提醒"


@pytest.mark.parametrize(
    ("protocol", "option"), [("cmpp3", "link"), ("smpp", "credit"), ("http", "pin"), ("gsm", "port")]
)
def test_an_option_of_another_family_is_refused(
    protocol: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    control = str(tmp_path / "control")
    assert main(["simulate", "smsc", "--protocol", protocol, "--control", control, f"--{option}", "1"]) != 0
    assert f"a simulated {protocol} gateway takes no --{option}" in capsys.readouterr().err
    assert not (tmp_path / "control").exists()


REFUSED = {
    "cmpp3": [(["credit", "3"], "knows no credit"), (["treat", "refuse", "--code", "256"], "from 0 to 255")],
    "http": [
        (["sms", "13800138000", "hi", "--wide"], "whole"),
        (["sms", "13800138000", "hi", "--recipient", "95555"], "number is 1069"),
        (["treat", "accept", "--shuffled"], "shuffles nothing"),
        (["treat", "accept", "--limit", "-1"], "limit"),
    ],
    "gsm": [
        (["drop", "--after", "3"], "pulled out once"),
        (["sms", "13800138000", "hi", "--recipient", "1069"], "recipient"),
        (["treat", "accept", "--receipt", "NOSUCH"], "reports no NOSUCH"),
        (["treat", "refuse", "--code", "1000"], "from 0 to 999"),
        (["credit", "3"], "knows no credit"),
    ],
}


@pytest.mark.parametrize("case", [case for case in CASES if case.protocol in REFUSED], ids=lambda case: case.protocol)
def test_what_a_family_cannot_do_is_refused_in_clear_words(
    smsc: Smsc, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, words in REFUSED[case.protocol]:
        assert main(["simulate", *arguments, "--control", str(smsc.control)]) != 0
        assert words in capsys.readouterr().err
    assert request(smsc.control, {"command": "status"}, PATIENCE)["accepted"]


@pytest.mark.parametrize("case", [case for case in CASES if case.protocol == "http"], ids=lambda case: case.protocol)
def test_a_provider_has_as_much_credit_as_is_asked_for(smsc: Smsc) -> None:
    assert main(["simulate", "credit", "3", "--control", str(smsc.control)]) == 0
    assert request(smsc.control, {"command": "status"}, PATIENCE)["credit"] == 3
