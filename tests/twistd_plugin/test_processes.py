"""What is known of a process by its number, on the real machine and on made-up ones."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from storage.leases import Process
from twistd_plugin.processes import is_running, this_process


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine on which this process was begun at 4711."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("one\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[1]")
    run(tmp_path, os.getpid(), "S", 4711)
    return tmp_path


def run(proc: Path, pid: int, state: str, began: int) -> None:
    (proc / str(pid)).mkdir(exist_ok=True)
    between = " ".join(["1"] * 18)
    (proc / str(pid) / "stat").write_text(f"{pid} (a) S (x) {state} {between} {began} 1 1\n")


def test_this_process_runs_and_one_that_has_ended_does_not() -> None:
    here = this_process()
    assert (here.host, here.pid) == (socket.gethostname(), os.getpid())
    assert is_running(here) is True
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        began = int(Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19])
        other = replace(here, pid=child.pid, began=began)
        assert is_running(other) is True
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        # It has ended, though nobody has asked how.
        assert is_running(other) is False
    assert is_running(other) is False


def test_its_number_belongs_to_somebody_else_by_now(proc: Path) -> None:
    here = this_process(proc)
    assert here == Process(socket.gethostname(), "one pid:[1]", os.getpid(), 4711)
    assert is_running(here, proc) is True
    run(proc, os.getpid(), "R", 4712)
    assert is_running(here, proc) is False
    run(proc, os.getpid(), "Z", 4711)
    assert is_running(here, proc) is False


def test_nothing_is_said_of_another_machine_or_container(proc: Path) -> None:
    here = this_process(proc)
    (proc / "sys/kernel/random/boot_id").write_text("two\n")
    assert is_running(here, proc) is None
    (proc / "sys/kernel/random/boot_id").write_text("one\n")
    (proc / "self/ns/pid").unlink()
    (proc / "self/ns/pid").symlink_to("pid:[2]")
    assert is_running(here, proc) is None


def test_nothing_is_said_where_the_system_does_not_tell(tmp_path: Path, proc: Path) -> None:
    nowhere = this_process(tmp_path / "none")
    assert nowhere == Process(socket.gethostname(), "", None, None)
    assert is_running(nowhere, proc) is None
    assert is_running(this_process(proc), tmp_path / "none") is None


def test_nothing_is_said_of_somebody_elses_that_are_hidden(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = replace(this_process(proc), pid=4711)
    answer: type[OSError] = ProcessLookupError

    def kill(_pid: int, _signal: int) -> None:
        raise answer

    monkeypatch.setattr(os, "kill", kill)
    assert is_running(theirs, proc) is False
    answer = PermissionError
    # hidepid=2 shows no such folder, hidepid=1 one that nobody else may read.
    assert is_running(theirs, proc) is None
    (proc / "4711").mkdir()

    def deny(*_: object, **__: object) -> str:
        raise PermissionError

    here = theirs.place
    monkeypatch.setattr("twistd_plugin.processes._place", lambda _: here)
    monkeypatch.setattr(Path, "read_text", deny)
    assert is_running(theirs, proc) is None
