"""A whole story with a daemon that is a process of its own: nothing in it blocks the reactor's thread.

From the first stage of the start to the last of the stop. What is exempt says why where it stands, with
``blocking_allowed``; what is done before the reactor runs may block.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.sockets import SocketClient
from tests.peers import blocking_daemon
from tests.peers.daemon import DemoDaemon, HttpClient
from tests.peers.patience import PATIENCE, wait_for
from twistd_plugin.commands.configuration_text import configuration_text
from twistd_plugin.commands.demo_lines import DEMO_LINES, demo_port

REPORT = re.compile(r"a blocking call on the reactor: (.*)")
UNKNOWN = "13666660001"
PAGES = (
    "/console", "/wallboard", "/calls", "/calls/missed", "/calls/1", "/patients", "/patients/1", "/patients/new",
    "/patients/1/edit", "/users", "/users/new", "/roles", "/roles/1/edit", "/departments", "/outcomes", "/audit",
    "/inbox", "/messages", "/messages/new", "/message-batches", "/opt-outs", "/templates", "/templates/new",
    "/desk-rules", "/sending-rules", "/messages/totals", "/api/v1/conversations", "/api/v1/message-texts",
    "/account", "/nowhere", "/api/v1/openapi.json", "/healthz", "/readyz", "/metrics", "/catalogues/en.js",
    "/static/css/app.css", "/static/nothing.css",
)  # fmt: skip


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[DemoDaemon]:
    """A daemon with the guard on and every line's bytes traced."""
    var = tmp_path / "var"
    var.mkdir()
    lines = [(name, driver, demo_port(var, name, driver)) for name, driver, _ in DEMO_LINES]
    text = configuration_text(file="", name="x", folder=".", port=0, area_code="010", lines=lines)
    traced = text.replace("\ndriver =", "\ntrace = true\nring_timeout = 6\ndriver =")
    recorded = "[recordings]\nenabled = true\n"
    logging = "[logging]\nwatch_blocking = true\nstall_milliseconds = 0\n"
    (var / "callcenter.toml").write_text(f"{traced}\n{recorded}{logging}")
    daemon = DemoDaemon(var, module=blocking_daemon.__name__)
    yield daemon
    if daemon._process is not None:
        daemon._end(signal.SIGKILL)


def reports(daemon: DemoDaemon) -> list[str]:
    return REPORT.findall(daemon.log)


class Agent:
    """An agent with an open page, who hears of calls and works on them."""

    def __init__(self, daemon: DemoDaemon) -> None:
        self.client = daemon.client("agent")
        self.newest = 0
        self.page = SocketClient(int(daemon.base_url.rstrip("/").rpartition(":")[2]), cookie=self.client.cookie)
        self.page.sock.settimeout(PATIENCE)
        self.page.send(json.dumps({"op": "hello", "since": None, "topics": ["calls", "lines", "agents"]}))
        self.hear(lambda message: message.get("op") == "ready")

    def hear(self, wanted: Callable[[Any], bool]) -> Any:
        """The next message that is ``wanted``."""
        while True:
            for message in map(json.loads, self.page.receive()):
                if wanted(message):
                    return message

    def hear_ringing(self) -> int:
        """The next new call."""
        told = self.hear(lambda message: message.get("topic") == "calls" and message["data"]["id"] > self.newest)
        self.newest = int(told["data"]["id"])
        return self.newest

    def until(self, call: int, state: str) -> None:
        wait_for(lambda: self.client.get(f"/api/v1/calls/{call}")["state"] == state, f"a call that is {state}")

    def wrap_up(self, call: int) -> None:
        self.client.post(f"/api/v1/calls/{call}/wrap-up", {"outcome": "completed", "notes": "切口"})
        self.client.post(f"/api/v1/calls/{call}/wrap-up", {"outcome": "completed", "notes": "切口愈合", "finish": True})


def answer_a_call(daemon: DemoDaemon, agent: Agent) -> None:
    daemon.simulate("call", UNKNOWN, "--name", "张三", "--line", "1", "--rings", "50", "--detach")
    call = agent.hear_ringing()
    agent.client.post(f"/api/v1/calls/{call}/claim")
    agent.client.post(f"/api/v1/calls/{call}/answer")
    agent.until(call, "talking")
    agent.client.post(f"/api/v1/calls/{call}/hang-up")
    agent.until(call, "ended")
    agent.wrap_up(call)


def claim_a_call_of_the_box(daemon: DemoDaemon, agent: Agent) -> None:
    # There are some seconds to claim it: whoever does after the last ring is too late.
    daemon.simulate("call", UNKNOWN, "--line", "4", "--answer-after", "14", "--hangup-after", "1", "--detach")
    call = agent.hear_ringing()
    agent.client.post(f"/api/v1/calls/{call}/claim")
    # A box does not see the handset: that ringing stopped means that somebody lifted it, and the agent ends the call.
    agent.until(call, "talking")
    agent.client.post(f"/api/v1/calls/{call}/hang-up")
    agent.until(call, "ended")
    agent.wrap_up(call)


def dial_out(daemon: DemoDaemon, agent: Agent) -> None:
    daemon.simulate("outgoing", "answer", "--line", "1", "--after", "0.5")
    call = agent.client.post("/api/v1/calls/dial", {"number": UNKNOWN})["id"]
    agent.until(call, "talking")
    agent.client.post(f"/api/v1/calls/{call}/hang-up")
    agent.until(call, "ended")
    agent.wrap_up(call)


def miss_a_call(daemon: DemoDaemon, agent: Agent) -> None:
    daemon.simulate("call", UNKNOWN, "--line", "2", "--rings", "1")
    missed = wait_for(lambda: agent.client.get("/api/v1/calls/missed")["items"], "the missed call")
    agent.client.post(f"/api/v1/calls/{missed[0]['id']}/handle-missed")


def keep_patients(client: HttpClient) -> None:
    found = client.get(f"/api/v1/patients/match?number={UNKNOWN}")
    assert found["result"] == "none"
    made = client.post("/api/v1/patients", {"name": "欧阳新", "phones": [{"number": UNKNOWN, "label": "本人"}]})
    change = {"version": made["version"], "notes": "对青霉素过敏", "allergies": "青霉素"}
    assert client.send("PATCH", f"/api/v1/patients/{made['id']}", change).status == 200
    assert client.send("PATCH", f"/api/v1/patients/{made['id']}", change).status == 409
    for part in ("", "/card", "/timeline"):
        client.get(f"/api/v1/patients/{made['id']}{part}")
    first = client.get("/api/v1/patients?limit=5")
    client.get(f"/api/v1/patients?limit=5&cursor={first['next']}")
    for query in ("oyx", "6666", "%E6%AC%A7%E9%98%B3", "nobody"):
        client.get(f"/api/v1/patients?q={query}")


def administer(client: HttpClient) -> None:
    role = client.post("/api/v1/roles", {"name": "夜班", "grants": {"calls.view": "own"}})
    user = client.post(
        "/api/v1/users",
        {"username": "night", "display_name": "夜班", "password": "Sleepless-2026-owl", "role_ids": [role["id"]]},
    )
    grants = {"version": role["version"], "grants": {"calls.view": "all", "patients.view": "all"}}
    assert client.send("PATCH", f"/api/v1/roles/{role['id']}", grants).status == 200
    client.post(f"/api/v1/users/{user['id']}/disable")
    client.post("/api/v1/departments", {"name": "夜间门诊"})


def fetch(client: HttpClient, *paths: str) -> None:
    for path in paths:
        assert client.send("GET", path).status < 500, path


def lose_a_line(daemon: DemoDaemon, supervisor: HttpClient) -> None:
    def third() -> Any:
        return next(line for line in supervisor.get("/api/v1/lines")["items"] if line["name"] == "3")

    daemon.simulate("unplug", "--line", "3")
    wait_for(lambda: third()["state"] == "lost", "the loss")
    daemon.simulate("replug", "--line", "3")
    wait_for(lambda: third()["state"] == "idle", "the recovery")
    supervisor.post(f"/api/v1/lines/{third()['id']}/out-of-service", {"out": True, "reason": "维修"})


def read_everything(daemon: DemoDaemon, supervisor: HttpClient, admin: HttpClient) -> None:
    fetch(supervisor, "/api/v1/wallboard", "/api/v1/agents", "/api/v1/outcomes")
    for kind in ("csv", "xlsx"):
        fetch(supervisor, f"/api/v1/calls/export?format={kind}", f"/api/v1/patients/export?format={kind}")
        fetch(admin, f"/api/v1/audit/export?format={kind}", f"/api/v1/users/export?format={kind}")
    fetch(admin, *(f"{page}?lang={language}" for page in PAGES for language in ("zh_CN", "en")))
    fetch(daemon.client(), "/sign-in", "/")


def sign_out(agent: Agent, supervisor: HttpClient) -> None:
    supervisor.post("/api/v1/session/sign-out-everywhere")
    assert agent.client.send("DELETE", "/api/v1/session").status == 204
    with pytest.raises(ConnectionError):
        agent.hear(lambda _: False)


def test_a_whole_story_never_blocks_the_reactor(guarded: DemoDaemon) -> None:
    guarded.start()
    supervisor, admin = guarded.client("supervisor"), guarded.client("admin")
    assert guarded.client().sign_in({"username": "nobody", "password": "nothing"}).status == 401
    wait_for(lambda: {line["state"] for line in supervisor.get("/api/v1/lines")["items"]} == {"idle"}, "all lines")
    agent = Agent(guarded)
    answer_a_call(guarded, agent)
    claim_a_call_of_the_box(guarded, agent)
    dial_out(guarded, agent)
    miss_a_call(guarded, agent)
    keep_patients(supervisor)
    administer(admin)
    read_everything(guarded, supervisor, admin)
    lose_a_line(guarded, supervisor)
    sign_out(agent, supervisor)
    wait_for(lambda: len(list((guarded.var / "traces").iterdir())) == len(DEMO_LINES), "the traces")
    assert not reports(guarded), "\n".join(reports(guarded))

    os.kill(guarded.pid, signal.SIGUSR1)
    kinds = {
        "open", "TextIOWrapper.read", "TextIOWrapper.write", "posix.stat", "os.listdir", "socket.getaddrinfo",
        "sqlite3.connect", "Connection.execute", "time.sleep", "subprocess.Popen",
    }  # fmt: skip
    wait_for(lambda: {report.partition(" in ")[0] for report in reports(guarded)} >= kinds, "the reports")

    assert guarded.stop() == 0
    others = [report for report in reports(guarded) if blocking_daemon.block_in_every_way.__name__ not in report]
    assert not others, "\n".join(others)
