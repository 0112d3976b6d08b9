"""The simulated lines of a demo: four devices, each a process of its own behind a pseudo-terminal."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from callcenter.settings import Settings
from hardware.simulators.control import SimulatorError, request
from twistd_plugin.commands.demo_folder import SimulatedLine
from twistd_plugin.commands.output import CommandError

# name, driver, chip
DEMO_LINES = (
    ("1", "hayes", "usr"),
    ("2", "hayes", "conexant"),
    ("3", "hayes", "agere"),
    ("4", "fsk", "fsk"),
)
_START_SECONDS = 20.0
# A UNIX socket's path has room for 107 bytes on Linux.
_LONGEST_SOCKET_PATH = 100


def device_path(folder: Path, name: str) -> Path:
    """The link to the terminal of a demo line."""
    return folder / "devices" / f"line-{name}"


def simulated_lines(folder: Path, settings: Settings) -> list[SimulatedLine]:
    """The lines of the configuration whose port is one of ours; any other is real and left alone."""
    chips = {str(device_path(folder, name)): chip for name, _, chip in DEMO_LINES}
    controls = _control_folder(folder)
    return [
        SimulatedLine(line.name, line.driver.value, chips[line.port], line.port, str(controls / Path(line.port).name))
        for line in settings.lines
        if line.port in chips
    ]


def _control_folder(folder: Path) -> Path:
    controls = folder / "simulators"
    if len(str(controls / "line-1").encode()) > _LONGEST_SOCKET_PATH:
        return Path(tempfile.mkdtemp(prefix="huifang-"))
    return controls


class Simulators:
    """The processes of the simulated lines. They end when this process does, however it ends."""

    def __init__(self, lines: Sequence[SimulatedLine]) -> None:
        self._lines = lines
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start all and wait until each answers. Blocks. Raises ``CommandError``."""
        for line in self._lines:
            for path in (line.control, line.port):
                Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._processes.append(_start(line))
        deadline = time.monotonic() + _START_SECONDS
        for line, process in zip(self._lines, self._processes, strict=True):
            _await_answer(line, process, deadline)

    def stop(self) -> None:
        """End all. Blocks for a moment."""
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()


def _start(line: SimulatedLine) -> subprocess.Popen[bytes]:
    program = ["hardware.simulators.fsk_box"] if line.driver == "fsk" else ["hardware.simulators.modem"]
    profile = [] if line.driver == "fsk" else ["--profile", line.chip]
    return subprocess.Popen(  # noqa: S603 - our own modules
        [
            sys.executable, "-m", "twistd_plugin.commands.tethered", *program, "--link", line.port,
            "--control", line.control, *profile,
        ],
        stdin=subprocess.PIPE,
        # Ctrl-C is for the daemon alone: it hangs its lines up before we end.
        start_new_session=True,
    )  # fmt: skip


def _await_answer(line: SimulatedLine, process: subprocess.Popen[bytes], deadline: float) -> None:
    while True:
        if process.poll() is not None:
            raise CommandError(f"the simulator of line {line.name} ended with status {process.returncode}")
        try:
            status = request(line.control_path, {"command": "status"}, 1.0)
        except SimulatorError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"the simulator of line {line.name} does not answer: {error}") from error
            time.sleep(0.05)
        else:
            # A socket left by a killed simulator could be answered by nobody; one that says so is ours.
            if status.get("plugged"):
                return
            time.sleep(0.05)
