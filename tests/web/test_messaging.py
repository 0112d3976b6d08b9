"""Gateways, messages and rules over the API: what is shown, what is refused, and that secrets never come back."""

from __future__ import annotations

from typing import Any

import pytest_twisted

from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from tests.peers.call_center import NOW
from tests.peers.site import Browser, RunningSite, all_rows
from tests.peers.socket_client import open_page

GATEWAY = {"kind": "cmpp2", "name": "移动", "options": {"secret": "geheim"}, "cost": 45}


async def added(site: RunningSite, admin: Browser, **values: Any) -> dict[str, Any]:
    answer = await admin.post("/api/v1/gateways", {**GATEWAY, **values})
    assert answer.status == 201, answer.text
    await site.sms_rests()
    made: dict[str, Any] = (await admin.get(f"/api/v1/gateways/{answer.json['id']}")).json
    return made


def is_in(message: dict[str, Any], state: str) -> bool:
    return message.get("op") != "snapshot" and message.get("data", {}).get("state") == state


@pytest_twisted.ensureDeferred
async def test_a_gateway_is_added_tried_and_removed(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    page = await open_page(site, admin, "gateways", "messages")
    made = await added(site, admin)
    assert (made["state"], made["secrets"], made["options"]) == ("ready", ["secret"], {})
    await page.until(lambda message: is_in(message, "ready"))
    tried = await admin.post(f"/api/v1/gateways/{made['id']}/test", {"number": "13800138000", "text": "测试"})
    assert tried.status == 202
    told = await page.until(lambda message: is_in(message, "accepted"))
    assert told["data"]["id"] == tried.json["message_id"]
    shown = (await admin.get(f"/api/v1/messages/{tried.json['message_id']}")).json
    assert (shown["purpose"], len(shown["history"]), shown["cost"]) == ("test", 1, 45)
    assert (await admin.get("/api/v1/messages?state=accepted&number=8000")).json["items"][0]["id"] == shown["id"]
    removed = await admin.ask("DELETE", f"/api/v1/gateways/{made['id']}", {"version": made["version"]})
    assert removed.status == 204
    assert (await admin.get("/api/v1/gateways")).json == {"items": []}
    await page.leave()


@pytest_twisted.ensureDeferred
async def test_secrets_never_come_back(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    made = await added(site, admin)
    answers = [
        await admin.get("/api/v1/gateways"),
        await admin.get(f"/api/v1/gateways/{made['id']}"),
        await admin.ask("PATCH", f"/api/v1/gateways/{made['id']}", {"version": 1, "options": {"secret": "geheim2"}}),
        await admin.get("/api/v1/audit"),
    ]
    assert all(answer.status == 200 for answer in answers)
    assert "geheim" not in "".join(answer.text for answer in answers)
    assert "geheim" not in repr(await all_rows(site))


@pytest_twisted.ensureDeferred
async def test_what_is_wrong_or_forbidden_changes_nothing(site: RunningSite) -> None:
    admin, agent = await site.signed_in("admin"), await site.signed_in("agent")
    made = await added(site, admin)
    before = await all_rows(site)
    path = f"/api/v1/gateways/{made['id']}"
    for browser, method, where, body, status in (
        (admin, "POST", "/api/v1/gateways", {**GATEWAY, "name": "x", "options": {"secret": "s", "port": 1}}, 422),
        (admin, "POST", "/api/v1/gateways", {**GATEWAY, "kind": "fax"}, 422),
        (admin, "PATCH", path, {"version": 99, "priority": 1}, 409),
        (admin, "POST", f"{path}/test", {"number": "x", "text": "y"}, 422),
        (admin, "POST", "/api/v1/messages/99/resend", {}, 404),
        (admin, "PATCH", "/api/v1/messaging-rules", {"version": 1, "opens": "9"}, 422),
        (agent, "POST", "/api/v1/gateways", GATEWAY, 403),
        (agent, "GET", path, None, 403),
        (agent, "PATCH", path, {"version": 1, "priority": 1}, 403),
        (agent, "DELETE", path, {"version": 1}, 403),
        (agent, "POST", f"{path}/test", {"number": "13800138000", "text": "y"}, 403),
        (agent, "POST", "/api/v1/messages/1/cancel", {}, 403),
        (agent, "PATCH", "/api/v1/messaging-rules", {"version": 1}, 403),
    ):
        answer = await browser.ask(method, where, body)
        assert answer.status == status, (where, body, answer.text)
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_messages_are_seen_in_reach_only_and_cancelled_once(site: RunningSite) -> None:
    admin, doctor = await site.signed_in("admin"), await site.signed_in("doctor")
    key = await site.database.run(queue_message, MessageDraft("13500009999", "您好", Purpose.REPLY), NOW)
    assert (await doctor.get(f"/api/v1/messages/{key}")).status == 404
    assert (await doctor.get("/api/v1/messages")).json["items"] == []
    cancelled = await admin.post(f"/api/v1/messages/{key}/cancel")
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert (await admin.post(f"/api/v1/messages/{key}/cancel")).status == 409
    again = await admin.post(f"/api/v1/messages/{key}/resend", {})
    assert (again.status, again.json["state"]) == (200, "queued")
    totals = (await admin.get("/api/v1/messages/totals?from_day=2026-03-02&to_day=2026-03-02")).json["items"]
    assert [(one["total"], one["states"]["cancelled"]) for one in totals] == [(1, 1)]
    exported = await admin.get("/api/v1/messages/export?format=csv")
    assert "您好" in exported.body.decode("utf-8-sig")


@pytest_twisted.ensureDeferred
async def test_rules_and_kinds_are_told(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    rules = (await admin.get("/api/v1/messaging-rules")).json
    answer = await admin.ask("PATCH", "/api/v1/messaging-rules", {"version": rules["version"], "daily_cap": 2})
    assert (answer.status, answer.json["daily_cap"]) == (200, 2)
    (first, *_) = (await admin.get("/api/v1/gateways/kinds")).json["items"]
    assert (first["kind"], first["secrets"]) == ("cmpp2", ["secret", "second"])
    assert "geheim" not in str(first)
