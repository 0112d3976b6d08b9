"""TCP connections that can send a small message at once, without waiting for a turn of the reactor.

``ITransport.write`` buffers, asks the reactor to watch for room, and sends when the reactor comes round: three system
calls and a pass through the reactor for each of the hundreds of pages that one event goes to. ``write_now`` sends in
place what the kernel takes, which for an event is nearly always all of it, and buffers the rest.

Python's ``socket.send`` gives up the interpreter for the system call. The database's thread takes it then, and the
reactor waits for it: once for each page. A socket that does not block is done in microseconds, so it is sent to with
the interpreter kept, by way of ``ctypes.PyDLL`` where it finds ``send``.
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import tcp


def _sending() -> Callable[[socket.socket, bytes], int]:
    """What sends as many bytes as a socket, which does not block, takes now; 0 for a broken one."""

    def plainly(to: socket.socket, data: bytes) -> int:
        try:
            return to.send(data)
        except OSError:
            return 0

    try:
        send = ctypes.PyDLL(None).send
    except (OSError, TypeError, AttributeError):
        # Windows, and a Python without shared libraries.
        return plainly
    send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)
    send.restype = ctypes.c_ssize_t
    flags = socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0)

    def keeping_on(to: socket.socket, data: bytes) -> int:
        return max(0, send(to.fileno(), data, len(data), flags))

    return keeping_on


_send = _sending()


class PromptServer(tcp.Server):
    """A server's side of a connection, with ``write_now``."""

    # Between startWriting and stopWriting something is buffered, and what is sent must queue behind it.
    _behind = False

    def startWriting(self) -> None:  # noqa: N802
        """Something is buffered."""
        self._behind = True
        super().startWriting()

    def stopWriting(self) -> None:  # noqa: N802
        """Nothing is buffered any more."""
        self._behind = False
        super().stopWriting()

    def write_now(self, data: bytes) -> None:
        """``write``, but without delay when nothing else waits to be sent.

        A connection that turns out to be broken is left to the reactor, as with ``write``.
        """
        if not self._behind and self.connected:
            sent = _send(self.socket, data)
            if sent == len(data):
                return
            data = data[sent:]
        self.write(data)


class PromptPort(tcp.Port):
    """A listening port whose connections are ``PromptServer``s."""

    transport = PromptServer


def listen_promptly(reactor: Any, port: int, factory: Any, backlog: int, interface: str) -> PromptPort:
    """``reactor.listenTCP`` with prompt connections. Raises ``CannotListenError``."""
    listening = PromptPort(port, factory, backlog, interface, reactor)
    listening.startListening()
    return listening


def sender(transport: Any) -> Any:
    """The quickest way to write to ``transport``: TLS and test transports have ``write`` only.

    Twisted's TLS transport passes names that it does not know to the TCP connection below it, which must not be written
    to past the encryption: hence the question for the type.
    """
    return transport.write_now if isinstance(transport, PromptServer) else transport.write
