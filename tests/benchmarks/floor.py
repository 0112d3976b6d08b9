"""The floor: what Twisted, autobahn and one indexed select cost by themselves, with none of our code.

Run as its own process: ``python -m tests.benchmarks.floor --database FILE --port PORT --lines PATH …``. For each NMBR=
line on a pty it looks the number up in the same ``patient_phone`` table on one thread and sends one prepared message of
the same size to every socket. ``POST /broadcast`` (any other request line to the control port) is not needed: a client
that sends the text ``broadcast`` makes it send one message to all.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor as installed
from twisted.internet.protocol import Protocol
from twisted.internet.serialport import SerialPort
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from twisted.web.resource import Resource
from twisted.web.server import Site

# Its type has no methods.
reactor: Any = installed


class FloorSocket(WebSocketServerProtocol):
    def onOpen(self) -> None:
        self.factory.clients.add(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803
        if payload.startswith(b"broadcast"):
            self.factory.broadcast(payload)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N803
        self.factory.clients.discard(self)


class FloorFactory(WebSocketServerFactory):
    protocol = FloorSocket

    def __init__(self) -> None:
        super().__init__()
        self.clients: set[Any] = set()

    def broadcast(self, payload: bytes) -> None:
        prepared = self.prepareMessage(payload, isBinary=False)
        for client in self.clients:
            client.sendPreparedMessage(prepared)


class Lookup:
    """One thread, one connection, one statement."""

    def __init__(self, path: str) -> None:
        self._pool = ThreadPool(1, 1)
        self._pool.start()
        reactor.addSystemEventTrigger("during", "shutdown", self._pool.stop)
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def _find(self, number: str) -> list[Any]:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path)
        return self._connection.execute(
            "select p.id, p.name, p.record_number from patient_phone n join patient p on p.id = n.patient_id"
            " where n.number = ? limit 3",
            (number,),
        ).fetchall()

    def find(self, number: str) -> Any:
        return deferToThreadPool(reactor, self._pool, self._find, number)


class FloorLine(Protocol):
    def __init__(self, factory: FloorFactory, lookup: Lookup, padding: int) -> None:
        self._factory, self._lookup, self._padding, self._buffer = factory, lookup, padding, b""

    def dataReceived(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\r\n")
        for line in lines:
            if line.startswith(b"NMBR="):
                number = line[5:].decode()
                self._lookup.find(f"+86{number}").addCallback(self._found, number)

    def _found(self, rows: list[Any], number: str) -> None:
        event = {"type": "call.ringing", "data": {"number": f"+86{number}", "rows": rows, "pad": "x" * self._padding}}
        self._factory.broadcast(json.dumps(event, ensure_ascii=False).encode())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--padding", type=int, default=600)
    parser.add_argument("--lines", nargs="*", default=[])
    options = parser.parse_args()
    factory = FloorFactory()
    factory.startFactory()
    root = Resource()
    root.putChild(b"ws", WebSocketResource(factory))
    reactor.listenTCP(options.port, Site(root), backlog=4096, interface="127.0.0.1")
    if options.database:
        lookup = Lookup(options.database)
        for path in options.lines:
            SerialPort(FloorLine(factory, lookup, options.padding), path, reactor, baudrate=57600)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    reactor.run()


if __name__ == "__main__":
    main()
