"""One connection of a gateway: opened for ever, a session over it, ended in good order."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from hardware.gateways.doubts import Doubts
from hardware.supervisor import BackOff, PortOpener, PortSupervisor
from protocols.sms import GatewayListener, GatewayLost, GatewayReady, GatewaySignal, Part
from protocols.sms_actions import PduTap
from protocols.sms_endpoint import SmsProtocol
from protocols.sms_session import SmsSession

FIRST_PAUSE = 1.0
MOST_PAUSE = 60.0
REFUSED_PAUSE = 600.0
"""Seconds before a gateway that did not want us is asked again: many lock out whoever asks often."""


class PduConnection:
    """``heard`` is told what the session reports, and of a connection that cannot be made as a GatewayLost.

    ``sends`` is whether parts go over it.
    """

    def __init__(
        self,
        name: str,
        session: SmsSession,
        opener: PortOpener,
        heard: GatewayListener,
        reactor: ReactorBase,
        *,
        sends: bool,
    ) -> None:
        self._session = session
        self._heard = heard
        self._back_off = BackOff(first=FIRST_PAUSE, most=MOST_PAUSE, longest=REFUSED_PAUSE)
        self._protocol = SmsProtocol(session, reactor, self._hear, Doubts(name, reactor).tell)
        self._supervisor = PortSupervisor(opener, lambda: self._protocol, self._cannot_open, reactor, self._back_off)
        self._ended: Deferred[None] | None = None
        self.sends = sends
        self.up = False

    @property
    def room(self) -> int:
        """How many parts ``submit`` takes now."""
        return self._session.room if self._takes else 0

    @property
    def promised(self) -> int:
        """How many it takes of whoever saw ``room`` a moment ago: never fewer."""
        return self._session.promised if self._takes else 0

    @property
    def _takes(self) -> bool:
        return self.sends and self._ended is None

    @property
    def next_attempt(self) -> float | None:
        """When it is connected again; None while it is, or is being."""
        return self._supervisor.next_attempt

    def start(self) -> None:
        """Connect now, and again whenever the connection is lost."""
        self._supervisor.start()

    async def stop(self) -> None:
        """End the session and connect no more."""
        if self._protocol.is_open:
            self._ended = Deferred()
            self._protocol.leave()
            # The session's own deadlines see to it that this does not take long.
            await self._ended
        await self._supervisor.stop()

    def submit(self, parts: Sequence[Part]) -> None:
        """Have the parts of one text written, in order."""
        self._protocol.submit(parts)

    def set_tap(self, tap: PduTap | None) -> None:
        """Show every PDU to ``tap``."""
        self._session.tap = tap

    def _hear(self, signals: Sequence[GatewaySignal]) -> None:
        ended = False
        for signal in signals:
            match signal:
                case GatewayReady():
                    self.up = True
                case GatewayLost(_, refused):
                    self.up, ended = False, True
                    if refused:
                        self._back_off.slow_down()
                case _:
                    pass
        self._heard(signals)
        if ended and self._ended is not None and not self._ended.called:
            self._ended.callback(None)

    def _cannot_open(self, reason: str) -> None:
        self._heard([GatewayLost(reason)])
