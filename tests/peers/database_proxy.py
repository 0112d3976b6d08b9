"""Stands between a Database and PostgreSQL, and breaks the connection at the moment that a test chooses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any

from sqlalchemy import URL, make_url
from twisted.internet.defer import Deferred

from storage.database import Database

# The end of the message "Query"; READ COMMITTED contains the word as well.
_COMMIT = b"COMMIT\0"


def started(database: Database, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
    """A job of ``database`` that is under way."""
    return Deferred.fromCoroutine(database.run(function, *arguments))


class Break(Enum):
    """When to drop the connection, once."""

    NEVER = "never"
    BEFORE_COMMIT = "the server never hears of the commit"
    AFTER_COMMIT = "the server commits, the answer is lost"


class DatabaseProxy:
    """A TCP port on loopback in front of the server's Unix socket. Threads of its own; ``close`` ends them."""

    def __init__(self, url: str) -> None:
        target = make_url(url)
        self._target = f"{target.query['host']}/.s.PGSQL.{target.port or 5432}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._refusing = False
        self.breaking = Break.NEVER
        self.url: URL = target.set(
            host="127.0.0.1",
            port=self._listener.getsockname()[1],
            query={"sslmode": "disable", "gssencmode": "disable"},
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def down(self) -> None:
        """Drop every connection and refuse new ones."""
        self._refusing = True
        self._drop()

    def up(self) -> None:
        """Accept connections again."""
        self._refusing = False

    def close(self) -> None:
        """End."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop()

    def _drop(self) -> None:
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._refusing:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._open |= {client, server}
                if self._refusing:
                    # It was accepted before, and is open only since the others were dropped.
                    self._drop()
                lost = threading.Event()
                for pump, source, sink in ((self._requests, client, server), (self._answers, server, client)):
                    threading.Thread(target=pump, args=(source, sink, lost), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                breaking = self.breaking if _COMMIT in data else Break.NEVER
                if breaking is not Break.NEVER:
                    self.breaking = Break.NEVER
                    lost.set()
                if breaking is Break.BEFORE_COMMIT:
                    break
                server.sendall(data)
        self._end(client, server)

    def _answers(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            # Whoever is cut off before the server has answered could look for what is not committed yet.
            while (data := server.recv(65536)) and not lost.is_set():
                client.sendall(data)
        self._end(client, server)

    def _end(self, *both: socket.socket) -> None:
        for one in both:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
            self._open.discard(one)
