"""Alarms over socket, API, page and export: at once, the same everywhere, and only for those who may know."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest_twisted

from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, raise_alarm
from protocols.sayings import Said, Saying
from protocols.signals import LineLost, LineReady
from tests.peers.site import RunningSite, all_rows
from tests.peers.socket_client import open_page

UNPLUGGED = LineLost(Said(Saying.UNPLUGGED))


@pytest_twisted.ensureDeferred
async def test_every_supervisors_page_hears_of_an_alarm_and_of_its_handling(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    page = await open_page(site, supervisor, "alarms")
    await site.hear(UNPLUGGED)
    opened = await page.until(lambda message: message.get("type") == "alarm.opened")
    # A page that comes later, or again after a reload, is told the same.
    later = await open_page(site, await site.signed_in("admin"), "alarms")
    (snapshot,) = [message for message in later.messages if message.get("op") == "snapshot"]
    assert snapshot["data"] == [opened["data"]]
    answer = await supervisor.post(f"/api/v1/alarms/{opened['data']['id']}/handle", {"note": "replugged"})
    assert answer.status == 200
    handled = await later.until(lambda message: message.get("type") == "alarm.updated")
    assert handled["data"] == answer.json | {"line": opened["data"]["line"]}
    assert (await supervisor.get("/api/v1/alarms/open")).json == {"items": []}
    await page.leave()
    await later.leave()


@pytest_twisted.ensureDeferred
async def test_an_alarm_reads_in_the_readers_language_on_page_and_in_files(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    await site.hear(UNPLUGGED, LineReady("modem"))
    assert "设备已拔出或端口已关闭" in (await supervisor.get("/alarms?lang=zh_CN")).text
    english = (await supervisor.get("/alarms?lang=en")).text
    assert "the device was unplugged or its port closed" in english
    assert 'data-handle-alarm="' in english
    sheet = (await supervisor.get("/api/v1/alarms/export?format=csv&lang=zh_CN")).text
    assert "线路中断" in sheet
    assert "line 1" in sheet


@pytest_twisted.ensureDeferred
async def test_an_alarm_is_handled_with_a_note_once_and_a_refusal_changes_nothing(site: RunningSite) -> None:
    supervisor, admin = [await site.signed_in(name) for name in ("supervisor", "admin")]
    await site.hear(UNPLUGGED)
    (alarm,) = (await supervisor.get("/api/v1/alarms")).json["items"]
    address = f"/api/v1/alarms/{alarm['id']}/handle"
    before = await all_rows(site)
    for body in ({}, {"note": ""}, {"note": "x" * 501}, {"note": "x", "handled_by": 1}):
        assert (await supervisor.post(address, body)).status == 422
    assert (await supervisor.post("/api/v1/alarms/999999/handle", {"note": "x"})).status == 404
    assert await all_rows(site) == before
    assert (await supervisor.post(address, {"note": "=1+1"})).status == 200
    before = await all_rows(site)
    late = await admin.post(address, {"note": "me too"})
    assert (late.status, late.json["code"]) == (409, "conflict")
    assert await all_rows(site) == before
    assert "'=1+1" in (await supervisor.get("/api/v1/alarms/export?format=csv")).text


@pytest_twisted.ensureDeferred
async def test_which_sending_was_halted_stands_on_page_and_in_files(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    await site.database.run(raise_alarm, Trouble(AlarmKind.SENDING_HALTED, "4711"), datetime.now(UTC))
    page = (await supervisor.get("/alarms?lang=zh_CN")).text
    assert "<strong>第 4711 号</strong>" in page
    assert 'href="/message-batches/4711"' in page
    sheet = (await supervisor.get("/api/v1/alarms/export?format=csv&lang=zh_CN")).text
    assert "群发自动暂停,,,4711," in sheet
