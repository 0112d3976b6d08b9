"""A gateway that is spoken to in PDUs over TCP, whatever the protocol: one or several connections as one device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall

from hardware.gateways.device import GatewayAbility
from hardware.gateways.masking import masked
from hardware.gateways.pdu_connection import PduConnection
from hardware.gateways.pdu_settings import PduSettings
from hardware.port_line import threads_of
from hardware.supervisor import PortOpener
from hardware.trace import LineTrace, TraceListener, trace_path
from protocols.sms import GatewayListener, GatewayLost, GatewayReady, GatewaySignal, Part, PartUnsent
from protocols.sms_heard import Tongue
from protocols.sms_session import SmsSession
from protocols.sms_window import SequenceNumbers

_ABOUT_CONNECTION = (GatewayReady, GatewayLost)


@dataclass(frozen=True)
class Speaker:
    """One connection to be kept: what is spoken over it, how it is opened, and whether parts go over it.

    The gateway is ready while every ``role`` has a connection that is up.
    """

    tongue: Tongue
    opener: PortOpener
    role: str = ""
    sends: bool = True


class PduGateway:
    """A ``GatewayDevice``."""

    charset = ""
    longest = 0

    def __init__(
        self,
        settings: PduSettings,
        speakers: Sequence[Speaker],
        abilities: GatewayAbility,
        reactor: ReactorBase,
        trace_folder: Path,
        letters: str,
    ) -> None:
        self._reactor = reactor
        self.abilities = abilities
        self.letters = letters
        self._trace = LineTrace(
            trace_path(trace_folder, settings.name), reactor, threads_of(reactor), enabled=settings.trace
        )
        self._watched = False
        self._listener: GatewayListener | None = None
        self._up: bool | None = None
        self._refused = False
        self._unsent: list[GatewaySignal] = []
        self._telling: IDelayedCall | None = None
        # Gateways remember numbers for a while, and those of the last run must not come again at once.
        sequence = SequenceNumbers(int(reactor.seconds() * 1000))
        self._roles: dict[PduConnection, str] = {}
        for speaker in speakers:
            session = SmsSession(speaker.tongue, settings.limits, settings.timings, sequence)
            connection = PduConnection(
                settings.name, session, speaker.opener, self._hear, reactor, sends=speaker.sends
            )  # fmt: skip
            self._roles[connection] = speaker.role
        self._senders = [connection for connection in self._roles if connection.sends]
        self._set_taps()

    @property
    def room(self) -> int:
        """See ``GatewayDevice``."""
        return sum(connection.room for connection in self._senders) if self._up else 0

    @property
    def next_attempt(self) -> float | None:
        """See ``GatewayDevice``. The first of its connections."""
        waiting = [each.next_attempt for each in self._roles]
        return None if self._up else min((at for at in waiting if at is not None), default=None)

    def start(self, listener: GatewayListener) -> None:
        """See ``GatewayDevice``."""
        self._listener = listener
        for connection in self._roles:
            connection.start()

    async def stop(self) -> None:
        """See ``GatewayDevice``."""
        await gatherResults([Deferred.fromCoroutine(connection.stop()) for connection in self._roles])
        if self._telling is not None:
            self._telling.cancel()
            self._tell_unsent()
        self._listener = None
        self._up = None
        self._trace.close()

    def submit(self, parts: Sequence[Part]) -> None:
        """See ``GatewayDevice``. A text of which some parts fit in is taken whole."""
        for text in _texts(parts):
            connection = max(self._senders, key=_promised)
            if self._up and connection.promised:
                connection.submit(text)
            else:
                self._unsent.extend([PartUnsent(part.key) for part in text])
        if self._unsent and self._telling is None:
            self._telling = self._reactor.callLater(0, self._tell_unsent)

    def ask_balance(self) -> None:
        """Neither CMPP nor SMPP tells it."""

    @property
    def pushes(self) -> None:
        """Nobody pushes."""

    def set_trace(self, enabled: bool) -> None:
        """See ``GatewayDevice``."""
        self._trace.enabled = enabled
        self._set_taps()

    def watch(self, listener: TraceListener | None) -> None:
        """See ``GatewayDevice``. Numbers are masked there too."""
        self._trace.watch(listener)
        self._watched = listener is not None
        self._set_taps()

    def _set_taps(self) -> None:
        tap = self._show if self._watched or self._trace.enabled else None
        for connection in self._roles:
            connection.set_tap(tap)

    def _show(self, sent: bool, pdu: bytes) -> None:
        (self._trace.sent if sent else self._trace.received)(masked(pdu))

    def _hear(self, signals: Sequence[GatewaySignal]) -> None:
        if any(isinstance(signal, _ABOUT_CONNECTION) for signal in signals):
            signals = [signal for signal in signals if self._is_news(signal)]
        self._report(signals)

    def _is_news(self, signal: GatewaySignal) -> bool:
        """Whether ``signal`` tells something new of the gateway; those about parts always do.

        A connection that is up says nothing while another is missing, nor one that is lost beside one that is up. Why
        it is lost may change; that it does not want us is worth saying.
        """
        match signal:
            case GatewayReady():
                news = self._up is not True and self._complete()
                self._up = True if news else self._up
            case GatewayLost(_, refused):
                news = not self._complete() and (self._up is not False or (refused and not self._refused))
                self._up, self._refused = (False, refused) if news else (self._up, self._refused)
            case _:
                return True
        if news:
            (self._trace.opened if self._up else self._trace.closed)()
        return news

    def _complete(self) -> bool:
        return {role for connection, role in self._roles.items() if connection.up} == set(self._roles.values())

    def _tell_unsent(self) -> None:
        self._telling = None
        unsent, self._unsent = self._unsent, []
        self._report(unsent)

    def _report(self, signals: Sequence[GatewaySignal]) -> None:
        if signals and self._listener is not None:
            self._listener(signals)


def _promised(connection: PduConnection) -> int:
    return connection.promised


def _texts(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts of each text together."""
    start = 0
    for place in range(1, len(parts) + 1):
        if place == len(parts) or not _follows(parts[place - 1], parts[place]):
            yield parts[start:place]
            start = place


def _follows(one: Part, other: Part) -> bool:
    return (
        other.position == one.position + 1
        and other.reference == one.reference
        and other.total == one.total
        and other.number == one.number
    )
