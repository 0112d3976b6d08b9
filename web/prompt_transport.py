"""TCP connections that can send a small message at once, without waiting for a turn of the reactor.

``ITransport.write`` buffers, asks the reactor to watch for room, and sends when the reactor comes round: three system
calls and a pass through the reactor for each of the hundreds of pages that one event goes to. ``write_now`` sends in
place what the kernel takes, which for an event is nearly always all of it, and buffers the rest.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp


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
            try:
                sent = self.socket.send(data)
            except OSError:
                sent = 0
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
