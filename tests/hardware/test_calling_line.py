"""The hanging up before a port is closed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from hardware.calling_line import CallingLine
from hardware.drivers import LineSettings, create_line_device


def line_in_a_call(clock: Clock, folder: Path) -> tuple[CallingLine, Any]:
    """The line, and the call of its device, which ends when the test says so."""
    settings = LineSettings.model_validate({"name": "1", "driver": "hayes", "port": "/dev/ttyACM0"})
    line: Any = create_line_device(settings, clock, folder)  # type: ignore[arg-type]
    call = SimpleNamespace(holds_call=True, told=[])
    line._calls, line._protocol = call, SimpleNamespace(hang_up=lambda: call.told.append("hang up"))
    return line, call


def test_a_process_that_stood_still_gives_the_device_its_time_to_hang_up(tmp_path: Path) -> None:
    clock = Clock()
    line, call = line_in_a_call(clock, tmp_path)
    stopping = Deferred.fromCoroutine(line.stop())
    assert call.told == ["hang up"]
    clock.advance(60)
    assert not stopping.called
    call.holds_call = False
    clock.advance(0.1)
    assert stopping.called


def test_a_device_that_does_not_hang_up_is_given_up(tmp_path: Path) -> None:
    clock = Clock()
    line, _ = line_in_a_call(clock, tmp_path)
    stopping = Deferred.fromCoroutine(line.stop())
    for _ in range(80):
        clock.advance(0.05)
    assert not stopping.called
    for _ in range(40):
        clock.advance(0.05)
    assert stopping.called
