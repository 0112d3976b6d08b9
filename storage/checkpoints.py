"""Carries over from SQLite's log into its file what was committed, beside the writing thread.

Left to itself SQLite does so in the commit that finds the log long (wal_autocheckpoint, "Write-Ahead Logging" in its
manual), and everything that is to be written waits for that one: some ten milliseconds, many times a minute in a busy
hour. A checkpoint of another connection stops neither writers nor readers.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Event, Thread

from twisted.logger import Logger

PAUSE = 0.5
"""Seconds between two times."""
ATTEMPTS = 3
"""The log begins anew only when all of it was carried over, and writing goes on meanwhile: the little that came
during the first attempt is quickly done in the second."""

_log = Logger(namespace="storage")


class Checkpointer:
    """A thread of its own for one database file. ``wake`` may be called on any thread, the others on the reactor's."""

    def __init__(self, path: Path, busy_timeout: int) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._news = Event()
        self._stopping = Event()
        self._thread = Thread(target=self._work, name="database-checkpoints", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._news.set()

    def stop(self) -> None:
        """End the thread. Blocks."""
        self._stopping.set()
        self._news.set()
        self._thread.join()

    def _work(self) -> None:
        connection = sqlite3.connect(self._path, timeout=self._busy_timeout / 1000, isolation_level=None)
        try:
            while not self._stopping.is_set():
                self._news.wait()
                self._news.clear()
                _carry_over(connection)
                self._stopping.wait(PAUSE)
        finally:
            connection.close()


def _carry_over(connection: sqlite3.Connection) -> None:
    try:
        for _ in range(ATTEMPTS):
            _, in_log, carried_over = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if in_log == carried_over:
                return
    except sqlite3.Error as error:
        # Nothing is lost: it stays in the log, and the writing connection does it when the log is long.
        _log.warn("the log of the database could not be carried over: {error}", error=str(error))
