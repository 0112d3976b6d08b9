"""One connection to each Asterisk, shared by all its lines."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.logger import Logger

from hardware.line_device import SignalListener
from hardware.pbx_port import PbxAddress, PbxOpener
from hardware.supervisor import BackOff, PortSupervisor
from protocols.ami.control import ControlWish
from protocols.ami.endpoint import AmiProtocol
from protocols.ami.listening import ListenMode
from protocols.ami.session import AmiSession, OfLine
from protocols.ami.settings import AmiSettings, PbxLine
from protocols.line_endpoint import WireTap
from protocols.signals import LineSignal

_log = Logger(namespace="hardware.asterisk")

# What proves the secret has no place in a trace, not even as a digest: weak secrets are guessed from it.
_PROOFS = re.compile(rb"^((?:Secret|Key): )[^\r\n]*", re.MULTILINE)


@dataclass(frozen=True)
class PbxSettings:
    """A PBX as configured. ``name`` is what lines call it; ``recordings`` is where we see the folder into which it
    records, None if nowhere.
    """

    name: str
    address: PbxAddress
    session: AmiSettings
    recordings: Path | None = None

    @property
    def controls(self) -> bool:
        """Whether its dialplan has the places that holding and conferences need."""
        return bool(self.session.control)


class _Taps:
    """Passes the bytes on to every line's trace."""

    def __init__(self) -> None:
        self.taps: list[WireTap] = []

    def opened(self) -> None:
        for tap in self.taps:
            tap.opened()

    def closed(self) -> None:
        for tap in self.taps:
            tap.closed()

    def received(self, data: bytes) -> None:
        for tap in self.taps:
            tap.received(data)

    def sent(self, data: bytes) -> None:
        shown = _PROOFS.sub(rb"\1(not shown)", data)
        for tap in self.taps:
            tap.sent(shown)


class AsteriskPbx:
    """A PBX. It is connected while a line is started."""

    def __init__(self, settings: PbxSettings, reactor: ReactorBase) -> None:
        self._settings = settings
        self._reactor = reactor
        self._lines: list[PbxLine] = []
        self._taps = _Taps()
        self._listeners: dict[str, SignalListener] = {}
        self._session: AmiSession | None = None
        self._protocol: AmiProtocol | None = None
        self._supervisor: PortSupervisor | None = None

    @property
    def within_reach(self) -> bool:
        """Whether commands can be given."""
        return self._session is not None and self._session.ready

    @property
    def recordings(self) -> Path | None:
        """Where we see the folder into which the PBX records."""
        return self._settings.recordings

    @property
    def name(self) -> str:
        """What lines call it."""
        return self._settings.name

    @property
    def controls(self) -> bool:
        """See ``PbxSettings``."""
        return self._settings.controls

    def add(self, line: PbxLine, tap: WireTap) -> None:
        """One more line, before any is started."""
        self._lines.append(line)
        self._taps.taps.append(tap)

    def start(self, line: PbxLine, listener: SignalListener) -> None:
        """Report what happens on ``line``; connect if this is the first."""
        self._listeners[line.name] = listener
        if self._supervisor is None:
            self._connect()

    async def stop(self, line: PbxLine) -> None:
        """Report no more of ``line``; disconnect if this was the last. Calls go on: they are the PBX's. But nobody is
        left on hold, for whom nobody would come back.
        """
        if self._protocol is not None and not await self._protocol.give_back(line.name):
            _log.error("a caller on line {line} is left on hold: the PBX does not give them back", line=line.name)
        self._listeners.pop(line.name, None)
        if self._listeners or self._supervisor is None or self._protocol is None:
            return
        protocol, supervisor, self._supervisor = self._protocol, self._supervisor, None
        await protocol.end()
        protocol.finish()
        await supervisor.stop()

    def dial(self, line: PbxLine, number: str) -> None:
        """Ring the telephone of ``line`` and dial; while the line is ready only."""
        if self._protocol is not None:
            self._protocol.dial(line.name, number)

    def hang_up(self, line: PbxLine) -> None:
        """End the call of ``line``; while the line is ready only."""
        if self._protocol is not None:
            self._protocol.hang_up(line.name)

    def record(self, line: PbxLine, name: str) -> None:
        """Record the call of ``line`` as the file ``name``; while the line is ready only."""
        if self._protocol is not None:
            self._protocol.record(line.name, name)

    def control(self, line: PbxLine, wish: ControlWish, number: str) -> None:
        """Hold, transfer … the call of ``line``; while the line is ready only."""
        if self._protocol is not None:
            self._protocol.control(line.name, wish, number)

    def listen(self, line: PbxLine, listener: str, phone: str, mode: ListenMode) -> None:
        """Let the telephone of the line ``phone`` hear the call of ``line``; while the line is ready only."""
        if self._protocol is not None:
            self._protocol.listen(line.name, listener, phone, mode)

    def stop_listening(self, listener: str) -> None:
        """Let ``listener`` hear no more."""
        if self._protocol is not None:
            self._protocol.stop_listening(listener)

    def _connect(self) -> None:
        self._session = session = AmiSession(self._settings.session, self._lines, secrets.token_hex(4))
        # A PBX that refuses us should not be asked twice a second: many lock out whoever does. One that has let us in
        # will again, and calls are waiting to be followed.
        back_off = BackOff(first=2.0, most=30.0)
        self._protocol = protocol = AmiProtocol(session, self._reactor, self._hear, self._taps, back_off.reset)
        opener = PbxOpener(self._settings.address, self._reactor)
        self._supervisor = PortSupervisor(opener, lambda: protocol, protocol.out_of_reach, self._reactor, back_off)
        self._supervisor.start()

    def _hear(self, signal: LineSignal) -> None:
        match signal:
            case OfLine(line, said) if line in self._listeners:
                self._listeners[line](said)
            case _:
                pass


PbxDirectory = Mapping[str, AsteriskPbx]


def pbx_directory(settings: Iterable[PbxSettings], reactor: ReactorBase) -> PbxDirectory:
    """Every PBX by its name."""
    return {one.name: AsteriskPbx(one, reactor) for one in settings}
