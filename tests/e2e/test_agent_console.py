"""The agent's day in a real browser, against a real daemon with simulated modems."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.peers.browser import Browsers, let_toasts_stay, remember, wait_until_live
from tests.peers.daemon import RINGS_ON, DemoDaemon
from tests.peers.patience import wait_for

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


@pytest.fixture(autouse=True)
def nothing_is_left_over(daemon: DemoDaemon) -> Iterator[None]:
    """The next story finds idle lines and agents and no missed call, whatever became of this one."""
    yield
    agent = daemon.client("agent")
    daemon.free_lines()
    for call in agent.get("/api/v1/calls?wrap_up=open")["items"]:
        if call["agent"]["name"] == "王秀英":
            agent.post(f"/api/v1/calls/{call['id']}/wrap-up", {"outcome": "completed", "finish": True})
    for call in agent.get("/api/v1/calls/missed")["items"]:
        agent.post(f"/api/v1/calls/{call['id']}/handle-missed")


def latest_call(daemon: DemoDaemon) -> Mapping[str, Any]:
    call: Mapping[str, Any] = daemon.client("supervisor").get("/api/v1/calls?limit=1")["items"][0]
    return call


def take_by_key(page: Page) -> None:
    """Press A once the card can be answered."""
    expect(page.locator("[data-action=answer]")).to_be_enabled()
    page.keyboard.press("a")
    expect(page.locator("[data-action=hang-up]")).to_be_enabled()


def click_on_card(button: Locator) -> None:
    """Long enough after the call came to the front: a click that was meant for the one before it does nothing."""
    expect(button).to_be_enabled()
    button.page.wait_for_timeout(400)
    button.click()


def wrap_up_by_key(page: Page) -> None:
    """Finish as "completed", when the call is over."""
    finish_by_key(page, "1")
    expect(page.locator("#card")).to_be_hidden()


def finish_by_key(page: Page, outcome: str) -> None:
    """Choose an outcome by its digit and ask to finish, when the call is over."""
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    page.keyboard.press(outcome)
    page.keyboard.press("Control+Enter")


def test_the_card_comes_back_after_a_reload_and_in_a_second_tab_and_the_claim_closes_it_elsewhere(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    own = people["own"]
    agent = browsers.window(daemon, "agent", "/console")
    other = browsers.window(daemon, "supervisor", "/console")
    # Whoever watches the others takes calls when they say so.
    expect(other.page.locator("#on-duty")).to_be_hidden()
    other.page.click("#off-duty [data-state=available]")
    expect(other.page.locator("#on-duty")).to_be_visible()
    daemon.simulate("call", own["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    for page in (agent.page, other.page):
        expect(page.locator("#card .pop-name")).to_contain_text(own["name"])
    agent.page.reload()
    expect(agent.page.locator("#card .pop-name")).to_contain_text(own["name"])
    second = agent.tab("/console")
    expect(second.locator("#card .pop-name")).to_contain_text(own["name"])
    for page in (agent.page, second):
        expect(page.locator("#card").get_by_role("link", name=own["name"])).to_be_visible()

    farewell = remember(other.page, ".pop-farewell")
    take_by_key(second)

    expect(agent.page.locator("[data-action=hang-up]")).to_be_enabled()
    wait_for(lambda: "王秀英" in farewell(), "who took it")
    expect(other.page.locator("#card")).to_be_hidden()
    second.keyboard.press("h")
    wrap_up_by_key(second)
    expect(agent.page.locator("#card")).to_be_hidden()
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
    daemon.simulate("call", people["own"]["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(agent.page.locator("#card .pop-name")).to_be_visible()
    click_on_card(agent.page.get_by_role("button", name="接听").first)
    hang_up = agent.page.get_by_role("button", name="挂断").first
    expect(hang_up).to_be_enabled()
    second = agent.tab("/console")
    expect(second.locator("#notes")).to_be_visible()
    agent.page.keyboard.press("n")
    agent.page.keyboard.type("切口愈合良好，")
    expect(agent.page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    expect(second.locator("#notes")).to_have_value("切口愈合良好，")
    agent.page.keyboard.type("周五复查")
    # At once, before the pause after which a draft is saved.
    agent.page.reload()
    expect(agent.page.locator("#notes")).to_have_value("切口愈合良好，周五复查")
    let_toasts_stay(agent.page)
    hang_up.click()
    agent.page.locator("input[name=outcome][value=completed]").check()
    agent.page.get_by_role("button", name=re.compile("^完成")).last.click()
    wait_for(lambda: latest_call(daemon)["wrap_up"] == "done", "the finished wrap-up")
    call = latest_call(daemon)
    assert (call["notes"], call["outcome"]) == ("切口愈合良好，周五复查", "completed")
    assert (call["patient"]["name"], call["agent"]["name"]) == (people["own"]["name"], "王秀英")
    assert call["end_reason"] == "hung_up"


# With what the socket has brought, once the page has made of it what it makes; and a call that was hung up may take as
# long to end as it is held.
HELD = """
  window.news = [];
  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => setTimeout(() => window.news.push(JSON.parse(data))));
    }
  };
  const later = window.setTimeout;
  window.setTimeout = (run, time, ...rest) => later(run, time === 10000 ? 600000 : time, ...rest);
  const send = window.fetch;
  const gate = new Promise((open) => { window.release = open; });
  window.held = 0;
  window.fetch = async (url, options) => {
    if (String(url).endsWith("%s")) {
      window.held += 1;
      await gate;
    }
    return send(url, options);
  };
"""


def test_whoever_hangs_up_and_finishes_in_one_go_need_not_wait_for_the_line(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    page = browsers.window(daemon, "agent", "/console").tab("/console", HELD % "/hang-up")
    daemon.simulate("call", people["own"]["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    take_by_key(page)
    for key in ("h", "1", "Control+Enter"):
        page.keyboard.press(key)
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "ending")
    page.evaluate("window.release()")
    expect(page.locator("#card")).to_be_hidden()
    call = latest_call(daemon)
    assert (call["wrap_up"], call["outcome"], call["end_reason"]) == ("done", "completed", "hung_up")


def test_a_call_that_is_being_hung_up_is_finished_though_one_looks_elsewhere(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    page = browsers.window(daemon, "agent", "/console").tab("/console", HELD % "/hang-up")
    daemon.simulate("call", people["own"]["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    take_by_key(page)
    page.keyboard.press("h")
    # What would be refused in the end is said at once.
    page.keyboard.press("Control+Enter")
    problem, saved = page.locator("#wrap-up [data-problem]"), page.locator("[data-saved]")
    expect(problem).to_have_text("请选择处理结果。")
    page.keyboard.press("1")
    expect(problem).to_have_text("")
    # News of a call that goes on, such as its outcome, bring it to the front again; they may come after the answer.
    expect(saved).to_have_attribute("data-state", "saved")
    page.wait_for_function(
        "() => window.news.some(({ topic, data }) => topic === 'calls' && data.outcome === 'completed')"
    )
    page.keyboard.press("Control+Enter")
    expect(saved).to_have_attribute("data-state", "ending")
    page.locator("[data-later]").click()
    expect(page.locator("#wrap-up form")).to_be_hidden()
    page.evaluate("window.release()")
    wait_for(lambda: latest_call(daemon)["wrap_up"] == "done", "the finished wrap-up")
    assert latest_call(daemon)["outcome"] == "completed"


@pytest.mark.parametrize("finish", [False, True])
def test_each_call_keeps_its_own_note_when_the_next_one_rings_while_it_is_saved(
    finish: bool, daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    page = browsers.window(daemon, "agent", "/console").tab("/console", HELD % "/wrap-up")
    daemon.simulate("call", people["own"]["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    take_by_key(page)
    first = latest_call(daemon)["id"]
    page.keyboard.press("h")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    page.keyboard.press("1")
    page.wait_for_function("() => window.held === 1")
    page.fill("#notes", "周五复查")
    page.keyboard.press("Control+Enter" if finish else "Escape")
    page.keyboard.press("Escape")
    # Whoever says so is offered calls before the note is finished.
    page.evaluate("document.querySelector('[data-state=available]').click()")
    daemon.simulate("call", people["shared"]["number"], "--line", "2", "--rings", RINGS_ON, "--detach")
    take_by_key(page)
    second = latest_call(daemon)["id"]
    assert first != second
    page.evaluate("window.release()")
    client = daemon.client("agent")
    wait_for(lambda: client.get(f"/api/v1/calls/{first}")["notes"] == "周五复查", "the note")
    kept = client.get(f"/api/v1/calls/{first}")
    assert (kept["outcome"], kept["wrap_up"]) == ("completed", "done" if finish else "open")
    # More than a note may hold is said, not cut off.
    page.fill("#notes", "长" * 10_001)
    expect(page.locator("#wrap-up [data-problem]")).to_have_text("最多 10000 个字符。")
    assert len(page.input_value("#notes")) == 10_001
    page.fill("#notes", "短")
    expect(page.locator("#wrap-up [data-problem]")).to_have_text("")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")


def test_an_outcome_that_needs_a_time_is_not_finished_without_one(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", people["own"]["number"], "--line", "2", "--rings", RINGS_ON, "--detach")
    take_by_key(page)
    page.keyboard.press("h")
    finish_by_key(page, "8")
    expect(page.locator("[data-problem]")).not_to_be_empty()
    page.locator("[data-hours='24']").click()
    page.locator("[data-finish]").click()
    expect(page.locator("#card")).to_be_hidden()
    assert latest_call(daemon)["call_back_at"]


def test_a_shared_number_is_decided_once_and_remembered(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    shared = people["shared"]
    chosen = shared["patients"][-1]
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", shared["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator(".choice")).to_have_count(len(shared["patients"]))
    page.locator("#remember").check()
    page.locator(f"[data-patient-choice='{chosen['id']}']").click()
    expect(page.locator("#card .pop-name")).to_contain_text(chosen["name"])
    take_by_key(page)
    page.keyboard.press("h")
    wrap_up_by_key(page)

    daemon.simulate("call", shared["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator("#card .pop-name")).to_contain_text(chosen["name"])
    take_by_key(page)
    page.keyboard.press("h")
    wrap_up_by_key(page)


def test_an_unknown_caller_becomes_a_patient_and_is_known_the_next_time(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", UNKNOWN, "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator(".people-title")).to_have_text("未知号码")
    page.locator("[data-key=new-patient]").click()
    page.fill("#new-name", "<b>欧阳</b>新")
    page.keyboard.press("Enter")
    expect(page.locator("#card .pop-name")).to_contain_text("<b>欧阳</b>新")
    page.locator("#card-head").click()
    take_by_key(page)
    page.keyboard.press("h")
    # On a telephone what is to be written down stands right below the buttons.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#card > #wrap-up .outcome").first).to_be_in_viewport()
    wrap_up_by_key(page)
    found = daemon.client("agent").get(f"/api/v1/patients/match?number={UNKNOWN}")
    assert [patient["name"] for patient in found["patients"]] == ["<b>欧阳</b>新"]


def test_a_caller_without_a_number_is_found_while_it_rings_and_the_number_that_comes_takes_nothing_away(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    own = people["own"]
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", "13666662222", "--line", "1", "--rings", RINGS_ON, "--rings-before-id", "3", "--detach")
    expect(page.locator("[data-key=attach]")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("#people-search")).to_be_focused()
    # In one go: what a part of the name has found would be replaced under the hand.
    page.keyboard.insert_text(own["name"])
    expect(page.locator("[data-rings]")).to_have_text(re.compile(r"^振铃 ([2-9]|\d\d) 声$"))
    expect(page.locator("#card-head")).to_contain_text("136 6666 2222")
    expect(page.locator("#people-search")).to_have_value(own["name"])
    expect(page.locator("#people-search")).to_be_focused()
    expect(page.locator("#add-number")).to_be_visible()
    page.locator(f"[data-patient-choice='{own['id']}']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#card .pop-name")).to_contain_text(own["name"])
    call = latest_call(daemon)
    assert (call["state"], call["agent"], call["patient"]["id"]) == ("ringing", None, own["id"])
    take_by_key(page)
    page.keyboard.press("h")
    wrap_up_by_key(page)


def test_a_missed_call_is_called_back_by_a_click(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    own = people["own"]
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", own["number"], "--line", "3", "--rings", "2")
    missed = page.locator("#missed .work-item", has_text=own["name"])
    expect(missed).to_have_count(1)
    daemon.simulate("outgoing", "answer", "--line", "1", "--after", "2")
    missed.locator(".dial").click()
    expect(page.locator("#card .pop-name")).to_contain_text(own["name"])
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "talking")
    click_on_card(page.locator("[data-action=hang-up]"))
    wrap_up_by_key(page)
    expect(missed).to_have_count(0)
    call = latest_call(daemon)
    assert (call["direction"], call["patient"]["name"], call["outcome"]) == ("out", own["name"], "completed")


def test_an_agreed_call_back_is_listed_falls_due_and_is_done_by_calling(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    own = people["own"]
    page = browsers.window(daemon, "agent", "/console").page
    item = page.locator("#callbacks .work-item", has_text=own["name"])
    for old in daemon.client("agent").get("/api/v1/callbacks")["items"]:
        daemon.client("agent").post(f"/api/v1/calls/{old['id']}/call-back", {"done": True})
    expect(page.locator("#callbacks .empty")).to_be_visible()
    daemon.simulate("call", own["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator("#card .pop-name")).to_contain_text(own["name"])
    take_by_key(page)
    page.keyboard.press("h")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    page.keyboard.press("8")
    page.locator("[data-hours='1']").click()
    page.locator("[data-finish]").click()
    expect(page.locator("#card")).to_be_hidden()
    expect(item).to_have_count(1)
    expect(item.locator(".badge-soft")).to_have_count(0)

    call = latest_call(daemon)
    past = {"outcome": "call_back", "notes": "血压", "call_back_at": "2026-01-01T08:00:00Z"}
    daemon.client("agent").post(f"/api/v1/calls/{call['id']}/wrap-up", past)
    expect(item.locator(".badge-bad")).to_have_text("已逾期")
    expect(item).to_contain_text("血压")

    let_toasts_stay(page)
    page.keyboard.press("c")
    expect(item.locator(".dial")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(item).to_have_count(0)
    # The event that empties the list may come before the answer that offers to undo it.
    expect(page.locator("[data-toast-action]")).to_be_visible()
    page.keyboard.press("u")
    expect(item).to_have_count(1)

    daemon.simulate("outgoing", "answer", "--line", "1", "--after", "1")
    item.locator(".dial").click()
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "talking")
    click_on_card(page.locator("[data-action=hang-up]"))
    expect(item).to_have_count(1)
    wrap_up_by_key(page)
    expect(item).to_have_count(0)
    assert daemon.client("agent").get(f"/api/v1/calls/{call['id']}")["call_back"] == "done"


def test_the_next_one_to_call_comes_by_itself_after_a_wrap_up_and_is_never_dialled_by_itself(
    daemon: DemoDaemon, browsers: Browsers, people: dict[str, Any]
) -> None:
    client, numbers = daemon.client("agent"), ("13666663331", "13666663332")
    for call in client.get("/api/v1/calls/missed")["items"]:
        client.post(f"/api/v1/calls/{call['id']}/handle-missed")
    for call in client.get("/api/v1/callbacks")["items"]:
        client.post(f"/api/v1/calls/{call['id']}/call-back")
    page = browsers.window(daemon, "agent", "/console").page
    for number in numbers:
        daemon.simulate("call", number, "--line", "3", "--rings", "1")
    expect(page.locator("#missed .work-item")).to_have_count(2)
    expect(page.locator("#card")).to_be_hidden()
    page.keyboard.press("t")
    expect(page.locator("#next-by-itself")).to_be_checked()
    page.reload()
    expect(page.locator("#next-by-itself")).to_be_checked()

    daemon.simulate("call", people["own"]["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    take_by_key(page)
    page.keyboard.press("h")
    wrap_up_by_key(page)
    shown = page.locator("#next .pop-number")
    expect(shown).to_contain_text("136 6666 3331")
    page.keyboard.press("x")
    expect(shown).to_contain_text("136 6666 3332")
    page.keyboard.press("x")
    expect(page.locator("#next")).to_be_hidden()
    assert latest_call(daemon)["direction"] == "in"

    page.keyboard.press("x")
    expect(shown).to_contain_text("136 6666 3331")
    # Long enough after it changed: a key that was meant for the one before it dials nobody.
    page.wait_for_timeout(400)
    daemon.simulate("outgoing", "answer", "--line", "1", "--after", "1")
    page.keyboard.press("y")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "talking")
    page.keyboard.press("h")
    wrap_up_by_key(page)
    expect(shown).to_contain_text("136 6666 3332")
    # A colleague is faster.
    waiting = client.get("/api/v1/calls/missed")["items"][0]
    client.post(f"/api/v1/calls/{waiting['id']}/handle-missed")
    expect(page.locator("[data-key=next-dial]")).to_be_disabled()
    page.keyboard.press("y")
    assert latest_call(daemon)["number"] == "+8613666663331"


def test_the_page_says_when_it_is_not_live_and_resumes_by_itself_after_a_crash(
    fresh_daemon: DemoDaemon, browsers: Browsers
) -> None:
    fresh_daemon.start()
    page = browsers.window(fresh_daemon, "agent", "/console").page
    fresh_daemon.simulate("call", UNKNOWN, "--line", "1", "--rings", RINGS_ON, "--detach")
    take_by_key(page)
    page.keyboard.press("n")
    page.keyboard.type("正在通话时断电")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")

    fresh_daemon.kill()
    expect(page.locator("#not-live")).to_be_visible()
    fresh_daemon.start()
    wait_until_live(page)

    expect(page.locator("#not-live")).to_be_hidden()
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    expect(page.locator("#notes")).to_have_value("正在通话时断电")
    assert latest_call(fresh_daemon)["end_reason"] == "unknown"
