"""A simulated SMS gateway in the test's own process, a gateway device on it, and what that reports."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet import reactor
from twisted.internet.task import deferLater

from hardware.gateways.device import GatewayDevice
from hardware.gateways.drivers import MODELS, create_gateway
from hardware.gateways.settings import GatewayKind, GatewaySettings
from hardware.simulators.smsc import PROTOCOLS
from hardware.simulators.smsc_requests import Treatment
from hardware.simulators.smsc_service import SimulatedSmsc
from protocols.sms import GatewayReady, GatewaySignal, Part
from tests.peers.patience import PATIENCE

Kind = TypeVar("Kind", bound=GatewaySignal)
ACCOUNTS: dict[str, dict[str, Any]] = {
    "cmpp2": {"sp_id": "900001", "secret": "888888", "sp_number": "1069"},
    "cmpp3": {"sp_id": "900001", "secret": "888888", "sp_number": "1069"},
    "smpp": {"system_id": "900001", "password": "888888", "source": "1069"},
}


class GatewayHeard:
    """A gateway listener that can be waited on. ``writes``: what arrives is on disk at once."""

    def __init__(self, *, writes: bool = True) -> None:
        self.signals: list[GatewaySignal] = []
        self._writes = writes

    def __call__(self, signals: Any) -> None:
        self.signals.extend(signals)
        if self._writes:
            for signal in signals:
                getattr(signal, "written", lambda: None)()

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [signal for signal in self.signals if isinstance(signal, kind)]

    async def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain; heard {self.signals}"
            await deferLater(reactor, 0.01)

    async def some(self, kind: type[Kind], count: int = 1, seconds: float = PATIENCE) -> list[Kind]:
        await self.until(lambda: len(self.of(kind)) >= count, seconds)
        return self.of(kind)


@asynccontextmanager
async def smsc_running(protocol: str, port: int = 0, tls: Any = None, **treatment: Any) -> AsyncIterator[SimulatedSmsc]:
    make = PROTOCOLS[protocol]
    smsc = SimulatedSmsc(reactor, lambda: make("900001", "888888"), Treatment(**treatment), port, tls)
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
