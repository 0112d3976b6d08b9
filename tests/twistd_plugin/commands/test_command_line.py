"""The command line as scripts see it: exit status, what goes to which stream, JSON."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from storage.schema import head_revision, upgrade
from tests.peers.daemon import ROOT, run_callcenter
from twistd_plugin.commands import main


def run_here(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """``run_callcenter`` without a process, which takes a second to import what it needs."""
    output, errors = StringIO(), StringIO()
    with chdir(folder), redirect_stdout(output), redirect_stderr(errors):
        try:
            status: Any = main(arguments)
        except SystemExit as end:
            status = end.code
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which ``callcenter init --json`` was run; its answer is in init.json."""
    folder = tmp_path_factory.mktemp("hospital")
    result = run_callcenter("init", "--json", "--hospital", "人民医院", folder=folder)
    assert result.returncode == 0, result.stderr
    (folder / "init.json").write_text(result.stdout)
    return folder


def test_init_makes_configuration_database_and_one_administrator(hospital: Path) -> None:
    account = json.loads((hospital / "init.json").read_text())
    assert account["username"] == "admin"
    assert len(account["password"]) >= 12
    assert stat.S_IMODE((hospital / "var").stat().st_mode) == 0o700
    assert stat.S_IMODE((hospital / "var" / "huifang.db").stat().st_mode) == 0o600
    with sqlite3.connect(hospital / "var" / "huifang.db") as database:
        rows = database.execute("select username, must_change_password, password_hash from user_account").fetchall()
    ((username, must_change, password_hash),) = rows
    assert (username, must_change) == ("admin", 1)
    assert password_hash.startswith("$argon2id$")
    assert account["password"] not in (hospital / "callcenter.toml").read_text()


def test_the_written_configuration_is_right(hospital: Path) -> None:
    result = run_callcenter("check-config", "--json", folder=hospital)
    assert result.returncode == 0, result.stderr
    settings = json.loads(result.stdout)
    assert settings["hospital"]["name"] == "人民医院"
    assert settings["lines"] == []


def test_init_again_keeps_everything_and_fails(hospital: Path) -> None:
    before = (hospital / "callcenter.toml").read_bytes()
    result = run_here("init", folder=hospital)
    assert result.returncode == 1
    assert "There is an administrator already. (admin)" in result.stderr
    assert result.stdout == ""
    assert (hospital / "callcenter.toml").read_bytes() == before


def test_migrate_is_repeatable_and_says_where_it_is(hospital: Path) -> None:
    result = run_callcenter("migrate", folder=hospital)
    assert (result.returncode, result.stdout) == (0, f"The database is at revision {head_revision()}.\n")


def test_a_hospital_from_before_there_were_complaints_officers_gets_their_role(tmp_path: Path) -> None:
    (tmp_path / "callcenter.toml").write_text('[hospital]\nname = "人民医院"\n')
    file = tmp_path / "var" / "huifang.db"
    file.parent.mkdir()
    upgrade(f"sqlite:///{file}", "0017")
    with sqlite3.connect(file) as database:
        database.execute("insert into role (id, code, name, disabled, version) values (1, 'supervisor', '主管', 0, 1)")
        database.execute("insert into role_permission values (1, 'outcomes.edit', 'all')")
    result = run_here("migrate", folder=tmp_path)
    assert result.returncode == 0
    made = [line.rpartition(": ")[2] for line in result.stdout.splitlines() if line.startswith("There is a new role")]
    assert made == ["坐席", "医生", "系统管理员", "投诉专员"]
    with sqlite3.connect(file) as database:
        handling = database.execute(
            "select role.code from role join role_permission on role_id = id and permission = 'complaints.handle' "
            "order by id"
        ).fetchall()
    assert handling == [("supervisor",), ("administrator",), ("officer",)]
    assert "new role" not in run_here("migrate", folder=tmp_path).stdout


def test_a_broken_configuration_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "callcenter.toml").write_text("[web]\nport = 70000\n")
    for command in (["check-config"], ["migrate"]):
        result = run_callcenter(*command, folder=tmp_path)
        assert result.returncode == 1
        assert result.stdout == ""
        assert result.stderr.startswith("callcenter: callcenter.toml:2: web.port: 70000 is not allowed")
        assert "Traceback" not in result.stderr


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "callcenter.toml").write_text('[database]\nurl = "postgresql://u:geheim@127.0.0.1:9/none"\n')
    result = run_here("migrate", folder=tmp_path)
    assert result.returncode == 1
    assert "127.0.0.1:9/none" in result.stderr
    assert "geheim" not in result.stderr
    assert "Traceback" not in result.stderr


def test_devices_lists_json() -> None:
    result = run_callcenter("devices", "--json")
    assert result.returncode == 0
    assert all({"bus", "port", "might_be"} <= set(device) for device in json.loads(result.stdout))


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["simulate"], ["simulate", "outgoing", "maybe"], ["demo", "--port", "70000"]]
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    result = run_here(*arguments)
    assert result.returncode == 2
    assert "usage: callcenter" in result.stderr


def test_simulating_without_a_demo_names_the_command_that_starts_one(tmp_path: Path) -> None:
    result = run_here("simulate", "call", "13800138000", "--var", str(tmp_path))
    assert result.returncode == 1
    assert "no demo is running" in result.stderr


def test_tokens_of_line_hosts_are_made_listed_and_revoked(hospital: Path) -> None:
    made = run_callcenter("line-host-token", "ward3", folder=hospital)
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert token.startswith("ward3.")
    assert 'no line of callcenter.toml has host = "ward3" yet' in made.stderr
    with sqlite3.connect(hospital / "var" / "huifang.db") as database:
        assert token not in str(database.execute("select * from line_host").fetchall())
        assert token not in str(database.execute("select * from audit_entry").fetchall())
    again = json.loads(run_here("line-host-token", "ward3", "--json", folder=hospital).stdout)
    assert again["name"] == "ward3"
    assert again["token"] not in ("", token)
    (listed,) = json.loads(run_here("line-host-token", "--list", "--json", folder=hospital).stdout)
    assert (listed["name"], listed["connected_at"], listed["address"]) == ("ward3", None, "")
    assert "never" in run_here("line-host-token", "--list", folder=hospital).stdout
    revoked = run_here("line-host-token", "ward3", "--revoke", "--json", folder=hospital)
    assert json.loads(revoked.stdout) == {"name": "ward3"}
    assert json.loads(run_here("line-host-token", "--list", "--json", folder=hospital).stdout) == []


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ((), 1, "name the line host, or ask for the --list of all"),
        (("--list", "ward3"), 1, "name the line host, or ask for the --list of all"),
        (("ward 3",), 1, "The name of a line host has 1 to 40 letters"),
        (("ward9", "--revoke"), 1, "There is no line host of this name."),
        (("ward9", "--revoke", "--list"), 2, "not allowed with argument"),
    ],
)
def test_line_host_token_refuses_in_words(hospital: Path, arguments: tuple[str, ...], status: int, says: str) -> None:
    result = run_here("line-host-token", *arguments, folder=hospital)
    assert (result.returncode, result.stdout) == (status, "")
    assert says in result.stderr
