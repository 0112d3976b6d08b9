"""A simulated SMS gateway in the test's own process, and a gateway device on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from twisted.internet import reactor

from hardware.gateways.device import GatewayDevice
from hardware.gateways.drivers import MODELS, create_gateway
from hardware.gateways.settings import GatewayKind, GatewaySettings
from hardware.simulators.smsc import PROTOCOLS
from hardware.simulators.smsc_requests import Treatment
from hardware.simulators.smsc_service import SimulatedSmsc
from protocols.sms import GatewayReady, Part
from tests.peers.gateway_heard import GatewayHeard
from twistd_plugin.commands.ports import free_port

ACCOUNTS: dict[str, dict[str, Any]] = {
    "cmpp2": {"sp_id": "900001", "secret": "888888", "sp_number": "1069"},
    "cmpp3": {"sp_id": "900001", "secret": "888888", "sp_number": "1069"},
    "smpp": {"system_id": "900001", "password": "888888", "source": "1069"},
}


@asynccontextmanager
async def smsc_running(
    protocol: str, port: int | None = None, tls: Any = None, **treatment: Any
) -> AsyncIterator[SimulatedSmsc]:
    make = PROTOCOLS[protocol]
    smsc = SimulatedSmsc(reactor, lambda: make("900001", "888888"), Treatment(**treatment), port or free_port(), tls)
    smsc.plug()
    try:
        yield smsc
    finally:
        await smsc.unplug()


def gateway_settings(kind: GatewayKind, values: Mapping[str, Any]) -> GatewaySettings:
    """The settings of a gateway of ``kind``."""
    return MODELS[kind].model_validate({**values, "kind": kind})


def device_for(kind: str, port: int, folder: Path, **settings: Any) -> GatewayDevice:
    values = {
        "name": "g", "host": "127.0.0.1", "port": port, "rate": 2000.0, "window": 32, **ACCOUNTS[kind], **settings,
    }  # fmt: skip
    return create_gateway(gateway_settings(GatewayKind(kind), values), reactor, folder)


@asynccontextmanager
async def gateway_on(
    kind: str, port: int, folder: Path, *, writes: bool = True, ready: bool = True, **settings: Any
) -> AsyncIterator[tuple[GatewayDevice, GatewayHeard]]:
    device, heard = device_for(kind, port, folder, **settings), GatewayHeard(writes=writes)
    device.start(heard)
    try:
        if ready:
            await heard.some(GatewayReady)
        yield device, heard
    finally:
        await device.stop()


async def submit_all(device: GatewayDevice, heard: GatewayHeard, parts: list[Part]) -> None:
    """Hand all over as there is room."""
    rest = list(parts)
    while rest:
        await heard.until(lambda: device.room)
        count = device.room
        device.submit(rest[:count])
        del rest[:count]
