"""HID devices as Twisted transports. Each read and each write is one report.

The HID library blocks, so an open device has two threads of its own: one reads, with a bounded time limit so that it
can stop, one writes in order. The last to end closes the device: no thread may be inside it then.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IProtocol, ITransport
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from zope.interface import implementer

from hardware.hid_devices import DEVICE_ERRORS, HidDevice, OpenDevice, open_hid
from hardware.supervisor import ClosablePort

MAX_REPORT = 64
"""Longest report read, in bytes; full-speed USB has none longer."""
READ_MILLISECONDS = 200
"""How long one read waits: an open device that says nothing is let go this soon after it was closed."""
MAX_UNREAD = 256
"""Reports waiting for the reactor. Of a device that floods, the reader then waits and the kernel drops the rest."""
MAX_UNWRITTEN = 64
"""Reports waiting to be written. A device that takes none of them is as good as gone."""
WRITE_SECONDS = 6.0
"""A write still stuck so long after the end is left to itself; Linux gives USB transfers up after 5 s."""
_PER_TURN = 32


@implementer(ITransport)
class HidPort:
    """A transport over an open ``device``. ``on_closed`` is called once, on the reactor, when nothing of it is left."""

    def __init__(
        self, device: HidDevice, protocol: IProtocol, reactor: ReactorBase, on_closed: Callable[[], None]
    ) -> None:
        self._device = device
        self._protocol = protocol
        self._reactor = reactor
        self._on_closed = on_closed
        self._unread: queue.Queue[bytes] = queue.Queue(MAX_UNREAD)
        self._unwritten: queue.Queue[bytes | None] = queue.Queue(MAX_UNWRITTEN)
        self._stop = threading.Event()
        self._reading = threading.Event()
        self._connected = True
        self._inside = 2
        self._leaving = threading.Lock()
        self._writer = threading.Thread(target=self._write_all, name="hid-write", daemon=True)
        self._reader = threading.Thread(target=self._read_all, name="hid-read", daemon=True)
        protocol.makeConnection(self)
        self._writer.start()
        self._reader.start()

    # On the reactor's thread.

    def write(self, data: bytes) -> None:
        """Write one report, its id first."""
        if not self._connected:
            return
        try:
            self._unwritten.put_nowait(data)
        except queue.Full:
            self._lost(_failure(ConnectionLost("the device takes no reports")))

    def writeSequence(self, data: Any) -> None:  # noqa: N802 - ITransport
        """Write several reports."""
        for each in data:
            self.write(each)

    def loseConnection(self) -> None:  # noqa: N802 - ITransport
        """Close at once; unwritten reports are dropped."""
        self._lost(_failure(ConnectionDone()))

    def close(self) -> None:
        """See ``ClosablePort``."""
        self.loseConnection()

    def getPeer(self) -> IAddress:  # noqa: N802 - ITransport
        """A device has no address."""
        raise NotImplementedError

    def getHost(self) -> IAddress:  # noqa: N802 - ITransport
        """A device has no address."""
        raise NotImplementedError

    def _lost(self, reason: Failure) -> None:
        if self._connected:
            self._connected = False
            self._stop.set()
            self._protocol.connectionLost(reason)

    def _deliver(self) -> None:
        """Hand over what was read, a part of a flood at a time."""
        self._reading.clear()
        for _ in range(_PER_TURN):
            if not self._connected:
                return
            try:
                report = self._unread.get_nowait()
            except queue.Empty:
                return
            self._protocol.dataReceived(report)
        self._wake_reactor()

    # On threads.

    def _read_all(self) -> None:
        failure = _failure(ConnectionDone())
        try:
            while not self._stop.is_set():
                if report := self._device.read(MAX_REPORT, READ_MILLISECONDS):
                    self._hand_over(bytes(report))
        except DEVICE_ERRORS as error:
            failure = _failure(ConnectionLost(str(error)))
        finally:
            self._end(failure)

    def _hand_over(self, report: bytes) -> None:
        while not self._stop.is_set():
            try:
                self._unread.put(report, timeout=READ_MILLISECONDS / 1000)
            except queue.Full:
                continue
            self._wake_reactor()
            return

    def _wake_reactor(self) -> None:
        if not self._reading.is_set():
            self._reading.set()
            self._reactor.callFromThread(self._deliver)

    def _write_all(self) -> None:
        try:
            while (report := self._unwritten.get()) is not None and not self._stop.is_set():
                if self._device.write(report) < len(report):
                    raise OSError("the device did not take a report")
        except DEVICE_ERRORS as error:
            self._reactor.callFromThread(self._lost, _failure(ConnectionLost(str(error))))
        finally:
            self._leave()

    def _end(self, failure: Failure) -> None:
        """Report the loss at once, and the end when the writer is out of the device too."""
        self._stop.set()
        self._reactor.callFromThread(self._lost, failure)
        with contextlib.suppress(queue.Full):
            # Only a writer that has nothing to write waits for something.
            self._unwritten.put_nowait(None)
        self._leave()
        self._writer.join(WRITE_SECONDS)
        self._reactor.callFromThread(self._on_closed)

    def _leave(self) -> None:
        with self._leaving:
            self._inside -= 1
            last = self._inside == 0
        if last:
            with contextlib.suppress(*DEVICE_ERRORS):
                self._device.close()


def _failure(error: Exception) -> Failure:
    return Failure(error)  # type: ignore[no-untyped-call]


class HidOpener:
    """Opens one configured HID port whenever asked. ``open_device`` blocks and runs on a thread."""

    def __init__(self, port: str, reactor: ReactorBase, open_device: OpenDevice = open_hid) -> None:
        self._port = port
        self._reactor = reactor
        self._open_device = open_device

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Open the port on a thread and connect ``protocol``. Fails with ``PortError``."""
        opening: Deferred[Any] = deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), self._open_device, self._port
        )
        return opening.addCallback(HidPort, protocol, self._reactor, on_closed)

    def give_up(self) -> None:
        """See ``PortOpener``. Opening a device is waited for: it cannot be stopped, and must not be left open."""
