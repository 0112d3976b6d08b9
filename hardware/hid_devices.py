"""HID devices by name, and opening them with the HID library."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from hardware.device_files import require_device
from hardware.supervisor import PortError
from protocols.sayings import Said, Saying

_HID = re.compile(r"hid:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?")
TELEPHONY_PAGE = 0x0B
"""The usage page of headsets and handsets."""
VENDOR_PAGES = 0xFF00
"""Usage pages from here on are a vendor's own."""

DEVICE_ERRORS = (OSError, ValueError)
"""What the library raises: ``ValueError`` for a device that has been closed."""


class HidDevice(Protocol):
    """What we use of ``hid.device``."""

    def read(self, max_length: int, timeout_ms: int) -> Sequence[int]:
        """One report; empty if none came in time. ``OSError`` if the device is gone."""
        ...

    def write(self, buff: bytes) -> int:
        """Write one report, its id first. The number of bytes written, negative for none."""
        ...

    def close(self) -> None:
        """Close it. No other thread may be using it."""
        ...


OpenDevice = Callable[[str], HidDevice]


def hid_address(port: str) -> re.Match[str] | None:
    """Vendor, product and serial number in ``port``, None for a path; ``ValueError`` says what is allowed."""
    match = _HID.fullmatch(port)
    if match is None and not port.startswith("/"):
        raise ValueError(Said(Saying.HID_PORT))
    return match


def open_hid(port: str) -> HidDevice:
    """Open ``port``, a path or ``hid:VID:PID[:SERIAL]``. Blocks; ``PortError`` if it cannot be."""
    opened: HidDevice = _open(port, lambda page: page >= VENDOR_PAGES)
    return opened


def open_headset(port: str) -> tuple[HidDevice, bytes]:
    """Likewise for a headset, with its report descriptor."""
    device = _open(port, lambda page: page == TELEPHONY_PAGE)
    try:
        return device, bytes(device.get_report_descriptor())
    except DEVICE_ERRORS as error:
        device.close()
        raise _cannot_open(port, error) from error


def _open(port: str, meant_page: Callable[[int], bool]) -> Any:
    # Imported here: the library needs a system library that a machine without HID may lack.
    try:
        import hid  # noqa: PLC0415
    except ImportError as error:
        raise _cannot_open(port, error) from error
    try:
        match = hid_address(port)
        path = resolve_hid(match, hid.enumerate, meant_page) if match else _device_path(port)
        device = hid.device()
        device.open_path(path)
    except DEVICE_ERRORS as error:
        raise _cannot_open(port, error) from error
    return device


def _device_path(port: str) -> bytes:
    require_device(port)
    return os.path.realpath(port).encode()


def _cannot_open(port: str, error: Exception) -> PortError:
    return PortError(Said(Saying.CANNOT_OPEN, port=port, why=str(error)))


def resolve_hid(
    meant: re.Match[str],
    enumerate_devices: Callable[[int, int], Sequence[Mapping[str, Any]]],
    meant_page: Callable[[int], bool] = lambda page: page >= VENDOR_PAGES,
) -> bytes:
    """The library's path of the one plugged-in device that ``hid_address`` found to be meant, else ``PortError``.

    It often is several devices in one: of its HID interfaces, one whose usage page is a ``meant_page`` is meant, of a
    phone box the one with a vendor's own.
    """
    found = [
        entry
        for entry in enumerate_devices(int(meant[1], 16), int(meant[2], 16))
        if meant[3] in (None, entry.get("serial_number"))
    ]
    paths = _paths(entry for entry in found if meant_page(int(entry.get("usage_page") or 0))) or _paths(found)
    if not paths:
        raise PortError(Said(Saying.NOT_PLUGGED_IN, port=meant[0]))
    if len(paths) > 1:
        names = ", ".join(path.decode(errors="replace") for path in paths)
        raise PortError(Said(Saying.AMBIGUOUS_HID, port=meant[0], found=names))
    return paths[0]


def _paths(entries: Any) -> list[bytes]:
    return sorted({bytes(entry["path"]) for entry in entries if entry.get("path")})
