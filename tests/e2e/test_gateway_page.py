"""The page of a gateway in a real browser: what it is now changes without a reload, and disturbs nothing else."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Route, expect

from tests.peers.browser import PATIENCE, Browsers, arrive, wait_until_live
from tests.peers.daemon import DemoDaemon
from tests.peers.late_answer import LateAnswer

pytestmark = pytest.mark.browser

NOBODY = {"kind": "http", "name": "Nobody there", "priority": 9}
# However long the second press takes, it comes a moment after the first.
PRESS_TWICE = """() => {
  performance.now = () => 0;
  const save = document.querySelector("main form button.btn-primary");
  save.click();
  setTimeout(() => save.click(), 500);
}"""
OPTIONS = {"url": "http://127.0.0.1:1/", "preset": "sms56_a", "inside": True}
# When all of it is there and none of its scripts has run.
DRAWN_EARLIER = """document.addEventListener("readystatechange", () => {
  document.getElementById("now").textContent = "as it was when the page was drawn";
}, { once: true });"""


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
        expect(now).to_contain_text("Connection lost")
        expect(now).to_contain_text(re.compile(r"since \d\d:\d\d:\d\d"))
        expect(now.locator("[data-note=attempt]")).to_contain_text(re.compile("attempt|again"))
        # With growing pauses it is said when.
        expect(now.locator("[data-note=attempt]")).to_contain_text("Next attempt at")
        page.locator("#trace-switch").click()
        expect(page.locator("#trace")).to_be_visible()
        page.evaluate("window.same = document.getElementById('trace')")
        wall = window.tab("/wallboard")
        tile = wall.locator(f"[data-tile=gateway-{gateway}]")
        expect(tile).to_contain_text("next attempt at")
        resting = {"version": made["version"], "in_service": False}
        assert admin.send("PATCH", f"/api/v1/gateways/{gateway}", resting).status == 200
        expect(now).to_contain_text("Out of service")
        expect(now.locator("[data-note]")).to_have_count(0)
        assert page.evaluate("window.same === document.getElementById('trace') && !window.same.hidden")
        expect(tile).to_have_attribute("data-state", "out_of_service")
        # What changed between the drawing of a page and its socket is in no event.
        late = window.tab(f"/gateways/{gateway}", DRAWN_EARLIER)
        expect(late.locator("#now")).to_contain_text("Out of service")
        assert window.problems == []
    finally:
        admin.send("DELETE", f"/api/v1/gateways/{gateway}", {"version": made["version"] + 1})


def test_a_gateway_is_shown_by_the_newest_answer(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin = daemon.client("admin")
    made = admin.post("/api/v1/gateways", {**NOBODY, "options": OPTIONS})
    address = f"/gateways/{made['id']}"
    try:
        page = browsers.window(daemon, "admin", address, locale="en").page
        now = page.locator("#now")
        expect(now).to_contain_text("Connection lost")
        page.wait_for_timeout(1000)  # What was asked for when the page came has come.
        late = LateAnswer(page, f"**{address}")
        resting = {"version": made["version"], "in_service": False}
        assert admin.send("PATCH", f"/api/v1{address}", resting).status == 200
        late.wait()
        again = {"version": made["version"] + 1, "in_service": True}
        assert admin.send("PATCH", f"/api/v1{address}", again).status == 200
        page.wait_for_timeout(1000)
        late.let_go()
        expect(now).not_to_contain_text("Out of service")
    finally:
        admin.send("DELETE", f"/api/v1{address}", {"version": made["version"] + 2})


def test_a_form_is_sent_once_though_its_button_is_pressed_again_while_the_answer_is_on_its_way(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    admin = daemon.client("admin")
    window = browsers.window(daemon, "admin", "/gateways/new?kind=http")
    page = window.page
    page.locator("[name=name]").fill("Twice")
    page.locator("[name=o-url]").fill("http://127.0.0.1:1/")
    page.locator("[name=o-preset]").select_option("linkws")
    sent: list[int] = []

    def answer_slowly(route: Route) -> None:
        answer = route.fetch(max_redirects=0, timeout=PATIENCE)
        sent.append(answer.status)
        time.sleep(1.5)
        route.fulfill(response=answer)

    page.route("**/gateways/new", answer_slowly)
    page.evaluate(PRESS_TWICE)
    arrive(page, re.compile(r"/gateways\?done=added$"))
    assert sent == [303]
    (made,) = [one for one in admin.get("/api/v1/gateways")["items"] if one["name"] == "Twice"]
    assert admin.send("DELETE", f"/api/v1/gateways/{made['id']}", {"version": made["version"]}).status == 204
