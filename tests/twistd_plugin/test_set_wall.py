"""The clock on the wall is set by an hour, forward and back, in processes of their own: everything goes on in time."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.peers.daemon import ROOT, DemoDaemon
from tests.peers.patience import PATIENCE, wait_for
from tests.peers.set_wall import HOUR

NEAR = 600.0
"""Seconds: longer than anything here takes, and far from an hour."""
WAITED = {"passed on", "answer late", "gateway asked", "free again", "gateway asked again"}
"""Each for some seconds, of which the first few beats are but one."""


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_who_is_rung_and_what_is_waited_for_have_their_time(tmp_path: Path, jump: float) -> None:
    story = [sys.executable, "-m", "tests.peers.set_wall", "story", str(jump), str(tmp_path)]
    ended = subprocess.run(story, cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    # Not all at once, when the wall was set forward.
    assert {what for what in WAITED if told[what]["beats"] >= 4} == WAITED
    assert "what is due in half an hour" not in told
    ahead = {what: one["ahead"] for what, one in told.items() if "ahead" in one}
    assert ahead == pytest.approx(
        {"passed on": jump, "sign of life after": jump, "writing": jump, "sign of life in the end": 0.0}, abs=NEAR
    )


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DemoDaemon]:
    """A whole daemon whose wall can be set."""
    daemon = DemoDaemon(tmp_path / "var", module="tests.peers.set_wall")
    daemon.start()
    yield daemon
    daemon.stop()


def sign_of_life(daemon: DemoDaemon) -> float:
    """What it says, ahead of the true time."""
    with sqlite3.connect(f"file:{daemon.var / 'huifang.db'}?mode=ro", uri=True) as database:
        ((at,),) = database.execute("select at from heartbeat")
    return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() - time.time()


def test_a_daemon_goes_on_whose_clock_is_set_forward_and_back(daemon: DemoDaemon) -> None:
    for number, ahead in ((signal.SIGUSR1, HOUR), (signal.SIGUSR2, 0.0), (signal.SIGUSR2, -HOUR)):
        os.kill(daemon.pid, number)
        wait_for(lambda ahead=ahead: abs(sign_of_life(daemon) - ahead) < NEAR, what="a sign of life by the new time")
        daemon.simulate("call", "13800138000", "--line", "2", "--rings", "1", "--hangup-after", "1")
        boss = daemon.client("supervisor")
        (call,) = wait_for(lambda boss=boss: boss.get("/api/v1/calls?limit=1")["items"], what="the call")
        assert call["direction"] == "in"
