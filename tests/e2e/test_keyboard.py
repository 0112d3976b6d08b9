"""The pages by keyboard alone: what has the focus can be seen, and no action loses it to the top of the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Page, expect

from tests.peers.browser import Browsers, let_toasts_stay, wait_until_live
from tests.peers.daemon import RINGS_ON, DemoDaemon

pytestmark = pytest.mark.browser

# The page as a whole has it: whoever presses Tab begins again at the top.
_LOST = "() => [null, document.body, document.documentElement].includes(document.activeElement)"
# In sight, not under a bar, with a ring around it; a date's parts have their own.
_SEEN = """() => {
  const one = document.activeElement;
  const { left, top, width, height } = one.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  if (width < 2 || height < 2 || x < 0 || y < 0 || x > innerWidth || y > innerHeight) return false;
  const above = document.elementFromPoint(x, y);
  const free = above && (one.contains(above) || above.contains(one));
  return Boolean(free) && (getComputedStyle(one).outlineStyle !== "none" || one.type === "date");
}"""
_WHO = "() => document.activeElement.outerHTML.slice(0, 160)"


def inside(page: Page, selector: str) -> None:
    """The focus comes to be on ``selector`` or in it."""
    expect(page.locator(f"{selector}:focus, {selector}:focus-within").first).to_be_attached()


def press_on(page: Page, selector: str, key: str = "Enter") -> None:
    """As whoever has tabbed there."""
    page.locator(selector).first.focus()
    page.keyboard.press(key)


@pytest.mark.parametrize(
    ("role", "path", "size"),
    [("agent", "/console", (1366, 768)), ("agent", "/patients/new", (390, 844)), ("doctor", "/patients", (390, 844))],
)
def test_every_stop_of_the_tab_key_is_in_sight(
    role: str, path: str, size: tuple[int, int], daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, role, path, size=size).page
    stops = 0
    for _stop in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(_LOST):
            break
        stops += 1
        try:
            # Scrolling takes a moment.
            page.wait_for_function(_SEEN)
        except Error:
            pytest.fail(f"stop {stops} is not to be seen: {page.evaluate(_WHO)}")
    assert stops > 8


def test_an_agent_answers_and_writes_down_without_losing_the_place(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    # A menu gives the focus back to its button, a sheet to what opened it.
    press_on(page, ".state-button")
    press_on(page, "#my-state [data-state=wrap_up]")
    expect(page.locator("#my-state")).not_to_have_attribute("open", "")
    expect(page.locator(".state-button")).to_be_focused()
    chosen = page.locator("#my-state [aria-pressed=true]")
    expect(chosen).to_have_attribute("data-state", "wrap_up")
    press_on(page, ".state-button")
    press_on(page, "#my-state [data-state=available]")
    expect(chosen).to_have_attribute("data-state", "available")
    press_on(page, "#help")
    expect(page.locator("#cheat-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_focused()

    daemon.simulate("call", "13666660000", "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator("[data-key=new-patient]")).to_be_visible()
    expect(page.locator("[data-action=answer]")).to_be_enabled()
    press_on(page, "[data-action=answer]")
    # What has taken the call is grey from now on: the card keeps the focus.
    expect(page.locator("[data-action=hang-up]")).to_be_enabled()
    inside(page, "#card")
    # Tabs are one stop; the arrows go through them.
    press_on(page, ".talk-tab[aria-selected=true]", "ArrowRight")
    expect(page.locator(".talk-tab").last).to_be_focused()
    expect(page.locator(".talk-tab").last).to_have_attribute("aria-selected", "true")
    expect(page.locator(".talk-tab").first).to_have_attribute("tabindex", "-1")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".talk-tab").first).to_be_focused()
    press_on(page, "[data-key=new-patient]")
    expect(page.locator("#new-name")).to_be_focused()
    page.keyboard.type("钱多多")
    page.keyboard.press("Enter")
    # The form has done its work and is gone.
    expect(page.locator("#new-name")).to_have_count(0)
    inside(page, "#card")
    press_on(page, "[data-action=hang-up]")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    inside(page, "#card")
    page.keyboard.press("1")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    press_on(page, "[data-finish]")
    expect(page.locator("#card")).to_be_hidden()
    inside(page, "#wrap-up")
    # Whoever has dialled is at the call, where single keys are for it.
    page.locator("#dial-number").fill("13666660009")
    press_on(page, "#dial-number")
    inside(page, "#card")
    expect(page.locator("[data-action=hang-up]")).to_be_enabled()
    page.keyboard.press("h")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#card")).to_be_hidden()


def test_an_entry_that_goes_leaves_the_focus_to_the_next(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin = daemon.client("admin")
    for number in ("13600000001", "13600000002"):
        admin.post("/api/v1/opt-outs", {"number": number, "kind": "all", "note": "by phone"})
    page = browsers.window(daemon, "admin", "/opt-outs").page
    page.evaluate("window.same = true")
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(2)
    press_on(page, "[data-allow]")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-allow]").first).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("asked for it")
    page.keyboard.press("Enter")
    expect(page.locator("[data-allow]")).to_have_count(1)
    inside(page, "#list tr")
    assert page.evaluate("window.same"), "the page was loaded again"


def test_an_alarm_that_is_dealt_with_keeps_the_place(daemon: DemoDaemon, browsers: Browsers) -> None:
    daemon.simulate("unplug", "--line", "2")
    try:
        page = browsers.window(daemon, "supervisor", "/alarms").page
        # Whoever is there already is told of it, and looks.
        expect(page.locator("#alarm-chip")).to_be_visible()
        page.reload()
        wait_until_live(page)
        press_on(page, "#list tr:has-text('线路 2') [data-handle-alarm]")
        page.keyboard.type("plugged in again")
        page.keyboard.press("Enter")
        expect(page.locator("#list tr:has-text('线路 2') [data-handle-alarm]")).to_have_count(0)
        expect(page.locator("#list tbody")).to_contain_text("plugged in again")
        inside(page, "#list tr")
    finally:
        daemon.simulate("replug", "--line", "2")


def test_a_doctor_answers_and_is_done_without_losing_the_place(daemon: DemoDaemon, browsers: Browsers) -> None:
    for patient in daemon.with_mobiles("doctor", 2):
        daemon.simulate("sms", patient["number"], "几点开门？")
    page = browsers.window(daemon, "doctor", "/inbox").page
    let_toasts_stay(page)
    expect(page.locator("#talks .talk")).to_have_count(2)
    press_on(page, "#talks .talk")
    expect(page.locator("#reply")).to_be_focused()
    # Read by now: what stands above it is drawn anew no more.
    expect(page.locator("#talks [aria-current] .count")).to_have_count(0)
    # A menu and a question give the focus back.
    press_on(page, "[data-key=snooze]")
    press_on(page, ".thread-menu[open] .menu-item:last-of-type")
    expect(page.locator("#ask-field")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-key=snooze]")).to_be_focused()
    press_on(page, "[data-texts=templates]")
    press_on(page, "#texts .text-choice")
    expect(page.locator("#reply")).not_to_have_value("")
    expect(page.locator("#reply")).to_be_focused()
    page.locator("#reply").fill("八点")
    press_on(page, "#composer [data-send]")
    expect(page.locator(".bubble.is-ours")).to_have_count(1)
    # The button is grey again: there is nothing to send.
    inside(page, "#composer")
    press_on(page, "[data-key=done]")
    expect(page.locator("#thread-head")).to_be_hidden()
    inside(page, "#thread")
    page.keyboard.press("ArrowDown")
    inside(page, "#talks .talk")
    press_on(page, "#toasts .btn-icon")
    inside(page, "#talks .talk")


def test_what_is_grey_for_a_moment_has_the_focus_again(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "supervisor", "/patients").page
    make = page.locator("[data-make-tasks]")
    press_on(page, "[data-make-tasks]")
    expect(page.locator("#task-purpose")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(make).to_be_focused()


def test_what_comes_while_one_is_elsewhere_is_told_to_whoever_hears_the_page(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/articles").page
    daemon.simulate("sms", "13700000003", "几点开门？")
    expect(page.locator("[role=status]#new-text")).to_contain_text("137 0000 0003")
    daemon.simulate("call", "13666660000", "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator("[aria-live=assertive] #call-chip")).to_contain_text("136 6666 0000")
