"""What a request carries, and how much of its answer is read."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer


class TooLongError(Exception):
    """The answer is longer than is read."""


@implementer(IBodyProducer)
class Body:
    """A body that is there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def startProducing(self, consumer: Any) -> Deferred[None]:  # noqa: N802
        """Write it."""
        consumer.write(self._data)
        return succeed(None)

    def pauseProducing(self) -> None:  # noqa: N802
        """It is written already."""

    def resumeProducing(self) -> None:  # noqa: N802
        """It is written already."""

    def stopProducing(self) -> None:  # noqa: N802
        """It is written already."""


class Unread(Protocol):
    """Whatever the other side answers beyond its status is not read."""

    def connectionMade(self) -> None:  # noqa: N802
        """Hang up."""
        assert self.transport is not None  # noqa: S101 - connected
        self.transport.loseConnection()


class LimitedBody(Protocol):
    """Reads a body of ``most`` bytes."""

    def __init__(self, done: Deferred[bytes], most: int) -> None:
        self._done = done
        self._most = most
        self._data = bytearray()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """More of it."""
        self._data += data
        if len(self._data) > self._most:
            self._finish(Failure(TooLongError(f"more than {self._most} bytes")))  # type: ignore[no-untyped-call]
            self.hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """That was all, or the end of the connection, which ends the body of an old server."""
        complete = isinstance(reason.value, ResponseDone | PotentialDataLoss)
        self._finish(bytes(self._data) if complete else reason)

    def hang_up(self) -> None:
        """Read no more."""
        if self.transport is not None:
            self.transport.loseConnection()

    def _finish(self, result: bytes | Failure) -> None:
        if not self._done.called:
            self._done.callback(result)
