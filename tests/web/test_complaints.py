"""Complaints through API, page, export and socket: who may, who sees which, and numbers that stay masked."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest_twisted

from callcenter.administration.permissions import Scope
from callcenter.administration.rights import grant
from protocols.signals import Answered, CallerIdentified, Ended, Rang
from tests.peers.hospital import MEDICINE, ORTHOPAEDICS
from tests.peers.site import Browser, RunningSite, all_rows
from tests.peers.socket_client import open_page

SAID = "护士态度不好，请回电 13800138000"


async def filed(browser: Browser, **fields: Any) -> Any:
    body = {"channel": "letter", "text": SAID, "patient_id": 1} | fields
    answer = await browser.post("/api/v1/complaints", body)
    assert answer.status == 201, answer.text
    return answer.json


async def may(site: RunningSite, role: str, scope: Scope, *actions: str) -> None:
    wanted = {f"complaints.{action}": scope.value for action in actions}
    await site.database.run(lambda session: grant(session, site.roles[role], wanted.items()))


@pytest_twisted.ensureDeferred
async def test_from_the_form_to_the_result(site: RunningSite) -> None:
    agent, supervisor = await site.signed_in("agent"), await site.signed_in("supervisor")
    form = (await agent.get("/complaints/new?patient_id=1&lang=en")).text
    assert "data-chosen-name>张三<" in form
    made = await filed(agent, severity=1, department_id=ORTHOPAEDICS)
    assert f'data-complaint="{made["id"]}"' in (await supervisor.get("/complaints?state=unsettled&severity=1")).text
    assert f'data-complaint="{made["id"]}"' not in (await supervisor.get("/complaints?overdue=true")).text
    address = f"/api/v1/complaints/{made['id']}"
    taken = (await supervisor.post(f"{address}/take", {"version": made["version"]})).json
    assert (taken["state"], taken["handler"]["name"]) == ("in_hand", "Supervisor")
    stale = await supervisor.post(f"{address}/note", {"version": made["version"], "note": "已联系"})
    assert (stale.status, stale.json["code"]) == (409, "conflict")
    details = {
        "kind": "complaint",
        "severity": 2,
        "patient_id": 1,
        "department_id": None,
        "about_id": None,
        "due_at": None,
    }
    details |= {"version": taken["version"], "due_at": "2030-03-02T08:00:00Z"}
    changed = (await supervisor.post(f"{address}/details", details)).json
    result = {"version": changed["version"], "outcome": "upheld", "findings": "已道歉", "penalty": "批评教育"}
    settled = (await supervisor.post(f"{address}/settle", result)).json
    assert (settled["state"], settled["told_at"]) == ("settled", None)
    told = (await supervisor.post(f"{address}/told", {"version": settled["version"], "note": "电话"})).json
    page = (await supervisor.get(f"/complaints/{made['id']}?lang=zh_CN")).text
    for words in ("已道歉", "批评教育", "属实", SAID):
        assert words in page
    assert told["told_at"] is not None
    # Who wrote it down sees what became of it, and can do nothing about it.
    seen = (await agent.get(f"/complaints/{made['id']}")).text
    assert "已道歉" in seen
    assert "data-command" not in seen
    assert (await agent.post(f"{address}/reopen", {"version": told["version"], "note": "x"})).status == 403


@pytest_twisted.ensureDeferred
async def test_the_figures_above_the_list_narrow_what_it_is_narrowed_to_already(site: RunningSite) -> None:
    agent, supervisor = await site.signed_in("agent"), await site.signed_in("supervisor")
    here = await filed(agent, kind="complaint", department_id=ORTHOPAEDICS)
    await filed(agent, kind="praise", department_id=ORTHOPAEDICS)
    await filed(agent, kind="complaint", department_id=MEDICINE)
    page = (await supervisor.get(f"/complaints?kind=complaint&department_id={ORTHOPAEDICS}&lang=en")).text
    figure = re.search(r'<a href="([^"]+)">not taken on (\d+)</a>', page)
    assert figure is not None
    assert figure[2] == "1"
    led_to = (await supervisor.get(html.unescape(figure[1]))).text
    assert re.findall(r'data-complaint="(\d+)"', led_to) == [str(here["id"])]


@pytest_twisted.ensureDeferred
async def test_a_call_brings_its_patient_and_what_was_noted(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    page = await open_page(site, agent, "calls", "complaints")
    await site.hear(Rang(), CallerIdentified("13911112222"))
    call = (await agent.get("/api/v1/calls?limit=1")).json["items"][0]
    assert (await agent.post(f"/api/v1/calls/{call['id']}/claim")).status == 200
    await agent.post(f"/api/v1/calls/{call['id']}/wrap-up", {"notes": "等候太久"})
    form = (await agent.get(f"/complaints/new?call_id={call['id']}")).text
    assert "赵六" in form
    assert "等候太久" in form
    other = await filed(agent, channel="call", call_id=call["id"], patient_id=None)
    assert (other["patient"], other["number"]) == (None, "+8613911112222")
    made = (await agent.post("/api/v1/complaints", {"channel": "call", "text": SAID, "call_id": call["id"]})).json
    assert (made["patient"]["name"], made["number"]) == ("赵六", "+8613911112222")
    await page.event(made["id"])
    card = (await agent.get("/api/v1/patients/4/card")).json
    assert [one["id"] for one in card["complaints"]] == [made["id"]]
    timeline = (await agent.get("/api/v1/patients/4/timeline")).json["items"]
    assert [one["kind"] for one in timeline] == ["complaint", "call"]
    assert f'data-complaint="{made["id"]}"' in (await agent.get("/patients/4")).text
    await site.hear(Answered(), Ended(by_far_end=True))
    await page.leave()


@pytest_twisted.ensureDeferred
async def test_what_is_somebody_elses_is_on_no_list_page_export_or_socket(site: RunningSite) -> None:
    supervisor, agent = await site.signed_in("supervisor"), await site.signed_in("agent")
    await may(site, "head", Scope.DEPARTMENT, "view", "handle", "export")
    head, doctor = await site.signed_in("head"), await site.signed_in("doctor")
    hearing, deaf = await open_page(site, supervisor, "complaints"), await open_page(site, agent, "complaints")
    other = await filed(supervisor, department_id=MEDICINE, patient_id=2)
    await hearing.event(other["id"])
    own = await filed(agent, department_id=ORTHOPAEDICS, patient_id=1)
    await deaf.event(own["id"])
    assert [event["data"]["id"] for event in deaf.events] == [own["id"]]
    before = await all_rows(site)
    address = f"/api/v1/complaints/{other['id']}"
    for browser in (agent, head):
        missing, answer = await browser.get("/api/v1/complaints/424242"), await browser.get(address)
        assert (answer.status, answer.json["detail"]) == (404, missing.json["detail"])
        assert (await browser.get(f"/complaints/{other['id']}")).status == 404
        for query in ("", f"?department_id={MEDICINE}", "?patient_id=2", "?sort=due_at"):
            listed = (await browser.get(f"/api/v1/complaints{query}")).json["items"]
            assert other["id"] not in [one["id"] for one in listed]
        assert f'data-complaint="{other["id"]}"' not in (await browser.get("/complaints")).text
        assert (await browser.get(f"/api/v1/complaints/counts?department_id={MEDICINE}")).json["all"] == 0
    exported = (await head.get("/api/v1/complaints/export?format=csv")).text
    assert "张三" in exported
    assert "李四" not in exported
    assert (await head.post(f"{address}/take", {"version": 1})).status == 404
    for path in ("/complaints", "/complaints/new", "/complaints/1", "/api/v1/complaints", "/api/v1/complaints/export"):
        assert (await doctor.get(path)).status == 403
    assert (await agent.get("/api/v1/complaints/export")).status == 403
    assert (await doctor.get("/api/v1/patients/1/card")).json["complaints"] == []
    assert f'data-complaint="{own["id"]}"' not in (await doctor.get("/patients/1")).text
    rows = await all_rows(site)
    # The export is in the audit log, and that the card was looked at; nothing else has changed.
    assert {name for name in rows if rows[name] != before[name]} == {"audit_entry"}
    for page in (hearing, deaf):
        await page.leave()


@pytest_twisted.ensureDeferred
async def test_numbers_are_masked_in_what_people_say_too(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    made = await filed(supervisor, patient_id=None, number="13800138000", caller_name="匿名 13800138000")
    await may(site, "head", Scope.ALL, "view", "handle", "export")
    head = await site.signed_in("head")
    for path in (f"/api/v1/complaints/{made['id']}", "/api/v1/complaints", f"/complaints/{made['id']}",
                 "/complaints", "/api/v1/complaints/export?format=csv"):  # fmt: skip
        text = (await head.get(path)).text
        assert "13800138000" not in text, path
        assert "138****8000" in text, path


@pytest_twisted.ensureDeferred
async def test_bad_input_is_named_and_changes_nothing(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    made = await filed(supervisor)
    address = f"/api/v1/complaints/{made['id']}"
    before = await all_rows(site)
    right = {"channel": "letter", "text": SAID}
    for field, body in (
        ("channel", {"text": SAID}), ("text", {"channel": "letter"}), ("text", right | {"text": " "}),
        ("text", right | {"text": "长" * 5001}), ("kind", right | {"kind": "murder"}),
        ("severity", right | {"severity": 4}), ("patient_id", right | {"patient_id": 5}),
        ("call_id", right | {"call_id": 99}), ("due_at", right | {"due_at": "2001-01-01T00:00:00Z"}),
        ("due_at", right | {"due_at": "morgen"}), ("state", right | {"state": "settled"}),
        ("caller_name", right | {"caller_name": "x" * 81}),
    ):  # fmt: skip
        answer = await supervisor.post("/api/v1/complaints", body)
        assert (answer.status, field in answer.json["fields"]) == (422, True), body
    assert (await supervisor.post("/api/v1/complaints", right | {"number": "打电话"})).status == 422
    for path, body in (
        ("settle", {"version": 1, "outcome": "upheld", "findings": ""}),
        ("settle", {"version": 1, "outcome": "won", "findings": "x"}), ("take", {}), ("take", {"version": "x"}),
        ("assign", {"version": 1, "handler_id": site.people["doctor"].user_id}), ("note", {"version": 1}),
        ("details", {"version": 1, "kind": "praise"}),
    ):  # fmt: skip
        assert (await supervisor.post(f"{address}/{path}", body)).status == 422, (path, body)
    for query in (
        "sort=said",
        "sort=state;drop",
        "severity=9",
        "state=x",
        "cursor=x",
        "overdue=maybe",
        "include=steps",
    ):
        assert (await supervisor.get(f"/api/v1/complaints?{query}")).status == 422, query
    assert (await supervisor.get("/complaints?sort=said")).status == 422
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_what_people_say_is_never_markup(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    made = await filed(supervisor, text="<script>alert(1)</script>{{7*7}}", caller_name="=1+1", patient_id=None)
    for path in ("/complaints", f"/complaints/{made['id']}"):
        page = (await supervisor.get(path)).text
        assert "<script>alert(1)" not in page
        assert "{{7*7}}" in page
    assert "'=1+1" in (await supervisor.get("/api/v1/complaints/export?format=csv")).text


@pytest_twisted.ensureDeferred
async def test_without_an_officer_a_supervisor_takes_it_and_it_is_said_what_is_missing(site: RunningSite) -> None:
    agent, supervisor, admin = [await site.signed_in(name) for name in ("agent", "supervisor", "admin")]
    made = await filed(agent)
    notice, link = 'id="lack"', '<a href="/users">'
    beside = "There is no complaints officer"

    listed = (await supervisor.get("/complaints?lang=en")).text
    assert f'data-complaint="{made["id"]}"' in listed
    assert 'href="/complaints?state=open&amp;sort=due_at">not taken on 1</a>' in listed
    assert beside in listed
    assert link not in listed
    for path in ("/complaints?lang=en", "/settings?lang=en"):
        page = (await admin.get(path)).text
        assert beside in page, path
        assert link in page, path
    assert notice not in (await agent.get("/complaints")).text
    assert notice not in (await supervisor.get("/settings")).text
    taken = (await supervisor.post(f"/api/v1/complaints/{made['id']}/take", {"version": made["version"]})).json
    assert taken["handler"]["name"] == "Supervisor"

    await may(site, "supervisor", Scope.ALL, "view")
    await may(site, "administrator", Scope.ALL, "view")
    page = (await agent.get("/complaints?lang=en")).text
    assert "Nobody may handle complaints" in page
    assert "Tell the administrator." in page

    # A role of the hospital's own that handles complaints is as good as the built-in one.
    await may(site, "agent", Scope.ALL, "view", "create", "handle")
    assert notice not in (await agent.get("/complaints")).text
