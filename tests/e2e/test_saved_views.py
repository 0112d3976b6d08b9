"""A supervisor keeps the view of the calls that she looks at every morning, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.peers.browser import Browsers, arrive
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

CALLERS = ("13777770001", "13777770002", "13777770003")


def is_over(daemon: DemoDaemon, caller: str) -> bool:
    """Whether the list, which does not change while one looks, has the whole call."""
    calls = daemon.client("supervisor").get("/api/v1/calls?limit=1")["items"]
    return bool(calls) and (calls[0]["number"], calls[0]["state"]) == (f"+86{caller}", "ended")


def keep_as(page: Page, name: str, *, default: bool = False) -> None:
    page.locator("#views summary").click()
    page.fill("#view-name", name)
    if default:
        page.locator("#views input[name=default]").check()
    page.keyboard.press("Enter")


def test_a_filter_and_order_are_saved_found_made_the_default_renamed_and_deleted(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    for caller in CALLERS:
        daemon.simulate("call", caller, "--line", "1", "--rings", "1")
        wait_for(lambda caller=caller: is_over(daemon, caller), f"the end of the call of {caller}")
    page = browsers.window(daemon, "supervisor", "/calls", locale="en").page
    expect(page.locator("#list tbody tr")).to_have_count(3)
    expect(page.locator("#views summary")).to_have_count(0)

    page.select_option("#f-direction", "in")
    arrive(page, "/calls?direction=in")
    page.get_by_role("link", name="Number", exact=True).click()
    arrive(page, "?direction=in&sort=number")
    expect(page.get_by_role("columnheader", name="Number")).to_have_attribute("aria-sort", "ascending")
    numbers = page.locator("#list [data-dial]").evaluate_all("all => all.map((one) => one.dataset.dial)")
    assert numbers == sorted(numbers)
    assert len(numbers) == 3

    keep_as(page, "Morning", default=True)
    expect(page.locator("#views [aria-current]")).to_have_text("Morning")

    # Elsewhere and back by the menu: the list opens with it.
    page.goto("/patients")
    page.locator(".rail a[href='/calls']").click()
    arrive(page, "?direction=in&sort=number")
    # The same name again is refused beside the field, and nothing typed is lost.
    page.select_option("#f-direction", "out")
    arrive(page, re.compile("direction=out"))
    keep_as(page, "Morning")
    expect(page.locator("#views .field-error")).to_contain_text("You have a view of this name")
    expect(page.locator("#view-name")).to_have_value("Morning")
    page.fill("#view-name", "Outgoing")
    page.keyboard.press("Enter")
    expect(page.locator("#views .chip")).to_have_text(["All", "Morning", "Outgoing"])

    page.locator("#views .chip", has_text="Morning").click()
    expect(page.locator("#views [aria-current]")).to_have_text("Morning")
    keep_as(page, "Every morning")
    expect(page.locator("#views [aria-current]")).to_have_text("Every morning")
    page.locator("#views .chip", has_text="All").click()
    arrive(page, "/calls?plain=1")
    expect(page.locator("#f-direction")).to_have_value("")

    # It is nobody else's.
    other = browsers.window(daemon, "admin", "/calls", locale="en").page
    expect(other.locator("#list tbody tr")).to_have_count(3)
    expect(other.locator("#views .chip")).to_have_count(0)

    page.locator("#views .chip", has_text="Every morning").click()
    expect(page.locator("#views [aria-current]")).to_have_text("Every morning")
    page.locator("#views summary").click()
    page.locator("[data-delete-view]").click()
    expect(page.locator("#views .chip")).to_have_text(["All", "Outgoing"])
    page.goto("/calls")
    arrive(page, "/calls")

    # On a telephone filters and menu are folded; what is chosen is counted, the present page is in sight.
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/calls?direction=in")
    expect(page.locator(".filters-more")).to_have_text("Filters 1")
    expect(page.locator("#f-direction")).to_be_hidden()
    expect(page.locator("#filters button:not([type])")).to_be_in_viewport()
    page.locator(".filters-more").click()
    expect(page.locator("#f-direction")).to_be_visible()
    expect(page.locator(".rail [aria-current]")).to_be_in_viewport()
    page.locator(".rail-more").click()
    page.locator(".rail a[href='/settings']").click()
    arrive(page, "/settings")
    # Nothing of a row is out of sight there.
    page.goto("/patients")
    expect(page.locator("#list tbody tr").first).to_be_visible()
    assert page.evaluate("document.querySelector('#list .table-wrap').scrollWidth <= innerWidth")
