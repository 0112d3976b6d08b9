"""The agent's day in a real browser, against a real daemon with simulated modems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.peers.browser import PATIENCE, Browsers, wait_until_live
from tests.peers.daemon import DemoDaemon, wait_for

pytestmark = pytest.mark.browser

UNKNOWN = "13666660000"


@pytest.fixture(scope="module")
def people(daemon: DemoDaemon) -> dict[str, Any]:
    """Somebody with a mobile of their own, and a number that several share."""
    client = daemon.client("agent")
    own, shared = None, None
    for patient in client.get("/api/v1/patients?limit=60")["items"]:
        for phone in client.get(f"/api/v1/patients/{patient['id']}/card")["phones"]:
            number = phone["number"].removeprefix("+86")
            found = client.get(f"/api/v1/patients/match?number={number}")["patients"]
            if len(found) == 1 and number.startswith("1") and own is None:
                own = {"id": patient["id"], "name": patient["name"], "number": number}
            if len(found) > 1 and ";" not in number and shared is None:
                shared = {"number": number if number.startswith("1") else "0" + number, "patients": found}
    assert own, "the demo has nobody with a mobile of their own"
    assert shared, "the demo has no shared number"
    return {"own": own, "shared": shared}


def latest_call(daemon: DemoDaemon) -> Mapping[str, Any]:
    call: Mapping[str, Any] = daemon.client("supervisor").get("/api/v1/calls?limit=1")["items"][0]
    return call


def take_by_key(page: Page) -> None:
    """Press A once the card can be answered."""
    expect(page.locator("[data-action=answer]")).to_be_enabled(timeout=PATIENCE)
    page.keyboard.press("a")
    expect(page.locator("[data-action=hang-up]")).to_be_enabled(timeout=PATIENCE)


def wrap_up_by_key(page: Page) -> None:
    """Finish as "completed", when the call is over."""
    finish_by_key(page, "1")
    expect(page.locator("#card")).to_be_hidden(timeout=PATIENCE)


def finish_by_key(page: Page, outcome: str) -> None:
    """Choose an outcome by its digit and ask to finish, when the call is over."""
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended", timeout=PATIENCE)
    page.keyboard.press(outcome)
    page.keyboard.press("Control+Enter")


def test_the_card_comes_back_after_a_reload_and_in_a_second_tab_and_the_claim_closes_it_elsewhere(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    own = people["own"]
    agent = browsers.window(daemon, "agent", "/console")
    other = browsers.window(daemon, "supervisor", "/console")
    daemon.simulate("call", own["number"], "--line", "1", "--rings", "14", "--detach")
    for page in (agent.page, other.page):
        expect(page.locator("#card .pop-name")).to_contain_text(own["name"], timeout=PATIENCE)
    agent.page.reload()
    expect(agent.page.locator("#card .pop-name")).to_contain_text(own["name"], timeout=PATIENCE)
    second = agent.tab("/console")
    expect(second.locator("#card .pop-name")).to_contain_text(own["name"], timeout=PATIENCE)
    for page in (agent.page, second):
        expect(page.locator("#card").get_by_role("link", name=own["name"])).to_be_visible()

    take_by_key(second)

    expect(agent.page.locator("[data-action=hang-up]")).to_be_enabled(timeout=PATIENCE)
    expect(other.page.locator(".pop-farewell")).to_contain_text("王秀英", timeout=PATIENCE)
    expect(other.page.locator("#card")).to_be_hidden(timeout=PATIENCE)
    second.keyboard.press("h")
    wrap_up_by_key(second)
    expect(agent.page.locator("#card")).to_be_hidden(timeout=PATIENCE)
    agent.page.goto(f"/patients/{own['id']}")
    call = latest_call(daemon)
    expect(agent.page.locator(f".timeline-item[data-call='{call['id']}']")).to_contain_text("已完成")
    agent.page.goto("/calls")
    expect(agent.page.locator(f"tr[data-call='{call['id']}']")).to_contain_text(own["name"])


def test_what_is_typed_is_kept_through_a_reload_and_shown_in_another_tab_and_is_on_record(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    """With the mouse; the other stories work with the keyboard."""
    agent = browsers.window(daemon, "agent", "/console")
    daemon.simulate("call", people["own"]["number"], "--line", "1", "--rings", "14", "--detach")
    expect(agent.page.locator("#card .pop-name")).to_be_visible(timeout=PATIENCE)
    agent.page.get_by_role("button", name="接听").first.click()
    hang_up = agent.page.get_by_role("button", name="挂断").first
    expect(hang_up).to_be_enabled(timeout=PATIENCE)
    second = agent.tab("/console")
    expect(second.locator("#notes")).to_be_visible(timeout=PATIENCE)
    agent.page.keyboard.press("n")
    agent.page.keyboard.type("切口愈合良好，")
    expect(agent.page.locator("[data-saved]")).to_have_attribute("data-state", "saved", timeout=PATIENCE)
    expect(second.locator("#notes")).to_have_value("切口愈合良好，", timeout=PATIENCE)
    agent.page.keyboard.type("周五复查")
    # At once, before the pause after which a draft is saved.
    agent.page.reload()
    expect(agent.page.locator("#notes")).to_have_value("切口愈合良好，周五复查", timeout=PATIENCE)
    hang_up.click()
    agent.page.locator("input[name=outcome][value=completed]").check()
    agent.page.get_by_role("button", name=re.compile("^完成")).last.click()
    wait_for(lambda: latest_call(daemon)["wrap_up"] == "done", 15, "the finished wrap-up")
    call = latest_call(daemon)
    assert (call["notes"], call["outcome"]) == ("切口愈合良好，周五复查", "completed")
    assert (call["patient"]["name"], call["agent"]["name"]) == (people["own"]["name"], "王秀英")
    assert call["end_reason"] == "hung_up"


def test_an_outcome_that_needs_a_time_is_not_finished_without_one(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", people["own"]["number"], "--line", "2", "--rings", "14", "--detach")
    take_by_key(page)
    page.keyboard.press("h")
    finish_by_key(page, "8")
    expect(page.locator("[data-problem]")).to_be_visible(timeout=PATIENCE)
    page.locator("[data-hours='24']").click()
    page.locator("[data-finish]").click()
    expect(page.locator("#card")).to_be_hidden(timeout=PATIENCE)
    assert latest_call(daemon)["call_back_at"]


def test_a_shared_number_is_decided_once_and_remembered(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    shared = people["shared"]
    chosen = shared["patients"][-1]
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", shared["number"], "--line", "1", "--rings", "14", "--detach")
    expect(page.locator(".choice")).to_have_count(len(shared["patients"]), timeout=PATIENCE)
    page.locator("#remember").check()
    page.locator(f"[data-patient-choice='{chosen['id']}']").click()
    expect(page.locator("#card .pop-name")).to_contain_text(chosen["name"], timeout=PATIENCE)
    take_by_key(page)
    page.keyboard.press("h")
    wrap_up_by_key(page)

    daemon.simulate("call", shared["number"], "--line", "1", "--rings", "14", "--detach")
    expect(page.locator("#card .pop-name")).to_contain_text(chosen["name"], timeout=PATIENCE)
    take_by_key(page)
    page.keyboard.press("h")
    wrap_up_by_key(page)


def test_an_unknown_caller_becomes_a_patient_and_is_known_the_next_time(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", UNKNOWN, "--line", "1", "--rings", "14", "--detach")
    expect(page.locator(".people-title")).to_have_text("未知号码", timeout=PATIENCE)
    page.locator("[data-key=new-patient]").click()
    page.fill("#new-name", "<b>欧阳</b>新")
    page.keyboard.press("Enter")
    expect(page.locator("#card .pop-name")).to_contain_text("<b>欧阳</b>新", timeout=PATIENCE)
    page.locator("#card-head").click()
    take_by_key(page)
    page.keyboard.press("h")
    wrap_up_by_key(page)
    found = daemon.client("agent").get(f"/api/v1/patients/match?number={UNKNOWN}")
    assert [patient["name"] for patient in found["patients"]] == ["<b>欧阳</b>新"]


def test_a_missed_call_is_called_back_by_a_click(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    own = people["own"]
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", own["number"], "--line", "3", "--rings", "2")
    missed = page.locator("#missed .work-item", has_text=own["name"])
    expect(missed).to_have_count(1, timeout=PATIENCE)
    daemon.simulate("outgoing", "answer", "--line", "1", "--after", "2")
    missed.locator(".dial").click()
    expect(page.locator("#card .pop-name")).to_contain_text(own["name"], timeout=PATIENCE)
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "talking", timeout=PATIENCE)
    page.locator("[data-action=hang-up]").click()
    wrap_up_by_key(page)
    expect(missed).to_have_count(0, timeout=PATIENCE)
    call = latest_call(daemon)
    assert (call["direction"], call["patient"]["name"], call["outcome"]) == ("out", own["name"], "completed")


def test_the_page_says_when_it_is_not_live_and_resumes_by_itself_after_a_crash(
    fresh_daemon: DemoDaemon, browsers: Browsers
) -> None:
    fresh_daemon.start()
    page = browsers.window(fresh_daemon, "agent", "/console").page
    fresh_daemon.simulate("call", UNKNOWN, "--line", "1", "--rings", "40", "--detach")
    take_by_key(page)
    page.keyboard.press("n")
    page.keyboard.type("正在通话时断电")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved", timeout=PATIENCE)

    fresh_daemon.kill()
    expect(page.locator("#not-live")).to_be_visible(timeout=PATIENCE)
    fresh_daemon.start()
    wait_until_live(page)

    expect(page.locator("#not-live")).to_be_hidden()
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended", timeout=PATIENCE)
    expect(page.locator("#notes")).to_have_value("正在通话时断电")
    assert latest_call(fresh_daemon)["end_reason"] == "unknown"
