"""A headset on a Twisted transport whose reads and writes are reports."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from protocols.hid_telephony.session import HeadsetSession, SeatState, Wish


class HeadsetProtocol(Protocol):
    """Tells ``wanted`` of presses, and shows what it is told to, also to a headset that is plugged in later."""

    def __init__(self, wanted: Callable[[Wish], None], state: SeatState) -> None:
        self._wanted = wanted
        self._state = state
        self._session: HeadsetSession | None = None

    def described(self, session: HeadsetSession) -> None:
        """Which headset it is; to be called before it is connected."""
        self._session = session

    def connectionMade(self) -> None:  # noqa: N802
        """Show how things are."""
        self.show(self._state)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """One report."""
        if self._session is not None:
            wish, reports = self._session.receive(data)
            self._write(reports)
            if wish is not None:
                self._wanted(wish)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """It was pulled out, which changes nothing of the line."""
        self._session = None

    def show(self, state: SeatState) -> None:
        """What goes on at the seat's line."""
        self._state = state
        if self._session is not None:
            self._write(self._session.show(state))

    def _write(self, reports: list[bytes]) -> None:
        for report in reports:
            if self.transport is not None:
                self.transport.write(report)
