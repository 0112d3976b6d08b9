"""The hook button on real threads and the real reactor, against a headset in software."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.task import deferLater

from hardware.drivers import LineSettings, create_line_device
from hardware.headset import HeadsetLine
from hardware.line_device import HardwareError
from protocols.signals import Answered, CommandFailed, Ended, HandsetLifted, LineReady, Rang, RingingStopped
from tests.peers.headset import MOUSE, Headset
from tests.peers.patience import until
from tests.peers.scripted_line import ScriptedLine
from tests.peers.simulator import Heard, running

RINGING, IN_CALL, IDLE = "050c", "0501", "0500"


class Seat:
    """A line that does what it is told, and the headset beside it."""

    def __init__(self, headset: Headset) -> None:
        self.headset = headset
        self.line = ScriptedLine()
        self.heard = Heard()
        self.device = HeadsetLine(self.line, "hid:0b0e:0348", reactor, headset.open)  # type: ignore[arg-type]

    async def shows(self, report: str) -> None:
        await until(lambda: self.headset.written[-1:] == [report])

    async def asked(self, command: str) -> None:
        await until(lambda: [name for name, *_ in self.line.asked][-1:] == [command])


@asynccontextmanager
async def seat_with(headset: Headset) -> AsyncIterator[Seat]:
    seat = Seat(headset)
    seat.device.start(seat.heard)
    seat.heard.signals.clear()
    try:
        if headset.plugged and headset.descriptor != MOUSE:
            await seat.shows(IDLE)
        yield seat
    finally:
        await seat.device.stop()
    assert all(handle.closed for handle in headset.opened)


@ensureDeferred
async def test_the_button_answers_and_hangs_up_and_the_lamps_follow() -> None:
    async with seat_with(Headset()) as seat:
        seat.line.say(Rang())
        await seat.shows(RINGING)
        seat.headset.press("0501")
        await seat.asked("answer")
        seat.line.say(Answered())
        await seat.shows(IN_CALL)
        seat.headset.press("0500")
        await seat.asked("hang_up")
        seat.line.say(Ended(by_far_end=False))
        await seat.shows(IDLE)
        assert seat.heard.signals == [Rang(), Answered(), Ended(by_far_end=False)]


@ensureDeferred
async def test_what_the_screen_does_is_no_press() -> None:
    async with seat_with(Headset()) as seat:
        seat.line.say(Rang())
        await seat.shows(RINGING)
        seat.line.say(Answered())
        await seat.shows(IN_CALL)
        seat.line.say(Rang())
        seat.line.say(Ended(by_far_end=True))
        await seat.shows(IDLE)
        await deferLater(reactor, 0.1)
        assert seat.line.asked == []


@ensureDeferred
async def test_dialling_lights_it_and_a_refused_number_does_not_stay_lit() -> None:
    async with seat_with(Headset()) as seat:
        seat.device.dial("10086")
        await seat.shows(IN_CALL)
        seat.headset.press("0500")
        await seat.asked("hang_up")
        seat.line.say(CommandFailed("dial", "no dial tone"))
        await seat.shows(IDLE)


@ensureDeferred
async def test_a_call_on_the_handset_is_none_of_its() -> None:
    async with seat_with(Headset()) as seat:
        seat.line.say(Rang())
        await seat.shows(RINGING)
        seat.line.say(HandsetLifted())
        await seat.shows(IDLE)


@ensureDeferred
async def test_a_line_that_cannot_says_so_and_the_headset_is_put_right() -> None:
    async with seat_with(Headset()) as seat:

        def refuse() -> None:
            raise HardwareError("the line is lost")

        seat.line.answer = refuse  # type: ignore[method-assign]
        seat.line.say(Rang())
        await seat.shows(RINGING)
        seat.headset.written.clear()
        seat.headset.press("0501")
        await seat.heard.until(lambda signals: CommandFailed("answer", "the line is lost") in signals)
        await seat.shows(RINGING)


@ensureDeferred
async def test_plugged_in_later_it_is_shown_how_things_are() -> None:
    headset = Headset()
    headset.plugged = False
    async with seat_with(headset) as seat:
        seat.line.say(Rang())
        headset.plugged = True
        await until(lambda: bool(headset.opened))
        await seat.shows(RINGING)
        headset.unplug()
        seat.line.say(RingingStopped())
        await deferLater(reactor, 0.3)
        headset.plugged = True
        await until(lambda: len(headset.opened) == 2)
        await seat.shows(IDLE)
        assert seat.heard.signals == [Rang(), RingingStopped()]


@ensureDeferred
async def test_what_is_no_headset_leaves_the_line_alone() -> None:
    async with seat_with(Headset(MOUSE)) as seat:
        seat.line.say(Rang())
        await until(lambda: bool(seat.headset.opened) and seat.headset.opened[0].closed)
        assert seat.headset.written == []
        assert seat.heard.signals == [Rang()]


@ensureDeferred
async def test_at_a_real_modem(tmp_path: Path) -> None:
    with running(tmp_path, "modem", "--speed", "5") as simulator:
        settings = LineSettings.model_validate({"name": "1", "driver": "hayes", "port": str(simulator.link)})
        headset, heard = Headset(), Heard()
        line = create_line_device(settings, reactor, tmp_path / "trace")
        device = HeadsetLine(line, "hid:0b0e:0348", reactor, headset.open)  # type: ignore[arg-type]
        device.start(heard)
        try:
            await heard.first(LineReady)
            _ = simulator.run("call", number="13800138000", rings=100)
            await until(lambda: headset.written[-1:] == [RINGING])
            headset.press("0501")
            await heard.first(Answered)
            assert simulator.ask("status")["line"] == "talking"
            await until(lambda: headset.written[-1:] == [IN_CALL])
            headset.press("0500")
            await heard.first(Ended)
            await until(lambda: not simulator.ask("status")["off_hook"], "a line that is free")
        finally:
            await device.stop()


def test_settings() -> None:
    values = {"name": "1", "driver": "hayes", "port": "/dev/ttyACM0", "headset": "hid:0b0e:0348"}
    device = create_line_device(LineSettings.model_validate(values), reactor, Path("traces"))
    assert isinstance(device, HeadsetLine)
    for wrong in ({"headset": "0b0e:0348"}, {"driver": "fsk"}):
        with pytest.raises(ValueError, match="headset"):
            LineSettings.model_validate({**values, **wrong})
