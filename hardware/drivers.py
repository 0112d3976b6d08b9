"""Which driver serves which device family: the one place where a line device is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.asterisk_line import AsteriskLine
from hardware.hayes_line import HayesLine
from hardware.headset import HeadsetLine
from hardware.line_device import LineDevice
from hardware.line_host_line import LineHostLine
from hardware.monitor_line import FskLine, NetCallerIdLine
from hardware.settings import DriverName, LineSettings
from hardware.shared_ports import SharedPorts
from hardware.tci_line import TciLine
from hardware.tp_hid_line import TpHidLine
from hardware.ubox_line import UboxLine
from hardware.whozz_line import WhozzLine

__all__ = ["LineSettings", "SharedPorts", "create_line_device", "driver_names"]

DriverFactory = Callable[[LineSettings, ReactorBase, Path], LineDevice]

_DRIVERS: Mapping[DriverName, DriverFactory] = {
    DriverName.FSK: FskLine,
    DriverName.NETCALLERID: NetCallerIdLine,
    DriverName.TP_HID: TpHidLine,
}

SharingDriverFactory = Callable[[LineSettings, ReactorBase, Path, SharedPorts], LineDevice]

_SHARING: Mapping[DriverName, SharingDriverFactory] = {
    DriverName.WHOZZ: WhozzLine,
    DriverName.TCI: TciLine,
    DriverName.UBOX: UboxLine,
    DriverName.ASTERISK: AsteriskLine,
    DriverName.LINE_HOST: LineHostLine,
}


def driver_names() -> list[str]:
    """What a line's ``driver`` setting may be."""
    return [name.value for name in DriverName]


def create_line_device(
    settings: LineSettings,
    reactor: ReactorBase,
    trace_folder: Path,
    shared: SharedPorts | None = None,
    recordings: Path | None = None,
) -> LineDevice:
    """The device for ``settings``, not started. Its trace goes to a file in ``trace_folder``; with a line host, there.
    What is recorded by us and not by the device goes to ``recordings``; without it such devices do not record.

    Lines of boxes with several lines and of PBXes must be given the same ``shared``; ``KeyError`` if their PBX is not
    among its.
    """
    device = _bare_device(settings, reactor, trace_folder, shared, recordings)
    return HeadsetLine(device, settings.headset, reactor) if settings.headset else device


def _bare_device(
    settings: LineSettings,
    reactor: ReactorBase,
    trace_folder: Path,
    shared: SharedPorts | None,
    recordings: Path | None,
) -> LineDevice:
    if settings.driver is DriverName.HAYES:
        return HayesLine(settings, reactor, trace_folder, recordings)
    if settings.driver in _SHARING:
        return _SHARING[settings.driver](settings, reactor, trace_folder, shared or SharedPorts(reactor))
    return _DRIVERS[settings.driver](settings, reactor, trace_folder)
