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
        """Say ``data``; nobody hears it while unplugged."""
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
        os.set_blocking(master, False)
        self.startReading()  # type: ignore[no-untyped-call]

    def fileno(self) -> int:
        return self._master

    def doRead(self) -> object:  # noqa: N802
        return fdesc.readFromFD(self._master, self._received)  # type: ignore[no-untyped-call]

    def say(self, data: bytes) -> None:
        """Write what fits: a serial line does not wait for a computer that does not listen."""
        fdesc.writeToFD(self._master, data)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self.connectionLost(Failure(ConnectionAbortedError()))  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = -1
