"""Which driver serves which kind of SMS gateway: the one place where a gateway device is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.base import ReactorBase

from hardware.gateways.cmpp import CmppSettings, cmpp_gateway
from hardware.gateways.device import GatewayDevice
from hardware.gateways.gsm import GsmGateway, GsmGatewaySettings
from hardware.gateways.http import HttpGateway
from hardware.gateways.http_settings import HttpGatewaySettings
from hardware.gateways.settings import GatewayKind, GatewaySettings
from hardware.gateways.smpp import SmppSettings, smpp_gateway

__all__ = ["DRIVERS", "MODELS", "GatewayDriver", "create_gateway"]


@dataclass(frozen=True)
class GatewayDriver:
    """What can be set on gateways of a kind, and what makes one of these settings. The model has a field ``kind``."""

    settings: type[GatewaySettings]
    make: Callable[[Any, ReactorBase, Path], GatewayDevice]


_CMPP = GatewayDriver(CmppSettings, cmpp_gateway)
DRIVERS: Mapping[GatewayKind, GatewayDriver] = {
    GatewayKind.CMPP2: _CMPP,
    GatewayKind.CMPP3: _CMPP,
    GatewayKind.SMPP: GatewayDriver(SmppSettings, smpp_gateway),
    GatewayKind.GSM: GatewayDriver(GsmGatewaySettings, GsmGateway),
    GatewayKind.HTTP: GatewayDriver(HttpGatewaySettings, HttpGateway),
}

MODELS: Mapping[GatewayKind, type[GatewaySettings]] = {kind: driver.settings for kind, driver in DRIVERS.items()}
"""What can be set on each kind."""


def create_gateway(settings: GatewaySettings, reactor: ReactorBase, trace_folder: Path) -> GatewayDevice:
    """The device for ``settings``, not started. Its trace goes to a file in ``trace_folder``.

    ``HardwareError`` if a file that the settings name cannot be used.
    """
    makers = {driver.settings: driver.make for driver in DRIVERS.values()}
    return makers[type(settings)](settings, reactor, trace_folder)
