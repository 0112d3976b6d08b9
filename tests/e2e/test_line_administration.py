"""The administrator adds a line, rings it and watches the check list tick; in a real browser, on a simulated modem."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.peers.browser import Browsers, arrive
from tests.peers.daemon import DemoDaemon
from tests.peers.simulator import running

pytestmark = pytest.mark.browser

CALLER = "13777770009"
NAME = "门诊 <b>一线</b>"


def step(name: str) -> str:
    return f"#trial-steps [data-step={name}]"


def test_a_line_is_added_tried_renamed_and_removed_without_a_restart(
    daemon: DemoDaemon, browsers: Browsers, tmp_path: Path
) -> None:
    with running(tmp_path / "modem", "modem", "--profile", "usr", "--speed", "5") as modem:
        page = browsers.window(daemon, "admin", "/lines", locale="en").page
        expect(page.locator("tr[data-line]")).to_have_count(5)
        board = browsers.window(daemon, "supervisor", "/wallboard").page

        # A wrong port is refused beside its field, and nothing typed is lost.
        page.get_by_role("link", name="Add a line").click()
        page.get_by_role("link", name="Voice modem").click()
        page.fill("#f-name", NAME)
        page.fill("#f-port", "/etc/passwd")
        page.get_by_role("button", name="Add and test").click()
        expect(page.locator("#port-about")).to_contain_text("/etc/passwd is not a device")
        expect(page.locator("#f-name")).to_have_value(NAME)
        page.fill("#f-port", str(modem.link))
        page.get_by_role("button", name="Add and test").click()
        arrive(page, re.compile(r"/lines/\d+/test$"))
        expect(page.locator("#trial-state")).to_contain_text("Idle")
        expect(board.locator(".tile", has_text=NAME)).to_be_visible()

        page.get_by_role("button", name="Start the test").click()
        expect(page.locator(step("ready"))).to_have_attribute("data-done", "yes")
        expect(page.locator(step("ring"))).to_have_attribute("aria-current", "step")
        modem.ask("call", number=CALLER, rings=3, answer_after=12, hangup_after=5)
        for name in ("ring", "caller_id", "picked_up", "hung_up"):
            expect(page.locator(step(name))).to_have_attribute("data-done", "yes")
        expect(page.locator(step("caller_id"))).to_contain_text(CALLER)
        expect(page.locator("#trial-trace")).to_contain_text("RING")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        # What a busy machine reads at once stands in one line: behind the first ring, who calls or another ring.
        assert "|..RING.." in download.value.path().read_text()
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator("#trial-ends")).to_have_text("Stopped.")

        page.get_by_role("link", name="Line administration").click()
        page.locator("tr", has_text=NAME).get_by_role("link", name="Set up").click()
        page.fill("#f-name", "Ward 7")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Ward 7 was updated.")).to_be_visible()
        expect(board.locator(".tile", has_text="Ward 7")).to_be_visible()

        page.get_by_role("link", name="Ward 7").click()
        page.get_by_text("Remove…").click()
        page.get_by_role("button", name="Remove now").click()
        expect(page.locator("tr[data-line]")).to_have_count(5)
        expect(board.locator(".tile", has_text="Ward 7")).to_have_count(0)


def test_the_pages_of_lines_fit_a_phone(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "admin", "/lines", size=(390, 844)).page
    for path in ("/lines", "/lines/new", "/lines/new?driver=hayes", "/lines/1/edit", "/lines/1/test"):
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    # A refused form leads to what is wrong.
    page.goto("/lines/new?driver=hayes")
    page.locator("main .form-end .btn-primary").click()
    expect(page.locator("#f-name")).to_be_focused()
    page.locator("#refusal a").last.click()
    expect(page.locator("#f-port")).to_be_focused()
