"""One connection to a simulated SMS gateway."""

from __future__ import annotations

from collections import Counter
from typing import Protocol as TypedProtocol

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from hardware.simulators.smsc_speech import Answered, Asked, Request, SignIn, Speech, Submission
from protocols.pdu_frames import PduError, PduSplitter


class ClientHost(TypedProtocol):
    """The gateway that a connection belongs to.

    It counts what happens, knows all ``connections`` and the ``clients`` that are signed in, and cuts a connection
    after ``close_after`` PDUs, never if 0.
    """

    counts: Counter[str]
    connections: list[SmscClient]
    clients: list[SmscClient]
    close_after: int

    def submitted(self, client: SmscClient, submission: Submission) -> None:
        """A message for a phone."""
        ...


class SmscClient(Protocol):
    """Answers at the end of what was read together."""

    def __init__(self, smsc: ClientHost, speech: Speech) -> None:
        self._smsc = smsc
        self._splitter = PduSplitter(speech.header)
        self._out: list[bytes] = []
        self._reading = False
        self._sequence = 0
        self._pdus = 0
        self._signed_in = False
        self.speech = speech
        self.hears = False

    def connectionMade(self) -> None:  # noqa: N802
        """There."""
        self._smsc.connections.append(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Gone."""
        self._smsc.connections.remove(self)
        if self in self._smsc.clients:
            self._smsc.clients.remove(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes from the other side."""
        self._reading = True
        try:
            for header, body in self._splitter.feed(data):
                self._pdus += 1
                self._hear(self.speech.hear(header, body))
                if self._smsc.close_after and self._pdus >= self._smsc.close_after:
                    self._flush()
                    self.cut()
                    break
        except PduError:
            self._smsc.counts["nonsense"] += 1
            self.cut()
        finally:
            self._reading = False
            self._flush()

    def _hear(self, request: Request) -> None:
        match request:
            case Submission() if self._signed_in:
                self._smsc.submitted(self, request)
            case Answered(_, good):
                self._smsc.counts["answered" if good else "not taken"] += 1
            case SignIn(good, reply, hears):
                self._signed_in, self.hears = good, good and hears
                self._smsc.counts["sign-ins" if good else "sign-ins refused"] += 1
                if good and self not in self._smsc.clients:
                    self._smsc.clients.append(self)
                self.say(reply)
            case Asked(reply, last):
                self.say(reply)
                if last and self.transport is not None:
                    self._flush()
                    self.transport.loseConnection()
            case Submission():
                self.cut()

    def next_sequence(self) -> int:
        """For a request of the gateway."""
        self._sequence += 1
        return self._sequence

    def say(self, data: bytes) -> None:
        """Write ``data`` together with what else is said in this turn."""
        self._out.append(data)
        if not self._reading:
            self._flush()

    def _flush(self) -> None:
        if self._out and self.transport is not None:
            self.transport.write(b"".join(self._out))
        self._out.clear()

    def cut(self) -> None:
        """Cut the connection."""
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]
