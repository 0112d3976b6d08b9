"""The simulators of a demo as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.config import load
from hardware.settings import DriverName, LineSettings
from hardware.simulators.control import SimulatorError, request
from tests.peers.patience import PATIENCE, wait_for
from twistd_plugin.commands.configuration_text import configuration_text
from twistd_plugin.commands.demo_folder import SimulatedLine
from twistd_plugin.commands.demo_lines import (
    DEMO_LINES,
    demo_port,
    line_program,
    simulated_lines,
    with_free_ports,
)
from twistd_plugin.commands.demo_simulators import SimulatorProgram, Simulators
from twistd_plugin.commands.output import CommandError


@pytest.fixture
def lines(tmp_path: Path) -> list[SimulatedLine]:
    file = tmp_path / "callcenter.toml"
    entries = [(name, driver, demo_port(tmp_path, name, driver)) for name, driver, _ in DEMO_LINES]
    entries.append(("real", "hayes", "/dev/ttyS77"))
    file.write_text(configuration_text(file="x", name="医院", folder=".", port=0, area_code="010", lines=entries))
    return simulated_lines(tmp_path, load(file).settings)


def test_settings_of_a_driver_stand_with_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "callcenter.toml"
    entries = [("1", "hayes", "/dev/ttyS1"), ("2", "fsk", "/dev/ttyS2"), ("3", "hayes", "/dev/ttyS3")]
    more = {"hayes": "ring_timeout = 10\n"}
    file.write_text(configuration_text(file="x", name="医院", folder=".", port=0, lines=entries, more=more))
    assert [line.ring_timeout for line in load(file).settings.lines] == [10, None, 10]


def answers(line: SimulatedLine) -> bool:
    try:
        return "plugged" in request(line.control_path, {"command": "status"}, PATIENCE)
    except SimulatorError:
        return False


def test_only_the_lines_of_the_demo_are_simulated(lines: list[SimulatedLine]) -> None:
    assert [(line.name, line.driver, line.chip) for line in lines] == list(DEMO_LINES)
    assert all(len(line.control) < 108 for line in lines)


def test_all_simulators_answer_and_are_gone_after_stop(lines: list[SimulatedLine]) -> None:
    simulators = Simulators([line_program(line) for line in lines])
    simulators.start()
    try:
        assert all(answers(line) for line in lines)
        ports = [line.port for line in lines if line.driver != "ubox"]
        assert len(ports) == 4
        assert all(os.path.realpath(port).startswith("/dev/pts/") for port in ports)
    finally:
        simulators.stop()
    assert not any(answers(line) for line in lines)
    assert not any(Path(line.port).is_symlink() for line in lines)


def test_one_that_does_not_start_is_named(lines: list[SimulatedLine]) -> None:
    first, second, *_ = map(line_program, lines)
    simulators = Simulators([first, replace(second, arguments=("--profile", "none"))])
    try:
        with pytest.raises(CommandError, match=r"the simulator of line 2 ended with status 2"):
            simulators.start()
    finally:
        simulators.stop()
    assert not answers(lines[0])


class LateEnd(Simulators):
    """Those of a demo that was killed, which the machine keeps from ending until they are ``let_go``."""

    def __init__(self, programs: Sequence[SimulatorProgram]) -> None:
        super().__init__(programs)
        self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._group = self._process.pid
        os.killpg(self._group, signal.SIGSTOP)
        self._process.stdin.close()

    def let_go(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._group, signal.SIGCONT)

    def stop(self) -> None:
        self.let_go()
        super().stop()


def test_those_of_a_demo_that_was_killed_take_nothing_of_the_next_along(
    lines: list[SimulatedLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = map(line_program, lines)
    old, new, wait = LateEnd([first]), Simulators([first]), time.sleep

    def sleep(seconds: float) -> None:
        if new._process is None:
            old.let_go()
        wait(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    try:
        new.start()
        old.stop()
        assert answers(lines[0])
        assert Path(lines[0].port).is_symlink()
    finally:
        old.stop()
        new.stop()


def test_a_service_has_a_port_of_this_process_at_each_start(tmp_path: Path) -> None:
    """That of the last start was of a process that is gone."""
    port = demo_port(tmp_path, "5", "ubox")
    line = LineSettings(name="5", driver=DriverName.UBOX, port=port)
    other = LineSettings(name="real", driver=DriverName.UBOX, port="ws://127.0.0.1:8054/ws#1")
    changed, same = with_free_ports([line, other])
    assert changed.port != port
    assert same == other
    assert with_free_ports([changed])[0].port not in (port, changed.port)


def test_simulators_end_with_whoever_started_them_even_when_it_is_killed(
    lines: list[SimulatedLine], tmp_path: Path
) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from callcenter.config import load\n"
        "from twistd_plugin.commands.demo_lines import line_program, simulated_lines\n"
        "from twistd_plugin.commands.demo_simulators import Simulators\n"
        "folder = Path(sys.argv[1])\n"
        "lines = simulated_lines(folder, load(folder / 'callcenter.toml').settings)\n"
        "Simulators([line_program(line) for line in lines]).start()\n"
        "print('started', flush=True)\n"
        "time.sleep(600)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "started\n"
        assert all(answers(line) for line in lines)
    finally:
        starter.send_signal(signal.SIGKILL)
        starter.communicate()
    wait_for(lambda: not any(answers(line) for line in lines), "the end of all simulators")
