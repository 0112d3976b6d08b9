"""Finds calls that block the reactor: a file opened, a name looked up, a statement run on its thread.

Switched on by ``[logging] watch_blocking = true`` and by the tests that run a whole daemon. It hears CPython's audit
events, so it sees every such call wherever it is made, our code or a library's, and costs too much for production.
A plain sleep or a long computation opens nothing: the stall watchdog of the service finds those.
"""

from __future__ import annotations

import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.engine import Engine

BLOCKING_EVENTS = frozenset(
    {
        "open",
        "os.listdir",
        "os.scandir",
        "shutil.copyfile",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "sqlite3.connect",
        "subprocess.Popen",
    }
)

# Modules are read once, when first needed; failures are formatted with the source lines of the files.
_HARMLESS_CALLERS = ("importlib", "linecache.py", "zipimport")

_allowed = threading.local()


@contextmanager
def blocking_allowed(reason: str) -> Iterator[None]:
    """Declare a short, bounded call that has no asynchronous form; ``reason`` says why it is harmless."""
    previous = getattr(_allowed, "reason", "")
    _allowed.reason = reason
    try:
        yield
    finally:
        _allowed.reason = previous


class ReactorGuard:
    """Reports ``(what, stack)`` to ``report`` for each blocking call on the thread that called ``watch``."""

    def __init__(self, report: Callable[[str, str], None]) -> None:
        self._report = report
        self._thread: int | None = None
        self._busy = False

    def watch(self) -> None:
        """Begin: the calling thread is the reactor's. Hooks cannot be removed, so ``stop`` only silences them."""
        self._thread = threading.get_ident()
        sys.addaudithook(self._audit)
        event.listen(Engine, "before_cursor_execute", self._statement)

    def stop(self) -> None:
        """Report nothing more."""
        self._thread = None
        if event.contains(Engine, "before_cursor_execute", self._statement):
            event.remove(Engine, "before_cursor_execute", self._statement)

    def _audit(self, name: str, _arguments: tuple[object, ...]) -> None:
        if name in BLOCKING_EVENTS:
            self._seen(name)

    def _statement(self, *_: object) -> None:
        self._seen("database statement")

    def _seen(self, what: str) -> None:
        if self._busy or threading.get_ident() != self._thread or getattr(_allowed, "reason", "") != "":
            return
        self._busy = True
        try:
            frames = traceback.StackSummary.extract(traceback.walk_stack(inspect.currentframe()), lookup_lines=False)
            if not any(part in frame.filename for frame in frames for part in _HARMLESS_CALLERS):
                calls = (f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[:12])
                self._report(what, " < ".join(calls))
        finally:
            self._busy = False
