"""A hospital with SMS gateways that speak to simulators; its daemon is a process of its own and can be killed.

Everything here blocks: for tests that run no reactor.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import make_url
from sqlalchemy.orm import Session

from callcenter.administration.principal import SYSTEM
from callcenter.config import load
from callcenter.messaging.gateways.rows import make_gateway_row
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import read_set_up
from hardware.gateways.drivers import MODELS
from hardware.gateways.settings import GatewayKind
from storage.engines import reading_engine
from tests.peers.daemon import ROOT, START_SECONDS, HttpClient, run_callcenter
from tests.peers.patience import PATIENCE, wait_for
from twistd_plugin.commands.ports import free_port
from twistd_plugin.commands.transaction import in_one_transaction

T = TypeVar("T")
PASSWORD = "a long password of the story"


class SmsHospital:
    """What ``init`` makes in ``folder``, without lines, on a port that stays the same."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        made = run_callcenter("init", "--json", folder=folder)
        assert made.returncode == 0, made.stderr
        self._administrator = {"username": "admin", "password": made.stdout.split('"password": "')[1].split('"')[0]}
        self._file = folder / "callcenter.toml"
        port = free_port()
        self._file.write_text(self._file.read_text().replace("port = 8080", f"port = {port}"))
        self._folder = folder
        self._log = folder / "daemon.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = load(self._file)
        self.client = HttpClient(f"http://127.0.0.1:{port}")

    @property
    def log(self) -> str:
        """What the daemons so far have printed."""
        return self._log.read_text(errors="replace")

    def run(self, function: Callable[[Session], T]) -> T:
        """``function(session)`` in a transaction of our own, beside the daemon's."""
        return in_one_transaction(self._configuration, function)

    def read(self, function: Callable[[Session], T]) -> T:
        """``function(session)`` on what is committed, without a lock that anybody waits for."""
        engine = reading_engine(make_url(self._configuration.settings.database_url), 1)
        try:
            with Session(engine) as session:
                return function(session)
        finally:
            engine.dispose()

    def add_gateway(
        self, kind: GatewayKind, arrangement: Mapping[str, Any], options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> int:
        """Write a gateway down; the next daemon has it. Its id."""
        settings = self._configuration.settings
        made = read_set_up(MODELS, kind, arrangement, options, secrets)
        box = SecretBox.at(settings.key_file)
        return self.run(lambda session: make_gateway_row(session, SYSTEM, made, box, datetime.now(UTC)).gateway_id)

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        self.launch()
        wait_for(self._answers, "the daemon", START_SECONDS)

    def launch(self) -> None:
        """Start the daemon, and do not wait for it."""
        self._process = self._run(self._log)

    def beside(self) -> tuple[int, str]:
        """Start another daemon for the same database by mistake, and wait until it ends: its status and its words."""
        log = self._folder / "beside.log"
        with self._run(log) as process:
            try:
                return process.wait(START_SECONDS), log.read_text()
            finally:
                process.kill()

    def sign_in(self) -> None:
        """As the administrator, who is good for all daemons to come."""
        assert self.client.sign_in(self._administrator).status == 200
        passwords = {"old_password": self._administrator["password"], "new_password": PASSWORD}
        self.client.post("/api/v1/session/password", passwords)
        self._administrator["password"] = PASSWORD
        assert self.client.sign_in(self._administrator).status == 200

    def kill(self) -> None:
        """Take the daemon's power away."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the daemon to end, and do not wait until it has."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """End the daemon as an operator would; its exit status."""
        return self._end(signal.SIGTERM)

    def _run(self, log: Path) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]
        with log.open("ab") as output:
            return subprocess.Popen(
                [*program, "--nodaemon", "--pidfile=", "callcenter", "--config", str(self._file)],
                cwd=self._folder, env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'twistd_plugin'}"},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        try:
            return self.client.send("GET", "/readyz").status == 200
        except OSError:
            return False

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process = None
