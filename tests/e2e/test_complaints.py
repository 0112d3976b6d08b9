"""A caller complains on the telephone and is taken first from then on until it is settled, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.peers.browser import Browsers, Window
from tests.peers.daemon import RINGS_ON, DemoDaemon

pytestmark = pytest.mark.browser

SAID = "出院带药的用法没有人说明"


def somebody(daemon: DemoDaemon) -> tuple[str, str]:
    """Name and number of a patient who shares it with nobody."""
    supervisor = daemon.client("supervisor")
    for patient in supervisor.get("/api/v1/patients?limit=60&sort=name")["items"]:
        for phone in patient["phones"]:
            number = phone["number"].removeprefix("+86")
            found = supervisor.get(f"/api/v1/patients/match?number={number}")["patients"]
            if number.startswith("1") and ";" not in number and len(found) == 1:
                return patient["name"], number
    raise AssertionError("the demo has nobody with a mobile of their own")


def ring(daemon: DemoDaemon, page: Page, name: str, number: str) -> None:
    """Until the caller's card is there and the call can be answered."""
    daemon.simulate("call", number, "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator("#card .pop-name")).to_contain_text(name)
    expect(page.locator("[data-action=answer]")).to_be_enabled()


def take(page: Page) -> None:
    page.keyboard.press("a")
    expect(page.locator("[data-action=hang-up]")).to_be_enabled()


def end(page: Page) -> None:
    """Hang up, and finish as "completed"."""
    page.keyboard.press("h")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#card")).to_be_hidden()


def write_down(window: Window, name: str) -> None:
    """By the key, in a tab of its own, with what the call brings. What is typed stays where something is missing."""
    with window.context.expect_page() as opened:
        window.page.keyboard.press("f")
    form = window.watch(opened.value)
    form.wait_for_load_state()
    expect(form.locator("#c-text")).to_have_value(SAID)
    expect(form.locator("[data-chosen-name]")).to_have_text(name)
    form.fill("#c-text", " ")
    form.locator("input[name=severity][value='1']").check()
    send = form.get_by_role("button", name="登记", exact=True)
    send.click()
    expect(form.locator("[data-error=text]")).to_be_visible()
    expect(form.locator("input[name=severity][value='1']")).to_be_checked()
    # More than it may hold is said, not cut off.
    form.fill("#c-text", "长" * 5001)
    send.click()
    expect(form.locator("[data-error=text]")).to_have_text("最多 5000 个字符。")
    assert len(form.input_value("#c-text")) == 5001
    form.fill("#c-text", SAID)
    send.click()
    expect(form.locator(".complaint-text")).to_have_text(SAID)
    expect(form.locator(".complaint-actions")).to_have_count(0)
    form.close()


def settle(page: Page, name: str) -> None:
    """The officer finds it in the list, takes it up and settles it."""
    row = page.locator("tr[data-complaint]", has_text=SAID)
    expect(row).to_contain_text(name)
    row.locator(".said a").click()
    page.get_by_role("button", name="由我受理").click()
    expect(page.locator("[data-step=taken]")).to_be_visible()
    page.select_option("#s-outcome", "upheld")
    page.fill("#s-findings", "已电话说明用法")
    page.check("#s-told")
    page.get_by_role("button", name="办结").click()
    expect(page.locator("#result")).to_contain_text("已电话说明用法")


def test_who_has_complained_is_taken_first_until_it_is_settled(daemon: DemoDaemon, browsers: Browsers) -> None:
    name, number = somebody(daemon)
    window = browsers.window(daemon, "agent", "/console")
    wall = browsers.window(daemon, "supervisor", "/wallboard").page
    page = window.page
    flag, on_card = page.locator("[data-badge=priority]"), page.locator(".open-complaint")
    ring(daemon, page, name, number)
    expect(flag).to_have_count(0)
    take(page)
    page.keyboard.press("n")
    expect(page.locator("#notes")).to_be_focused()
    page.keyboard.type(SAID)
    page.keyboard.press("Escape")
    expect(page.locator("#wrap-up [data-saved]")).to_have_attribute("data-state", "saved")
    write_down(window, name)
    # The card says so while they still talk.
    expect(on_card).to_contain_text(SAID)
    end(page)

    ring(daemon, page, name, number)
    expect(flag).to_contain_text("投诉")
    expect(wall.locator("[data-badge=priority]")).to_contain_text("投诉")
    expect(on_card).to_contain_text(SAID)
    take(page)
    end(page)

    settle(browsers.window(daemon, "officer", "/complaints").page, name)

    ring(daemon, page, name, number)
    expect(flag).to_have_count(0)
    # What would say so has come.
    expect(page.locator("#card .facts")).to_be_visible()
    expect(on_card).to_have_count(0)
    take(page)
    end(page)


def test_what_is_sent_before_the_script_has_come_stays_where_it_is(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    page.route("**/complaints/form.js*", lambda route: route.abort())
    page.goto("/complaints/new")
    page.fill("#c-text", SAID)
    page.get_by_role("button", name="登记", exact=True).click()
    page.locator("#c-caller").press("Enter")
    expect(page.locator("#c-text")).to_have_value(SAID)
    # Not in the address, of which servers in between may keep a log.
    assert page.url.endswith("/complaints/new")
