"""The guard that finds blocking calls on the reactor's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from twistd_plugin.reactor_guard import ReactorGuard, blocking_allowed


@pytest.fixture
def seen() -> Iterator[list[tuple[str, str]]]:
    reports: list[tuple[str, str]] = []
    guard = ReactorGuard(lambda what, stack: reports.append((what, stack)))
    guard.watch()
    yield reports
    guard.stop()


def test_a_file_opened_on_the_reactor_thread_is_reported_with_its_caller(seen: list[tuple[str, str]]) -> None:
    Path(__file__).read_bytes()
    assert [what for what, _ in seen] == ["open"]
    assert "test_a_file_opened_on_the_reactor_thread" in seen[0][1]


def test_a_statement_is_reported(seen: list[tuple[str, str]]) -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("select 1"))
    assert "database statement" in [what for what, _ in seen]


def test_other_threads_may_block(seen: list[tuple[str, str]]) -> None:
    thread = threading.Thread(target=Path(__file__).read_bytes)
    thread.start()
    thread.join()
    assert seen == []


def test_a_declared_call_is_not_reported(seen: list[tuple[str, str]]) -> None:
    with blocking_allowed("one small file at start"):
        Path(__file__).read_bytes()
    assert seen == []
