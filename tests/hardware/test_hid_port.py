"""The HID transport, on threads and a real reactor, with a device that the test is."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from hardware import hid_port
from hardware.hid_devices import hid_address, open_hid, resolve_hid
from hardware.hid_port import MAX_UNREAD, MAX_UNWRITTEN, HidOpener, HidPort
from hardware.supervisor import PortError
from tests.peers.hid_reports import QueuedReports
from tests.peers.patience import PATIENCE, until


class Device(QueuedReports):
    """What was written to it, and by which threads it was used."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.threads: set[int] = set()
        self.takes = -2
        self.writing = threading.Event()
        self.let_write = threading.Event()
        self.let_write.set()

    def read(self, max_length: int, timeout_ms: int) -> Sequence[int]:
        self.threads.add(threading.get_ident())
        return super().read(max_length, timeout_ms)

    def write(self, buff: bytes) -> int:
        assert not self.closed
        self.threads.add(threading.get_ident())
        self.writing.set()
        self.let_write.wait(PATIENCE)
        self.written.append(buff)
        return len(buff) if self.takes == -2 else self.takes


class Heard(Protocol):
    def __init__(self) -> None:
        self.reports: list[bytes] = []
        self.lost: Deferred[Failure] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.reports.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.lost.callback(reason.value)


class Rig:
    def __init__(self) -> None:
        self.device, self.heard = Device(), Heard()
        self.closed: Deferred[None] = Deferred()
        self.port: HidPort

    async def opened(self) -> Rig:
        opener = HidOpener("hid:0001:0002", reactor, lambda _: self.device)  # type: ignore[arg-type]
        self.port = await opener.open(self.heard, lambda: self.closed.callback(None))  # type: ignore[assignment]
        return self

    async def close(self) -> None:
        self.port.close()
        await self.closed
        assert self.device.closed


@ensureDeferred
async def test_reports_both_ways_in_order_and_off_the_reactor_thread() -> None:
    rig = await Rig().opened()
    sent = [bytes((3, number)) for number in range(20)]
    for report in sent:
        rig.port.write(report)
        rig.device.queue.put(report * 4)
    rig.port.writeSequence([b"\3a", b"\3b"])
    await until(lambda: len(rig.heard.reports) == 20 and len(rig.device.written) == 22)
    assert rig.device.written == [*sent, b"\3a", b"\3b"]
    assert rig.heard.reports == [report * 4 for report in sent]
    assert len(rig.device.threads) == 2
    assert threading.get_ident() not in rig.device.threads
    await rig.close()


@ensureDeferred
async def test_pulled_out_in_the_middle_of_a_read() -> None:
    rig = await Rig().opened()
    rig.device.queue.put(b"\3last")
    rig.device.queue.put(None)
    assert "read error" in str(await rig.heard.lost)
    assert rig.heard.reports == [b"\3last"]
    await rig.closed
    assert rig.device.closed
    rig.port.write(b"\3")
    assert rig.device.written == []


@pytest.mark.parametrize("takes", [-1, 0, 1])
@ensureDeferred
async def test_a_write_that_fails_is_a_loss(takes: int) -> None:
    rig = await Rig().opened()
    rig.device.takes = takes
    rig.port.write(b"\3\3")
    assert "did not take" in str(await rig.heard.lost)
    await rig.closed
    assert rig.device.closed


@ensureDeferred
async def test_a_device_that_never_says_anything_is_let_go() -> None:
    rig = await Rig().opened()
    await rig.close()
    assert rig.heard.lost.called
    rig.heard.lost.addErrback(lambda _: None)


@ensureDeferred
async def test_a_device_that_takes_no_reports_is_a_loss_and_is_closed_when_its_write_ends() -> None:
    rig = await Rig().opened()
    rig.device.let_write.clear()
    rig.port.write(b"\3\3")
    await until(rig.device.writing.is_set)
    for _ in range(MAX_UNWRITTEN + 1):
        rig.port.write(b"\3\3")
    assert "takes no reports" in str(await rig.heard.lost)
    await deferLater(reactor, 0.3)
    assert not rig.device.closed
    rig.device.let_write.set()
    await rig.closed
    assert rig.device.closed
    assert len(rig.device.written) == 1


@ensureDeferred
async def test_a_write_that_is_stuck_for_good_does_not_hold_up_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hid_port, "WRITE_SECONDS", 0.2)
    rig = await Rig().opened()
    rig.device.let_write.clear()
    rig.port.write(b"\3\3")
    await until(rig.device.writing.is_set)
    rig.port.close()
    await rig.closed
    assert not rig.device.closed, "a thread is inside it"
    rig.device.let_write.set()
    await until(lambda: rig.device.closed)


@ensureDeferred
async def test_a_flood_is_taken_in_parts_and_waits_when_nobody_reads() -> None:
    rig = await Rig().opened()
    for number in range(3000):
        rig.device.queue.put(number.to_bytes(2, "big"))
    await until(lambda: len(rig.heard.reports) > 100)
    assert rig.port._unread.qsize() <= MAX_UNREAD
    await until(lambda: len(rig.heard.reports) == 3000)
    assert rig.heard.reports == [number.to_bytes(2, "big") for number in range(3000)]
    await rig.close()


@ensureDeferred
async def test_a_flood_does_not_delay_the_end() -> None:
    rig = await Rig().opened()
    flooding = threading.Event()

    def endless(max_length: int, timeout_ms: int) -> Sequence[int]:
        flooding.set()
        return b"\3\3"

    rig.device.read = endless  # type: ignore[method-assign]
    await until(flooding.is_set)
    await rig.close()


@ensureDeferred
async def test_a_device_that_cannot_be_opened() -> None:
    def broken(port: str) -> Any:
        raise PortError(f"cannot open {port}")

    with pytest.raises(PortError, match="cannot open"):
        await HidOpener("hid:0001:0002", reactor, broken).open(Protocol(), lambda: None)  # type: ignore[arg-type]


def entry(path: str, page: int = 0xFF00, serial: str = "A1") -> dict[str, Any]:
    return {"path": path.encode(), "usage_page": page, "serial_number": serial}


def resolve(port: str, devices: Any) -> bytes:
    meant = hid_address(port)
    assert meant is not None
    return resolve_hid(meant, devices)


def test_stable_names_are_resolved_anew() -> None:
    asked: list[tuple[int, int]] = []

    def devices(vendor: int, product: int) -> list[dict[str, Any]]:
        asked.append((vendor, product))
        return [entry("/dev/hidraw3"), entry("/dev/hidraw3", 0x0B), entry("/dev/hidraw2", 0x0C)]

    assert resolve("hid:04d9:a0C1", devices) == b"/dev/hidraw3"
    assert resolve("hid:04d9:a0c1:A1", devices) == b"/dev/hidraw3"
    assert asked == [(0x04D9, 0xA0C1)] * 2
    with pytest.raises(PortError, match="no device hid:04d9:a0c1:B2"):
        resolve("hid:04d9:a0c1:B2", devices)
    assert resolve("hid:0001:0002", lambda *_: [entry("1-2:1.3", 0x0B)]) == b"1-2:1.3"
    with pytest.raises(PortError, match=r"hidraw1, /dev/hidraw2.*serial number"):
        resolve("hid:0001:0002", lambda *_: [entry("/dev/hidraw2"), entry("/dev/hidraw1")])


def test_opening_by_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    opened: list[bytes] = []
    device = SimpleNamespace(open_path=opened.append)
    library = SimpleNamespace(device=lambda: device, enumerate=lambda *_: [entry("/dev/hidraw7")])
    monkeypatch.setitem(sys.modules, "hid", library)
    assert open_hid("hid:0001:0002") is device
    (tmp_path / "phone").symlink_to("/dev/hidraw9")
    assert open_hid(str(tmp_path / "phone")) is device
    assert opened == [b"/dev/hidraw7", b"/dev/hidraw9"]

    def broken(path: bytes) -> None:
        raise OSError("open failed")

    device.open_path = broken
    with pytest.raises(PortError, match="cannot open /dev/hidraw0: open failed"):
        open_hid("/dev/hidraw0")
    monkeypatch.setitem(sys.modules, "hid", None)
    with pytest.raises(PortError, match="cannot open /dev/hidraw0"):
        open_hid("/dev/hidraw0")


def test_opening_by_the_real_library_what_is_not_there() -> None:
    with pytest.raises(PortError, match=r"no device|cannot open"):
        open_hid("hid:fffe:fffe")
    with pytest.raises(PortError, match="cannot open"):
        open_hid("/dev/hidraw-is-not-there")
