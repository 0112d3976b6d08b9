"""The raw bytes of one line with their times, in a file and for whoever watches: how a fault is understood and an
unknown box added.

It contains telephone numbers, so the folder is 0700, the files are 0600, and it is off unless switched on.
"""

from __future__ import annotations

import enum
import os
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from protocols.clocks import wall_seconds

log = Logger()

FLUSH_AFTER = 0.5
"""Seconds that lines are gathered before they are written."""
MAX_WAITING = 5000
"""Most lines waiting to be written; of more the oldest are dropped, and that is noted."""

RunInThread = Callable[[Callable[[], None], Callable[[], None]], None]
"""Runs the first on another thread, then the second on the reactor's, whether or not the first failed."""


class Way(enum.StrEnum):
    """What an entry of a trace tells."""

    RECEIVED = "<"
    SENT = ">"
    OPENED = "+"
    CLOSED = "-"


@dataclass(frozen=True)
class TraceEntry:
    """What went over a port at ``seconds`` since 1970; without ``data`` where it was opened or closed."""

    seconds: float
    way: Way
    data: bytes = b""


TraceListener = Callable[[TraceEntry], None]


def trace_path(folder: Path, line_name: str) -> Path:
    """File of a line's trace; what a file name should not contain is replaced."""
    return folder / (re.sub(r"[^\w.-]+", "_", line_name).strip(".") or "line")


def as_ascii(data: bytes) -> str:
    """The signs of ``data``, a dot for each byte that is none."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


def format_entry(seconds: float, direction: str, data: bytes) -> str:
    """One trace line: time in UTC, ``<`` from or ``>`` to the device, bytes in hexadecimal and as ASCII."""
    at = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return f"{at} {direction} {data.hex(' ')} |{as_ascii(data)}|\n"


class RotatingFile:
    """Appends to ``path``; at ``max_bytes`` the file becomes ``path.1`` and so on, ``keep`` old ones at most."""

    def __init__(self, path: Path, max_bytes: int, keep: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._keep = keep

    def append(self, text: str) -> None:
        """Write ``text``. Blocks; ``OSError`` if the disk does not take it."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(text.encode())
            full = file.tell() >= self._max_bytes
        if full:
            self._rotate()

    def _rotate(self) -> None:
        for number in range(self._keep - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class LineTrace:
    """A ``WireTap`` that costs nothing while off. Writing happens by ``run_in_thread``, one batch at a time."""

    def __init__(
        self,
        path: Path,
        clock: IReactorTime,
        run_in_thread: RunInThread,
        *,
        enabled: bool = False,
        max_bytes: int = 4_000_000,
        keep: int = 3,
    ) -> None:
        self._file = RotatingFile(path, max_bytes, keep)
        self._clock = clock
        self._run_in_thread = run_in_thread
        self._waiting: deque[str] = deque(maxlen=MAX_WAITING)
        self._dropped = 0
        self._timer: IDelayedCall | None = None
        self._writing = False
        self._opened_at: float | None = None
        self._listener: TraceListener | None = None
        self.enabled = enabled

    def watch(self, listener: TraceListener | None) -> None:
        """Tell ``listener`` of everything as it happens, None nobody any more; first, if it is so, of an open port."""
        self._listener = listener
        if listener is not None and self._opened_at is not None:
            listener(TraceEntry(self._opened_at, Way.OPENED))

    def opened(self) -> None:
        """The port is open."""
        self._opened_at = wall_seconds(self._clock)
        self._tell(Way.OPENED)

    def closed(self) -> None:
        """The port is closed or lost."""
        self._opened_at = None
        self._tell(Way.CLOSED)

    def received(self, data: bytes) -> None:
        """``data`` came from the device."""
        self._record(Way.RECEIVED, data)

    def sent(self, data: bytes) -> None:
        """``data`` was written to the device."""
        self._record(Way.SENT, data)

    def close(self) -> None:
        """Write what waits and set no more timers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.enabled = False
        self._listener = None
        if not self._writing:
            self._flush()

    def _tell(self, way: Way, data: bytes = b"") -> None:
        if self._listener is not None:
            self._listener(TraceEntry(wall_seconds(self._clock), way, data))

    def _record(self, direction: Way, data: bytes) -> None:
        self._tell(direction, data)
        if not self.enabled:
            return
        if len(self._waiting) == MAX_WAITING:
            self._dropped += 1
        self._waiting.append(format_entry(wall_seconds(self._clock), direction, data))
        if self._timer is None and not self._writing:
            self._timer = self._clock.callLater(FLUSH_AFTER, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        lost = f"({self._dropped} entries were dropped)\n" if self._dropped else ""
        batch = lost + "".join(self._waiting)
        self._waiting.clear()
        self._dropped = 0
        self._writing = True
        self._run_in_thread(lambda: self._write(batch), self._written)

    def _write(self, batch: str) -> None:
        try:
            self._file.append(batch)
        except OSError:
            log.failure("cannot write the line trace")

    def _written(self) -> None:
        self._writing = False
        if self._waiting and self._timer is None:
            if self.enabled:
                self._timer = self._clock.callLater(FLUSH_AFTER, self._flush)
            else:
                self._flush()
