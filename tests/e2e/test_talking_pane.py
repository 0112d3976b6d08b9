"""What an agent hears and has at hand when it rings, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.peers.browser import Browsers, let_toasts_stay, wait_until_live
from tests.peers.daemon import RINGS_ON, DemoDaemon
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

CALLER = "13666663333"

SPIES = """
window.heard = [];
window.notices = [];
const whole = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { heard.push(this.state); return whole.call(this); };
window.Notification = class extends EventTarget {
  static permission = "default";
  static async requestPermission() { return (Notification.permission = "granted"); }
  constructor(title, options) { super(); this.words = `${title}: ${options.body}`; notices.push(this); }
  close() { this.closed = true; }
};
document.hasFocus = () => !window.away;
// To the browser, whatever a test asks of a page is a person's touch.
let touched = false;
addEventListener("pointerdown", () => (touched = true), true);
Object.defineProperty(navigator, "userActivation", { value: { get hasBeenActive() { return touched; } } });
"""


@pytest.fixture
def page(daemon: DemoDaemon, browsers: Browsers) -> Iterator[Page]:
    window = browsers.window(daemon, "agent", "/console", locale="en")
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.page.close()
    page = window.tab("/console", SPIES)
    wait_until_live(page)
    yield page
    daemon.free_lines()


def until(page: Page, expression: str) -> None:
    """Wait until ``expression`` is true. Playwright itself makes code of texts, which the page does not allow."""
    wait_for(lambda: page.evaluate(expression), what=expression)


def place_of(thing: Locator) -> Any:
    """Where it stands once nothing moves it any more."""

    def place() -> Any:
        before = thing.bounding_box()
        thing.page.wait_for_timeout(200)
        return before if thing.bounding_box() == before else None

    return wait_for(place, "its place")


def ring(daemon: DemoDaemon, line: str) -> None:
    daemon.simulate("call", CALLER, "--line", line, "--rings", RINGS_ON, "--detach")


def test_the_words_to_begin_with_and_an_answer_to_copy(daemon: DemoDaemon, page: Page) -> None:
    ring(daemon, "2")
    pane = page.locator("#card-talk")
    expect(pane.locator(".talk-words")).to_contain_text("Hello, this is 王秀英 at 回访示范医院.")
    actions = place_of(page.locator("#card-actions"))
    page.keyboard.press("b")
    expect(page.locator("#article-search")).to_be_focused()
    # In one go: what a part of it has found would be replaced under the hand.
    page.keyboard.insert_text("cyhrh")
    found = pane.locator(".talk-article")
    expect(found).to_have_count(1)
    let_toasts_stay(page)
    found.locator("summary").click()
    found.get_by_role("button", name="Copy").click()
    expect(page.locator("#toasts")).to_contain_text("出院后如何复印病历")
    assert str(page.evaluate("navigator.clipboard.readText()")).startswith("出院七个工作日后")
    pane.get_by_role("tab", name="Script").click()
    expect(pane.locator(".talk-words")).to_be_visible()
    assert place_of(page.locator("#card-actions")) == actions


def test_words_that_could_not_be_had_are_asked_for_again(daemon: DemoDaemon, page: Page) -> None:
    trouble = {"title": "Not now", "code": "unavailable"}
    page.route("**/api/v1/calls/*/talking", lambda route: route.fulfill(status=503, json=trouble), times=1)
    ring(daemon, "2")
    expect(page.locator("#toasts")).to_contain_text("Not now")
    expect(page.locator("#card-talk .talk-words")).to_contain_text("Hello, this is 王秀英")


def test_it_rings_aloud_once_the_page_was_touched_and_can_be_silenced(daemon: DemoDaemon, page: Page) -> None:
    sound = page.locator("#sound")
    ring(daemon, "3")
    expect(page).to_have_title(re.compile("^▲ "))
    expect(sound).to_have_class(re.compile("is-silent"))
    assert page.evaluate("heard") == []
    page.mouse.click(700, 700)
    expect(sound).not_to_have_class(re.compile("is-silent"))
    until(page, "heard.length >= 2")
    assert set(page.evaluate("heard")) == {"running"}
    page.keyboard.press("s")
    expect(sound).to_have_attribute("aria-pressed", "false")
    count = page.evaluate("heard.length")
    page.wait_for_timeout(4500)
    assert page.evaluate("heard.length") == count
    page.reload()
    expect(sound).to_have_attribute("aria-pressed", "false")


def test_notices_are_a_choice_of_the_browser_and_go_with_the_call(daemon: DemoDaemon, page: Page) -> None:
    button = page.locator("#notices")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.evaluate("window.away = true")
    ring(daemon, "2")
    until(page, "notices.length === 1")
    assert "Incoming call" in page.evaluate("notices[0].words")
    assert page.evaluate("notices[0].closed") is None
    daemon.simulate("unplug", "--line", "2")
    until(page, "Boolean(notices[0].closed)")
    # Who looks at the page needs none.
    page.evaluate("window.away = false")
    ring(daemon, "3")
    expect(page.locator("#card")).to_be_visible()
    expect(page).to_have_title(re.compile("^▲ "))
    assert page.evaluate("notices.length") == 1


def test_an_empty_list_leaves_its_room_to_the_others_and_nothing_moves_while_it_rings(
    daemon: DemoDaemon, page: Page
) -> None:
    panels = page.locator(".work-panel:visible")
    expect(panels).to_have_count(5)
    shared = "(one) => !one.querySelector('li') === one.matches('.is-empty')"
    # All lists have come, be they empty.
    expect(page.locator(".work-panel:visible .work-body:empty")).to_have_count(0)
    until(page, f"[...document.querySelectorAll('.work-panel')].every({shared})")
    places = [place_of(panels.nth(at)) for at in range(5)]
    for place in places:
        assert place["y"] + place["height"] <= 768
    ring(daemon, "2")
    expect(page.locator("#card")).to_be_visible()
    page.wait_for_timeout(1500)
    assert [panels.nth(at).bounding_box() for at in range(5)] == places
    daemon.simulate("unplug", "--line", "2")
    missed = page.locator(".work-missed")
    expect(missed.locator("li").first).to_be_in_viewport()
    expect(missed).not_to_have_class(re.compile("is-empty"))
    page.set_viewport_size({"width": 1366, "height": 500})
    missed.scroll_into_view_if_needed()
    place = place_of(missed)
    assert place["y"] + place["height"] <= 500
    assert place["height"] >= 120
