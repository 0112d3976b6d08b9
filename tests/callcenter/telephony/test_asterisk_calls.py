"""Calls on a PBX, over a real connection, up to the call records."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.task import deferLater

from callcenter.telephony.line_runner import LineRunner
from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.pbx_port import PbxAddress
from protocols.ami.settings import AmiSettings, AmiTimings
from storage.database import Database
from storage.models import CallRecord
from tests.peers.ami_server import AmiServer, ami_server
from tests.peers.call_center import ANNA, NOW, ZHANG, CallCenter, LineEntry, clock_at, fill
from tests.peers.patience import until
from tests.peers.pbx import UP

QUICK = AmiTimings(answer=10.0, keep_alive=0.5, listing=10.0, resync=0.5, patience=30.0)
LINES = {"8001": "main/PJSIP/8001", "8002": "main/PJSIP/8002"}


def rows(session: Session) -> list[dict[str, Any]]:
    """The call records by number; lines write theirs in an order of their own."""
    names = ("direction", "state", "number", "end_reason", "missed", "agent_id", "answered_at")
    calls = session.scalars(select(CallRecord).order_by(CallRecord.number))
    return [{name: getattr(call, name) for name in names} for call in calls]


@asynccontextmanager
async def hospital_with(server: AmiServer, database: Database, folder: Path) -> AsyncIterator[CallCenter]:
    address = PbxAddress("127.0.0.1", server.port)
    pbx = PbxSettings("main", address, AmiSettings("huifang", "s3cret", timings=QUICK))
    shared = SharedPorts(reactor, pbx_directory([pbx], reactor))
    devices: list[Any] = [
        create_line_device(
            LineSettings.model_validate({"name": name, "driver": "asterisk", "port": port}), reactor, folder, shared
        )
        for name, port in LINES.items()
    ]
    entries = (LineEntry("8001", "asterisk", "随访中心", bound_agent="anna"), LineEntry("8002", "asterisk", "随访中心"))
    await database.run(fill)
    hospital = CallCenter(database, clock_at(NOW), entries=entries, devices=devices)
    await hospital.telephony.start()
    try:
        await until(lambda: all(runner.line.ready for runner in runners(hospital)))
        await hospital.settle()
        yield hospital
    finally:
        await hospital.telephony.stop()
        # The reactor closes a connection in its next turn.
        await deferLater(reactor, 0)


def runners(hospital: CallCenter) -> list[LineRunner]:
    return list(hospital.telephony._board)


@pytest_twisted.ensureDeferred
async def test_a_call_to_an_agents_telephone_is_that_agents(database: Database, tmp_path: Path) -> None:
    async with ami_server() as server, hospital_with(server, database, tmp_path) as hospital:
        await hospital.telephony.agents.connected(ANNA)
        caller, phone = server.pbx.call("PJSIP/8001", "13800138000", "张三")
        await until(lambda: bool(hospital.told("call.ringing")))
        assert hospital.last("call.ringing")["patient"]["id"] == ZHANG
        server.pbx.answer(caller, phone)
        await until(lambda: bool(hospital.told("call.answered")))
        answered = hospital.last("call.answered")
        assert (answered["agent"]["id"], answered["certainty"]) == (ANNA.user_id, "sure")
        await hospital.telephony.calls.hang_up(ANNA, answered["id"])
        await until(lambda: bool(hospital.told("call.ended")))
        ended = hospital.last("call.ended")
        assert (ended["end_reason"], ended["missed"], ended["wrap_up"]) == ("hung_up", False, "open")
        assert [action["Channel"] for action in server.actions("Hangup")] == [phone.name]


@pytest_twisted.ensureDeferred
async def test_a_number_is_dialled_from_the_agents_telephone(database: Database, tmp_path: Path) -> None:
    async with ami_server() as server, hospital_with(server, database, tmp_path) as hospital:
        await hospital.telephony.agents.connected(ANNA)
        view = await hospital.telephony.lines.dial(ANNA, None, "138 0013 8000")
        assert view["line"]["name"] == "8001"
        await until(lambda: bool(server.pbx.legs))
        assert server.actions("Originate")[0]["Exten"] == "13800138000"
        (phone,) = server.pbx.legs
        server.pbx.state(phone, UP)
        far = server.pbx.dial_out(phone, "13800138000")
        server.pbx.answer(phone, far)
        await until(lambda: bool(hospital.told("call.answered")))
        server.pbx.end(far, phone, by=far)
        await until(lambda: bool(hospital.told("call.ended")))
        await hospital.settle()
        (row,) = await hospital.look(rows)
        assert (row["direction"], row["end_reason"], row["agent_id"]) == ("out", "far_end", ANNA.user_id)


@pytest_twisted.ensureDeferred
async def test_no_call_is_lost_or_doubled_however_often_the_connection_breaks(
    database: Database, tmp_path: Path
) -> None:
    source = random.Random(11)
    async with ami_server(piece=7) as server, hospital_with(server, database, tmp_path) as hospital:
        expected = []
        for number in range(12):
            name = source.choice(["8001", "8002"])
            who = f"1380013{number:04}"
            caller, phone = server.pbx.call(f"PJSIP/{name}", who)
            if source.random() < 0.5:
                await deferLater(reactor, 0.02)
                server.drop()
            answered = source.random() < 0.7
            if answered:
                server.pbx.answer(caller, phone)
            if source.random() < 0.3:
                server.drop()
            await seen(hospital, who, answered)
            if source.random() < 0.3:
                server.drop()
            server.pbx.end(phone, caller, by=caller)
            await until(lambda: all(runner.line.call is None for runner in runners(hospital)))
            expected.append((who, answered))
        await until(lambda: all(runner.line.ready for runner in runners(hospital)))
        await hospital.settle()
        found = await hospital.look(rows)
        assert [(row["number"].removeprefix("+86"), row["answered_at"] is not None) for row in found] == expected
        assert {row["state"] for row in found} == {"ended"}
        assert {row["end_reason"] for row in found} <= {"far_end", "abandoned", "unknown"}


async def seen(hospital: CallCenter, number: str, answered: bool) -> None:
    """Wait until the call is known as far as it has come."""

    def known() -> bool:
        calls = [runner.line.call for runner in runners(hospital) if runner.line.call is not None]
        state = "talking" if answered else "ringing"
        return any(call.caller.number == number and call.state.value == state for call in calls)

    await until(known)


@pytest_twisted.ensureDeferred
async def test_a_group_call_is_missed_by_nobody_when_one_answers(database: Database, tmp_path: Path) -> None:
    async with ami_server() as server, hospital_with(server, database, tmp_path) as hospital:
        caller, phone = server.pbx.call("PJSIP/8001", "13800138000")
        slower = server.pbx.ring(caller, "PJSIP/8002")
        server.pbx.answer(caller, phone)
        server.pbx.hang_up(slower, cause=26)
        server.pbx.end(phone, caller, by=caller)
        await until(lambda: len(hospital.told("call.ended")) == 2)
        await hospital.settle()
        found = await hospital.look(rows)
        assert sorted((row["end_reason"], row["missed"]) for row in found) == [("elsewhere", False), ("far_end", False)]
