"""A line with a headset at its seat: its hook button answers and hangs up, its lamps show what goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from hardware.call_control import CallControl
from hardware.hid_devices import HidDevice, open_headset
from hardware.hid_port import HidPort
from hardware.line_device import Capability, HardwareError, LineDevice, SignalListener
from hardware.supervisor import BackOff, ClosablePort, PortError, PortSupervisor
from hardware.trace import TraceListener
from protocols.hid_telephony.endpoint import HeadsetProtocol
from protocols.hid_telephony.session import HeadsetSession, SeatState, Wish
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CommandFailed,
    DialFailed,
    Ended,
    FarEndRinging,
    HandsetLifted,
    LineLost,
    LineSignal,
    Rang,
    RingingStopped,
    TakenElsewhere,
)

log = Logger()

OpenHeadset = Callable[[str], tuple[HidDevice, bytes]]

# A call on the handset is none of the headset's.
_STATES: dict[type[LineSignal], SeatState] = {
    Rang: SeatState.RINGING,
    Answered: SeatState.IN_CALL,
    FarEndRinging: SeatState.IN_CALL,
    RingingStopped: SeatState.IDLE,
    TakenElsewhere: SeatState.IDLE,
    HandsetLifted: SeatState.IDLE,
    DialFailed: SeatState.IDLE,
    Ended: SeatState.IDLE,
    LineLost: SeatState.IDLE,
}
_DURING_CALL = frozenset({Rang, HandsetLifted})
"""What says nothing new while the device holds a call."""


class HeadsetLine:
    """A ``LineDevice``: ``line``, at whose seat is the headset at ``port``. Without the headset it is just that."""

    def __init__(
        self, line: LineDevice, port: str, reactor: ReactorBase, open_device: OpenHeadset = open_headset
    ) -> None:
        self._line = line
        self._port = port
        self._state = SeatState.IDLE
        self._protocol = HeadsetProtocol(self._wanted, self._state)
        opener = _HeadsetOpener(port, reactor, open_device)
        self._supervisor = PortSupervisor(opener, self._build, self._missing, reactor, BackOff(first=1.0, most=15.0))
        self._listener: SignalListener | None = None
        self._missing_because = ""

    def start(self, listener: SignalListener) -> None:
        """See ``LineDevice``."""
        self._listener = listener
        self._line.start(self._hear)
        self._supervisor.start()

    async def stop(self) -> None:
        """See ``LineDevice``."""
        self._listener = None
        await self._line.stop()
        self._show(SeatState.IDLE)
        await self._supervisor.stop()

    # Between headset and line.

    def _build(self) -> HeadsetProtocol:
        self._protocol = HeadsetProtocol(self._wanted, self._state)
        return self._protocol

    def _missing(self, reason: str) -> None:
        if reason != self._missing_because:
            self._missing_because = reason
            log.error("headset {port}: {reason}", port=self._port, reason=str(reason))

    def _wanted(self, wish: Wish) -> None:
        command = self._line.answer if wish is Wish.ANSWER else self._line.hang_up
        try:
            command()
        except HardwareError as error:
            # Asked for at the seat: said where whoever sits there looks, and the lamps say how it is.
            self._tell(CommandFailed(wish.value, str(error)))
            self._protocol.show(self._state)

    def _hear(self, signal: LineSignal) -> None:
        match signal:
            case CommandFailed("dial"):
                self._show(SeatState.IDLE)
            case CommandFailed():
                # All is as it was, but perhaps not the headset's hook.
                self._protocol.show(self._state)
            case _ if not (self._state is SeatState.IN_CALL and type(signal) in _DURING_CALL):
                self._show(_STATES.get(type(signal), self._state))
        self._tell(signal)

    def _tell(self, signal: LineSignal) -> None:
        if self._listener is not None:
            self._listener(signal)

    def _show(self, state: SeatState) -> None:
        if state is not self._state:
            self._state = state
            self._protocol.show(state)

    # As the line has it.

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        return self._line.capabilities

    @property
    def call_control(self) -> CallControl | None:
        """See ``LineDevice``."""
        return self._line.call_control

    @property
    def recordings(self) -> Path | None:
        """See ``LineDevice``."""
        return self._line.recordings

    def dial(self, number: str) -> None:
        """See ``LineDevice``."""
        self._line.dial(number)
        self._show(SeatState.IN_CALL)

    def answer(self) -> None:
        """See ``LineDevice``."""
        self._line.answer()

    def hang_up(self) -> None:
        """See ``LineDevice``."""
        self._line.hang_up()

    def send_digits(self, digits: str) -> None:
        """See ``LineDevice``."""
        self._line.send_digits(digits)

    def record(self, name: str) -> None:
        """See ``LineDevice``."""
        self._line.record(name)

    def set_trace(self, enabled: bool) -> None:
        """See ``LineDevice``. What goes to and from the headset is in no trace."""
        self._line.set_trace(enabled)

    def watch(self, listener: TraceListener | None) -> None:
        """See ``LineDevice``; likewise."""
        self._line.watch(listener)

    def rename(self, name: str) -> None:
        """See ``LineDevice``."""
        self._line.rename(name)


class _HeadsetOpener:
    """Opens one configured headset and learns its layout, both on a thread."""

    def __init__(self, port: str, reactor: ReactorBase, open_device: OpenHeadset) -> None:
        self._port = port
        self._reactor = reactor
        self._open_device = open_device

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """See ``PortOpener``. Fails with ``PortError`` also for a device that is no headset."""

        def connect(opened: tuple[HidDevice, HeadsetSession]) -> HidPort:
            device, session = opened
            protocol.described(session)  # type: ignore[attr-defined]
            return HidPort(device, protocol, self._reactor, on_closed)

        pool = self._reactor.getThreadPool()
        opening: Deferred[Any] = deferToThreadPool(self._reactor, pool, self._open)
        return opening.addCallback(connect)

    def _open(self) -> tuple[HidDevice, HeadsetSession]:
        device, descriptor = self._open_device(self._port)
        try:
            return device, HeadsetSession(descriptor)
        except ValueError as error:
            device.close()
            raise PortError(Said(Saying.CANNOT_OPEN, port=self._port, why=Said(Saying.NO_HEADSET))) from error

    def give_up(self) -> None:
        """See ``PortOpener``. Opening a device is waited for."""
