"""The whole daemon: started, used, stopped, killed, started again."""

from __future__ import annotations

import io
import json
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from hardware.simulators.voice import sound as simulated_sound
from tests.peers.daemon import ROOT, DemoDaemon, HttpClient, callcenter, run_callcenter
from tests.peers.patience import PATIENCE, wait_for
from twistd_plugin.commands.ports import free_port

NUMBER = "13800138000"


def newest_call(client: HttpClient) -> Any:
    items = client.get("/api/v1/calls?limit=1")["items"]
    return items[0] if items else None


def sequence_numbers(daemon: DemoDaemon) -> list[int]:
    with sqlite3.connect(f"file:{daemon.var / 'huifang.db'}?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("select seq from event_record order by seq")]


def lines_ready(client: HttpClient) -> bool:
    lines = client.get("/api/v1/lines")
    lines = lines["items"] if isinstance(lines, dict) else lines
    return len(lines) == 5 and all(line["state"] == "idle" for line in lines)


def test_the_demo_writes_its_sign_ins_for_the_owner_only(daemon: DemoDaemon) -> None:
    assert {"agent", "supervisor", "doctor", "admin"} <= set(daemon.users)
    assert all(set(user) == {"username", "password"} for user in daemon.users.values())
    assert stat.S_IMODE((daemon.var / "demo-users.json").stat().st_mode) == 0o600
    for user in daemon.users.values():
        assert HttpClient(daemon.base_url).sign_in(user).status == 200
    assert daemon.base_url in daemon.output
    assert "simulate call" in daemon.output


def test_a_simulated_call_is_recorded_with_its_patient(daemon: DemoDaemon) -> None:
    client = daemon.client("supervisor")
    wait_for(lambda: lines_ready(client), what="all lines")
    known = next(word for word in daemon.output.split("simulate call ")[1].split() if word.isdecimal())
    call_up = ("simulate", "call", known, "--line", "2", "--answer-after", "3", "--hangup-after", "1")
    result = run_callcenter(*call_up, "--var", str(daemon.var))
    assert result.returncode == 0, result.stderr
    assert "line 2" in result.stdout
    call = wait_for(
        lambda: (one := newest_call(client)) and one["state"] == "ended" and one, what="the end of the call"
    )
    assert call["direction"] == "in"
    assert call["number"] == f"+86{known}"
    assert call["patient"]["name"]
    assert call["line"]["name"] == "2"


def test_a_call_that_a_modem_answered_is_recorded_and_can_be_played(daemon: DemoDaemon) -> None:
    agent, boss = daemon.client("agent"), daemon.client("admin")
    agent.post("/api/v1/agents/me/state", {"state": "available"})
    daemon.simulate("call", NUMBER, "--line", "1", "--rings", "20", "--hangup-after", "8", "--detach")
    ringing = wait_for(
        lambda: (one := newest_call(boss)) and one["state"] == "ringing" and one["number"] and one, what="a ring"
    )
    agent.post(f"/api/v1/calls/{ringing['id']}/claim")
    agent.post(f"/api/v1/calls/{ringing['id']}/answer")
    path = f"/api/v1/calls/{ringing['id']}"
    details = f"{path}/recording/details"
    wait_for(lambda: boss.send("GET", details).json().get("state") == "kept", what="the recording")
    sound = boss.send("GET", f"{path}/recording")
    assert sound.status == 200
    with wave.open(io.BytesIO(sound.body)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 1, 1)
        frames = file.readframes(file.getnframes())
    assert len(frames) > 8000
    assert frames == simulated_sound(0, len(frames))


def test_health_and_metrics_have_no_patient_in_them(daemon: DemoDaemon) -> None:
    client = daemon.client()
    assert client.send("GET", "/healthz").status == 200
    # A busy machine may keep the database from answering in time.
    ready = {"ready": True, "problems": []}
    wait_for(lambda: client.send("GET", "/readyz").json() == ready, what="readiness")
    metrics = client.send("GET", "/metrics").body.decode()
    assert 'huifang_calls_total{direction="in"' in metrics
    assert 'huifang_lines{state="idle"}' in metrics
    assert "138001" not in metrics


def test_status_lists_the_simulated_lines(daemon: DemoDaemon) -> None:
    lines = json.loads(daemon.simulate("status", "--json"))
    assert [(line["name"], line["driver"]) for line in lines] == [
        ("1", "hayes"), ("2", "hayes"), ("3", "hayes"), ("4", "fsk"), ("5", "ubox"),
    ]  # fmt: skip
    assert all(line["plugged"] for line in lines)


def test_unplugging_is_seen_and_plugging_in_again_heals(daemon: DemoDaemon) -> None:
    client = daemon.client("supervisor")
    wait_for(lambda: lines_ready(client), what="all lines")
    daemon.simulate("unplug", "--line", "3")
    wait_for(lambda: not lines_ready(client), what="the loss")
    daemon.simulate("replug", "--line", "3")
    wait_for(lambda: lines_ready(client), what="the recovery")


def test_what_the_log_tells_has_no_numbers_or_names(daemon: DemoDaemon) -> None:
    client = daemon.client("supervisor")
    patient = client.get("/api/v1/patients?limit=1")["items"][0]
    client.send("GET", f"/api/v1/patients?q={NUMBER}")
    client.send("GET", "/api/v1/patients/0?q=%00")
    assert "listening on" in daemon.log
    assert NUMBER not in daemon.log
    assert patient["name"] not in daemon.log
    assert "Traceback" not in daemon.log
    for user in daemon.users.values():
        assert user["password"] not in daemon.log


def test_a_second_demo_on_the_same_port_or_folder_is_refused_with_a_sentence(
    daemon: DemoDaemon, tmp_path: Path
) -> None:
    port = daemon.base_url.rsplit(":", 1)[1].strip("/")
    taken = run_callcenter("demo", "--port", port, "--var", str(tmp_path))
    assert taken.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in taken.stderr
    assert "make run PORT=" in taken.stderr
    folder = run_callcenter("demo", "--port", "0", "--var", str(daemon.var))
    assert folder.returncode == 1
    assert "another demo is running" in folder.stderr


def test_a_kill_during_a_call_loses_nothing(fresh_daemon: DemoDaemon) -> None:
    fresh_daemon.start()
    client = fresh_daemon.client("supervisor")
    wait_for(lambda: lines_ready(client), what="all lines")
    fresh_daemon.simulate("call", NUMBER, "--line", "1", "--rings", "50", "--detach")
    ringing = wait_for(lambda: (one := newest_call(client)) and one["number"] and one, what="the ringing call")
    assert ringing["state"] == "ringing"
    users, numbers = fresh_daemon.users, sequence_numbers(fresh_daemon)

    fresh_daemon.kill()
    fresh_daemon.start()

    assert fresh_daemon.users == users
    # The session of before is still good: an open page goes on by itself.
    client._base = fresh_daemon.base_url.rstrip("/")
    call = client.get(f"/api/v1/calls/{ringing['id']}")
    assert (call["state"], call["end_reason"]) == ("ended", "unknown")
    assert call["number"] == ringing["number"]
    assert call["started_at"] == ringing["started_at"]
    after = sequence_numbers(fresh_daemon)
    assert after == list(range(1, len(after) + 1))
    assert after[: len(numbers)] == numbers
    assert len(after) > len(numbers)
    wait_for(lambda: lines_ready(client), what="all lines")
    fresh_daemon.simulate("call", NUMBER, "--line", "1", "--rings", "50", "--detach")
    again = wait_for(lambda: (one := newest_call(client)) and one["id"] != ringing["id"] and one, what="a new call")
    assert again["state"] == "ringing"


def test_sigterm_drains_and_leaves_no_process_behind(fresh_daemon: DemoDaemon) -> None:
    fresh_daemon.start()
    client = fresh_daemon.client("supervisor")
    wait_for(lambda: lines_ready(client), what="all lines")
    fresh_daemon.simulate("call", NUMBER, "--line", "1", "--rings", "50", "--detach")
    wait_for(lambda: newest_call(client), what="the call")
    children = _children(fresh_daemon.pid)
    # Five lines and three gateways, and what they come from.
    assert len(children) == 9
    assert fresh_daemon.stop() == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert not (fresh_daemon.var / "demo.json").exists()
    assert "did not stop cleanly" not in fresh_daemon.log
    with sqlite3.connect(fresh_daemon.var / "huifang.db") as database:
        states = database.execute("select state, end_reason from call_record").fetchall()
    assert states == [("ended", "unknown")]


def _children(pid: int | str) -> list[str]:
    """With theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return children + [one for child in children for one in _children(child)]


@pytest.fixture(scope="module")
def new_hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``init`` makes."""
    folder = tmp_path_factory.mktemp("hospital")
    assert run_callcenter("init", folder=folder).returncode == 0
    return folder


@pytest.fixture
def hospital(new_hospital: Path, tmp_path: Path) -> Path:
    """A hospital of the test's own, without lines, on any free port, logging JSON."""
    folder = tmp_path / "hospital"
    shutil.copytree(new_hospital, folder)
    file = folder / "callcenter.toml"
    file.write_text(file.read_text().replace("port = 8080", "port = 0") + '\n[logging]\nformat = "json"\n')
    return folder


def twistd(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'twistd_plugin'}", "PATH": "/usr/bin:/bin"}
    return subprocess.Popen(
        [*program, "--nodaemon", "--pidfile=", *arguments], cwd=folder, env=paths,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_twistd_runs_the_daemon_logs_json_and_ends_on_sigterm(hospital: Path) -> None:
    daemon = twistd(hospital, "callcenter", "--config", "callcenter.toml")
    assert daemon.stdout is not None
    port = 0
    try:
        while not port:
            line = daemon.stdout.readline()
            assert line, daemon.stderr.read() if daemon.stderr else ""
            entry = json.loads(line)
            if entry["message"].startswith("listening on"):
                port = entry["port"]
        assert wait_for(lambda: HttpClient(f"http://127.0.0.1:{port}").send("GET", "/readyz").status == 200)
    finally:
        daemon.send_signal(signal.SIGTERM)
        rest, errors = daemon.communicate(timeout=PATIENCE)
    messages = [json.loads(line)["message"] for line in rest.splitlines()]
    assert "stopped" in messages
    assert errors == ""


def test_a_taken_port_does_not_end_the_daemon(hospital: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as other:
        file = hospital / "callcenter.toml"
        file.write_text(file.read_text().replace("port = 0", f"port = {port}"))
        daemon = twistd(hospital, "callcenter")
        assert daemon.stdout is not None
        try:
            while "cannot listen" not in (line := daemon.stdout.readline()):
                assert line
            other.close()
            wait_for(lambda: _answers(port), what="the port")
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.communicate(timeout=PATIENCE)


def _answers(port: int) -> bool:
    try:
        return HttpClient(f"http://127.0.0.1:{port}").send("GET", "/readyz").status == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("update alembic_version set version_num = '0000'", "run: callcenter migrate --config"),
        ("drop table alembic_version", "the database is at revision none"),
    ],
)
def test_an_old_schema_is_refused_with_the_command_to_run(hospital: Path, damage: str, sentence: str) -> None:
    with sqlite3.connect(hospital / "var" / "huifang.db") as database:
        database.execute(damage)
    daemon = twistd(hospital, "callcenter")
    _, errors = daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 1
    assert sentence in errors
    assert "Traceback" not in errors


def test_a_broken_configuration_is_refused_before_anything_starts(hospital: Path) -> None:
    (hospital / "callcenter.toml").write_text('[[lines]]\nname = "1"\ndriver = "hays"\nport = "/dev/ttyS0"\n')
    daemon = twistd(hospital, "callcenter")
    _, errors = daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 1
    assert "callcenter.toml:3: lines[1].driver" in errors


def test_demo_needs_a_folder_it_may_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = subprocess.run(
        callcenter("demo", "--port", "0", "--var", str(tmp_path / "file" / "var")),
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "cannot make the data folder" in result.stderr
