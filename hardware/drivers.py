"""Which driver serves which device family: the one place where a line device is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.fsk_line import FskLine
from hardware.hayes_line import HayesLine
from hardware.line_device import LineDevice
from hardware.settings import DriverName, LineSettings
from hardware.tp_hid_line import TpHidLine
from hardware.ubox_line import UboxLine
from hardware.ubox_port import UboxServices

__all__ = ["LineSettings", "UboxServices", "create_line_device", "driver_names"]

DriverFactory = Callable[[LineSettings, ReactorBase, Path], LineDevice]

_DRIVERS: Mapping[DriverName, DriverFactory] = {
    DriverName.HAYES: HayesLine,
    DriverName.FSK: FskLine,
    DriverName.TP_HID: TpHidLine,
}


def driver_names() -> list[str]:
    """What a line's ``driver`` setting may be."""
    return [name.value for name in DriverName]


def create_line_device(
    settings: LineSettings, reactor: ReactorBase, trace_folder: Path, ubox: UboxServices | None = None
) -> LineDevice:
    """The device for ``settings``, not started. Its trace goes to a file in ``trace_folder``.

    Lines of one UBOX service must be given the same ``ubox``.
    """
    if settings.driver is DriverName.UBOX:
        return UboxLine(settings, reactor, trace_folder, ubox or UboxServices(reactor))
    return _DRIVERS[settings.driver](settings, reactor, trace_folder)
