"""Simulators of a demo as processes that end when the demo does, however it ends."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from hardware.simulators.control import SimulatorError, request
from twistd_plugin.commands.output import CommandError

_START_SECONDS = 120.0
_END_SECONDS = 60.0
"""Those that have not ended by then are killed, and leave their files behind. A busy machine ends eight slowly."""
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
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: dict[str, int] = {}

    def start(self) -> None:
        """Start all and wait until each answers. Blocks. Raises ``CommandError``."""
        deadline = time.monotonic() + _START_SECONDS
        for program in self._programs:
            for path in (program.control, *program.makes):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._await_end_of_last(program, deadline)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "twistd_plugin.commands.tethered"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            # Ctrl-C is for the daemon alone: it hangs its lines up before we end.
            start_new_session=True,
        )  # fmt: skip
        told = [(one.name, one.module, [*one.arguments, "--control", str(one.control)]) for one in self._programs]
        _pipe(self._process.stdin).write(json.dumps(told).encode() + b"\n")
        for program in self._programs:
            self._await_answer(program, self._process, deadline)

    def stop(self) -> None:
        """End all. Blocks for a moment."""
        process, self._process = self._process, None
        if process is None:
            return
        _pipe(process.stdin).close()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        _pipe(process.stdout).close()

    def _await_end_of_last(self, program: SimulatorProgram, deadline: float) -> None:
        """That of a demo that was killed ends by itself a moment later, and would take the files of ours along."""
        while _is_listened_at(program.control):
            if time.monotonic() > deadline:
                raise CommandError(f"another simulator of {program.name} does not end; it has {program.control}")
            time.sleep(0.05)

    def _await_answer(self, program: SimulatorProgram, process: subprocess.Popen[bytes], deadline: float) -> None:
        while True:
            self._hear(_pipe(process.stdout))
            status = self._ended.get(program.name, process.poll())
            if status is not None:
                raise CommandError(f"the simulator of {program.name} ended with status {status}")
            try:
                answer = request(program.control, {"command": "status"}, 1.0)
            except SimulatorError as error:
                if time.monotonic() > deadline:
                    raise CommandError(f"the simulator of {program.name} does not answer: {error}") from error
            else:
                # A socket left by a killed simulator could be answered by nobody; one that says so is ours.
                if answer.get("plugged", True):
                    return
            time.sleep(0.05)

    def _hear(self, output: IO[bytes]) -> None:
        """Which have ended so far."""
        while select.select([output], [], [], 0)[0] and (line := output.readline()):
            name, status = json.loads(line)
            self._ended[name] = status


def _is_listened_at(control: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as knocking:
        # One that stands still accepts nobody, and lets no more wait than its queue has room for.
        knocking.setblocking(False)
        return knocking.connect_ex(str(control)) in (0, errno.EAGAIN)


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    """The one that the process was started with."""
    return cast("IO[bytes]", end)


def control_folder(folder: Path) -> Path:
    """Where the control sockets of the demo in ``folder`` are: elsewhere if their paths were too long for sockets."""
    controls = folder / "simulators"
    if len(str(controls / "gateway").encode()) > _LONGEST_SOCKET_PATH:
        return Path(tempfile.mkdtemp(prefix="huifang-"))
    return controls
