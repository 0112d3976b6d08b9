"""Gateways on their pages, without a single script: added, set up, tried and removed; what is wrong loses nothing."""

from __future__ import annotations

import pytest_twisted

from tests.peers.site import RunningSite
from tests.web.test_pages import Form


@pytest_twisted.ensureDeferred
async def test_a_gateway_is_added_set_up_tried_and_removed(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    assert "/gateways/new?kind=cmpp2" in (await admin.get("/gateways/new")).text
    blank = Form((await admin.get("/gateways/new?kind=cmpp2")).text, "/gateways/new").fields
    typed = {
        **blank,
        "name": ["移动"],
        "o-secret": ["geheim"],
        "o-host": ["10.0.0.1"],
        "cost": ["0.045"],
        "prefixes": ["134，135"],
        "purposes": ["care", "reply"],
        "signature": ["【仁和】"],
    }
    added = await admin.post("/gateways/new", form=typed)
    assert (added.status, added.header("Location")) == (303, "/gateways?done=added"), added.text
    await site.sms_rests()
    (gateway,) = (await admin.get("/api/v1/gateways")).json["items"]
    found = {name: gateway[name] for name in ("cost", "prefixes", "purposes", "signature", "state", "in_service")}
    assert found == {
        "cost": 45,
        "prefixes": ["134", "135"],
        "purposes": ["care", "reply"],
        "signature": "仁和",
        "state": "ready",
        "in_service": True,
    }
    path = f"/gateways/{gateway['id']}"
    page = (await admin.get(f"{path}/edit?lang=zh_CN")).text
    assert "geheim" not in page
    assert "留空则不改动" in page
    form = Form(page, f"{path}/edit").fields
    assert (form["cost"], form["prefixes"], form["o-host"]) == (["0.045"], ["134 135"], ["10.0.0.1"])
    changed = await admin.post(f"{path}/edit", form={**form, "priority": ["2"]})
    assert changed.header("Location") == "/gateways?done=changed", changed.text
    assert (await admin.get(f"{path}/test")).status == 200
    wrong = await admin.post(f"{path}/test", form={"number": "x", "text": ""})
    assert (wrong.status, wrong.text.count('class="field-error"')) == (422, 2)
    tried = await admin.post(f"{path}/test", form={"number": "13800138000", "text": "测试"})
    seen = await admin.get(str(tried.header("Location")))
    assert seen.status == 200
    assert "测试" in seen.text
    await site.sms_rests()
    trace = f"/api/v1/gateways/{gateway['id']}/trace"
    assert (await admin.get(trace)).json == {"running": False, "last": 0, "entries": []}
    assert (await admin.post(trace, {})).json["running"] is True
    assert (await admin.get(f"{trace}?after=0")).json["running"] is True
    assert (await (await site.signed_in("doctor")).get(trace)).status == 403
    site.services.messaging.traces.stop()
    assert (await admin.get(trace)).json["running"] is False
    hour = (await admin.get(f"/api/v1/gateways/{gateway['id']}/rates")).json["items"]
    assert (len(hour), sum(one["accepted"] for one in hour)) == (60, 1)
    page = (await admin.get(f"{path}?lang=zh_CN")).text
    assert "最近一小时" in page
    assert f"/messages?gateway_id={gateway['id']}" in page
    assert (await admin.get("/gateways/999")).status == (await admin.get("/api/v1/gateways/999/rates")).status == 404
    listed = (await admin.get("/gateways?lang=zh_CN")).text
    assert "就绪" in listed
    assert "关怀、回复" in listed or "回复、关怀" in listed
    version = Form((await admin.get(f"{path}/edit")).text, f"{path}/remove").fields["version"]
    removed = await admin.post(f"{path}/remove", form={"version": version})
    assert removed.header("Location") == "/gateways?done=removed"
    assert (await admin.get("/api/v1/gateways")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    typed = {"kind": "cmpp2", "name": "移动", "o-host": "10.0.0.9", "cost": "viel", "prefixes": "13x", "priority": "5"}
    answer = await admin.post("/gateways/new", form=typed)
    assert answer.status == 422
    assert answer.text.count('class="field-error"') == 3
    form = Form(answer.text, "/gateways/new").fields
    assert (form["name"], form["o-host"], form["cost"], form["prefixes"]) == (["移动"], ["10.0.0.9"], ["viel"], ["13x"])
    assert (await admin.post("/gateways/new", form={**typed, "kind": "fax"})).header("Location") == "/gateways/new"
    assert (await admin.get("/api/v1/gateways")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_what_is_emptied_is_gone_and_a_secret_can_be_taken_away(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    options = {"secret": "geheim", "second": "auch-geheim", "host": "10.0.0.1"}
    made = (await admin.post("/api/v1/gateways", {"kind": "cmpp2", "name": "移动", "options": options})).json
    path = f"/gateways/{made['id']}/edit"
    form = Form((await admin.get(path)).text, path).fields
    assert "x-secret" not in (await admin.get(path)).text
    kept = await admin.post(path, form={**form, "o-host": [""], "priority": [""]})
    assert kept.header("Location") == "/gateways?done=changed", kept.text
    after = (await admin.get(f"/api/v1/gateways/{made['id']}")).json
    assert (after["options"], after["secrets"], after["priority"]) == ({}, ["second", "secret"], 5)
    form = Form((await admin.get(path)).text, path).fields
    await admin.post(path, form={**form, "x-second": ["true"]})
    assert (await admin.get(f"/api/v1/gateways/{made['id']}")).json["secrets"] == ["secret"]


@pytest_twisted.ensureDeferred
async def test_who_may_only_look_is_offered_nothing_else(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    page = await supervisor.get("/gateways")
    assert page.status == 200
    assert "/gateways/new" not in page.text
    assert (await supervisor.get("/gateways/new")).status == 403
    agent = await site.signed_in("agent")
    assert (await agent.get("/gateways")).status == 403
