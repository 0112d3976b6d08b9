"""Files of a demo's data folder: where its simulators are, who may sign in, and that only one demo uses it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from twistd_plugin.commands.output import CommandError


@dataclass(frozen=True)
class SimulatedLine:
    """One line of the demo: ``control`` is the socket of its simulator, ``port`` the link to its terminal."""

    name: str
    driver: str
    chip: str
    port: str
    control: str

    @property
    def control_path(self) -> Path:
        """The control socket."""
        return Path(self.control)


@dataclass(frozen=True)
class SimulatedGateway:
    """One SMS gateway of the demo: it listens on ``port`` of this machine, and ``number`` is what patients see."""

    name: str
    kind: str
    port: int
    number: str
    control: str

    @property
    def control_path(self) -> Path:
        """The control socket."""
        return Path(self.control)


@dataclass(frozen=True)
class RunningDemo:
    """A demo that runs, as ``demo.json`` tells it to ``callcenter simulate`` and to tests."""

    address: str
    pid: int
    lines: tuple[SimulatedLine, ...]
    gateways: tuple[SimulatedGateway, ...] = ()

    def gateway(self, wanted: str) -> SimulatedGateway:
        """The gateway of that name, or of that number from 1. Raises ``CommandError`` naming those that there are."""
        for gateway in self.gateways:
            if gateway.name == wanted:
                return gateway
        if wanted.isdecimal() and 1 <= int(wanted) <= len(self.gateways):
            return self.gateways[int(wanted) - 1]
        names = ", ".join(f"{number} ({one.name})" for number, one in enumerate(self.gateways, start=1))
        raise CommandError(f"there is no simulated gateway {wanted}; there are {names or 'none'}")

    def line(self, wanted: str) -> SimulatedLine:
        """The line of that name, or of that number from 1. Raises ``CommandError`` naming the lines there are."""
        for line in self.lines:
            if line.name == wanted:
                return line
        if wanted.isdecimal() and 1 <= int(wanted) <= len(self.lines):
            return self.lines[int(wanted) - 1]
        names = ", ".join(f"{number} ({line.name})" for number, line in enumerate(self.lines, start=1))
        raise CommandError(f"there is no simulated line {wanted}; there are {names}")


class DemoFolder:
    """The data folder of a demo."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.configuration = self.path / "callcenter.toml"
        self.users_file = self.path / "demo-users.json"
        self._state_file = self.path / "demo.json"

    def create(self) -> None:
        """Make the folder if it is not there. Raises ``CommandError``."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"cannot make the data folder {self.path}: {error.strerror}") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process; the system lets go of it however the process ends."""
        descriptor = os.open(self.path / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"another demo is running with {self.path}; stop it, or choose another data folder (--var DIR)"
            ) from error
        else:
            yield
        finally:
            os.close(descriptor)

    def write_users(self, users: Mapping[str, Mapping[str, str]]) -> None:
        """Keep the sign-ins where only the owner reads them."""
        write_private(self.users_file, users)

    def users(self) -> dict[str, dict[str, str]] | None:
        """The sign-ins, None before the first start."""
        try:
            users: dict[str, dict[str, str]] = json.loads(self.users_file.read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise CommandError(f"{self.users_file} is damaged; remove {self.path} and start again") from error
        return users

    def write_running(
        self, address: str, lines: Sequence[SimulatedLine], gateways: Sequence[SimulatedGateway] = ()
    ) -> None:
        """Tell the world that this process runs the demo."""
        simulated = {"lines": [asdict(line) for line in lines], "gateways": [asdict(one) for one in gateways]}
        write_private(self._state_file, {"address": address, "pid": os.getpid(), **simulated})

    def forget_running(self) -> None:
        """The demo has ended."""
        self._state_file.unlink(missing_ok=True)

    def running(self) -> RunningDemo:
        """The demo that runs here. Raises ``CommandError`` when none does."""
        try:
            state: dict[str, Any] = json.loads(self._state_file.read_text())
            lines = tuple(SimulatedLine(**line) for line in state["lines"])
            gateways = tuple(SimulatedGateway(**gateway) for gateway in state["gateways"])
            return RunningDemo(state["address"], state["pid"], lines, gateways)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f"no demo is running with {self.path}; start one with `callcenter demo --var {self.path}`"
            ) from error


def write_private(path: Path, value: Any) -> None:
    """Write JSON that only the owner may read; readers see the old file or the whole new one."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")
    fresh.replace(path)
