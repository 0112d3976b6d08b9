"""Which driver serves which device family: the one place where a line device is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.fsk_line import FskLine
from hardware.hayes_line import HayesLine
from hardware.line_device import LineDevice
from hardware.settings import DriverName, LineSettings
from hardware.tp_hid_line import TpHidLine
from hardware.ubox_line import UboxLine
from hardware.ubox_port import UboxServices

__all__ = ["LineSettings", "create_line_device", "create_line_devices", "driver_names"]

DriverFactory = Callable[[LineSettings, ReactorBase, Path], LineDevice]

_DRIVERS: Mapping[DriverName, DriverFactory] = {
    DriverName.HAYES: HayesLine,
    DriverName.FSK: FskLine,
    DriverName.TP_HID: TpHidLine,
}


def driver_names() -> list[str]:
    """What a line's ``driver`` setting may be."""
    return [name.value for name in DriverName]


def create_line_devices(lines: Sequence[LineSettings], reactor: ReactorBase, trace_folder: Path) -> list[LineDevice]:
    """The devices for ``lines``, not started. Lines on one vendor service share its connection.

    A line's trace goes to a file in ``trace_folder``.
    """
    drivers: Mapping[DriverName, DriverFactory] = {
        **_DRIVERS,
        DriverName.UBOX: partial(UboxLine, UboxServices(reactor)),
    }
    return [drivers[settings.driver](settings, reactor, trace_folder) for settings in lines]


def create_line_device(settings: LineSettings, reactor: ReactorBase, trace_folder: Path) -> LineDevice:
    """The device for one line that shares nothing with others."""
    return create_line_devices([settings], reactor, trace_folder)[0]
