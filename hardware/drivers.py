"""Which driver serves which device family: the one place where a line device is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.hayes_line import HayesLine
from hardware.line_device import LineDevice
from hardware.monitor_line import FskLine
from hardware.settings import DriverName, LineSettings
from hardware.udp_port import UdpSockets
from hardware.whozz_line import WhozzLine

__all__ = ["LineSettings", "UdpSockets", "create_line_device", "driver_names"]

DriverFactory = Callable[[LineSettings, ReactorBase, Path], LineDevice]

_DRIVERS: Mapping[DriverName, DriverFactory] = {
    DriverName.HAYES: HayesLine,
    DriverName.FSK: FskLine,
}

SocketDriverFactory = Callable[[LineSettings, ReactorBase, Path, UdpSockets], LineDevice]

_ON_SOCKETS: Mapping[DriverName, SocketDriverFactory] = {
    DriverName.WHOZZ: WhozzLine,
}


def driver_names() -> list[str]:
    """What a line's ``driver`` setting may be."""
    return [name.value for name in DriverName]


def create_line_device(
    settings: LineSettings, reactor: ReactorBase, trace_folder: Path, sockets: UdpSockets | None = None
) -> LineDevice:
    """The device for ``settings``, not started. Its trace goes to a file in ``trace_folder``.

    Lines of Ethernet boxes that listen at one port must be given the same ``sockets``.
    """
    if settings.driver in _ON_SOCKETS:
        return _ON_SOCKETS[settings.driver](settings, reactor, trace_folder, sockets or UdpSockets(reactor))
    return _DRIVERS[settings.driver](settings, reactor, trace_folder)
