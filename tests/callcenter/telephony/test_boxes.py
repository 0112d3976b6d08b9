"""Caller-id boxes on real transports into call records: the whole way but for the page."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_twisted
from twisted.internet import reactor

from hardware.drivers import LineSettings, SharedPorts, create_line_device
from storage.database import Database
from tests.peers.call_center import NOW, SUSAN, CallCenter, LineEntry, clock_at, fill
from tests.peers.patience import until
from tests.peers.serial_server import SerialServer
from tests.peers.simulator import running
from tests.protocols.whozz.packets import call, detail
from twistd_plugin.commands.ports import free_port


@asynccontextmanager
async def call_center(database: Database, folder: Path, *lines: dict[str, Any]) -> AsyncIterator[CallCenter]:
    await database.run(fill)
    shared = SharedPorts(reactor)
    settings = [LineSettings.model_validate(line) for line in lines]
    devices = [create_line_device(one, reactor, folder, shared) for one in settings]
    entries = tuple(LineEntry(one.name, one.driver.value) for one in settings)
    hospital = CallCenter(database, clock_at(NOW), entries, devices=devices)  # type: ignore[arg-type]
    await hospital.telephony.start()
    try:
        yield hospital
    finally:
        await hospital.telephony.stop()


async def told(hospital: CallCenter, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """The data of the first ``count`` events of ``kind``; the devices run on the reactor's time."""
    await until(
        lambda: len(hospital.told(kind)) >= count, lambda: f"{kind}; told {[event.type for event in hospital.events]}"
    )
    return [dict(event.data) for event in hospital.told(kind)[:count]]


async def told_of(hospital: CallCenter, patient: str) -> dict[str, Any]:
    """The data of the first call that rang and was known to be of ``patient``."""

    def rang() -> dict[str, Any] | None:
        calls = [dict(event.data) for event in hospital.told("call.ringing")]
        return next((call for call in calls if call["patient"] and call["patient"]["name"] == patient), None)

    found: dict[str, Any] = await until(rang, lambda: f"a call of {patient}; told {hospital.events}")
    return found


@pytest_twisted.ensureDeferred
async def test_ethernet_boxes(database: Database, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    where = f"udp://127.0.0.1:{port}/*"
    lines = [{"name": f"line {line}", "driver": "whozz", "port": f"{where}/{line:02}"} for line in (1, 2)]
    async with call_center(database, tmp_path, *lines) as hospital:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
            box.connect(("127.0.0.1", port))
            for datagram in (detail("R"), call("I S", "13800138000", "")):
                box.send(datagram)
                box.send(datagram)
            # The caller may come in time to be told with the ring.
            ringing = [await told_of(hospital, "张三")]
            assert ringing[-1]["line"]["name"] == "line 1"
            # Of a call on the other line nothing but its end arrives.
            box.send(call("I E", "13600136000", "", seconds=33, line=2))
            (late,) = await told(hospital, "call.ended")
            assert (late["line"]["name"], late["number"], late["missed"]) == ("line 2", "+8613600136000", False)
            box.send(detail("F"))
            await told(hospital, "call.answered", 2)
            box.send(detail("N"))
            ended = (await told(hospital, "call.ended", 2))[-1]
            assert (ended["id"], ended["missed"], ended["end_reason"]) == (ringing[0]["id"], False, "handset")


async def both_are_idle(hospital: CallCenter) -> bool:
    return [line["state"] for line in await hospital.telephony.lines.list(SUSAN)] == ["idle", "idle"]


@pytest_twisted.ensureDeferred
async def test_serial_boxes_here_and_behind_a_serial_server(database: Database, tmp_path: Path) -> None:
    with (
        running(tmp_path / "here", "serial_box", "--format", "netcallerid", "--speed", "10") as here,
        running(tmp_path / "far", "serial_box", "--format", "tci", "--line", "2", "--speed", "10") as far,
    ):
        server = SerialServer(far.link)
        lines = (
            {"name": "here", "driver": "netcallerid", "port": str(here.link), "ring_timeout": 1},
            {"name": "far", "driver": "tci", "port": f"tcp://127.0.0.1:{server.port}#02", "ring_timeout": 1},
        )
        async with call_center(database, tmp_path, *lines) as hospital:
            await until(lambda: both_are_idle(hospital), "idle lines")
            here.ask("call", number="13800138000", rings=1)
            (first,) = await told(hospital, "call.ringing")
            assert (first["line"]["name"], first["patient"]["name"]) == ("here", "张三")
            far.ask("call", number="13600136000", rings=1)
            second = (await told(hospital, "call.ringing", 2))[-1]
            assert (second["line"]["name"], second["patient"]["name"]) == ("far", "赵心")
            ended = await told(hospital, "call.ended", 2)
            assert [call["missed"] for call in ended] == [True, True]
        await server.close()
