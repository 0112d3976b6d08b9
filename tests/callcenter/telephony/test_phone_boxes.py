"""Calls on phone boxes that are not serial, from the box to the record: real drivers, real transports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest_twisted
from twisted.internet import reactor

from callcenter.telephony.effects import EndReason
from hardware.drivers import LineSettings
from hardware.shared_ports import SharedPorts
from hardware.tp_hid_line import TpHidLine
from hardware.ubox_line import UboxLine
from storage.database import Database
from tests.peers import patience
from tests.peers.call_center import ANNA, NOW, ZHANG, CallCenter, LineEntry, clock_at, fill
from tests.peers.tp_hid_box import TpHidBox
from tests.peers.ubox import service


async def call_center(database: Database, driver: str, device: Any) -> CallCenter:
    await database.run(fill)
    entries = (LineEntry("line 1", driver=driver, group="随访中心"),)
    hospital = CallCenter(database, clock_at(NOW), entries=entries, devices=[device])
    await hospital.telephony.start()
    await hospital.telephony.agents.connected(ANNA)
    return hospital


async def until(hospital: CallCenter, condition: Callable[[], object]) -> None:
    async def settled() -> object:
        await hospital.settle()
        return condition()

    await patience.until(settled, lambda: f"something; told {[event.type for event in hospital.events]}")


def is_idle(hospital: CallCenter) -> bool:
    told = hospital.told("line.updated")
    return bool(told) and told[-1].data["state"] == "idle"


def settings(driver: str, port: str) -> LineSettings:
    return LineSettings.model_validate({"name": "line 1", "driver": driver, "port": port})


@pytest_twisted.ensureDeferred
async def test_a_tp_box_rings_is_answered_by_the_page_and_pulled_out(database: Database, tmp_path: Path) -> None:
    box = TpHidBox()
    device = TpHidLine(settings("tp_hid", "hid:04d9:a0c1"), reactor, tmp_path, box.open)  # type: ignore[arg-type]
    hospital = await call_center(database, "tp_hid", device)
    try:
        await until(hospital, lambda: is_idle(hospital))
        box.ring()
        box.caller_id("13800138000")
        await until(hospital, lambda: [e for e in hospital.told("call.ringing") if e.data["number"]])
        call = hospital.last("call.ringing")
        assert (call["patient"]["id"], call["line"]["name"]) == (ZHANG, "line 1")
        await hospital.telephony.calls.answer(ANNA, call["id"])
        await until(hospital, lambda: hospital.told("call.answered"))
        assert box.off_hook
        box.unplug()
        await until(hospital, lambda: hospital.told("call.ended"))
        assert hospital.last("call.ended")["end_reason"] == EndReason.UNKNOWN.value
    finally:
        await hospital.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_a_ubox_dials_for_an_agent_and_the_number_is_busy(database: Database, tmp_path: Path) -> None:
    async with service() as ubox:
        shared = SharedPorts(reactor)  # type: ignore[arg-type]
        port = f"ws://127.0.0.1:{ubox.port}/ws#1"
        device = UboxLine(settings("ubox", port), reactor, tmp_path, shared)  # type: ignore[arg-type]
        hospital = await call_center(database, "ubox", device)
        try:
            await until(hospital, lambda: is_idle(hospital))
            over = ubox.run("outgoing", result="busy", after=1)
            view = await hospital.telephony.lines.dial(ANNA, None, "13800138000")
            assert await over == "busy"
            await until(hospital, lambda: hospital.told("call.ended"))
            ended = hospital.last("call.ended")
            assert (ended["id"], ended["end_reason"]) == (view["id"], EndReason.BUSY.value)
            assert ubox.ask("status")["dialled"] == "13800138000"
        finally:
            await hospital.telephony.stop()
