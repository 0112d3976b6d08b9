"""The simulated lines of a demo: five devices of three kinds, each a process of its own, behind a pseudo-terminal or,
as the vendor's service of a UBOX is, on a port of this machine.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from callcenter.settings import Settings
from hardware.drivers import LineSettings
from hardware.simulators.control import SimulatorError, request
from twistd_plugin.commands.demo_folder import SimulatedLine
from twistd_plugin.commands.output import CommandError

# name, driver, chip
DEMO_LINES = (
    ("1", "hayes", "usr"),
    ("2", "hayes", "conexant"),
    ("3", "hayes", "agere"),
    ("4", "fsk", "fsk"),
    ("5", "ubox", "FI3101A"),
)
_SERVICE = re.compile(r"ws://127\.0\.0\.1:(\d+)/demo#1")
_START_SECONDS = 20.0
# A UNIX socket's path has room for 107 bytes on Linux.
_LONGEST_SOCKET_PATH = 100


def device_path(folder: Path, name: str) -> Path:
    """The link to the terminal of a demo line."""
    return folder / "devices" / f"line-{name}"


def demo_port(folder: Path, name: str, driver: str) -> str:
    """The ``port`` setting of a demo line."""
    return _service_address(_free_port()) if driver == "ubox" else str(device_path(folder, name))


def with_free_ports(lines: Sequence[LineSettings]) -> tuple[LineSettings, ...]:
    """``lines`` with another port for a service of ours whose port somebody else has taken since the last start."""
    return tuple(
        line.model_copy(update={"port": _service_address(_free_port())})
        if (ours := _SERVICE.fullmatch(line.port)) and not _is_free(int(ours[1]))
        else line
        for line in lines
    )


def simulated_lines(folder: Path, settings: Settings) -> list[SimulatedLine]:
    """The lines of the configuration whose port is one of ours; any other is real and left alone."""
    chips = {str(device_path(folder, name)): (f"line-{name}", chip) for name, _, chip in DEMO_LINES}
    service = next((f"line-{name}", chip) for name, driver, chip in DEMO_LINES if driver == "ubox")
    controls = _control_folder(folder)
    found = [(line, service if _SERVICE.fullmatch(line.port) else chips.get(line.port)) for line in settings.lines]
    return [
        SimulatedLine(line.name, line.driver.value, ours[1], line.port, str(controls / ours[0]))
        for line, ours in found
        if ours is not None
    ]


def _service_address(port: int) -> str:
    # The service does not care for the path: it says that the port is of a demo.
    return f"ws://127.0.0.1:{port}/demo#1"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


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
            for path in (line.control, *(() if _SERVICE.fullmatch(line.port) else (line.port,))):
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


def _program(line: SimulatedLine) -> list[str]:
    match line.driver:
        case "fsk":
            return ["hardware.simulators.fsk_box", "--link", line.port]
        case "ubox":
            port = line.port.removesuffix("/demo#1").rpartition(":")[2]
            return ["hardware.simulators.ubox_service", "--port", port, "--model", line.chip]
        case _:
            return ["hardware.simulators.modem", "--link", line.port, "--profile", line.chip]


def _start(line: SimulatedLine) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own modules
        [
            sys.executable, "-m", "twistd_plugin.commands.tethered", *_program(line), "--control", line.control,
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
