"""Modems on ptys inside the load generator: they answer OK to everything and ring when told."""

from __future__ import annotations

import os
import tty
from pathlib import Path


class RingingModem:
    """The master side of one pty. ``path`` is what a line's ``port`` names."""

    def __init__(self, link: Path) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))
        self.path = str(link)

    def respond(self) -> None:
        """Read what the driver wrote and say OK to each command in it."""
        try:
            data = os.read(self.master, 4096)
        except BlockingIOError:
            return
        for _ in range(data.count(b"\r")):
            os.write(self.master, b"\r\nOK\r\n")

    def ring(self, number: str) -> None:
        """One ring and then the caller id, in one write each: the last byte of the second identifies the caller."""
        os.write(self.master, b"\r\nRING\r\n")
        os.write(self.master, f"\r\nDATE=1124\r\nTIME=0906\r\nNMBR={number}\r\n".encode())

    def close(self) -> None:
        os.close(self.master)
        os.close(self._slave)
