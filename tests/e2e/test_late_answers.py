"""Answers that are older than the news which overtook them, and presses under which the page is drawn anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.peers.browser import PATIENCE, Browsers
from tests.peers.daemon import DemoDaemon, HttpClient
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser


class LateAnswer:
    """The next answer to ``address`` is made at once and kept back until it is let go."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._kept: list[tuple[Route, APIResponse]] = []
        page.route(address, lambda route: self._kept.append((route, route.fetch(timeout=PATIENCE))), times=1)

    def wait(self) -> None:
        """Until it is made."""

        def is_made() -> bool:
            self._page.wait_for_timeout(20)
            return bool(self._kept)

        wait_for(is_made, "an answer that is kept back")

    def let_go(self) -> None:
        """It comes now; whatever the page makes of it is made."""
        route, answer = self._kept.pop()
        route.fulfill(response=answer)
        self._page.wait_for_timeout(300)


def hear_from(daemon: DemoDaemon, reader: HttpClient, number: str, text: str) -> dict[str, Any]:
    """A patient writes; the conversation."""
    daemon.simulate("sms", number, text)

    def find() -> dict[str, Any] | None:
        talks = reader.get("/api/v1/conversations?box=all&limit=100")["items"]
        return next((talk for talk in talks if talk["last_text"] == text), None)

    found: dict[str, Any] = wait_for(find, f"the conversation in which was written: {text}")
    return found


def test_a_conversation_that_comes_while_the_list_is_on_its_way_is_in_it(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    agent = daemon.client("agent")
    talk = hear_from(daemon, agent, "13700000001", "还要空腹吗")
    assert agent.send("POST", f"/api/v1/conversations/{talk['id']}/done", {}).status == 200
    page = browsers.window(daemon, "agent", "/inbox").page
    page.locator("[data-box=snoozed]").click()
    expect(page.locator("#talks .empty")).to_be_visible()
    late = LateAnswer(page, "**/api/v1/conversations?box=open*")
    page.locator("[data-box=open]").click()
    late.wait()
    assert agent.send("POST", f"/api/v1/conversations/{talk['id']}/open", {}).status == 200
    # The page has heard of it: the menu counts it.
    expect(page.locator("[data-waiting=open]")).to_have_text("1")
    late.let_go()
    expect(page.locator("#talks .talk")).to_contain_text("还要空腹吗")


def test_a_text_that_comes_while_the_thread_is_on_its_way_is_in_it(daemon: DemoDaemon, browsers: Browsers) -> None:
    agent = daemon.client("agent")
    talk = hear_from(daemon, agent, "13700000002", "第一句")
    page = browsers.window(daemon, "agent", "/inbox").page
    late = LateAnswer(page, f"**/api/v1/conversations/{talk['id']}/messages*")
    page.locator("#talks .talk", has_text="第一句").click()
    late.wait()
    daemon.simulate("sms", "13700000002", "第二句")
    expect(page.locator(".bubble-text")).to_have_text(["第二句"])
    late.let_go()
    expect(page.locator(".bubble-text")).to_have_text(["第一句", "第二句"])


def test_a_missed_call_that_was_ticked_off_does_not_come_back_with_an_older_list(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    expect(page.locator("[data-count=missed]").first).not_to_have_text("–")
    missed = page.locator("#missed .work-item")
    first, second = (missed.filter(has=page.locator(f"[data-dial$='1366666000{n}']")) for n in "12")
    daemon.simulate("call", "13666660001", "--line", "1", "--rings", "1")
    expect(first).to_be_visible()
    late = LateAnswer(page, "**/api/v1/calls/missed*")
    daemon.simulate("call", "13666660002", "--line", "1", "--rings", "1")
    late.wait()
    first.locator("[data-key^=done-missed]").click()
    expect(first).to_have_count(0)
    # The newer list is here: it knows of the second call.
    expect(second).to_be_visible()
    late.let_go()
    expect(first).to_have_count(0)
    expect(second).to_be_visible()


def test_what_is_pressed_is_done_though_it_is_drawn_anew_before_the_release(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    agent = daemon.client("agent")
    talk = hear_from(daemon, agent, "13700000003", "几点复查")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    reply = {"text": "明天九点", "key": "pressed-anew-1", "at": tomorrow}
    sent = agent.send("POST", f"/api/v1/conversations/{talk['id']}/reply", reply).json()

    # A button without a name, in a list.
    page = browsers.window(daemon, "agent", f"/inbox?c={talk['id']}").page
    ours = page.locator(f".bubble[data-message='{sent['id']}']")
    ours.locator(".bubble-state").click()
    take_back = ours.get_by_role("button", name="取消发送")
    take_back.hover()
    drawn = page.locator("#bubbles").get_attribute("data-shows")
    page.mouse.down()
    daemon.simulate("sms", "13700000003", "还有，要带病历吗")
    expect(page.locator(".bubble.is-theirs")).to_have_count(2)
    expect(page.locator("#bubbles")).not_to_have_attribute("data-shows", drawn or "")
    page.mouse.up()
    expect(ours).to_have_attribute("data-state", "cancelled")

    # A button that the server draws.
    page.goto(f"/messages/{sent['id']}")
    page.locator("#resend").hover()
    page.evaluate("window.pressed = document.getElementById('resend')")
    page.mouse.down()
    page.evaluate("htmx.ajax('GET', location.pathname, {target: '#message', select: '#message', swap: 'outerHTML'})")
    page.wait_for_function("!window.pressed.isConnected && document.getElementById('resend')")
    page.mouse.up()
    expect(page.locator(".sheet .btn-primary")).to_be_visible()
