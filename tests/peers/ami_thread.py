"""A PBX's manager interface on loopback in a thread, for tests that run no reactor. Whatever a test lets happen on
``pbx`` stands in ``with server.lock``.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.pbx import DOWN, RINGING, UP, Leg, Manager, Pbx


class AmiThread:
    """One connection after another. Telephones are lifted by the test."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.pbx = Pbx(self._tell)
        self.originated: list[dict[str, str]] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self._manager: Manager | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        self._listening.close()
        if self._connection is not None:
            self._connection.close()

    def leg_of(self, beginning: str) -> Leg | None:
        with self.lock:
            return next((leg for leg in self.pbx.legs if leg.name.startswith(beginning)), None)

    def lift(self, leg: Leg) -> None:
        """The telephone that was rung by an Originate is lifted."""
        with self.lock:
            action = next(one for one in self.originated if one["ChannelId"] == leg.uniqueid)
            if action["Channel"].startswith("Local/"):
                self.pbx.third_answers(leg, action)
                return
            self.pbx.state(leg, UP)
            self.pbx.originate_response(action, "Success", "4")

    def _originate(self, action: dict[str, str]) -> None:
        self.originated.append(action)
        if action["Channel"].startswith("Local/"):
            self.pbx.third(action)
            return
        leg = self.pbx.leg(action["Channel"], DOWN, uniqueid=action["ChannelId"])
        self.pbx.state(leg, RINGING)

    def _serve(self) -> None:
        while True:
            try:
                self._connection, _ = self._listening.accept()
            except OSError:
                return
            with self.lock:
                self._manager = Manager(self.pbx, originated=self._originate)
                self._connection.sendall(self._manager.version)
            self._read(self._connection, self._manager)

    def _read(self, connection: socket.socket, manager: Manager) -> None:
        while True:
            try:
                data = connection.recv(4096)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                connection.sendall(manager.receive(data))

    def _tell(self, event: bytes) -> None:
        if self._connection is not None and self._manager is not None and self._manager.signed_in:
            self._connection.sendall(event)


@contextmanager
def ami_thread() -> Iterator[AmiThread]:
    server = AmiThread()
    try:
        yield server
    finally:
        server.close()
