"""A supervisor makes call tasks from the list of patients and a nurse works two in a row, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.peers.browser import Browsers, let_toasts_stay
from tests.peers.daemon import DemoDaemon

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def no_task_is_left_over(daemon: DemoDaemon) -> Iterator[None]:
    """The next story finds none, whatever became of this one."""
    yield
    supervisor = daemon.client("supervisor")
    for task in supervisor.get("/api/v1/call-tasks?state=active")["items"]:
        supervisor.send("POST", f"/api/v1/call-tasks/{task['id']}/cancel", {"note": "-"})


def call_and_wrap_up(page: Page, outcome: str) -> None:
    """Dial what is shown by its key, and choose the outcome by its digit when the call is over."""
    # Long enough after it changed: a key that was meant for the one before it dials nobody.
    page.wait_for_timeout(400)
    page.keyboard.press("y")
    expect(page.locator("#card")).to_be_visible()
    state = page.locator("#card-head .pop-state")
    expect(state).to_have_attribute("data-state", "ended")
    page.keyboard.press(outcome)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#card")).to_be_hidden()


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_on_a_telephone_a_task_is_a_card_that_fits(daemon: DemoDaemon, browsers: Browsers, locale: str) -> None:
    supervisor = daemon.client("supervisor")
    patient = next(one for one in supervisor.get("/api/v1/patients?limit=60")["items"] if not one["do_not_call"])
    purpose = "心内科出院后第三十天电话随访：血压、用药依从性、复诊预约，并询问是否需要协助联系门诊"
    agent = next(one for one in supervisor.get("/api/v1/call-tasks/owners")["agents"] if one["name"] == "王秀英")
    wanted = {"purpose": purpose, "patient_id": patient["id"], "agent_id": agent["id"]}
    made = supervisor.send("POST", "/api/v1/call-tasks", wanted)
    assert made.status == 201
    page = browsers.window(daemon, "supervisor", "/call-tasks", locale=locale, size=(390, 844)).page
    row = page.locator(f"[data-task='{made.json()['id']}']")
    expect(row.locator(".said")).to_have_text(purpose)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in (".said", ".choose label", "[data-put-off]", "[data-cancel]"):
        row.locator(part).scroll_into_view_if_needed()
        place = row.locator(part).bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 390, part
    for target in ("[data-put-off]", "[data-cancel]"):
        place = row.locator(target).bounding_box()
        assert place is not None
        assert place["height"] >= 44, target
    page.locator(".give-all").click()
    expect(row.locator("[data-choose]")).to_be_checked()
    row.locator(".choose").click(position={"x": 6, "y": 6})
    expect(row.locator("[data-choose]")).not_to_be_checked()
    row.locator("[data-cancel]").click()
    page.keyboard.press("Enter")
    expect(row).to_have_class("is-done")

    phone = browsers.window(daemon, "agent", "/console", locale=locale, size=(390, 844)).page
    assert supervisor.send("POST", "/api/v1/call-tasks", wanted).status == 201
    about = phone.locator("#tasks .work-about")
    expect(about).to_have_text(purpose)
    about.click()
    expect(phone.locator("#next")).to_contain_text(purpose)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.locator("[data-key=next-close]").click()


def test_two_tasks_in_a_row_of_which_one_is_busy_and_comes_again(daemon: DemoDaemon, browsers: Browsers) -> None:
    supervisor = daemon.client("supervisor")
    two = [one for one in supervisor.get("/api/v1/patients?limit=60&sort=name")["items"] if not one["do_not_call"]][:2]
    office = browsers.window(daemon, "supervisor", f"/patients?q={two[0]['record_number']}", locale="en").page
    let_toasts_stay(office)
    office.locator("[data-make-tasks]").click()
    expect(office.locator("dialog [data-count='1']")).to_be_visible()
    office.fill("#task-purpose", "出院一周随访")
    agent = next(one for one in supervisor.get("/api/v1/call-tasks/owners")["agents"] if one["name"] == "王秀英")
    office.select_option("#task-owner", f"agent_id:{agent['id']}")
    office.get_by_role("button", name="Create tasks").click()
    expect(office.locator("#toasts")).to_contain_text("Call tasks created: 1")
    second = {"purpose": "复查提醒", "patient_id": two[1]["id"], "agent_id": agent["id"], "priority": 3}
    assert supervisor.send("POST", "/api/v1/call-tasks", second).status == 201

    page = browsers.window(daemon, "agent", "/console").page
    let_toasts_stay(page)
    expect(page.locator("#tasks .work-item")).to_have_count(2)
    expect(page.locator("[data-tasks=today]")).to_have_text("2")
    page.keyboard.press("t")
    page.keyboard.press("x")
    shown = page.locator("#next")
    expect(shown.locator(".pop-name")).to_contain_text(two[0]["name"])
    expect(shown).to_contain_text("出院一周随访")
    daemon.simulate("outgoing", "busy", "--line", "1", "--after", "1")
    call_and_wrap_up(page, "3")
    expect(page.locator("#toasts")).to_contain_text(f"{two[0]['name']}：")

    # The next one comes by itself; it is not dialled by itself.
    expect(shown.locator(".pop-name")).to_contain_text(two[1]["name"])
    expect(shown).to_contain_text("复查提醒")
    assert len(supervisor.get("/api/v1/calls?direction=out")["items"]) == 1
    daemon.simulate("outgoing", "no_answer", "--line", "1", "--after", "1")
    call_and_wrap_up(page, "1")
    expect(page.locator("#tasks .work-item")).to_have_count(1)
    expect(page.locator("#next")).to_be_hidden()

    office.goto("/call-tasks?state=active")
    row = office.locator("#list tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(two[0]["name"])
    expect(row).to_contain_text("Busy")
    expect(office.locator("[data-progress]")).to_contain_text("attempted 1")


def test_further_tasks_stay_when_one_of_them_changes(daemon: DemoDaemon, browsers: Browsers) -> None:
    supervisor = daemon.client("supervisor")
    reachable = [one for one in supervisor.get("/api/v1/patients?limit=60")["items"] if not one["do_not_call"]]
    agent = next(one for one in supervisor.get("/api/v1/call-tasks/owners")["agents"] if one["name"] == "王秀英")
    for patient in reachable[:42]:
        wanted = {"purpose": "随访", "patient_id": patient["id"], "agent_id": agent["id"]}
        made = supervisor.send("POST", "/api/v1/call-tasks", wanted)
        assert made.status == 201
    page = browsers.window(daemon, "agent", "/console").page
    page.locator("[data-key=more-tasks]").click()
    expect(page.locator("#tasks [data-task]")).to_have_count(42)
    supervisor.send("POST", f"/api/v1/call-tasks/{made.json()['id']}/cancel", {"note": "-"})
    expect(page.locator("#tasks [data-task]")).to_have_count(41)
