"""How much of an answer's head is read: Twisted's client limits the length of its lines, not how many there are."""

from __future__ import annotations

from typing import Any

from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

MOST_HEAD = 100_000
"""Bytes until the body begins; what arrives together with the last of them may be more."""


class HeadLimit:
    """Of one answer. ``exceeded`` tells that the connection was ended because of it."""

    def __init__(self) -> None:
        self.exceeded = False
        self._read = 0
        self._complete = False

    def around(self, factory: Any) -> WrappingFactory:
        """``factory``, whose connection is watched."""
        return _Watching(factory, self)

    def complete(self) -> None:
        """The head is there; the rest is the body's."""
        self._complete = True

    def passes(self, data: bytes) -> bool:
        """Count what the client has read by now; whether it may read on."""
        self._read += len(data)
        self.exceeded = self.exceeded or (not self._complete and self._read > MOST_HEAD)
        return not self.exceeded


class _Watched(ProtocolWrapper):
    factory: _Watching

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Whether the head ends in it is known when it is read: no more than this comes at once."""
        limit = self.factory.limit
        if limit.exceeded:
            return
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        if not limit.passes(data):
            self.abortConnection()


class _Watching(WrappingFactory):
    protocol = _Watched

    def __init__(self, factory: Any, limit: HeadLimit) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]
        self.limit = limit
