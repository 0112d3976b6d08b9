"""Finds calls that block the reactor: a file opened, read or asked about, a name looked up, a statement run, a sleep,
all garbage looked for.

Switched on by ``[logging] watch_blocking = true`` and by tests. It hears three things on the reactor's thread:
CPython's audit events, the interpreter's calls into C (for what is not audited: ``stat``, reading and writing open
files, ``sqlite3``), and SQLAlchemy's engines (for every database). So it sees such a call wherever it is made, our code
or a library's, and it costs far too much for production.

Not seen: plain reads and writes of descriptors (those of ports and sockets do not block), waiting for a lock, long
computation. The stall watchdog finds what of these takes time.
"""

from __future__ import annotations

import gc
import inspect
import io
import os
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from twistd_plugin.blocking import blocking_is_allowed

AUDITED = frozenset(
    {
        "open",
        "fcntl.flock",
        "fcntl.lockf",
        "os.chmod",
        "os.link",
        "os.listdir",
        "os.mkdir",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.scandir",
        "os.symlink",
        "os.system",
        "os.truncate",
        "os.utime",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.getnameinfo",
        "sqlite3.connect",
        "subprocess.Popen",
    }
)

_FUNCTIONS: frozenset[Any] = frozenset(
    {
        *(os.stat, os.lstat, os.access, os.readlink, os.statvfs, os.fsync, os.fdatasync, os.sendfile),
        *(time.sleep, print, gc.collect),
    }
)

_READ = frozenset({"read", "read1", "readall", "readinto", "readinto1", "readline", "readlines"})
_WRITE = frozenset({"write", "writelines", "flush", "truncate"})
_RUN = frozenset({"execute", "executemany", "executescript", "fetchone", "fetchmany", "fetchall", "commit", "rollback"})

_METHODS: Mapping[type, frozenset[str]] = {
    io.FileIO: _READ | _WRITE,
    io.BufferedReader: _READ,
    io.BufferedWriter: _WRITE,
    io.BufferedRandom: _READ | _WRITE,
    io.TextIOWrapper: _READ | _WRITE,
    sqlite3.Connection: _RUN | {"backup"},
    sqlite3.Cursor: _RUN,
}

_STATEMENTS = ("before_cursor_execute", "commit", "rollback", "do_connect")

_OWN = 2
"""Frames of the guard itself, which is on top of every stack."""
_DEPTH = 14


class ReactorGuard:
    """Reports ``(what, stack)`` to ``report`` for blocking calls on the thread of ``watch``, each place once."""

    def __init__(self, report: Callable[[str, str], None]) -> None:
        self._report = report
        self._thread: int | None = None
        self._busy = False
        self._told: set[tuple[str, str]] = set()
        self._engines = {name: self._hears(name) for name in _STATEMENTS}

    def watch(self) -> None:
        """Begin: the calling thread is the reactor's. Audit hooks cannot be removed, so ``stop`` silences ours."""
        self._thread = threading.get_ident()
        sys.addaudithook(self._audit)
        for name, hear in self._engines.items():
            event.listen(Engine, name, hear)
        sys.setprofile(self._profile)

    def stop(self) -> None:
        """Report nothing more. On the same thread as ``watch``."""
        if self._thread is None:
            return
        sys.setprofile(None)
        self._thread = None
        for name, hear in self._engines.items():
            event.remove(Engine, name, hear)

    def _audit(self, name: str, _arguments: tuple[object, ...]) -> None:
        if name in AUDITED:
            self._seen(name)

    def _profile(self, _frame: FrameType, happened: str, called: Any) -> None:
        if happened == "c_call" and (what := _blocking(called)):
            self._seen(what)

    def _hears(self, name: str) -> Callable[..., None]:
        def hear(*_: object) -> None:
            self._seen(f"database {name}")

        return hear

    def _seen(self, what: str) -> None:
        if self._busy or threading.get_ident() != self._thread or blocking_is_allowed():
            return
        self._busy = True
        try:
            frames = traceback.StackSummary.extract(traceback.walk_stack(inspect.currentframe()), lookup_lines=False)
            stack = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[_OWN:_DEPTH])
            if (what, stack) not in self._told:
                self._told.add((what, stack))
                self._report(what, stack)
        finally:
            self._busy = False


def _blocking(called: Any) -> str:
    """What the function written in C is called if it blocks, else nothing."""
    owner = type(getattr(called, "__self__", None))
    if called.__name__ in _METHODS.get(owner, ()):
        return f"{owner.__name__}.{called.__name__}"
    return f"{called.__module__}.{called.__name__}" if called in _FUNCTIONS else ""
