"""Who is shown masks finds nobody by the digits behind them: else they could be found out one after the other."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.rules.opt_outs import begin_opt_out
from callcenter.messaging.vocabulary import Purpose
from storage.models import CallRecord, PhoneLine
from tests.peers.call_center import NOW
from tests.peers.hospital import SHARED
from tests.peers.site import Browser, RunningSite, with_rights

SHOWN = ("8000", "000", "13800138000", "+8613800138000")
HIDDEN = ("38000", "138000", "0138000", "0013800", "138001")


def _opted_out(session: Any, site: RunningSite) -> None:
    begin_opt_out(session, site.people["admin"], SHARED, "all", NOW)


def _called(session: Session) -> None:
    line = session.scalar(select(PhoneLine.id).limit(1))
    session.add(CallRecord(line_id=line, direction="in", state="ended", started_at=NOW, number=SHARED))


async def counted(browser: Browser, path: str, digits: str) -> int:
    answer = await browser.get(path + digits.replace("+", "%2B").replace(" ", "%20"))
    assert answer.status == 200, answer.text
    return len(answer.json["items"])


@pytest.mark.parametrize(
    ("path", "permissions"),
    [
        ("/api/v1/messages?number=", ("messages.view",)),
        ("/api/v1/calls?number=", ("calls.view",)),
        ("/api/v1/conversations?box=all&q=", ("conversations.view", "patients.view")),
        ("/api/v1/opt-outs?number=", ("opt_outs.view", "patients.view")),
    ],
)
@pytest_twisted.ensureDeferred
async def test_hidden_digits_find_nothing(site: RunningSite, path: str, permissions: tuple[str, ...]) -> None:
    admin = await site.signed_in("admin")
    body = {"number": "13800138000", "text": "您好", "purpose": "notice", "patient_id": 1, "key": "form-1-2-3-4"}
    assert (await admin.post("/api/v1/messages", body)).status == 201
    await site.database.run(_opted_out, site)
    await site.database.run(_called)
    clerk = await with_rights(site, admin, *permissions)
    for digits in SHOWN:
        assert await counted(admin, path, digits) == await counted(clerk, path, digits) == 1, digits
    for digits in HIDDEN:
        assert await counted(clerk, path, digits) == 0, digits
    for digits in ("0138000", "1380", "38", "138 0013"):
        assert await counted(admin, path, digits) == 1, digits


@pytest_twisted.ensureDeferred
async def test_nor_do_the_figures_beside_the_list_tell(site: RunningSite) -> None:
    await site.database.run(queue_message, MessageDraft(SHARED, "您好", Purpose.NOTICE, patient_id=1), NOW)
    doctor = await site.signed_in("doctor")
    for digits, count in (("8000", 1), ("138000", 0)):
        page = (await doctor.get(f"/messages?number={digits}&lang=en")).text
        assert f"<strong>{count} messages</strong>" in page


@pytest_twisted.ensureDeferred
async def test_an_opt_out_names_of_those_who_share_the_number_the_ones_in_reach(site: RunningSite) -> None:
    await site.database.run(_opted_out, site)
    admin = await site.signed_in("admin")
    (shown,) = (await admin.get("/api/v1/opt-outs")).json["items"]
    assert [one["name"] for one in shown["patients"]] == ["张三", "李四"]
    role = await admin.post(
        "/api/v1/roles", {"name": "科室", "grants": dict.fromkeys(("opt_outs.view", "patients.view"), "department")}
    )
    doctor = await admin.get(f"/api/v1/users/{site.people['doctor'].user_id}")
    body = {"role_ids": [role.json["id"]], "version": doctor.json["version"]}
    assert (await admin.ask("PATCH", f"/api/v1/users/{doctor.json['id']}", body)).status == 200
    browser = await site.signed_in("doctor")
    (shown,) = (await browser.get("/api/v1/opt-outs")).json["items"]
    assert [one["name"] for one in shown["patients"]] == ["张三"]


@pytest.mark.parametrize("path", ["messages", "calls", "opt-outs"])
@pytest_twisted.ensureDeferred
async def test_what_has_no_digit_is_in_no_number(site: RunningSite, path: str) -> None:
    admin = await site.signed_in("admin")
    refused = await admin.get(f"/api/v1/{path}?number=abc&lang=en")
    assert (refused.status, refused.json["fields"]) == (422, {"number": "A number fragment has digits."})
    page = await admin.get(f"/{path}?number=abc&lang=en")
    assert (page.status, "A number fragment has digits." in page.text) == (422, True)
