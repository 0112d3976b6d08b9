"""A line host's memory: what survives, what is put aside, and a disk that does not take it."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from hardware.signal_store import SignalFile, SignalStore, StoreError
from protocols.line_host.messages import CommandDone
from protocols.line_host.outbox import Item
from protocols.signals import CallerIdentified, Rang
from tests.peers.patience import until


def item(ordinal: int, *, of_now: bool = False) -> Item:
    """``of_now``: as it is before it was on the disk."""
    news = CallerIdentified("13800138000", "张三") if ordinal % 2 else Rang("A")
    return Item(ordinal, "1", "run", ordinal, 1_800_000_000.25 + ordinal, 5.0 if of_now else None, news)


async def reopened(path: Path) -> list[Item]:
    store = SignalStore(path, reactor)
    kept = await store.start()
    await store.stop()
    return kept


@ensureDeferred
async def test_what_was_kept_and_not_forgotten_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "line-host.db"
    store = SignalStore(path, reactor)
    assert await store.start() == []
    for ordinal in range(1, 301):
        store.keep(item(ordinal, of_now=True))
        if ordinal % 3:
            store.forget(ordinal)
    await store.stop()
    assert await reopened(path) == [item(ordinal) for ordinal in range(3, 301, 3)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@ensureDeferred
async def test_every_kind_of_news_is_kept(tmp_path: Path) -> None:
    store = SignalStore(tmp_path / "db", reactor)
    await store.start()
    store.keep(Item(1, "门诊", "run", 1, 1.5, 2.5, CommandDone("a", "no")))
    await store.stop()
    assert await reopened(tmp_path / "db") == [Item(1, "门诊", "run", 1, 1.5, None, CommandDone("a", "no"))]


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    """The file is not closed: a copy of it and its log is what a killed process leaves."""
    file = SignalFile(tmp_path / "db")
    file.open()
    file.change([item(1), item(2)], [])
    file.change([], [1])
    (tmp_path / "copy").mkdir()
    for part in tmp_path.glob("db*"):
        (tmp_path / "copy" / part.name).write_bytes(part.read_bytes())
    file.close()
    assert SignalFile(tmp_path / "copy" / "db").open() == [item(2)]


def test_a_damaged_file_is_put_aside_and_a_torn_item_passed_over(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"no database at all" * 100)
    file = SignalFile(tmp_path / "db")
    assert file.open() == []
    assert (tmp_path / "db.damaged").read_bytes().startswith(b"no database")
    file.change([item(1), item(2)], [])
    file.close()
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("update item set news = ? where ordinal = 1", (b'{"kind":',))
    database.close()
    assert file.open() == [item(2)]
    file.close()


def test_two_line_hosts_do_not_share_a_file(tmp_path: Path) -> None:
    first = SignalFile(tmp_path / "db")
    first.open()
    with pytest.raises(StoreError, match="does another line host use it"):
        SignalFile(tmp_path / "db").open()
    first.close()


@ensureDeferred
async def test_a_file_that_cannot_be_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "db", tmp_path):
        with pytest.raises(StoreError, match="cannot use"):
            await SignalStore(path, reactor).start()


@ensureDeferred
async def test_what_a_full_disk_does_not_take_is_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "db"
    store = SignalStore(path, reactor)
    await store.start()
    real, refused = SignalFile.change, []
    tried: Deferred[None] = Deferred()

    def full(file: SignalFile, add: list[Item], remove: list[int]) -> None:
        refused.append(len(add))
        reactor.callFromThread(lambda: tried.called or tried.callback(None))
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SignalFile, "change", full)
    store.keep(item(1))
    store.keep(item(2))
    await tried
    await until(lambda: store._writing is None)
    store.forget(1)
    await until(lambda: store._writing is None)
    assert refused
    monkeypatch.setattr(SignalFile, "change", real)
    store.keep(item(3))
    await store.stop()
    assert await reopened(path) == [item(2), item(3)]
