"""Which driver serves which device family: the one place where a line device is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.asterisk_line import AsteriskLine
from hardware.asterisk_pbx import PbxDirectory
from hardware.fsk_line import FskLine
from hardware.hayes_line import HayesLine
from hardware.line_device import LineDevice
from hardware.settings import DriverName, LineSettings

__all__ = ["LineSettings", "create_line_device", "driver_names"]

DriverFactory = Callable[[LineSettings, ReactorBase, Path], LineDevice]

_DRIVERS: Mapping[DriverName, DriverFactory] = {
    DriverName.HAYES: HayesLine,
    DriverName.FSK: FskLine,
}


def driver_names() -> list[str]:
    """What a line's ``driver`` setting may be."""
    return [name.value for name in DriverName]


def create_line_device(
    settings: LineSettings, reactor: ReactorBase, trace_folder: Path, pbxes: PbxDirectory | None = None
) -> LineDevice:
    """The device for ``settings``, not started. Its trace goes to a file in ``trace_folder``.

    Lines on a PBX must be given the same ``pbxes``; ``KeyError`` if theirs is not among them.
    """
    if settings.driver is DriverName.ASTERISK:
        return AsteriskLine(settings, reactor, trace_folder, pbxes or {})
    return _DRIVERS[settings.driver](settings, reactor, trace_folder)
