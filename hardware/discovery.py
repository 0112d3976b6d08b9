"""Which serial and HID devices are plugged in, and what each might be."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from hardware.hid_devices import TELEPHONY_PAGE, VENDOR_PAGES
from protocols.sayings import Said, Saying

BY_ID = Path("/dev/serial/by-id")


def _voice_modem(maker: str, profile: str) -> str:
    return Said(Saying.MIGHT_BE_VOICE_MODEM, maker=maker, profile=profile)


# Vendor and product ids as listed by the Linux USB id database and the makers.
_KNOWN: Mapping[tuple[int, int], str] = {
    (0x0BAF, 0x0303): _voice_modem("U.S. Robotics 5637", "usr"),
    (0x0572, 0x1329): _voice_modem("Conexant", "conexant"),
    (0x0572, 0x1340): _voice_modem("Conexant", "conexant"),
    (0x0803, 0x3095): _voice_modem("Zoom 3095", "conexant"),
    (0x11C1, 0x048F): _voice_modem("Agere", "agere"),
}
_ADAPTERS: Mapping[int, str] = {
    0x0403: "FTDI",
    0x067B: "Prolific",
    0x10C4: "Silicon Labs",
    0x1A86: "WCH",
}


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
            description=info.description if info.description != "n/a" else Said(Saying.SERIAL_PORT),
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
        return Said(Saying.MIGHT_BE_ON_PORT)
    if known := _KNOWN.get((vendor, product)):
        return known
    if maker := _ADAPTERS.get(vendor):
        return Said(Saying.MIGHT_BE_BEHIND_ADAPTER, maker=maker)
    if "ttyACM" in device:
        return Said(Saying.MIGHT_BE_USB_MODEM)
    return Said(Saying.MIGHT_BE_ANYTHING)


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
        description=" ".join(word for word in words if word) or Said(Saying.HID_DEVICE),
        might_be=guess_hid(int(entry.get("usage_page") or 0)),
        vendor_id=entry.get("vendor_id"),
        product_id=entry.get("product_id"),
        serial_number=str(entry.get("serial_number") or ""),
    )


def guess_hid(usage_page: int) -> str:
    """What a HID device might be by its usage page."""
    if usage_page == TELEPHONY_PAGE:
        return Said(Saying.MIGHT_BE_HEADSET)
    if usage_page >= VENDOR_PAGES:
        return Said(Saying.MIGHT_BE_PHONE_BOX)
    return Said(Saying.NO_TELEPHONE)
