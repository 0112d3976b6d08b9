"""A line host's memory of what its server has not written down: a file, written on a thread of its own.

It holds telephone numbers: only its owner may read it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from protocols.line_host.codec import LineHostError, decode_news, encode_news
from protocols.line_host.outbox import Item

_log = Logger(namespace="callcenter.line_host")

_VERSION = 1
_TABLE = """
create table if not exists item (
    ordinal integer primary key,
    line text not null,
    source text not null,
    number integer not null,
    wall real not null,
    news blob not null
)
"""
_ALL = "select ordinal, line, source, number, wall, news from item order by ordinal"


class StoreError(Exception):
    """The file cannot be used; the message says why."""


class SignalFile:
    """The file itself. Every method blocks, and all are to be called on one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> list[Item]:
        """What is in it, in its order. A damaged file is put aside; ``StoreError`` if there can be none."""
        try:
            return self._open()
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        except sqlite3.DatabaseError as error:
            _log.error("{path} is damaged ({why}) and put aside", path=str(self._path), why=str(error))
            self._put_aside()
        try:
            return self._open()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def change(self, add: list[Item], remove: list[int]) -> None:
        """Write all of it or nothing; ``sqlite3.Error`` if the disk does not take it."""
        assert self._connection is not None  # noqa: S101 - opened
        rows = [(one.ordinal, one.line, one.source, one.number, one.wall, encode_news(one.news)) for one in add]
        with self._connection:
            self._connection.executemany("insert or replace into item values (?, ?, ?, ?, ?, ?)", rows)
            self._connection.executemany("delete from item where ordinal = ?", [(one,) for one in remove])

    def close(self) -> None:
        """Close it; twice does no harm."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> list[Item]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StoreError(f"cannot use {self._path}: {error.strerror}") from error
        # One thread opens and uses it, another may close it after that one has ended.
        self._connection = connection = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
        # Two line hosts must not use one file.
        for setting in ("locking_mode = exclusive", "journal_mode = wal", "synchronous = full", "secure_delete = on"):
            connection.execute(f"pragma {setting}")
        with connection:
            connection.execute("begin immediate")
            (version,) = connection.execute("pragma user_version").fetchone()
            if version not in (0, _VERSION):
                raise StoreError(f"{self._path} was written by another version of this program ({version})")
            connection.execute(_TABLE)
            connection.execute(f"pragma user_version = {_VERSION}")
        return [item for row in connection.execute(_ALL) if (item := self._item(row)) is not None]

    def _item(self, row: tuple[int, str, str, int, float, bytes]) -> Item | None:
        ordinal, line, source, number, wall, news = row
        try:
            return Item(ordinal, line, source, number, wall, None, decode_news(news))
        except LineHostError:
            # The words of the error are those of the item: a telephone number.
            _log.error("{path}: item {ordinal} cannot be read", path=str(self._path), ordinal=ordinal)
            return None

    def _put_aside(self) -> None:
        self.close()
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._path.replace(self._path.with_name(self._path.name + ".damaged"))

    def _unusable(self, error: sqlite3.Error) -> StoreError:
        self.close()
        return StoreError(f"cannot use {self._path}: {error}; does another line host use it?")


class SignalStore:
    """The file, off the reactor. What a full disk does not take stays in memory and is tried with the next change."""

    def __init__(self, path: Path, reactor: IReactorFromThreads) -> None:
        self._file = SignalFile(path)
        self._reactor = reactor
        self._thread = ThreadPool(1, 1, name="line-host-store")
        self._add: dict[int, Item] = {}
        self._remove: list[int] = []
        self._writing: Deferred[None] | None = None
        self._idle: Deferred[None] | None = None
        self._broken = False
        self._open = False

    async def start(self) -> list[Item]:
        """What earlier runs have left; raises ``StoreError``."""
        self._thread.start()
        try:
            kept = await deferToThreadPool(self._reactor, self._thread, self._file.open)
        except BaseException:
            self._thread.stop()
            raise
        self._open = True
        return kept

    async def stop(self) -> None:
        """Write what is left, and close."""
        if self._open:
            self._open = False
            if self._writing is not None:
                self._idle = Deferred()
                await self._idle
            await deferToThreadPool(self._reactor, self._thread, self._file.close)
            self._thread.stop()

    def keep(self, item: Item) -> None:
        """Write ``item``, soon."""
        self._add[item.ordinal] = item
        self._write()

    def forget(self, ordinal: int) -> None:
        """Remove an item, soon."""
        if self._add.pop(ordinal, None) is None:
            self._remove.append(ordinal)
            self._write()

    def _write(self) -> None:
        if self._writing is None and (self._add or self._remove):
            add, remove = self._add, self._remove
            self._add, self._remove = {}, []
            work: Callable[[], None] = lambda: self._file.change(list(add.values()), remove)  # noqa: E731
            self._writing = deferToThreadPool(self._reactor, self._thread, work)
            self._writing.addCallbacks(self._done, lambda failure: self._failed(failure, add, remove))

    def _done(self, _: None) -> None:
        self._writing = None
        if self._broken:
            self._broken = False
            _log.info("signals are written to the disk again")
        self._write()
        self._look_whether_idle()

    def _failed(self, failure: Failure, add: dict[int, Item], remove: list[int]) -> None:
        self._writing = None
        if not self._broken:
            self._broken = True
            _log.error("signals are kept in memory only: {why}", why=failure.getErrorMessage())
        forgotten = set(self._remove)
        self._add = {key: item for key, item in {**add, **self._add}.items() if key not in forgotten}
        self._remove = remove + [key for key in self._remove if key not in add]
        self._look_whether_idle()

    def _look_whether_idle(self) -> None:
        if self._idle is not None and self._writing is None:
            idle, self._idle = self._idle, None
            idle.callback(None)
