"""A line host as the process that it is, run by twistd."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from hardware.signal_store import SignalFile
from protocols.signals import LineSignal
from tests.peers.daemon import ROOT
from tests.peers.patience import PATIENCE

TWISTD = "from twisted.scripts.twistd import run; run()"


class LineHostProcess:
    """``twistd --nodaemon callcenter-linehost`` with its files in ``folder``."""

    def __init__(self, folder: Path, url: str, token: str, devices: dict[str, Path], authorities: Path | None = None):
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self.log = folder / "log"
        (folder / "token").write_text(token)
        (folder / "token").chmod(0o600)
        known = f'authorities = "{authorities}"\n' if authorities else ""
        lines = "".join(
            f'\n[[lines]]\nname = "{name}"\ndriver = "hayes"\nport = "{port}"\nring_timeout = 4\n'
            for name, port in devices.items()
        )
        (folder / "linehost.toml").write_text(
            f'[server]\nurl = "{url}"\ntoken = {{ file = "token" }}\n{known}[var]\nfolder = "."\n{lines}'
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'twistd_plugin'}"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", TWISTD, "--nodaemon", "--pidfile=", f"--logfile={self.log}", "callcenter-linehost",
             "--config", str(self._folder / "linehost.toml")],
            cwd=self._folder, env=environment,
        )  # fmt: skip

    def keeps(self, kind: type[LineSignal]) -> bool:
        """Whether it would find such a signal on its disk if it were killed now."""
        copy = self._folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for part in self._folder.glob("line-host.db*"):
            shutil.copy(part, copy)
        file = SignalFile(copy / "line-host.db")
        try:
            return any(isinstance(item.news, kind) for item in file.open())
        finally:
            file.close()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
