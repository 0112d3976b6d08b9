"""Which serial and HID devices are plugged in, and what each might be."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from hardware.hid_devices import VENDOR_PAGES

BY_ID = Path("/dev/serial/by-id")
_TELEPHONY_PAGE = 0x0B

# Vendor and product ids as listed by the Linux USB id database and the makers.
_KNOWN: Mapping[tuple[int, int], str] = {
    (0x0BAF, 0x0303): "U.S. Robotics 5637 voice modem: driver hayes, profile usr",
    (0x0572, 0x1329): "Conexant voice modem: driver hayes, profile conexant",
    (0x0572, 0x1340): "Conexant voice modem: driver hayes, profile conexant",
    (0x0803, 0x3095): "Zoom 3095 voice modem: driver hayes, profile conexant",
    (0x11C1, 0x048F): "Agere voice modem: driver hayes, profile agere",
}
_ADAPTERS: Mapping[int, str] = {
    0x0403: "FTDI",
    0x067B: "Prolific",
    0x10C4: "Silicon Labs",
    0x1A86: "WCH",
}

_BOXES = "caller-id box (driver fsk, netcallerid or tci)"


class BusKind(enum.Enum):
    """How a device is attached."""

    SERIAL = "serial"
    HID = "hid"


@dataclass(frozen=True)
class DiscoveredDevice:
    """One device. ``port`` is what to write into a line's ``port`` setting, stable where the system offers it."""

    kind: BusKind
    port: str
    path: str
    description: str
    might_be: str
    vendor_id: int | None = None
    product_id: int | None = None
    serial_number: str = ""


@dataclass(frozen=True)
class Discovery:
    """Devices found, and for each bus that could not be looked at a sentence why."""

    devices: tuple[DiscoveredDevice, ...]
    problems: tuple[str, ...]


def discover() -> Discovery:
    """Look at every bus. Blocks for up to a second: call it on a thread. Never raises for what a machine lacks."""
    problems: list[str] = []
    devices: list[DiscoveredDevice] = []
    for bus, look in (("serial ports", _serial_devices), ("HID devices", _hid_devices)):
        try:
            devices += look()
        except (OSError, ImportError, RuntimeError) as error:
            problems.append(f"cannot list {bus}: {error}")
    return Discovery(tuple(devices), tuple(problems))


def _serial_devices() -> Iterable[DiscoveredDevice]:
    by_id = _stable_names()
    return [
        DiscoveredDevice(
            kind=BusKind.SERIAL,
            port=by_id.get(info.device) or _bus_name("usb", info.vid, info.pid, info.serial_number) or info.device,
            path=info.device,
            description=info.description if info.description != "n/a" else "serial port",
            might_be=guess_serial(info.vid, info.pid, info.device),
            vendor_id=info.vid,
            product_id=info.pid,
            serial_number=info.serial_number or "",
        )
        for info in sorted(list_ports.comports(), key=lambda info: str(info.device))
    ]


def _stable_names() -> dict[str, str]:
    if not BY_ID.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(BY_ID.iterdir())}


def _bus_name(bus: str, vendor: int | None, product: int | None, number: str | None) -> str:
    if vendor is None or product is None:
        return ""
    return f"{bus}:{vendor:04x}:{product:04x}" + (f":{number}" if number else "")


def guess_serial(vendor: int | None, product: int | None, device: str) -> str:
    """What a serial port might be, as a sentence for whoever sets up a line."""
    if vendor is None or product is None:
        return f"a serial port of the machine: an external modem (driver hayes) or {_BOXES}"
    if known := _KNOWN.get((vendor, product)):
        return known
    if maker := _ADAPTERS.get(vendor):
        return f"{maker} serial adapter: behind it a modem (driver hayes) or {_BOXES}"
    if "ttyACM" in device:
        return "a USB modem: driver hayes"
    return "unknown: switch the trace on to see what it says"


def _hid_devices() -> Iterable[DiscoveredDevice]:
    # Imported here: the library needs a system library that a machine without HID may lack.
    import hid  # noqa: PLC0415

    entries = hid.enumerate()
    if not entries and not any(Path("/dev").glob("hidraw*")):
        raise OSError("none is visible to this process (there is no /dev/hidraw*)")
    return [_hid_device(entry) for entry in entries]


def _hid_device(entry: Mapping[str, Any]) -> DiscoveredDevice:
    path = bytes(entry.get("path") or b"").decode("utf-8", "replace")
    words = [str(entry.get(key) or "") for key in ("manufacturer_string", "product_string")]
    return DiscoveredDevice(
        kind=BusKind.HID,
        port=_bus_name("hid", entry.get("vendor_id"), entry.get("product_id"), entry.get("serial_number")) or path,
        path=path,
        description=" ".join(word for word in words if word) or "HID device",
        might_be=guess_hid(int(entry.get("usage_page") or 0)),
        vendor_id=entry.get("vendor_id"),
        product_id=entry.get("product_id"),
        serial_number=str(entry.get("serial_number") or ""),
    )


def guess_hid(usage_page: int) -> str:
    """What a HID device might be by its usage page."""
    if usage_page == _TELEPHONY_PAGE:
        return "a headset or handset with hook button: not a line"
    if usage_page >= VENDOR_PAGES:
        return "a vendor's own device; if it is a phone box, try driver tp_hid with the trace on"
    return "not a telephone device"
