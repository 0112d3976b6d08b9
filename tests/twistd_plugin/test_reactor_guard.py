"""The guard that finds blocking calls on the reactor's thread."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport

from twistd_plugin.blocking import blocking_allowed
from twistd_plugin.reactor_guard import ReactorGuard

Seen = list[tuple[str, str]]


@pytest.fixture
def seen() -> Iterator[Seen]:
    reports: Seen = []
    guard = ReactorGuard(lambda what, stack: reports.append((what, stack)))
    guard.watch()
    yield reports
    guard.stop()


def read_a_file() -> None:
    Path(__file__).read_bytes()


def run_a_program() -> None:
    subprocess.run(["true"], check=True)


def run_a_statement_of_the_driver() -> None:
    sqlite3.connect(":memory:").execute("select 1")


CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "open": (read_a_file, "open"),
    "stat": (lambda: Path(__file__).exists(), "posix.stat"),
    "os.path": (lambda: os.path.realpath(__file__), "posix.lstat"),
    "list": (lambda: os.listdir("."), "os.listdir"),  # noqa: PTH208
    "glob": (lambda: list(Path.cwd().glob("*.toml")), "os.scandir"),
    "rename": (lambda: Path("/nowhere").replace("/nowhere-else"), "os.rename"),
    "remove": (lambda: Path("/nowhere").unlink(missing_ok=True), "os.remove"),
    "name": (lambda: socket.getaddrinfo("localhost", 1), "socket.getaddrinfo"),
    "sleep": (lambda: time.sleep(0.001), "time.sleep"),
    "garbage": (gc.collect, "gc.collect"),
    "program": (run_a_program, "subprocess.Popen"),
    "sqlite3": (run_a_statement_of_the_driver, "Connection.execute"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_blocking_call_is_reported_with_its_caller(seen: Seen, call: str) -> None:
    block, kind = CALLS[call]
    with contextlib.suppress(OSError):
        block()
    assert kind in [what for what, _ in seen]
    assert all("test_a_blocking_call_is_reported" in stack for _, stack in seen)


def test_reading_and_writing_a_file_that_is_open_already_is_reported(tmp_path: Path) -> None:
    reports: list[str] = []
    guard = ReactorGuard(lambda what, _: reports.append(what))
    with (tmp_path / "file").open("w+") as file, (tmp_path / "file").open("rb") as other:
        guard.watch()
        file.write("x")
        file.flush()
        other.read()
        guard.stop()
    assert reports == ["TextIOWrapper.write", "TextIOWrapper.flush", "BufferedReader.read"]


def test_statements_connections_and_commits_are_reported_for_every_database(seen: Seen, database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("select 1"))
    engine.dispose()
    kinds = {what for what, _ in seen}
    assert {"database do_connect", "database before_cursor_execute", "database commit"} <= kinds


def test_what_does_not_block_is_not_reported(seen: Seen) -> None:
    transport = StringTransport()
    Protocol().makeConnection(transport)
    transport.write(b"x")
    assert transport.value() == b"x"
    near, far = socket.socketpair()
    near.setblocking(False)
    near.send(b"x")
    os.write(near.fileno(), b"x")
    near.close()
    far.close()
    assert seen == []


def test_other_threads_may_block(seen: Seen) -> None:
    thread = threading.Thread(target=read_a_file)
    thread.start()
    thread.join()
    assert seen == []


def test_a_declared_call_is_not_reported(seen: Seen) -> None:
    with blocking_allowed("one small file at start"):
        read_a_file()
    assert seen == []


def test_nothing_is_reported_after_the_end() -> None:
    reports: list[str] = []
    guard = ReactorGuard(lambda what, _: reports.append(what))
    guard.watch()
    guard.stop()
    guard.stop()
    read_a_file()
    assert reports == []
