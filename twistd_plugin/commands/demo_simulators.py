"""Simulators of a demo as processes that end when the demo does, however it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hardware.simulators.control import SimulatorError, request
from twistd_plugin.commands.output import CommandError

_START_SECONDS = 20.0
# A UNIX socket's path has room for 107 bytes on Linux.
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class SimulatorProgram:
    """What is run: ``module`` with ``arguments`` and the control socket; ``name`` is for people. The folders of
    ``makes`` are there before it starts.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    control: Path
    makes: tuple[Path, ...] = ()


class Simulators:
    """The processes of ``programs``."""

    def __init__(self, programs: Sequence[SimulatorProgram]) -> None:
        self._programs = programs
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start all and wait until each answers. Blocks. Raises ``CommandError``."""
        for program in self._programs:
            for path in (program.control, *program.makes):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._processes.append(_start(program))
        deadline = time.monotonic() + _START_SECONDS
        for program, process in zip(self._programs, self._processes, strict=True):
            _await_answer(program, process, deadline)

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


def control_folder(folder: Path) -> Path:
    """Where the control sockets of the demo in ``folder`` are: elsewhere if their paths were too long for sockets."""
    controls = folder / "simulators"
    if len(str(controls / "gateway").encode()) > _LONGEST_SOCKET_PATH:
        return Path(tempfile.mkdtemp(prefix="huifang-"))
    return controls


def free_port() -> int:
    """A TCP port of this machine on which nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on ``port`` of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _start(program: SimulatorProgram) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own modules
        [
            sys.executable, "-m", "twistd_plugin.commands.tethered", program.module, *program.arguments,
            "--control", str(program.control),
        ],
        stdin=subprocess.PIPE,
        # Ctrl-C is for the daemon alone: it hangs its lines up before we end.
        start_new_session=True,
    )  # fmt: skip


def _await_answer(program: SimulatorProgram, process: subprocess.Popen[bytes], deadline: float) -> None:
    while True:
        if process.poll() is not None:
            raise CommandError(f"the simulator of {program.name} ended with status {process.returncode}")
        try:
            status = request(program.control, {"command": "status"}, 1.0)
        except SimulatorError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"the simulator of {program.name} does not answer: {error}") from error
            time.sleep(0.05)
        else:
            # A socket left by a killed simulator could be answered by nobody; one that says so is ours.
            if status.get("plugged", True):
                return
            time.sleep(0.05)
