"""Recordings through a real pseudo-terminal, from a simulator in a process of its own."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor

from hardware.drivers import LineSettings, create_line_device
from hardware.line_device import Capability, LineDevice, NotCapableError
from hardware.simulators.voice import sound
from protocols.signals import Answered, CommandFailed, DigitHeard, Ended, HandsetLifted, LineLost, LineReady, Rang
from protocols.wav import WavFormat, read_head
from tests.peers.patience import until
from tests.peers.simulator import Heard, Simulator, running

NUMBER = "13800138000"
FAST = ("--speed", "4")


@asynccontextmanager
async def line_on(simulator: Simulator, folder: Path) -> AsyncIterator[tuple[LineDevice, Heard]]:
    values = {"name": "1", "driver": "hayes", "port": str(simulator.link), "trace": True}
    settings = LineSettings.model_validate(values)
    device = create_line_device(settings, reactor, folder / "trace", recordings=folder / "spool")
    heard = Heard()
    device.start(heard)
    try:
        await heard.first(LineReady)
        yield device, heard
    finally:
        await device.stop()


async def begun(simulator: Simulator, device: LineDevice, heard: Heard) -> None:
    """Answer what rings, and record it."""
    await heard.first(Rang)
    device.answer()
    await heard.first(Answered)
    device.record("a.wav")
    await until(lambda: simulator.ask("status")["receiving"], "sound")


async def interrupted(trace: Path) -> None:
    """Wait until tones were sent and sound is asked for again. The trace is written on another thread."""
    await until(lambda: trace.exists() and "VRX" in trace.read_text().partition("VTS")[2], "the interruption")


async def longer_than(path: Path, size: int) -> None:
    """Wait until so many bytes of the recording are written."""
    await until(lambda: path.exists() and path.stat().st_size > size, f"{size} bytes")


async def frames_of(path: Path) -> bytes:
    """What the file plays once it is complete."""
    frames: bytes = await until(lambda: complete(path), "a recording")
    return frames


def complete(path: Path) -> bytes:
    """What a file plays that somebody has closed; of one that is still written the head has no sizes."""
    data = path.read_bytes() if path.exists() else b""
    if not data or not read_head(data).declared:
        return b""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 8000, 1)
        return file.readframes(file.getnframes())


def test_a_file_that_is_still_written_is_not_taken_for_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    form = WavFormat(8000)
    assert complete(path) == b""
    path.write_bytes(b"")
    assert complete(path) == b""
    path.write_bytes(form.head() + b"abcd")
    assert complete(path) == b""
    path.write_bytes(form.head(4) + b"abcd")
    assert complete(path) == b"abcd"


@pytest.mark.parametrize("chip", ["usr", "conexant"])
@ensureDeferred
async def test_what_is_said_is_in_the_file_until_the_caller_hangs_up(chip: str, tmp_path: Path) -> None:
    with running(tmp_path, "modem", "--profile", chip, *FAST) as simulator:
        async with line_on(simulator, tmp_path) as (device, heard):
            assert Capability.RECORD in device.capabilities
            # Ten seconds, in which the recording must begin.
            over = simulator.run("call", number=NUMBER, rings=100, hangup_after=40, digits="1#")
            await begun(simulator, device, heard)
            await over
            await heard.until(lambda signals: Ended(by_far_end=True) in signals)
            assert heard.of(DigitHeard)[-1] == DigitHeard("#")
            frames = await frames_of(tmp_path / "spool" / "a.wav")
            assert len(frames) > 8000
            assert frames == sound(0, len(frames))
            await until(lambda: not simulator.ask("status")["off_hook"], "a line that is free")
        # Nobody's words are in a trace.
        assert (tmp_path / "trace" / "1").stat().st_size < 8000


@ensureDeferred
async def test_tones_interrupt_it_and_it_goes_on(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator, tmp_path) as (device, heard):
            _ = simulator.run("call", number=NUMBER, rings=100)
            await begun(simulator, device, heard)
            await longer_than(tmp_path / "spool" / "a.wav", 10_000)
            device.send_digits("12")
            await interrupted(tmp_path / "trace" / "1")
            so_far = (tmp_path / "spool" / "a.wav").stat().st_size
            await longer_than(tmp_path / "spool" / "a.wav", so_far + 2000)
            device.hang_up()
            await heard.until(lambda signals: Ended(by_far_end=False) in signals)
            frames = await frames_of(tmp_path / "spool" / "a.wav")
            # Each stream of the simulator begins anew.
            starts = [place for place in range(8000, len(frames)) if frames.startswith(sound(0, 50), place)]
            assert any(frames == sound(0, again) + sound(0, len(frames) - again) for again in starts)


@ensureDeferred
async def test_a_modem_that_is_pulled_out_leaves_what_came(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator, tmp_path) as (device, heard):
            _ = simulator.run("call", number=NUMBER, rings=100)
            await begun(simulator, device, heard)
            await longer_than(tmp_path / "spool" / "a.wav", 10_000)
            simulator.ask("unplug")
            await heard.first(LineLost)
            frames = await frames_of(tmp_path / "spool" / "a.wav")
            assert len(frames) > 8000
            assert frames == sound(0, len(frames))
            simulator.ask("replug")
            await heard.first(LineReady)


@ensureDeferred
async def test_a_call_on_the_handset_is_not_taken_from_it_to_be_recorded(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator, tmp_path) as (device, heard):
            over = simulator.run("call", number=NUMBER, answer_after=1, hangup_after=3)
            await heard.first(HandsetLifted)
            device.record("a.wav")
            assert (await heard.first(CommandFailed)).command == "record"
            assert not simulator.ask("status")["off_hook"]
            await over
            assert not (tmp_path / "spool" / "a.wav").exists()


@ensureDeferred
async def test_a_daemon_that_was_killed_finds_the_modem_again(tmp_path: Path) -> None:
    with running(tmp_path, "modem", *FAST) as simulator:
        async with line_on(simulator, tmp_path) as (device, heard):
            _ = simulator.run("call", number=NUMBER, rings=100)
            await begun(simulator, device, heard)
            # Its port is closed and nothing else is done, as the kernel does for one that was killed.
            device._supervisor._port.close()  # type: ignore[attr-defined]
            await heard.first(LineLost)
            await heard.first(LineReady)
            status = simulator.ask("status")
            assert not status["receiving"]
            assert not status["off_hook"]


@pytest.mark.parametrize("chip", ["agere", "generic"])
@ensureDeferred
async def test_modems_whose_sound_nobody_knows_do_not_record(chip: str, tmp_path: Path) -> None:
    with running(tmp_path, "modem", "--profile", chip, *FAST) as simulator:
        async with line_on(simulator, tmp_path) as (device, _):
            assert Capability.RECORD not in device.capabilities
            with pytest.raises(NotCapableError, match="cannot record"):
                device.record("a.wav")
