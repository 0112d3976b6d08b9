"""A whole daemon with simulated phone lines as its own process, and a plain HTTP client to talk to it.

``daemon`` is shared by a test module. Everything here blocks: for tests that run no reactor, or browser tests.
"""

from __future__ import annotations

import http.cookiejar
import io
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hardware.simulators.control import request
from tests.peers.patience import PATIENCE, wait_for
from twistd_plugin.commands import main
from twistd_plugin.commands.demo_folder import DemoFolder
from twistd_plugin.commands.ports import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 2 * PATIENCE
PATIENTS = 60
RINGS_ON = "60"
"""``--rings`` of a caller who does not give up while a test is about to do something: five minutes."""
AT_WORK = {"idle", "ready", "out_of_service"}
"""States of lines and gateways after a start that has come to its end."""


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class HttpClient:
    """A browser without pages: keeps cookies, sends the CSRF token."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")
        self._cookies = http.cookiejar.CookieJar()
        # No proxy of the environment stands between us and the loopback interface.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )
        self._csrf = ""

    def sign_in(self, user: Mapping[str, str]) -> Answer:
        """Sign in by the API."""
        answer = self.send("POST", "/api/v1/session", {"username": user["username"], "password": user["password"]})
        if answer.status == 200:
            self._csrf = answer.json()["csrf"]
        return answer

    @property
    def is_signed_in(self) -> bool:
        """Whether the server still knows the session."""
        return self.send("GET", "/api/v1/session").status == 200

    @property
    def cookie(self) -> str:
        """The Cookie header that it would send."""
        return "; ".join(f"{one.name}={one.value}" for one in self._cookies)

    def get(self, path: str) -> Any:
        """The JSON at ``path``; fails the test unless it is a 200."""
        answer = self.send("GET", path)
        assert answer.status == 200, (path, answer.status, answer.body[:500])
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """POST; fails the test unless it succeeds. None when the answer is empty."""
        answer = self.send("POST", path, {} if body is None else body)
        assert answer.status < 300, (path, answer.status, answer.body[:500])
        return answer.json() if answer.body else None

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Any request; returns whatever came, an error too."""
        headers = {"Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if method != "GET" and self._csrf:
            headers["X-CSRF-Token"] = self._csrf
        request = urllib.request.Request(self._base + path, data, headers, method=method)  # noqa: S310 - loopback
        try:
            with self._opener.open(request, timeout=PATIENCE) as reply:
                return Answer(reply.status, dict(reply.headers), reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())


class DemoDaemon:
    """``callcenter demo`` on a free port with its data in ``var``. Start it again after ``stop`` or ``kill``.

    ``module`` is what is run the next time.
    """

    def __init__(
        self, var: Path, patients: int = PATIENTS, module: str = "twistd_plugin.commands", past_days: int = 0
    ) -> None:
        self.var = var
        self.module = module
        self.base_url = ""
        # Started again it has the same address, so that open pages find it.
        self._port = free_port()
        self._patients = patients
        self._past_days = past_days
        self._process: subprocess.Popen[bytes] | None = None
        self._output = var.with_name(var.name + ".log")
        self._clients: dict[str, HttpClient] = {}

    @property
    def users(self) -> dict[str, dict[str, str]]:
        """Role → username and password."""
        users: dict[str, dict[str, str]] = json.loads((self.var / "demo-users.json").read_text())
        return users

    @property
    def output(self) -> str:
        """What the processes so far have printed."""
        return self._output.read_text(errors="replace")

    @property
    def log(self) -> str:
        """The daemon's log."""
        return (self.var / "daemon.log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Of the process that is the daemon."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it is ready, and has connected to all that is simulated."""
        (self.var / "demo.json").unlink(missing_ok=True)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, "demo", "--port", str(self._port), "--var", str(self.var),
                 "--patients", str(self._patients), "--past-days", str(self._past_days)],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            wait_for(self._is_ready, "the daemon", START_SECONDS)
            wait_for(self._is_connected, "the lines and gateways")
        except BaseException:
            # A fixture that fails here is not asked to clean up.
            self.kill()
            raise

    def stop(self) -> int:
        """End it as an operator would; its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Take its power away."""
        self._end(signal.SIGKILL)

    def client(self, role: str | None = None) -> HttpClient:
        """A client; signed in as ``role``, the one of before while its session lasts: to look at a password is slow."""
        if role is None:
            return HttpClient(self.base_url)
        known = self._clients.get(role)
        if known is None or not known.is_signed_in:
            known = self._clients[role] = HttpClient(self.base_url)
            assert known.sign_in(self.users[role]).status == 200
        return known

    def with_mobiles(self, role: str, count: int) -> list[dict[str, Any]]:
        """``count`` patients whom ``role`` may see and may call, each with the ``number`` of a mobile."""
        found: list[dict[str, Any]] = []
        for patient in self.client(role).get(f"/api/v1/patients?limit={PATIENTS}")["items"]:
            phones = self.client("admin").get(f"/api/v1/patients/{patient['id']}")["phones"]
            mobile = next((one["number"] for one in phones if one["number"].startswith("+861")), None)
            if mobile and not patient["do_not_call"]:
                found.append({"id": patient["id"], "name": patient["name"], "number": mobile.removeprefix("+86")})
            if len(found) == count:
                return found
        pytest.fail(f"{role} sees {len(found)} patients with a mobile, not {count}")

    def free_lines(self) -> None:
        """Every line is idle again, whatever is being said on it."""
        for line in self._busy_lines():
            self.simulate("unplug", "--line", line)
            self.simulate("replug", "--line", line)
        wait_for(lambda: not self._busy_lines(), "idle lines")

    def simulate(self, *arguments: str) -> str:
        """What ``callcenter simulate …`` against this daemon prints; fails the test when it fails.

        In this process: another would be busy for half a second to say one thing to a simulator.
        """
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            status = main(["simulate", *arguments, "--var", str(self.var)])
        assert status == 0, printed.getvalue()
        return printed.getvalue()

    def _busy_lines(self) -> list[str]:
        lines = self.client("supervisor").get("/api/v1/lines")["items"]
        return [line["name"] for line in lines if line["state"] != "idle"]

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(f"the daemon ended with status {self._process.returncode}:\n{self.output}")
        try:
            self.base_url = json.loads((self.var / "demo.json").read_text())["address"]
            return HttpClient(self.base_url).send("GET", "/readyz").status == 200
        except (OSError, ValueError):
            return False

    def _is_connected(self) -> bool:
        """Ready is the daemon before its lines and gateways are; whoever calls or writes until then reaches nobody."""
        running, admin = DemoFolder(self.var).running(), self.client("admin")
        states = {
            (kind, one["name"]): one["state"]
            for kind in ("lines", "gateways")
            for one in admin.get(f"/api/v1/{kind}")["items"]
        }
        simulated = {("lines", one.name) for one in running.lines} | {
            ("gateways", one.name) for one in running.gateways
        }
        if not {states[one] for one in simulated} <= AT_WORK:
            return False
        # That a gateway is ready may be written of the life before.
        sessions = [one for one in running.gateways if one.kind != "http" and states["gateways", one.name] == "ready"]
        return all(request(one.control_path, {"command": "status"}, PATIENCE)["clients"] for one in sessions)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(self._process.pid, number)
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            pytest.fail(f"the daemon did not end within {PATIENCE} s:\n{self.output}")


def callcenter(*arguments: str) -> list[str]:
    """The command line of ``callcenter`` for a subprocess."""
    return [sys.executable, "-m", "twistd_plugin.commands", *arguments]


def run_callcenter(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run ``callcenter …`` to its end."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        callcenter(*arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=environment,
    )


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDaemon]:
    """A running daemon with few patients, for all tests of a module."""
    running = DemoDaemon(tmp_path_factory.mktemp("daemon") / "var")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def fresh_daemon(tmp_path: Path) -> Iterator[DemoDaemon]:
    """A daemon of the test's own, not started; ended afterwards whatever the test did."""
    own = DemoDaemon(tmp_path / "var")
    yield own
    if own._process is not None:
        own._end(signal.SIGKILL)
