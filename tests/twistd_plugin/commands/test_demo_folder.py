"""The files of a demo's data folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from twistd_plugin.commands.demo_folder import DemoFolder, SimulatedLine
from twistd_plugin.commands.output import CommandError

LINES = [SimulatedLine(name, "hayes", "usr", f"/l/{name}", f"/c/{name}") for name in ("front desk", "ward")]


@pytest.fixture
def folder(tmp_path: Path) -> DemoFolder:
    folder = DemoFolder(tmp_path / "var")
    folder.create()
    return folder


def test_a_running_demo_is_found_by_its_folder(folder: DemoFolder) -> None:
    folder.write_running("http://127.0.0.1:1/", LINES)
    running = folder.running()
    assert running.address == "http://127.0.0.1:1/"
    assert running.line("ward").control_path == Path("/c/ward")
    assert running.line("1").name == "front desk"


@pytest.mark.parametrize("wanted", ["3", "0", "-1", "nowhere"])
def test_a_line_that_is_not_there_is_answered_with_those_that_are(folder: DemoFolder, wanted: str) -> None:
    folder.write_running("http://127.0.0.1:1/", LINES)
    with pytest.raises(CommandError, match=r"there are 1 \(front desk\), 2 \(ward\)"):
        folder.running().line(wanted)


@pytest.mark.parametrize("content", [None, "", "{}", '{"lines": [1]}'])
def test_without_a_running_demo_the_command_to_start_one_is_named(folder: DemoFolder, content: str | None) -> None:
    if content is not None:
        (folder.path / "demo.json").write_text(content)
    with pytest.raises(CommandError, match="callcenter demo --var"):
        folder.running()


def test_sign_ins_are_private_and_come_back(folder: DemoFolder) -> None:
    assert folder.users() is None
    users = {"agent": {"username": "a", "password": "b"}}
    folder.write_users(users)
    assert folder.users() == users
    assert stat.S_IMODE(folder.users_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_only_one_demo_uses_a_folder(folder: DemoFolder) -> None:
    with folder.locked():
        other = DemoFolder(folder.path)
        with pytest.raises(CommandError, match="another demo is running"), other.locked():
            pass
    with folder.locked():
        pass
