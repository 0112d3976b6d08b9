"""Serial ports (and pseudo-terminals) as Twisted transports, opened without holding up the reactor."""

from __future__ import annotations

import contextlib
import os
import re
import termios
from collections.abc import Callable
from typing import Any

import serial
from serial.tools import list_ports
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocol
from twisted.internet.serialport import SerialPort
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from hardware.device_files import require_device
from hardware.supervisor import ClosablePort, PortError
from protocols.sayings import Said, Saying

_USB = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?")


# serial.SerialException is an OSError; termios.error, which tcflush() and the like raise, is not.
_DEVICE_ERRORS = (OSError, termios.error)


def resolve_port(port: str) -> str:
    """Device path for a ``port`` setting. Reads the list of devices: call it off the reactor thread.

    A path is returned as it is, so that a symbolic link is followed anew on each opening. ``PortError`` if no
    plugged-in device, or more than one, is meant by ``usb:VID:PID[:SERIAL]``.
    """
    if not port.startswith("usb:"):
        return port
    match = _USB.fullmatch(port)
    if match is None:
        raise PortError(Said(Saying.PORT_FORM, port=port))
    vendor, product, number = int(match[1], 16), int(match[2], 16), match[3]
    found = sorted(
        info.device
        for info in list_ports.comports()
        if (info.vid, info.pid) == (vendor, product) and number in (None, info.serial_number)
    )
    if not found:
        raise PortError(Said(Saying.NOT_PLUGGED_IN, port=port))
    if len(found) > 1:
        raise PortError(Said(Saying.AMBIGUOUS, port=port, found=", ".join(found)))
    return str(found[0])


def open_device(port: str, baud: int) -> serial.Serial:
    """Open ``port`` for this process alone, 8N1 without flow control. Blocks; ``PortError`` if it cannot be."""
    path = resolve_port(port)
    require_device(path)
    try:
        return serial.Serial(path, baudrate=baud, timeout=0, write_timeout=0, exclusive=True)
    except (*_DEVICE_ERRORS, ValueError) as error:
        raise PortError(Said(Saying.CANNOT_OPEN, port=path, why=_plainly(error))) from error


def _plainly(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)


class OpenPort(SerialPort):
    """A transport over a ``serial.Serial`` that is open already. ``on_closed`` is called once, at the end."""

    def __init__(
        self, device: serial.Serial, protocol: IProtocol, reactor: ReactorBase, on_closed: Callable[[], None]
    ) -> None:
        self._device = device
        self._on_closed = on_closed
        # SerialPort would construct the device here, on the reactor thread.
        self._serialFactory = lambda *_, **__: device  # type: ignore[assignment]
        super().__init__(protocol, device.port, reactor, baudrate=device.baudrate)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """The device is gone, or ``close`` was called."""
        with contextlib.suppress(*_DEVICE_ERRORS):
            # A driver may otherwise wait in close() for bytes that nobody will take.
            self._device.reset_output_buffer()
        try:
            super().connectionLost(reason)  # type: ignore[no-untyped-call]
        finally:
            self._on_closed()

    def close(self) -> None:
        """Close at once; unwritten bytes are dropped."""
        if not self.disconnected:
            self.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]


class SerialOpener:
    """Opens one configured port whenever asked."""

    def __init__(self, port: str, baud: int, reactor: ReactorBase) -> None:
        self._port = port
        self._baud = baud
        self._reactor = reactor

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Open the port on a thread and connect ``protocol``. Fails with ``PortError``."""
        pool = self._reactor.getThreadPool()
        opening: Deferred[Any] = deferToThreadPool(self._reactor, pool, open_device, self._port, self._baud)
        return opening.addCallback(OpenPort, protocol, self._reactor, on_closed)

    def give_up(self) -> None:
        """See ``PortOpener``. Opening a device is waited for: it cannot be stopped, and must not be left open."""
