"""The lines that a line host serves: their devices, its memory, and the connection to its server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.logger import Logger

from hardware.drivers import create_line_device
from hardware.line_device import HardwareError, LineDevice
from hardware.settings import LineSettings
from hardware.shared_ports import SharedPorts
from hardware.signal_store import SignalStore
from hardware.supervisor import BackOff, PortOpener, PortSupervisor
from protocols.line_host.endpoint import HostProtocol
from protocols.line_host.host_session import HostSession
from protocols.line_host.messages import Order
from protocols.line_host.outbox import Item, Moment
from protocols.sayings import Said, Saying, words_of
from protocols.signals import LineLost, LineSignal

_log = Logger(namespace="callcenter.line_host")

_TELL_WITHIN = 3.0
_TELL_POLL = 0.05


def clocks() -> Moment:
    """The steady clock, which goes on while the computer sleeps where the system has such a one, and the day's."""
    return Moment(time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)), time.time())


@dataclass
class _Hosted:
    """A line. It is traced if its own configuration or the server wants it."""

    device: LineDevice
    traced: bool


@dataclass(frozen=True)
class _Running:
    session: HostSession
    protocol: HostProtocol
    supervisor: PortSupervisor


class HostedLines:
    """Everything that a line host is. ``program`` is its version, ``memory`` the file of what was not written down yet.

    ``opener`` opens the connection to the server.
    """

    def __init__(
        self,
        lines: Sequence[LineSettings],
        opener: PortOpener,
        memory: Path,
        trace_folder: Path,
        program: str,
        reactor: ReactorBase,
    ) -> None:
        shared = SharedPorts(reactor)
        self._lines = {
            line.name: _Hosted(create_line_device(line, reactor, trace_folder, shared), line.trace) for line in lines
        }
        self._opener = opener
        self._program = program
        self._reactor = reactor
        self._store = SignalStore(memory, reactor)
        self._running: _Running | None = None
        self._stopping = False
        self._back_off = BackOff(first=0.5, most=30.0)
        self._why_down = ""

    async def start(self) -> None:
        """Read the memory, start every line, connect. Raises ``StoreError``."""
        kept = await self._store.start()
        session = HostSession(secrets.token_hex(8), self._program, tuple(self._lines), kept, clocks())
        protocol = HostProtocol(session, self, self._reactor, clocks)
        supervisor = PortSupervisor(self._opener, lambda: protocol, self._down, self._reactor, self._back_off)
        self._running = _Running(session, protocol, supervisor)
        protocol.begin()
        for name, line in self._lines.items():
            self._start_line(name, line.device, protocol)
        supervisor.start()
        if kept:
            _log.info("{count} reports of before are still to be told", count=len(kept))

    async def stop(self) -> None:
        """Release the lines and tell the server, if it is there; what it does not hear is told by the next run."""
        self._stopping = True
        if self._running is not None:
            running, self._running = self._running, None
            stopping = [self._stop_line(name, line.device, running.protocol) for name, line in self._lines.items()]
            await gatherResults([Deferred.fromCoroutine(one) for one in stopping])
            await self._told(running.session)
            await running.supervisor.stop()
        await self._store.stop()

    # For the session.

    def keep(self, item: Item) -> None:
        """See ``Hands``."""
        self._store.keep(item)

    def forget(self, ordinal: int) -> None:
        """See ``Hands``."""
        self._store.forget(ordinal)

    def trace(self, line: str, enabled: bool) -> None:
        """See ``Hands``."""
        hosted = self._lines[line]
        hosted.device.set_trace(enabled or hosted.traced)

    def carry_out(self, order: Order) -> str:
        """See ``Hands``."""
        command = _COMMANDS.get(order.command)
        if command is None:
            return Said(Saying.ORDER_UNKNOWN)
        if self._stopping:
            return Said(Saying.HOST_STOPPED)
        try:
            command(self._lines[order.line].device, order.argument)
        except (HardwareError, ValueError) as error:
            return words_of(error)
        except Exception as error:  # noqa: BLE001 - whatever a driver does wrong, whoever asked is told
            _log.failure("line {line} could not do {command}", line=order.line, command=order.command)
            return str(error) or type(error).__name__
        return ""

    # Lines.

    def _start_line(self, name: str, device: LineDevice, protocol: HostProtocol) -> None:
        def hear(signal: LineSignal) -> None:
            protocol.heard(name, signal, tuple(device.capabilities.names))

        try:
            device.start(hear)
        except Exception as error:  # noqa: BLE001 - whatever a driver does wrong concerns its own line
            _log.failure("line {line} cannot be started", line=name)
            hear(LineLost(Said(Saying.CANNOT_START, why=words_of(error))))

    async def _stop_line(self, name: str, device: LineDevice, protocol: HostProtocol) -> None:
        try:
            await device.stop()
        except Exception:  # noqa: BLE001 - the other lines are still to be stopped
            _log.failure("line {line} did not stop cleanly", line=name)
        protocol.heard(name, LineLost(Said(Saying.HOST_STOPPED)), tuple(device.capabilities.names))

    # The connection.

    def turned_away(self) -> None:
        """See ``Hands``."""
        self._back_off.slow_down()

    def _down(self, why: str) -> None:
        if why != self._why_down:
            _log.warn("the server cannot be reached: {why}", why=str(why))
        self._why_down = why

    async def _told(self, session: HostSession) -> None:
        deadline = self._reactor.seconds() + _TELL_WITHIN
        while session.connected and session.waiting and self._reactor.seconds() < deadline:
            await deferLater(self._reactor, _TELL_POLL)


_COMMANDS: Mapping[str, Callable[[LineDevice, str], None]] = {
    "dial": lambda device, number: device.dial(number),
    "answer": lambda device, _: device.answer(),
    "hang_up": lambda device, _: device.hang_up(),
    "take_back": lambda device, _: device.hang_up(),
    "send_digits": lambda device, digits: device.send_digits(digits),
}
