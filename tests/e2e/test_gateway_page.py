"""The page of a gateway in a real browser: what it is now changes without a reload, and disturbs nothing else."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.peers.browser import PATIENCE, Browsers, wait_until_live
from tests.peers.daemon import DemoDaemon

pytestmark = pytest.mark.browser

NOBODY = {"kind": "http", "name": "Nobody there", "priority": 9}
OPTIONS = {"url": "http://127.0.0.1:1/", "preset": "sms56_a", "inside": True}


def test_what_a_gateway_is_now_changes_while_one_looks_and_the_trace_goes_on(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    admin = daemon.client("admin")
    made = admin.post("/api/v1/gateways", {**NOBODY, "options": OPTIONS})
    gateway = made["id"]
    try:
        window = browsers.window(daemon, "admin", f"/gateways/{gateway}", locale="en")
        page = window.page
        wait_until_live(page)
        now = page.locator("#now")
        expect(now).to_contain_text("Connection lost", timeout=PATIENCE)
        expect(now).to_contain_text(re.compile(r"since \d\d:\d\d:\d\d"))
        expect(now.locator("[data-note=attempt]")).to_contain_text(re.compile("attempt|again"))
        # With growing pauses it is said when.
        expect(now.locator("[data-note=attempt]")).to_contain_text("Next attempt at", timeout=60_000)
        page.locator("#trace-switch").click()
        expect(page.locator("#trace")).to_be_visible()
        page.evaluate("window.same = document.getElementById('trace')")
        wall = window.tab("/wallboard")
        tile = wall.locator(f"[data-tile=gateway-{gateway}]")
        expect(tile).to_contain_text("next attempt at", timeout=60_000)
        resting = {"version": made["version"], "in_service": False}
        assert admin.send("PATCH", f"/api/v1/gateways/{gateway}", resting).status == 200
        expect(now).to_contain_text("Out of service", timeout=PATIENCE)
        expect(now.locator("[data-note]")).to_have_count(0)
        assert page.evaluate("window.same === document.getElementById('trace') && !window.same.hidden")
        expect(tile).to_have_attribute("data-state", "out_of_service", timeout=PATIENCE)
        assert window.problems == []
    finally:
        admin.send("DELETE", f"/api/v1/gateways/{gateway}", {"version": made["version"] + 1})


def test_a_form_that_is_sent_by_a_double_click_is_sent_once(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin = daemon.client("admin")
    window = browsers.window(daemon, "admin", "/gateways/new?kind=http")
    page = window.page
    page.locator("[name=name]").fill("Twice")
    page.locator("[name=o-url]").fill("http://127.0.0.1:1/")
    page.locator("[name=o-preset]").select_option("linkws")
    page.locator("main form button.btn-primary").dblclick()
    page.wait_for_url(re.compile(r"/gateways\?done=added$"))
    (made,) = [one for one in admin.get("/api/v1/gateways")["items"] if one["name"] == "Twice"]
    assert admin.send("DELETE", f"/api/v1/gateways/{made['id']}", {"version": made["version"]}).status == 204
