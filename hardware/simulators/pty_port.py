"""The device's end of a pseudo-terminal that can be pulled out and comes back under another name."""

from __future__ import annotations

import os
import tty
from collections.abc import Callable
from pathlib import Path

from twisted.internet import fdesc
from twisted.internet.abstract import FileDescriptor
from twisted.internet.base import ReactorBase
from twisted.python.failure import Failure

MOST_UNTAKEN = 64 * 1024
"""Bytes kept for a computer that does not read just now; of what would be more than this nothing is said."""


class PtyPort:
    """A symbolic link at ``link`` always names the present terminal; there is none while unplugged."""

    def __init__(self, link: Path, receive: Callable[[bytes], None], reactor: ReactorBase) -> None:
        self._link = link
        self._receive = receive
        self._reactor = reactor
        self._end: _Master | None = None
        self._last_name = ""

    @property
    def plugged(self) -> bool:
        """Whether the device is there."""
        return self._end is not None

    @property
    def name(self) -> str:
        """Path of the present terminal, or of the last one."""
        return self._last_name

    @property
    def is_behind(self) -> bool:
        """Whether the computer has not taken all that was said to it."""
        return self._end is not None and self._end.is_behind

    def plug(self) -> None:
        """Appear, under a name other than the last."""
        if self._end is not None:
            return
        master, slave, name = _open_pair(self._last_name)
        self._last_name = name
        self._end = _Master(master, slave, self._receive, self._reactor)
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(self._link)

    def unplug(self) -> None:
        """Disappear; whoever has the terminal open sees it hang up."""
        if self._end is not None:
            self._link.unlink(missing_ok=True)
            end, self._end = self._end, None
            end.close()

    def write(self, data: bytes) -> None:
        """Say ``data``, whole and in order or, see ``MOST_UNTAKEN``, not at all; nobody hears it while unplugged."""
        if self._end is not None:
            self._end.say(data)


def _open_pair(unwanted: str) -> tuple[int, int, str]:
    master, slave = os.openpty()
    name = os.ttyname(slave)
    if name == unwanted:
        # The freed name is given out again at once: hold it while asking for another.
        fresh = _open_pair("")
        os.close(master)
        os.close(slave)
        return fresh
    tty.setraw(slave)
    return master, slave, name


class _Master(FileDescriptor):
    """Transport on the master side. The slave is held open too, or reading fails while nobody else has it open."""

    connected = 1

    def __init__(self, master: int, slave: int, receive: Callable[[bytes], None], reactor: ReactorBase) -> None:
        super().__init__(reactor)  # type: ignore[arg-type]
        self._master, self._slave = master, slave
        self._received = receive
        self._untaken = b""
        os.set_blocking(master, False)
        self.startReading()  # type: ignore[no-untyped-call]

    def fileno(self) -> int:
        return self._master

    def doRead(self) -> object:  # noqa: N802
        return fdesc.readFromFD(self._master, self._received)  # type: ignore[no-untyped-call]

    @property
    def is_behind(self) -> bool:
        return bool(self._untaken)

    def say(self, data: bytes) -> None:
        """Write what fits, and the rest as it is read: a terminal has room for some thousand bytes, which a computer
        that is busy for a moment does not take in time.
        """
        if len(self._untaken) + len(data) <= MOST_UNTAKEN:
            self._untaken += data
            self.doWrite()

    def doWrite(self) -> object:  # noqa: N802
        written = fdesc.writeToFD(self._master, self._untaken)  # type: ignore[no-untyped-call]
        if not isinstance(written, int):
            return written
        self._untaken = self._untaken[written:]
        self.startWriting() if self._untaken else self.stopWriting()  # type: ignore[no-untyped-call]
        return None

    def close(self) -> None:
        self.connectionLost(Failure(ConnectionAbortedError()))  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = -1
