"""Call tasks through API, page, export and socket: who may, who sees which, and numbers that are dialled unseen."""

from __future__ import annotations

from typing import Any

import pytest_twisted

from callcenter.administration.permissions import Scope
from callcenter.administration.rights import grant
from protocols.signals import Answered, Ended
from tests.peers.hospital import MEDICINE, ORTHOPAEDICS
from tests.peers.site import Browser, RunningSite, all_rows
from tests.peers.socket_client import open_page

PURPOSE = "出院随访，家属电话 13800138000"


async def made(browser: Browser, site: RunningSite, **fields: Any) -> Any:
    body = {"purpose": PURPOSE, "agent_id": site.people["agent"].user_id, "patient_id": 3} | fields
    answer = await browser.post("/api/v1/call-tasks", body)
    assert answer.status == 201, answer.text
    return answer.json


@pytest_twisted.ensureDeferred
async def test_tasks_are_made_from_the_list_of_patients_as_it_is_filtered(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    everybody = {"filter": {"department_id": str(ORTHOPAEDICS), "sort": "name"}}
    await made(supervisor, site, patient_id=1)
    before = await all_rows(site)
    shown = (await supervisor.post("/api/v1/call-tasks/preview", everybody)).json
    assert (shown["count"], shown["more"]) == (1, False)
    assert [(one["patient_id"], one["why"]) for one in shown["refused"]] == [(1, "has_task")]
    assert await all_rows(site) == before
    draft = {"purpose": "复查提醒", "department_id": MEDICINE, "priority": 1}
    assert (await supervisor.post("/api/v1/call-tasks/many", everybody | draft)).json["count"] == 1
    assert (await supervisor.post("/api/v1/call-tasks/many", everybody | draft)).json["count"] == 0
    page = (await supervisor.get("/call-tasks?lang=zh_CN&priority=1")).text
    assert "复查提醒" in page
    assert PURPOSE not in page
    progress = (await supervisor.get("/api/v1/call-tasks/progress")).json
    assert (progress["all"], progress["open"], progress["due"]) == (2, 2, 2)
    export = await supervisor.get("/api/v1/call-tasks/export?format=csv&lang=zh_CN&priority=1")
    assert "王小明" in export.text
    assert "+861062345678;ext=801" in export.text
    for wrong in ({}, everybody | {"patient_ids": [1]}, {"filter": {"password": "x"}}, {"patient_ids": []}):
        assert (await supervisor.post("/api/v1/call-tasks/preview", wrong)).status == 422, wrong


@pytest_twisted.ensureDeferred
async def test_a_number_that_is_masked_is_dialled_all_the_same(site: RunningSite) -> None:
    agent_role = site.roles["agent"]

    def without_numbers(session: Any) -> None:
        grants = {"calls.view": "own", "calls.handle": "own", "calls.dial": "own"}
        grant(session, agent_role, (grants | {"call_tasks.view": "own", "call_tasks.work": "own"}).items())

    supervisor = await site.signed_in("supervisor")
    task = await made(supervisor, site)
    await site.database.run(without_numbers)
    agent = await site.signed_in("agent")
    handed = (await agent.post("/api/v1/call-tasks/next")).json["task"]
    assert handed["id"] == task["id"]
    assert "****" in handed["number"]
    assert "13800138000" not in handed["purpose"]
    dialled = await agent.post(f"/api/v1/call-tasks/{task['id']}/dial")
    assert dialled.status == 200, dialled.text
    assert "****" in dialled.json["number"]
    assert [asked for line in site.lines for asked in line.asked] == [("dial", "62345678,,,801")]
    await site.hear(Answered(), Ended(by_far_end=True))
    body = {"outcome": "busy", "finish": True}
    assert (await agent.post(f"/api/v1/calls/{dialled.json['id']}/wrap-up", body)).status == 200
    again = (await agent.get(f"/api/v1/call-tasks/{task['id']}")).json
    assert (again["state"], again["last_outcome"], len(again["calls"])) == ("open", "busy", 1)


@pytest_twisted.ensureDeferred
async def test_what_is_somebody_elses_is_on_no_list_page_export_or_socket(site: RunningSite) -> None:
    supervisor, agent = await site.signed_in("supervisor"), await site.signed_in("agent")

    def may_manage_own_department(session: Any) -> None:
        grants = {f"call_tasks.{what}": Scope.DEPARTMENT.value for what in ("view", "manage", "export")}
        grant(session, site.roles["head"], grants.items())

    await site.database.run(may_manage_own_department)
    head = await site.signed_in("head")
    hearing, deaf = await open_page(site, supervisor, "call_tasks"), await open_page(site, agent, "call_tasks")
    other = await made(supervisor, site, agent_id=None, department_id=MEDICINE, patient_id=2)
    await hearing.event(other["id"])
    own = await made(supervisor, site, patient_id=1)
    await deaf.event(own["id"])
    assert [event["data"]["id"] for event in deaf.events] == [own["id"]]
    before = await all_rows(site)
    for browser in (agent, head):
        address = f"/api/v1/call-tasks/{other['id']}"
        missing = await browser.get("/api/v1/call-tasks/424242")
        answer = await browser.get(address)
        assert (answer.status, answer.json["detail"]) == (404, missing.json["detail"])
        listed = (await browser.get("/api/v1/call-tasks")).json["items"]
        assert other["id"] not in [task["id"] for task in listed]
    assert (await head.get("/call-tasks")).status == 200
    assert f'data-task="{other["id"]}"' not in (await head.get("/call-tasks")).text
    assert "李四" not in (await head.get("/api/v1/call-tasks/export?format=csv")).text
    assert (await head.post(f"/api/v1/call-tasks/{other['id']}/cancel")).status == 404
    assert (await agent.post(f"/api/v1/call-tasks/{other['id']}/skip", {"note": "x"})).status == 404
    assert (await agent.post("/api/v1/call-tasks/assign", {"task_ids": [own["id"]]})).status == 403
    rows = await all_rows(site)
    # Exports are in the audit log; nothing else has changed.
    assert {name for name in rows if rows[name] != before[name]} == {"audit_entry"}
    for page in (hearing, deaf):
        await page.leave()
