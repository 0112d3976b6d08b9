"""The real drivers on real pseudo-terminals, against simulators in processes of their own."""

from __future__ import annotations

import random
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor

from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.line_device import Capability, HardwareError, LineDevice, NotCapableError
from hardware.serial_port import open_device
from hardware.simulators.control import SimulatorError, request
from hardware.supervisor import PortError
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    Rang,
    RingingStopped,
)
from tests.peers.patience import PATIENCE, until
from tests.peers.simulator import Heard, Simulator, running

NUMBER = "13800138000"
CHIPS = ["usr", "conexant", "agere", "generic"]
FAST = ("--speed", "10")
RING_TIMEOUT = 5.0
"""A ring comes every half second: a simulator that stands still for four seconds ends no ringing."""


@asynccontextmanager
async def line_on(port: Path, folder: Path, **settings: Any) -> AsyncIterator[tuple[LineDevice, Heard]]:
    values = {"name": "门诊 1", "driver": "hayes", "port": str(port), "ring_timeout": RING_TIMEOUT, **settings}
    device = create_line_device(LineSettings.model_validate(values), reactor, folder / "trace")
    heard = Heard()
    device.start(heard)
    try:
        yield device, heard
    finally:
        await device.stop()


def in_order(signals: Sequence[LineSignal]) -> list[LineSignal]:
    """Each of them, in the order in which they were first told: rings that are read at once are one ring, and so how
    many are told differs with the machine.
    """
    return list(dict.fromkeys(signals))


@pytest.mark.parametrize("chip", CHIPS)
@ensureDeferred
async def test_each_chip_rings_and_tells_who_calls(chip: str, tmp_path: Path) -> None:
    with running(tmp_path, "modem", "--profile", chip, *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (device, heard):
            ready = await heard.first(LineReady)
            assert isinstance(ready, LineReady)
            assert "no caller id" not in ready.identification
            assert Capability.ANSWER | Capability.CALLER_ID in device.capabilities
            replies = await simulator.run("call", number=NUMBER, name="张三", rings=3)
            assert replies[-1] == {"done": "abandoned"}
            await heard.until(lambda signals: RingingStopped() in signals)
            # On a busy machine the number is read before the name has come, and told twice.
            told = [signal for signal in heard.signals if signal != CallerIdentified(NUMBER)]
            assert in_order(told) == [Rang(), CallerIdentified(NUMBER, "张三"), RingingStopped()]


@pytest.mark.parametrize("chip", CHIPS)
@ensureDeferred
async def test_answer_talk_and_the_caller_hangs_up(chip: str, tmp_path: Path) -> None:
    with running(tmp_path, "modem", "--profile", chip, *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(LineReady)
            over = simulator.run("call", number=NUMBER, rings=100, hangup_after=20, digits="1#")
            await heard.first(Rang)
            device.answer()
            await heard.first(Answered)
            assert (await over)[-1] == {"done": "far end hung up"}
            await heard.until(lambda signals: Ended(by_far_end=True) in signals)
            assert heard.of(DigitHeard) == [DigitHeard("1"), DigitHeard("#")]
            await until(lambda: not simulator.ask("status")["off_hook"], "a line that is free")


@ensureDeferred
async def test_caller_id_before_late_private_and_none(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (_, heard):
            await heard.first(LineReady)
            expected = {
                ("number", 0): [CallerIdentified(NUMBER), Rang(), RingingStopped()],
                ("full", 2): [Rang(), CallerIdentified(NUMBER), RingingStopped()],
                ("private", 1): [Rang(), CallerIdentified("", absent=AbsentReason.PRIVATE), RingingStopped()],
                ("dtmf", 0): [CallerIdentified(NUMBER), Rang(), RingingStopped()],
                ("none", 1): [Rang(), RingingStopped()],
            }
            for (kind, before), signals in expected.items():
                heard.signals.clear()
                await simulator.run("call", number=NUMBER, caller_id=kind, rings_before_id=before, rings=2)
                await heard.until(lambda got: RingingStopped() in got)
                assert in_order(heard.signals) == signals, kind


@ensureDeferred
async def test_the_handset_takes_the_call(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (_, heard):
            await heard.first(LineReady)
            await simulator.run("call", number=NUMBER, answer_after=4, hangup_after=20)
            await heard.until(lambda signals: HandsetReplaced() in signals)
            assert heard.signals == [Rang(), CallerIdentified(NUMBER), HandsetLifted(), HandsetReplaced()]


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        ("busy", DialFailure.BUSY),
        ("no_answer", DialFailure.NO_ANSWER),
        ("no_dial_tone", DialFailure.NO_DIAL_TONE),
        ("no_carrier", DialFailure.NO_CARRIER),
    ],
)
@ensureDeferred
async def test_dialling_that_fails(result: str, failure: DialFailure, tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(LineReady)
            simulator.ask("outgoing", result=result, after=10)
            device.dial("+8613800138000")
            assert await heard.first(DialFailed) == DialFailed(failure)
            status = simulator.ask("status")
            assert (status["dialled"], status["off_hook"]) == ("008613800138000", False)


@ensureDeferred
async def test_dialling_that_is_answered_and_hung_up_by_us(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(LineReady)
            over = simulator.run("outgoing", result="answer", after=5)
            device.dial("10086")
            assert await heard.first(Answered) == Answered(Certainty.PRESUMED)
            device.send_digits("1")
            device.hang_up()
            assert await heard.first(Ended) == Ended(by_far_end=False)
            assert (await over)[-1] == {"done": "hung up by the computer"}
            assert not heard.of(CommandFailed)


@ensureDeferred
async def test_unplugged_while_ringing_and_back_under_another_name(tmp_path: Path) -> None:
    with running(tmp_path, "modem", "--profile", "conexant", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(LineReady)
            before = simulator.ask("status")["port"]
            simulator.ask("call", number=NUMBER)
            await heard.first(CallerIdentified)
            simulator.ask("unplug")
            await heard.first(LineLost)
            with pytest.raises(HardwareError, match="not available"):
                device.dial("10086")
            simulator.ask("replug")
            await heard.first(LineReady)
            status = simulator.ask("status")
            assert status["port"] != before
            assert status["caller_id"]
            await simulator.run("call", number=NUMBER, rings=2)
            assert await heard.first(CallerIdentified) == CallerIdentified(NUMBER)


@ensureDeferred
async def test_noise_and_a_flood_do_not_hide_the_next_call(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (_, heard):
            await heard.first(LineReady)
            for piece in (random.Random(7).randbytes(3000), b"\r\nRING\r\n" * 300, b"x" * 3000):
                simulator.ask("raw", data=piece.hex())
            # What it says rang is over when nothing of it is left.
            await heard.first(Rang)
            await heard.first(RingingStopped)
            heard.signals.clear()
            simulator.ask("raw", data=b"\r\n\x10~\r\n".hex())
            await simulator.run("call", number=NUMBER, rings=2)
            await heard.until(lambda signals: CallerIdentified(NUMBER) in signals)


@ensureDeferred
async def test_a_port_that_is_not_there_is_lost_at_once_and_taken_when_it_comes(tmp_path: Path) -> None:
    async with line_on(tmp_path / "port", tmp_path) as (_, heard):
        lost = await heard.first(LineLost)
        assert lost == LineLost(f"cannot open {tmp_path / 'port'}: No such file or directory")
        with running(tmp_path, "modem", *FAST):
            await heard.first(LineReady)


@ensureDeferred
async def test_the_port_is_ours_alone_and_free_after_stop(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (_, heard):
            await heard.first(LineReady)
            with pytest.raises(PortError, match="cannot open"):
                open_device(str(simulator.link), 57600)
        open_device(str(simulator.link), 57600).close()


@ensureDeferred
async def test_stopping_hangs_up(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path) as (device, heard):
            await heard.first(LineReady)
            simulator.ask("call", number=NUMBER, rings=100)
            await heard.first(Rang)
            device.answer()
            await heard.first(Answered)
        await until(lambda: not simulator.ask("status")["off_hook"], "a line that is free")


@ensureDeferred
async def test_the_trace_is_private_and_holds_both_directions(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator.link, tmp_path, trace=True) as (device, heard):
            await heard.first(LineReady)
            device.set_trace(False)
            simulator.ask("call", number=NUMBER)
            await heard.first(CallerIdentified)
    trace = tmp_path / "trace" / "门诊_1"
    # It is written on another thread.
    await until(lambda: trace.exists() and "5601" in trace.read_text(), "the trace")
    text = trace.read_text()
    assert "> 41 54 0d |AT.|" in text
    assert "5601" in text
    assert NUMBER not in text
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600
    assert stat.S_IMODE(trace.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("form", ["mdmf", "sdmf"])
@ensureDeferred
async def test_fsk_receiver(form: str, tmp_path: Path) -> None:
    with running(tmp_path, "fsk_box", "--format", form, *FAST) as simulator:
        async with line_on(simulator.link, tmp_path, driver="fsk") as (device, heard):
            await heard.first(LineReady)
            assert device.capabilities == Capability.CALLER_ID | Capability.LINE_LOST
            with pytest.raises(NotCapableError, match="cannot dial"):
                device.dial("10086")
            await simulator.run("call", number=NUMBER, rings=1)
            await heard.until(lambda signals: RingingStopped() in signals)
            simulator.ask("call", number=NUMBER, caller_id="damaged", rings=1)
            await heard.until(lambda signals: len(signals) == 3)
            assert heard.signals == [
                CallerIdentified(NUMBER),
                RingingStopped(),
                CallerIdentified(NUMBER, verified=False),
            ]
            simulator.ask("unplug")
            await heard.first(LineLost)
            simulator.ask("replug")
            await heard.first(LineReady)


@pytest.mark.parametrize("driver", ["netcallerid", "tci"])
@ensureDeferred
async def test_serial_boxes(driver: str, tmp_path: Path) -> None:
    with running(tmp_path, "serial_box", "--format", driver, *FAST) as simulator:
        async with line_on(simulator.link, tmp_path, driver=driver) as (device, heard):
            await heard.first(LineReady)
            assert device.capabilities == Capability.CALLER_ID | Capability.LINE_LOST
            await simulator.run("call", number=NUMBER, name="LI SI", rings=1)
            await heard.until(lambda signals: RingingStopped() in signals)
            simulator.ask("raw", data=(random.Random(7).randbytes(3000) + b"x" * 3000 + b"\r\n").hex())
            simulator.ask("call", number=NUMBER, caller_id="private", rings=1)
            await heard.until(lambda signals: len(signals) == 3)
            assert heard.signals == [
                CallerIdentified(NUMBER, "LI SI"),
                RingingStopped(),
                CallerIdentified("", absent=AbsentReason.PRIVATE),
            ]
            simulator.ask("unplug")
            await heard.first(LineLost)
            simulator.ask("replug")
            await heard.first(LineReady)


@ensureDeferred
async def test_the_lines_of_one_serial_box_share_its_port(tmp_path: Path) -> None:
    with running(tmp_path, "serial_box", "--format", "tci", "--line", "2", *FAST) as simulator:
        shared = SharedPorts(reactor)
        heard = [Heard(), Heard()]
        devices = [
            create_line_device(
                LineSettings.model_validate({"name": f"{n}", "driver": "tci", "port": f"{simulator.link}#0{n}"}),
                reactor,
                tmp_path,
                shared,
            )
            for n in (1, 2)
        ]
        for device, each in zip(devices, heard, strict=True):
            device.start(each)
        try:
            for each in heard:
                await each.first(LineReady)
            simulator.ask("call", number=NUMBER)
            assert await heard[1].first(CallerIdentified) == CallerIdentified(NUMBER)
            assert not heard[0].signals
            simulator.ask("unplug")
            for each in heard:
                await each.first(LineLost)
            simulator.ask("replug")
            for each in heard:
                await each.first(LineReady)
        finally:
            for device in devices:
                await device.stop()


@ensureDeferred
async def test_thirty_two_lines_in_one_process(tmp_path: Path) -> None:
    """One modem is shared out of economy of processes; the others' ports are absent and keep being retried."""
    with running(tmp_path, "modem", *FAST) as simulator:
        absent = [
            create_line_device(
                LineSettings.model_validate({"name": f"{n}", "driver": "hayes", "port": f"{tmp_path}/{n}"}),
                reactor,
                tmp_path,
            )
            for n in range(31)
        ]
        heard_of = [Heard() for _ in absent]
        for device, heard in zip(absent, heard_of, strict=True):
            device.start(heard)
        try:
            async with line_on(simulator.link, tmp_path) as (_, heard):
                await heard.first(LineReady)
                await simulator.run("call", number=NUMBER, rings=2)
                await heard.first(CallerIdentified)
                await until(lambda: all(each.of(LineLost) for each in heard_of), "31 lost lines")
                assert [len(each.of(LineLost)) for each in heard_of] == [1] * 31
        finally:
            for device in absent:
                await device.stop()


def test_simulator_refusals(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        assert isinstance(simulator, Simulator)
        for wrong, what in [
            ({"command": "explode"}, "explode"),
            ({"command": "call", "number": "1\r2"}, "number"),
            ({"command": "call", "number": "1", "rngs": 2}, "rngs"),
        ]:
            with pytest.raises(SimulatorError, match=what):
                request(simulator.control, wrong, PATIENCE)
        simulator.ask("call", number="1", rings=100)
        with pytest.raises(SimulatorError, match="not idle but ringing"):
            simulator.ask("call", number="2")
    with pytest.raises(SimulatorError, match="no simulator answers"):
        request(simulator.control, {"command": "status"})
