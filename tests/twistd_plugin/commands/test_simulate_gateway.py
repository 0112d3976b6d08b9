"""A simulated SMS gateway as a process, scripted from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.threads import deferToThread

from hardware.simulators.control import SimulatorError, request
from protocols.sms import PartAccepted, PartRefused, ReceiptArrived, TextArrived
from tests.peers.sms_session import part
from tests.peers.smsc import gateway_on
from twistd_plugin.commands import main


def answers(control: Path) -> bool:
    try:
        return request(control, {"command": "status"})["accepted"] is True
    except SimulatorError:
        return False


@pytest.fixture(params=["cmpp2", "cmpp3", "smpp"])
def smsc(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    control = tmp_path / "control"
    command = [sys.executable, "-m", "twistd_plugin.commands", "simulate", "smsc", "--protocol", request.param]
    process = subprocess.Popen([*command, "--port", "0", "--control", str(control), "--receipt-after", "0.01"])
    try:
        deadline = time.monotonic() + 20
        while not answers(control):
            assert process.poll() is None, "the simulator ended"
            assert time.monotonic() < deadline, "the simulator did not come up"
            time.sleep(0.02)
        yield request.param, control
    finally:
        process.terminate()
        assert process.wait(10) == 0


@ensureDeferred
async def test_it_is_scripted(smsc: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind, control = smsc

    async def ask(*arguments: str) -> str:
        command = ["simulate", *arguments, "--control", str(control)]
        assert await deferToThread(main, command) == 0
        return capsys.readouterr().out

    port = request(control, {"command": "status"})["port"]
    async with gateway_on(kind, port, tmp_path) as (device, heard):
        device.submit([part("1")])
        await heard.some(PartAccepted)
        await heard.some(ReceiptArrived)
        await ask("sms", "13800138000", "退订")
        [text] = await heard.some(TextArrived)
        assert (text.sender, text.text) == ("13800138000", "退订")
        await ask("treat", "refuse", "--code", "11")
        device.submit([part("2")])
        await heard.some(PartRefused)
        told = json.loads(await ask("smsc-status", "--json"))
        assert (told["submitted"], told["accept"], told["refuse"], told["texts"]) == (2, 1, 1, 1)
        await ask("drop")
