from __future__ import annotations

from types import SimpleNamespace

import hid
import pytest
from serial.tools import list_ports

from hardware.discovery import BusKind, discover
from hardware.serial_port import resolve_port
from hardware.supervisor import PortError


def port(device: str, vid: int | None = None, pid: int | None = None, number: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=number, description="n/a")


def test_this_machine_can_be_looked_at() -> None:
    found = discover()
    assert all(device.port and device.might_be for device in found.devices)
    assert all(problem.startswith("cannot list") for problem in found.problems)


def test_what_each_might_be(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [port("/dev/ttyACM0", 0x0BAF, 0x0303, "A1"), port("/dev/ttyACM1", 1, 2), port("/dev/ttyUSB0", 0x1A86, 1)]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    phone_box = {
        "path": b"/dev/hidraw0",
        "usage_page": 0xFF00,
        "product_string": "Phone",
        "vendor_id": 0x04D9,
        "product_id": 0xA0C1,
        "serial_number": "A1",
    }
    headset = {"path": b"/dev/hidraw1", "usage_page": 0x0B}
    monkeypatch.setattr(hid, "enumerate", lambda: [phone_box, headset])
    usr, modem, adapter, box, hook = discover().devices
    assert (usr.kind, usr.port) == (BusKind.SERIAL, "usb:0baf:0303:A1")
    assert "profile usr" in usr.might_be
    assert "USB modem" in modem.might_be
    assert "WCH" in adapter.might_be
    assert (box.kind, box.port, box.description) == (BusKind.HID, "hid:04d9:a0c1:A1", "Phone")
    assert "tp_hid" in box.might_be
    assert hook.port == "/dev/hidraw1"
    assert "headset of one" in hook.might_be


def test_a_machine_without_hid_gets_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no permission")

    monkeypatch.setattr(hid, "enumerate", broken)
    assert "cannot list HID devices: no permission" in discover().problems


def test_stable_names_are_resolved_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda: [port("/dev/ttyACM7", 0x0BAF, 0x0303, "A1")])
    assert resolve_port("usb:0baf:0303") == resolve_port("usb:0BAF:0303:A1") == "/dev/ttyACM7"
    assert resolve_port("/dev/ttyS0") == "/dev/ttyS0"
    with pytest.raises(PortError, match="no device"):
        resolve_port("usb:0baf:0303:B2")
    with pytest.raises(PortError, match="form"):
        resolve_port("usb:modem")


def test_an_ambiguous_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda: [port("/dev/ttyACM1", 1, 2), port("/dev/ttyACM0", 1, 2)])
    with pytest.raises(PortError, match=r"ttyACM0, /dev/ttyACM1.*serial number"):
        resolve_port("usb:0001:0002")
