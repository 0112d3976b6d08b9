"""Ports of this machine for those who must know one before anybody listens at it."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 100
"""Ports that one process has for itself, the first of which it keeps bound so that no other takes them."""
_BLOCKS = 128
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_OUTGOING = 32_768
"""Where Linux begins if it is not told otherwise."""


class Ports:
    """Ports that neither another process which asks here is given, nor an outgoing connection, of whatever program.

    The kernel gives each outgoing connection a port of a range of its own: whoever looks for a free port by binding
    port 0 gets one of that range, which may be gone when he wants to listen there.
    """

    def __init__(self) -> None:
        # Closed, and with it the block given back, when the process ends.
        self._guard: socket.socket | None = None
        self._ports: Iterator[int] = iter(())

    def free(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
        """One of the loopback interface that nobody has now, and nobody was given lately. Raises ``OSError``."""
        if self._guard is None:
            self._guard = self._block()
            first = self._guard.getsockname()[1]
            self._ports = itertools.cycle(range(first + 1, first + _BLOCK))
        for port in itertools.islice(self._ports, _BLOCK):
            if (found := _bound(port, kind)) is not None:
                found.close()
                return port
        raise OSError("no port is free")

    def _block(self) -> socket.socket:
        end = _first_outgoing()
        for first in range(end - _BLOCK * _BLOCKS, end, _BLOCK):
            if (guard := _bound(first, socket.SOCK_STREAM)) is not None:
                return guard
        raise OSError("no port is free")


def _bound(port: int, kind: socket.SocketKind) -> socket.socket | None:
    """A socket that has ``port``; None: somebody else has."""
    probe = socket.socket(socket.AF_INET, kind)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        return None
    return probe


def _first_outgoing() -> int:
    """The end of the ports that the kernel leaves alone, or of those that it usually does where it leaves too few."""
    try:
        first = int(_OUTGOING.read_text().split()[0])
    except (OSError, ValueError):
        return _FIRST_OUTGOING
    return first if first > 2 * _BLOCK * _BLOCKS else _FIRST_OUTGOING


free_port = Ports().free
