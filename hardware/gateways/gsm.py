"""A GSM modem as SMS gateway, on a serial port, a pseudo-terminal or a serial device server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from hardware.gateways.device import GatewayAbility
from hardware.gateways.gsm_trace import GsmTrace
from hardware.gateways.settings import GatewayKind, GatewaySettings
from hardware.port_address import stream_address
from hardware.port_line import threads_of
from hardware.ports import stream_opener
from hardware.settings import STANDARD_BAUD_RATES
from hardware.supervisor import PortSupervisor
from hardware.trace import TraceListener, trace_path
from protocols.clocks import wall_seconds
from protocols.gsm_modem.session import GsmSession
from protocols.gsm_modem.settings import GsmSettings, ReportRoute, Storage, checked_number, checked_pin
from protocols.line_endpoint import SessionProtocol
from protocols.sayings import Said, Saying
from protocols.sms import GatewayListener, GatewayLost, GatewayReady, GatewaySignal, Part, PartUnsent, UnreadableFound

_log = Logger(namespace="hardware.gateways")
BAUD = 115_200
DRAIN_SECONDS = 10.0
"""So long the answer to a message that was written is waited for when the gateway is stopped."""
_BASE = GatewayAbility.LONG_TEXT | GatewayAbility.REPLIES


class GsmGatewaySettings(GatewaySettings):
    """See docs/gateways/gsm.md. ``rate`` is parts a second: a modem sends 6 to 20 a minute."""

    kind: Literal[GatewayKind.GSM] = GatewayKind.GSM
    rate: float = Field(default=0.2, gt=0, le=1)
    window: int = Field(default=1, ge=1, le=1)
    port: str = Field(min_length=1, max_length=255)
    baud: int = BAUD
    pin: SecretStr = SecretStr("")
    number: str = ""
    service_centre: str = ""
    storage: Storage = Storage.AS_IT_IS
    reports: ReportRoute = ReportRoute.INLINE

    @field_validator("port")
    @classmethod
    def _port(cls, port: str) -> str:
        stream_address(port)
        return port

    @field_validator("baud")
    @classmethod
    def _baud(cls, baud: int) -> int:
        if baud not in STANDARD_BAUD_RATES:
            raise ValueError(Said(Saying.ONE_OF, choices=", ".join(map(str, STANDARD_BAUD_RATES))))
        return baud

    @field_validator("pin")
    @classmethod
    def _pin(cls, pin: SecretStr) -> SecretStr:
        checked_pin(pin.get_secret_value())
        return pin

    @field_validator("number", "service_centre")
    @classmethod
    def _number(cls, number: str) -> str:
        return checked_number(number)


def session_settings(settings: GsmGatewaySettings) -> GsmSettings:
    """The session's settings from a gateway's."""
    return GsmSettings(
        pin=settings.pin.get_secret_value(),
        number=settings.number,
        service_centre=settings.service_centre,
        storage=settings.storage,
        reports=settings.reports,
        rate=settings.rate,
    )


class GsmGateway:
    """A ``GatewayDevice``. Whether it has receipts is known once the modem has been set up."""

    letters = ""
    charset = ""
    longest = 0

    def __init__(self, settings: GsmGatewaySettings, reactor: ReactorBase, trace_folder: Path) -> None:
        self._name = settings.name
        self._reactor = reactor
        self._wants_reports = settings.reports is not ReportRoute.NONE
        self._session = GsmSession(session_settings(settings), self._wake, lambda: wall_seconds(reactor))
        self._trace = GsmTrace(
            trace_path(trace_folder, settings.name), reactor, threads_of(reactor), enabled=settings.trace
        )
        opener = stream_opener(settings.port, settings.baud, reactor)
        self._supervisor = PortSupervisor(opener, self._build, self._cannot_open, reactor)
        self._protocol: SessionProtocol[GatewaySignal] | None = None
        self._listener: GatewayListener | None = None
        self._up: bool | None = None
        self._beyond: list[Part] = []
        self._soon: IDelayedCall | None = None
        self._stopping = False
        self._drained: Deferred[None] | None = None

    @property
    def abilities(self) -> GatewayAbility:
        """See ``GatewayDevice``."""
        has_reports = self._session.has_reports if self._up else self._wants_reports
        return _BASE | GatewayAbility.RECEIPTS if has_reports else _BASE

    @property
    def room(self) -> int:
        """See ``GatewayDevice``. A modem needs seconds for each part: it takes one long text or some short ones, and
        nothing more until all are written.
        """
        return 0 if self._stopping else self._session.room

    @property
    def next_attempt(self) -> float | None:
        """See ``GatewayDevice``. Either the port is opened again, or the modem behind it is set up again."""
        if self._up:
            return None
        opening = self._supervisor.next_attempt
        return self._session.retry_at if opening is None else opening

    def start(self, listener: GatewayListener) -> None:
        """See ``GatewayDevice``."""
        self._listener = listener
        self._supervisor.start()

    async def stop(self) -> None:
        """See ``GatewayDevice``."""
        self._stopping = True
        self._report_now()
        if self._protocol is not None:
            self._protocol.perform(self._session.drain(self._reactor.seconds()))
            await self._answered()
        await self._supervisor.stop()
        # What was submitted meanwhile by whoever had seen room before.
        self._report_now()
        self._listener = None
        self._trace.close()

    def submit(self, parts: Sequence[Part]) -> None:
        """See ``GatewayDevice``."""
        room = self.room
        self._session.submit(parts[:room])
        self._beyond += parts[room:]
        if self._soon is None:
            self._soon = self._reactor.callLater(0, self._begin)

    def ask_balance(self) -> None:
        """See ``GatewayDevice``. A SIM does not tell."""

    @property
    def pushes(self) -> None:
        """Nobody pushes."""

    def set_trace(self, enabled: bool) -> None:
        """See ``GatewayDevice``."""
        self._trace.enabled = enabled

    def watch(self, listener: TraceListener | None) -> None:
        """See ``GatewayDevice``."""
        self._trace.watch(listener)

    def _build(self) -> SessionProtocol[GatewaySignal]:
        self._protocol = SessionProtocol(self._session, self._reactor, self._report, self._trace)
        return self._protocol

    def _begin(self) -> None:
        self._report_beyond()
        self._wake()

    def _report_now(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._report_beyond()

    def _report_beyond(self) -> None:
        self._soon = None
        beyond, self._beyond = self._beyond, []
        for part in beyond:
            self._report(PartUnsent(part.key))

    def _wake(self) -> None:
        if self._protocol is not None:
            self._protocol.perform(self._session.tick(self._reactor.seconds()))

    async def _answered(self) -> None:
        if self._session.sending:
            self._drained = Deferred()
            timer = self._reactor.callLater(DRAIN_SECONDS, self._look_whether_drained, True)
            await self._drained
            if timer.active():
                timer.cancel()

    def _look_whether_drained(self, given_up: bool = False) -> None:
        if self._drained is not None and (given_up or not self._session.sending):
            drained, self._drained = self._drained, None
            drained.callback(None)

    def _cannot_open(self, reason: str) -> None:
        self._report(GatewayLost(reason))

    def _report(self, signal: GatewaySignal) -> None:
        match signal:
            case GatewayReady():
                self._up = True
            case GatewayLost():
                # Why it is lost may change; that it is lost is news once.
                if self._up is False:
                    return
                self._up = False
            case UnreadableFound(place=place):
                _log.warn(
                    "gateway {name}: what lies at {place} is no message that can be read: it is told as hexadecimal",
                    name=self._name,
                    place=place or "no place, but was passed on at once,",
                )
                return
            case _:
                pass
        own_doing = self._stopping and isinstance(signal, GatewayReady | GatewayLost)
        if self._listener is not None and not own_doing:
            self._listener((signal,))
        self._look_whether_drained()
