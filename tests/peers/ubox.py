"""The simulated UBOX service in the test's own process, and lines on it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.line_device import LineDevice
from hardware.simulators.requests import parser
from hardware.simulators.ubox_service import SimulatedUboxService
from tests.peers.simulator import Heard
from twistd_plugin.commands.ports import free_port


class Service:
    def __init__(self, **options: Any) -> None:
        self.options = {"speed": 10.0, **options}
        self.port = free_port()
        self.running: SimulatedUboxService

    async def start(self) -> None:
        """Start anew, on the same port as before."""
        self.running = SimulatedUboxService(reactor, **self.options)  # type: ignore[arg-type]
        self.running.port = self.port
        self.running.plug()

    async def stop(self) -> None:
        await self.running.unplug()

    def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        return self.running.handle(parser.validate_python({"command": command, **fields}), lambda _: None)

    def run(self, command: str, **fields: Any) -> Deferred[str]:
        """Fires with how the scripted call ended."""
        over: Deferred[str] = Deferred()
        self.running.handle(parser.validate_python({"command": command, **fields}), over.callback)
        return over

    def say_raw(self, data: bytes) -> None:
        self.running.say_raw(data)

    def say(self, **message: Any) -> None:
        self.say_raw(json.dumps(message).encode())


@asynccontextmanager
async def service(**options: Any) -> AsyncIterator[Service]:
    running = Service(**options)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


@asynccontextmanager
async def lines_on(
    port: int, folder: Path, count: int = 1, **values: Any
) -> AsyncIterator[list[tuple[LineDevice, Heard]]]:
    """``count`` lines of one service, started."""
    settings = [
        LineSettings.model_validate(
            {"name": f"门诊 {n}", "driver": "ubox", "port": f"ws://127.0.0.1:{port}/ws#{n}", **values}
        )
        for n in range(1, count + 1)
    ]
    shared = SharedPorts(reactor)  # type: ignore[arg-type]
    devices = [create_line_device(line, reactor, folder / "trace", shared) for line in settings]  # type: ignore[arg-type]
    lines = [(device, Heard()) for device in devices]
    for device, heard in lines:
        device.start(heard)
    try:
        yield lines
    finally:
        for device, _ in lines:
            await device.stop()
