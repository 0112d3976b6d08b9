"""A nurse who lifted the handset without a look at the screen says afterwards that it was her, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.peers.browser import Browsers, let_toasts_stay
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

CALLER = "13622223333"


@pytest.fixture(autouse=True)
def nothing_is_left_over(daemon: DemoDaemon) -> Iterator[None]:
    """The next story finds no call to claim, to write down or to call back, whatever became of this one."""
    yield
    agent = daemon.client("agent")
    for call in agent.get("/api/v1/calls/unclaimed")["items"]:
        agent.post(f"/api/v1/calls/{call['id']}/claim-late")
    for call in agent.get("/api/v1/calls?wrap_up=open")["items"]:
        agent.post(f"/api/v1/calls/{call['id']}/wrap-up", {"outcome": "completed", "finish": True})
    for call in agent.get("/api/v1/calls/missed")["items"]:
        agent.post(f"/api/v1/calls/{call['id']}/handle-missed")


def until_timers_have_run(page: Page, milliseconds: int) -> None:
    """All that are due by then: a page that stood still runs them in their order."""
    page.evaluate("(time) => new Promise((run) => setTimeout(run, time))", milliseconds)


@pytest.mark.parametrize(("locale", "words"), [("zh-CN", "是我接的"), ("en", "That was me")])
def test_a_call_that_nobody_took_is_claimed_afterwards(
    daemon: DemoDaemon, browsers: Browsers, locale: str, words: str
) -> None:
    page = browsers.window(daemon, "agent", "/console", locale=locale).page
    panel = page.locator(".work-unclaimed")
    expect(panel).to_be_hidden()
    daemon.simulate("call", CALLER, "--line", "1", "--answer-after", "3", "--hangup-after", "1")
    entry = panel.locator("[data-unclaimed]")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("136 2222 3333")
    entry.get_by_role("button", name=words).click()
    expect(panel).to_be_hidden()
    expect(page.locator("#card-head")).to_contain_text("136 2222 3333")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#card")).to_be_hidden()
    call = daemon.client("supervisor").get("/api/v1/calls?limit=1")["items"][0]
    assert (call["agent"]["name"], call["wrap_up"], call["outcome"] != "") == ("王秀英", "done", True)


def test_it_is_claimed_on_its_page_too(daemon: DemoDaemon, browsers: Browsers) -> None:
    daemon.simulate("call", CALLER, "--line", "1", "--answer-after", "3", "--hangup-after", "1")
    supervisor = daemon.client("supervisor")
    call = supervisor.get("/api/v1/calls?limit=1")["items"][0]
    # The page stays as it was drawn.
    wait_for(lambda: supervisor.get(f"/api/v1/calls/{call['id']}")["state"] == "ended", "the end of the call")
    page = browsers.window(daemon, "agent", f"/calls/{call['id']}", size=(390, 844)).page
    page.locator("[data-claim-late]").click()
    expect(page.locator("[data-claim-late]")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("王秀英")
    expect(page.locator("main a[href='/console']")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("locale", "words"), [("zh-CN", "撤销"), ("en", "Undo")])
def test_it_is_taken_back_where_it_was_said(daemon: DemoDaemon, browsers: Browsers, locale: str, words: str) -> None:
    page = browsers.window(daemon, "agent", "/console", locale=locale).page
    missed = page.locator("#missed .work-item")
    daemon.simulate("call", CALLER, "--line", "1", "--rings", "2")
    expect(missed).to_have_count(1)
    daemon.simulate("call", CALLER, "--line", "1", "--answer-after", "3", "--hangup-after", "1")
    entry = page.locator(".work-unclaimed [data-unclaimed]")
    expect(entry).to_have_count(1)
    let_toasts_stay(page)
    entry.get_by_role("button").click()
    expect(entry).to_have_count(0)
    expect(missed).to_have_count(0)
    page.get_by_role("button", name=words).click()
    expect(entry).to_have_count(1)
    expect(missed).to_have_count(1)
    expect(page.locator("#wrap-up form")).to_be_hidden()
    call = daemon.client("supervisor").get("/api/v1/calls?limit=1")["items"][0]
    assert (call["agent"], call["wrap_up"]) == (None, "")
    agent = daemon.client("agent")
    agent.post(f"/api/v1/calls/{call['id']}/claim-late")
    page.goto(f"/calls/{call['id']}")
    page.locator("[data-take-back]").click()
    expect(page.locator("[data-claim-late]")).to_be_visible()


def test_a_call_of_nobodys_makes_no_console_ask_for_its_other_lists(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    # Every list has come, be it empty.
    expect(page.locator(".work-panel:visible .work-body:empty")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    until_timers_have_run(page, 1500)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    daemon.simulate("call", CALLER, "--line", "1", "--answer-after", "3", "--hangup-after", "1")
    expect(page.locator(".work-unclaimed [data-unclaimed]")).to_have_count(1)
    until_timers_have_run(page, 1000)
    assert not [url for url in asked if "/calls/missed" in url or "agent_id=" in url]
