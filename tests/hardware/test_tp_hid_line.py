"""The TP driver on real threads and the real reactor, against the box in software."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor

from hardware.drivers import LineSettings, create_line_device
from hardware.line_device import Capability, HardwareError
from hardware.tp_hid_line import TpHidLine
from protocols.signals import (
    Answered,
    CallerIdentified,
    CommandFailed,
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
from tests.peers.simulator import Heard
from tests.peers.tp_hid_box import TpHidBox

NUMBER = "13800138000"
BUSY, HANDSET_UP, HANDSET_DOWN = 0xEB, 0xE7, 0xE8


def settings(**values: Any) -> LineSettings:
    return LineSettings.model_validate(
        {"name": "门诊 1", "driver": "tp_hid", "port": "hid:04d9:a0c1", "ring_timeout": 3.0, **values}
    )


@asynccontextmanager
async def line_with(box: TpHidBox, folder: Path, **values: Any) -> AsyncIterator[tuple[TpHidLine, Heard]]:
    device = TpHidLine(settings(**values), reactor, folder / "trace", box.open)  # type: ignore[arg-type]
    heard = Heard()
    device.start(heard)
    try:
        yield device, heard
    finally:
        await device.stop()
    assert all(handle.closed for handle in box.opened)


@ensureDeferred
async def test_set_up_ring_answer_and_the_caller_hangs_up(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path) as (device, heard):
        ready = await heard.first(LineReady)
        assert ready == LineReady("TP HID phone box, type 02, serial number 0102030405060708, version 12")
        # What a busy box does not acknowledge in time is sent again.
        told = list(dict.fromkeys(box.told))
        assert told[:7] == ["6a", "18", "16", "01", "21", "12", "6c"]
        assert told[7].startswith("22")
        assert Capability.ANSWER | Capability.DIAL | Capability.LINE_LOST in device.capabilities
        assert Capability.FAR_END_ANSWER not in device.capabilities
        box.ring()
        box.caller_id(NUMBER, bcd=True)
        await heard.first(CallerIdentified)
        device.answer()
        await heard.first(Answered)
        assert box.off_hook
        box.say(0xD2, b"\1\x0b")
        await heard.until(lambda signals: DigitHeard("#") in signals)
        box.say(BUSY)
        assert await heard.first(Ended) == Ended(by_far_end=True)
        assert not box.off_hook


@ensureDeferred
async def test_nobody_answers(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path) as (_, heard):
        await heard.first(LineReady)
        box.caller_id("057188880001")
        box.ring()
        await heard.until(lambda signals: RingingStopped() in signals)
        assert heard.signals == [CallerIdentified("057188880001"), Rang(), RingingStopped()]


@ensureDeferred
async def test_the_handset_takes_the_call(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path) as (_, heard):
        await heard.first(LineReady)
        box.ring()
        box.say(HANDSET_UP)
        box.say(HANDSET_DOWN)
        await heard.until(lambda signals: HandsetReplaced() in signals)
        assert heard.signals == [Rang(), HandsetLifted(), HandsetReplaced()]


@ensureDeferred
async def test_dialling_a_busy_number_and_hanging_up(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path, dial_prefix="9,") as (device, heard):
        await heard.first(LineReady)
        device.dial("+8610086")
        await heard.until(lambda _: bool(box.dialled))
        assert box.dialled == "9,008610086"
        box.say(BUSY)
        assert await heard.first(DialFailed) == DialFailed(DialFailure.BUSY)
        with pytest.raises(ValueError, match="cannot dial"):
            device.dial("10086;ATH")
        device.dial("10010")
        device.hang_up()
        assert await heard.first(Ended) == Ended(by_far_end=False)


@ensureDeferred
async def test_pulled_out_while_ringing_and_back(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path) as (device, heard):
        await heard.first(LineReady)
        box.ring()
        await heard.first(Rang)
        box.unplug()
        assert await heard.first(LineLost) == LineLost("the device was unplugged or its port closed")
        with pytest.raises(HardwareError, match="not available"):
            device.answer()
        box.plug()
        await heard.first(LineReady)
        assert len(box.opened) >= 2
        box.caller_id(NUMBER)
        assert await heard.first(CallerIdentified) == CallerIdentified(NUMBER)


@ensureDeferred
async def test_a_box_that_is_not_there_is_lost_at_once_and_taken_when_it_comes(tmp_path: Path) -> None:
    box = TpHidBox()
    box.plugged = False
    async with line_with(box, tmp_path) as (_, heard):
        assert await heard.first(LineLost) == LineLost("no device hid:04d9:a0c1 is plugged in")
        box.plug()
        await heard.first(LineReady)


@ensureDeferred
async def test_a_box_that_takes_reports_and_never_answers(tmp_path: Path) -> None:
    box = TpHidBox()
    box.dead = True
    async with line_with(box, tmp_path) as (_, heard):
        assert await heard.first(LineLost) == LineLost("the box does not answer any more")
        box.dead = False
        await heard.first(LineReady)


@ensureDeferred
async def test_a_box_that_stops_taking_reports(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path) as (device, heard):
        await heard.first(LineReady)
        box.choked = True
        device.dial("10086")
        await heard.first(LineLost)
        box.choked = False
        await heard.first(LineReady)


@ensureDeferred
async def test_noise_short_and_long_reports_and_a_flood_do_not_hide_the_next_call(tmp_path: Path) -> None:
    box = TpHidBox()
    source = random.Random(3)
    async with line_with(box, tmp_path) as (device, heard):
        await heard.first(LineReady)
        for size in (0, 1, 2, 5, 8, 64):
            for _ in range(200):
                box.report(source.randbytes(size))
        for _ in range(2000):
            box.ring()
        await heard.until(lambda _: box.handle.queue.empty())
        assert heard.signals.count(Rang()) <= 10
        box.say(0xE8)
        box.say(0xE4)
        box.say(0xEA)
        await heard.until(lambda signals: RingingStopped() in signals)
        heard.signals.clear()
        box.caller_id(NUMBER)
        await heard.until(lambda signals: CallerIdentified(NUMBER) in signals)
        device.answer()
        await heard.first(Answered)
        assert not heard.of(CommandFailed)


@ensureDeferred
async def test_stopping_hangs_up(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path) as (device, heard):
        await heard.first(LineReady)
        box.ring()
        await heard.first(Rang)
        device.answer()
        await heard.first(Answered)
    assert not box.off_hook
    assert "62" in box.told


@ensureDeferred
async def test_the_trace_holds_whole_reports(tmp_path: Path) -> None:
    box = TpHidBox()
    async with line_with(box, tmp_path, trace=True) as (_, heard):
        await heard.first(LineReady)
    for entry in ("> 03 03 ff 01 6a 05 06 07", "< 03 80 ff 01 6a 05 06 07"):
        await heard.until(lambda _, entry=entry: entry in _text(tmp_path))


def _text(folder: Path) -> str:
    path = folder / "trace" / "门诊_1"
    return path.read_text() if path.exists() else ""


def test_the_driver_is_chosen_by_its_name(tmp_path: Path) -> None:
    device = create_line_device(settings(), reactor, tmp_path)  # type: ignore[arg-type]
    assert isinstance(device, TpHidLine)
