"""A supervisor sends to everybody of the list, pauses, the daemon is killed, it goes on, and the figures add up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.peers.browser import Browsers, arrive
from tests.peers.daemon import DemoDaemon
from tests.peers.late_answer import LateAnswer

pytestmark = pytest.mark.browser

PATIENTS = 3000
LONG = 120_000
RATE = 10
"""Texts a second."""
QUICK, SLOW = "twistd_plugin.commands", "tests.peers.slow_batches"
SHOTS = os.environ.get("HUIFANG_SHOTS", "")


@pytest.fixture
def module() -> str:
    """What ``crowd`` runs at first."""
    return QUICK


@pytest.fixture
def crowd(tmp_path: Path, module: str) -> Iterator[DemoDaemon]:
    running = DemoDaemon(tmp_path / "var", PATIENTS, module)
    running.start()
    try:
        prepare(running)
        yield running
    finally:
        running.stop()


def prepare(crowd: DemoDaemon) -> None:
    # At whatever hour it is tried: reminders wait for the morning otherwise.
    admin = crowd.client("admin")
    rules = {"version": admin.get("/api/v1/messaging-rules")["version"], "waiting": []}
    assert admin.send("PATCH", "/api/v1/messaging-rules", rules).status == 200
    # All of it takes minutes, so that there is something to cancel whenever one comes to it.
    for at, gateway in enumerate(admin.get("/api/v1/gateways")["items"]):
        change = {"in_service": False} if at else {"options": {"rate": RATE}}
        path = f"/api/v1/gateways/{gateway['id']}"
        assert admin.send("PATCH", path, {"version": admin.get(path)["version"], **change}).status == 200


def figure(page: Page, name: str) -> int:
    shown = page.locator(f"[data-figure={name}] dd")
    return int(re.sub(r"\D", "", shown.inner_text())) if shown.count() else 0


def assert_reconciled(batch: dict[str, Any]) -> None:
    assert batch["chosen"] == batch["count"] + sum(batch["left_out"].values()) + batch["remaining"]
    assert batch["count"] == sum(batch["states"].values())


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("module", [SLOW])
def test_thousands_are_sent_paused_and_survive_a_kill(crowd: DemoDaemon, browsers: Browsers) -> None:
    supervisor = crowd.client("supervisor")
    page = browsers.window(crowd, "supervisor", "/patients").page
    page.locator("[data-write-many]").click()
    arrive(page, re.compile("/messages/new"))
    page.select_option("#m-purpose", "reminder")
    page.fill("#m-text", "{patient.name}您好，国庆期间{department}门诊照常。")
    page.fill("#m-title", "国庆门诊")
    # What is counted is all of them, with who gets nothing and why.
    expect(page.locator("[data-fit]")).to_be_visible()
    fit = int(page.locator("[data-fit]").get_attribute("data-fit") or 0)
    out = int(page.locator("[data-left-out]").get_attribute("data-left-out") or 0)
    assert fit + out == PATIENTS
    assert fit > PATIENTS * 0.9
    expect(page.locator(".many-sample").first).to_contain_text("您好，国庆期间")
    shot(page, "compose")
    page.locator("[data-send]").click()
    # Not sent after all, it is still asked about before the page is left.
    page.locator("dialog").get_by_role("button", name="取消").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    page.locator("[data-send]").click()
    page.locator("dialog .btn-primary").dblclick()
    arrive(page, re.compile(r"/message-batches/\d+$"))
    number = page.url.rpartition("/")[2]
    address = f"/api/v1/message-batches/{number}"
    assert len(supervisor.get("/api/v1/message-batches")["items"]) == 1
    expect(page.locator("[data-figure=chosen] dd, .batch-all[data-figure=chosen] dd")).to_have_text(f"{PATIENTS:,}")

    # Held in the middle, it stays where it is.
    expect(page.locator("[data-figure=made] dd")).not_to_have_text("0")
    page.locator("[data-do=pause]").click()
    expect(page.locator("[data-batch-state=paused]")).to_be_visible()
    paused = supervisor.get(address)
    assert 0 < paused["remaining"] < PATIENTS
    assert_reconciled(paused)
    shot(page, "paused")
    page.locator("[data-do=continue]").click()
    expect(page.locator("[data-batch-state=preparing]")).to_be_visible()

    # Killed while it is made, it goes on by itself, and the page hears of it without a reload.
    crowd.kill()
    crowd.module = QUICK
    crowd.start()
    expect(page.locator("[data-batch-state=done]")).to_be_visible(timeout=LONG)
    expect(page.locator("[data-figure=made] dd")).to_have_text(f"{fit:,}", timeout=LONG)
    made = supervisor.get(address)
    assert (made["count"], sum(made["left_out"].values()), made["remaining"]) == (fit, out, 0)
    assert_reconciled(made)
    expect(page.locator("#left-out-list li").first).to_be_visible()
    expect(page.locator("[data-state-count=accepted], [data-state-count=delivered]").first).to_be_visible(timeout=LONG)
    assert figure(page, "chosen") == figure(page, "made") + figure(page, "left_out") + figure(page, "remaining")
    shot(page, "done")

    # The rest is taken back; what has left is told.
    page.locator("[data-do=cancel]").click()
    page.locator("dialog .btn-primary").click()
    expect(page.locator("[data-batch-state=cancelled]")).to_be_visible()
    page.goto("/message-batches")
    expect(page.locator(".batch")).to_have_count(1)
    expect(page.locator(".batch-title a")).to_have_text("国庆门诊")
    shot(page, "list")
    assert_reconciled(supervisor.get(address))


def test_a_list_is_pasted_its_wrong_lines_are_told_and_it_is_sent(crowd: DemoDaemon, browsers: Browsers) -> None:
    supervisor = crowd.client("supervisor")
    found = supervisor.get("/api/v1/patients?limit=20&sort=name")["items"]
    records = [one["record_number"] for one in found if not one["do_not_call"]][:5]
    page = browsers.window(crowd, "supervisor", "/messages/new").page
    expect(page.locator("#many")).to_be_hidden()
    page.fill("#m-lines", "\n".join([*records, "?!", "13000000000", records[0]]))
    page.locator("[data-read]").click()
    expect(page.locator("[data-list-count='6']")).to_be_visible()
    assert [one.get_attribute("data-line") for one in page.locator("[data-line]").all()] == ["6", "7"]
    page.select_option("#m-purpose", "reminder")
    page.fill("#m-text", "{patient.name}您好")
    expect(page.locator("[data-send]")).to_be_enabled()
    shot(page, "pasted")
    # A file in GBK instead: what was read before is forgotten.
    page.set_input_files(
        "#m-file", {"name": "名单.csv", "mimeType": "text/csv", "buffer": f"{records[0]},张三\n李四\n".encode("gbk")}
    )
    page.locator("[data-read]").click()
    expect(page.locator("[data-list-count='1']")).to_be_visible()
    expect(page.locator("[data-fit='1']")).to_be_visible()
    page.set_input_files("#m-file", {"name": "x.xlsx", "mimeType": "text/csv", "buffer": b"PK\x03\x04"})
    page.locator("[data-read]").click()
    expect(page.locator("#m-list-problem")).to_contain_text("CSV")
    expect(page.locator("#many")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "narrow")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_typed_counts_be_it_applied_or_not(crowd: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(crowd, "supervisor", "/patients").page
    # Faster than the list follows: the click comes in the same turn as the last letter.
    page.evaluate("""() => {
        document.getElementById("q").value = "李";
        document.querySelector("[data-write-many]").click();
    }""")
    arrive(page, re.compile("/messages/new"))
    chosen = page.locator("[data-chosen]")
    expect(chosen).to_contain_text("李")
    assert 0 < int(chosen.get_attribute("data-chosen") or 0) < PATIENTS
    page.fill("#m-text", "您好")
    expect(page.locator("[data-fit]")).to_be_visible()
    fit, out = (page.locator(f"[data-{name}]").get_attribute(f"data-{name}") for name in ("fit", "left-out"))
    assert int(fit or 0) + int(out or 0) == int(chosen.get_attribute("data-chosen") or 0)
    # A slip of the year sends nothing to everybody at once.
    page.fill("#m-at", "2020-01-01T08:00")
    expect(page.locator("#many [data-problem]")).to_contain_text("发送时间已过")
    expect(page.locator("[data-send]")).to_be_disabled()
    # The way back leads to the same patients.
    page.go_back()
    expect(page.locator("#q")).to_have_value("李")
    page.goto("/messages/new?whom=list")
    expect(page.locator(".notice-warn[data-chosen]")).to_contain_text(f"{PATIENTS:,}")


def test_a_long_list_is_pasted_at_once(daemon: DemoDaemon, browsers: Browsers) -> None:
    """The browser's own way of pasting takes minutes for it."""
    page = browsers.window(daemon, "admin", "/messages/new", locale="en").page
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.setData("text/plain", Array.from({length: 60000}, (_, at) => 13900000000 + at).join("\\n"));
        const lines = document.getElementById("m-lines");
        lines.value = "13800138000\\n";
        lines.setSelectionRange(12, 12);
        lines.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }""")
    count = "document.getElementById('m-lines').value.split('\\n').length"
    assert page.evaluate(count) == 60001
    page.locator("#m-lines").press("Control+z")
    expect(page.locator("#m-lines")).to_have_value("13800138000\n")
    page.locator("#m-lines").press("Control+y")
    assert page.evaluate(count) == 60001
    page.locator("[data-read]").click()
    expect(page.locator("[data-list-count]")).to_contain_text("60,001 lines")


def test_a_sending_that_is_refused_waits_for_somebody(crowd: DemoDaemon, browsers: Browsers) -> None:
    window = browsers.window(crowd, "supervisor", "/patients")
    page = window.page
    crowd.simulate("treat", "refuse")
    page.locator("[data-write-many]").click()
    arrive(page, re.compile("/messages/new"))
    page.select_option("#m-purpose", "reminder")
    page.fill("#m-text", "{patient.name}您好，复诊时间有变。")
    page.locator("[data-send]").click()
    page.locator("dialog .btn-primary").click()
    arrive(page, re.compile(r"/message-batches/\d+$"))
    number = page.url.rsplit("/", 1)[1]
    expect(page.locator("[data-batch-state=paused]")).to_be_visible()
    expect(page.locator(".batch-head ~ .notice")).to_contain_text("接连被拒收")
    expect(page.locator(".batch-title")).to_contain_text(f"第 {number} 号")
    failed = page.locator("[data-state-count=failed] dd")
    expect(failed).to_be_visible()
    assert 20 <= int(failed.inner_text().replace(",", "")) < PATIENTS / 2
    expect(page.locator("#alarm-chip")).to_be_visible()
    shot(page, "refused")
    alarms = window.tab("/alarms?handled=false")
    row = alarms.locator("tbody tr", has_text="群发自动暂停")
    expect(row.locator("strong")).to_have_text(f"第 {number} 号")
    expect(row.get_by_text("未恢复")).to_be_visible()
    shot(alarms, "refused-alarm")
    crowd.simulate("treat", "accept")
    row.get_by_role("link", name="查看这次群发").click()
    arrive(alarms, f"/message-batches/{number}")
    alarms.locator("[data-do=continue]").click()
    expect(alarms.locator("[data-state-count=accepted], [data-state-count=delivered]").first).to_be_visible()
    alarms.locator("[data-do=cancel]").click()
    alarms.locator("dialog .btn-primary").click()
    expect(alarms.locator("[data-batch-state=cancelled]")).to_be_visible()
    alarms.goto("/alarms?handled=false")
    expect(row).to_be_visible()
    expect(row.get_by_text("未恢复")).to_be_hidden()


def test_what_is_paused_goes_on_though_nothing_of_it_waits_any_more(daemon: DemoDaemon, browsers: Browsers) -> None:
    supervisor = daemon.client("supervisor")
    found = supervisor.get("/api/v1/patients?limit=50")["items"]
    patients = [one["id"] for one in found if not one["do_not_call"]][:5]
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    body = {"text": "请来复诊", "purpose": "reminder", "at": later, "patient_ids": patients, "key": "0123456789abcdef"}
    batch = supervisor.post("/api/v1/message-batches", body)["id"]
    window = browsers.window(daemon, "supervisor", f"/message-batches/{batch}")
    expect(window.page.locator("[data-state-count=queued]")).to_be_visible()
    window.page.locator("[data-do=pause]").click()
    expect(window.page.locator("[data-do=continue]")).to_be_visible()
    for message in supervisor.get(f"/api/v1/messages?batch_id={batch}&limit=200")["items"]:
        supervisor.post(f"/api/v1/messages/{message['id']}/cancel")
    expect(window.page.locator("[data-state-count=queued]")).to_be_hidden()
    window.page.locator("[data-do=continue]").click()
    expect(window.page.locator("[data-batch-state=done]")).to_be_visible()
    expect(window.page.locator(".batch-buttons")).to_be_hidden()


def test_a_sending_is_shown_by_the_newest_answer(daemon: DemoDaemon, browsers: Browsers) -> None:
    supervisor = daemon.client("supervisor")
    found = supervisor.get("/api/v1/patients?limit=50")["items"]
    patients = [one["id"] for one in found if not one["do_not_call"]][:5]
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    body = {"text": "请来复查", "purpose": "reminder", "at": later, "patient_ids": patients, "key": "0123456789abcdee"}
    batch = supervisor.post("/api/v1/message-batches", body)["id"]
    page = browsers.window(daemon, "supervisor", f"/message-batches/{batch}").page
    expect(page.locator("[data-state-count=queued]")).to_be_visible()
    page.wait_for_timeout(1500)  # What was asked for when the page came has come.
    late = LateAnswer(page, f"**/api/v1/message-batches/{batch}")
    first = supervisor.get(f"/api/v1/messages?batch_id={batch}&limit=1")["items"][0]
    supervisor.post(f"/api/v1/messages/{first['id']}/cancel")
    late.wait()
    page.locator("[data-do=pause]").click()
    expect(page.locator("[data-do=continue]")).to_be_visible()
    page.wait_for_timeout(1500)
    late.let_go()
    expect(page.locator("[data-do=continue]")).to_be_visible()

    # Who gets nothing: there are more by the time that the first of them come.
    late = LateAnswer(page, "**/left-out?*")
    page.reload()
    late.wait()
    news = {"id": batch, "left_out": {"no_mobile": 3}}
    page.evaluate("(detail) => document.dispatchEvent(new CustomEvent('huifang:batch', { detail }))", news)
    with page.expect_request("**/left-out?*"):
        late.let_go()
    supervisor.post(f"/api/v1/message-batches/{batch}/cancel")
