"""Every page that a menu offers, and what opens on them, with the eyes of axe-core and with a ruler.

What a role may open is in its menu, so that a new page is looked at without being named here. A page that several may
open is looked at once, with the eyes of the first of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.peers.accessibility import Audit
from tests.peers.browser import Browsers, arrive, wait_until_live
from tests.peers.daemon import RINGS_ON, DemoDaemon

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDaemon]:
    """With calls, complaints and alarms of yesterday: an empty list has little to look at."""
    running = DemoDaemon(tmp_path_factory.mktemp("daemon") / "var", past_days=1)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Pages of the menus that somebody has looked at."""
    return set()


def offered(page: Page, selector: str) -> list[str]:
    """Addresses that ``selector`` leads to, without what is asked of them."""
    found: list[str] = page.locator(selector).evaluate_all("(links) => links.map((one) => one.getAttribute('href'))")
    return list(dict.fromkeys(found))


def follow(page: Page, selector: str) -> None:
    """Open what the first link of ``selector`` leads to."""
    page.goto(offered(page, selector)[0])
    wait_until_live(page)


def look_at_all(audit: Audit, page: Page, paths: list[str], seen: set[str]) -> None:
    for path in paths:
        if path in seen or path == "/":
            continue
        seen.add(path)
        page.goto(path)
        wait_until_live(page)
        audit.look(page, path)


def test_whoever_signs_in(daemon: DemoDaemon, browsers: Browsers) -> None:
    audit = Audit()
    window = browsers.window(daemon, "officer", "/complaints")
    page = window.tab("/nowhere")
    expect(page.locator("h1")).to_be_visible()
    audit.look(page, "error page")
    window.context.clear_cookies()
    page.goto("/sign-in")
    audit.look(page, "sign-in")
    page.fill("input[name=username]", "nobody")
    page.fill("input[name=password]", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator("[role=alert]")).to_be_visible()
    audit.look(page, "sign-in refused", phone=False)
    audit.assert_clean()


def test_an_agent(daemon: DemoDaemon, browsers: Browsers, seen: set[str]) -> None:
    audit = Audit()
    (patient,) = daemon.with_mobiles("agent", 1)
    window = browsers.window(daemon, "agent", "/console")
    page = window.page
    seen.add("/console")
    audit.look(page, "console, idle")
    page.keyboard.press("?")
    expect(page.locator("#cheat-sheet")).to_be_visible()
    audit.look(page, "console, keys")
    page.keyboard.press("Escape")

    daemon.simulate("call", patient["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator("#card .pop-name")).to_contain_text(patient["name"])
    audit.look(page, "console, ringing")
    expect(page.locator("[data-action=answer]")).to_be_enabled()
    page.keyboard.press("a")
    expect(page.locator("[data-action=hang-up]")).to_be_enabled()
    page.keyboard.press("n")
    page.keyboard.type("切口愈合良好")
    audit.look(page, "console, talking")
    page.locator(".state-button").click()
    page.keyboard.press("h")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#wrap-up [data-problem]")).to_be_visible()
    audit.look(page, "console, wrap-up refused")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#card")).to_be_hidden()

    # Who calls is on no record; the call rings on while the other pages are looked at.
    daemon.simulate("call", "13666660000", "--line", "2", "--rings", RINGS_ON, "--detach")
    page.locator("[data-key=new-patient]").click()
    expect(page.locator("#new-name")).to_be_focused()
    audit.look(page, "console, new patient")
    look_at_all(audit, page, offered(page, ".rail a"), seen)
    page.goto("/calls")
    follow(page, "tbody a[href^='/calls/']")
    audit.look(page, "one call")
    page.goto(f"/patients/{patient['id']}")
    page.locator(".corner-button").click()
    audit.look(page, "one patient, account menu")
    page.goto(f"/patients/{patient['id']}/edit")
    audit.look(page, "patient's form", phone=False)
    page.goto("/patients?q=nobodyatall")
    audit.look(page, "empty list", phone=False)
    audit.assert_clean()


def test_a_doctor(daemon: DemoDaemon, browsers: Browsers, seen: set[str]) -> None:
    audit = Audit()
    (patient,) = daemon.with_mobiles("doctor", 1)
    page = browsers.window(daemon, "doctor", "/inbox", locale="en").page
    seen.add("/inbox")
    audit.look(page, "inbox, empty")
    for text in ("刀口有点痒，要紧吗？", "T"):
        daemon.simulate("sms", patient["number"], text)
    page.locator("#talks .talk").click()
    expect(page.locator(".bubble.is-theirs").first).to_be_visible()
    page.locator("[data-texts=templates]").click()
    expect(page.locator("#texts .text-choice").first).to_be_visible()
    audit.look(page, "inbox, templates")
    page.locator("#texts .text-choice").first.click()
    expect(page.locator("#reply")).not_to_have_value("")
    page.locator("#composer [data-later]").click()
    audit.look(page, "inbox, answer for later")
    page.locator("#composer [data-now]").click()
    page.fill("#reply", "保持干燥")
    page.locator("#reply").press("Control+Enter")
    expect(page.locator(".bubble.is-ours")).to_be_visible()
    page.locator(".bubble.is-ours .bubble-state").click()
    audit.look(page, "inbox, sent")
    look_at_all(audit, page, offered(page, ".rail a"), seen)
    audit.assert_clean()


def test_a_supervisor(daemon: DemoDaemon, browsers: Browsers, seen: set[str]) -> None:
    audit = Audit()
    window = browsers.window(daemon, "supervisor", "/wallboard")
    page = window.page
    daemon.simulate("call", "13666660001", "--line", "3", "--rings", RINGS_ON, "--detach")
    expect(page.locator("#calls tr").first).to_be_visible()
    look_at_all(audit, page, offered(page, ".rail a"), seen)
    page.goto("/reports")
    look_at_all(audit, page, offered(page, ".report-tabs a"), seen)
    page.locator(".day-list summary").click()
    audit.look(page, "day as a list")

    page.goto("/messages")
    look_at_all(audit, page, ["/messages/totals", "/message-batches", "/messages/new"], seen)
    page.locator("#m-lines").fill("13800000001\n12\nHF00000001")
    page.locator("[data-read]").click()
    expect(page.locator("#m-list-result")).not_to_be_empty()
    audit.look(page, "many, list read")
    page.goto("/patients")
    page.locator("[data-make-tasks]").click()
    expect(page.locator("dialog")).to_be_visible()
    audit.look(page, "call tasks, dialog")
    page.keyboard.press("Escape")
    page.locator("[data-write-many]").click()
    arrive(page, re.compile("/messages/new"))
    wait_until_live(page)
    page.fill("#m-text", "{patient.name}您好，{department}门诊照常。")
    expect(page.locator("[data-fit]")).to_be_visible()
    audit.look(page, "many, preview")
    page.locator("[data-send]").click()
    expect(page.locator("dialog .btn-primary")).to_be_visible()
    audit.look(page, "many, dialog", phone=False)
    page.locator("dialog .btn-primary").click()
    arrive(page, re.compile(r"/message-batches/\d+$"))
    expect(page.locator("[data-figure=chosen]")).to_be_visible()
    # There are messages of it.
    expect(page.locator("[data-state-count]").first).to_be_visible()
    audit.look(page, "one batch")
    page.goto("/messages")
    page.locator(".filters-more").wait_for(state="attached")
    follow(page, "td a[href^='/messages/']")
    audit.look(page, "one message")
    page.goto("/lines")
    follow(page, "a[href$='/test']")
    audit.look(page, "one line, test")
    audit.assert_clean()


def test_an_administrator(daemon: DemoDaemon, browsers: Browsers, seen: set[str]) -> None:
    audit = Audit()
    page = browsers.window(daemon, "admin", "/settings").page
    look_at_all(audit, page, ["/settings", *offered(page, "main a"), *offered(page, ".rail a")], seen)
    page.goto("/templates")
    look_at_all(audit, page, offered(page, ".text-tabs a"), seen)
    # Forms are drawn from declarations: these have every kind of field.
    new = ["/users/new", "/roles/new", "/groups/new", "/templates/new", "/lines/new", "/gateways/new"]
    look_at_all(audit, page, new, seen)
    page.goto("/gateways/new?kind=http")
    page.locator("main form .btn-primary").click()
    expect(page.locator("#refusal")).to_be_visible()
    audit.look(page, "gateway's form, refused")
    page.goto("/gateways")
    look_at_all(audit, page, offered(page, "main a[href*='/gateways/']")[:3], seen)
    page.goto("/templates")
    follow(page, "tbody a")
    audit.look(page, "one template")
    audit.assert_clean()


def test_a_complaints_officer_in_english(daemon: DemoDaemon, browsers: Browsers, seen: set[str]) -> None:
    audit = Audit()
    page = browsers.window(daemon, "officer", "/complaints", locale="en").page
    look_at_all(audit, page, [*offered(page, ".rail a"), "/complaints/new", "/account"], seen)
    page.goto("/complaints")
    follow(page, "tbody a[href^='/complaints/']")
    audit.look(page, "one complaint")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/complaints")
    page.locator(".filters-more").click()
    audit.look(page, "filters unfolded")
    audit.assert_clean()
