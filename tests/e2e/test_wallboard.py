"""The wallboard and the lists in a real browser: live, in both languages, and only what a role may see."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.peers.browser import Browsers, wait_until_live
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

CALLER = "13777770000"


def test_a_line_that_is_pulled_out_is_an_alarm_on_every_screen_until_somebody_says_what_was_done(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    window = browsers.window(daemon, "supervisor", "/wallboard")
    page, other = window.page, window.tab("/calls")
    wait_until_live(other)
    expect(page.locator("#lines .tile")).to_have_count(5)
    daemon.simulate("unplug", "--line", "3")
    expect(page.locator(".alarm")).to_contain_text("线路 3：线路中断。设备已拔出或端口已关闭")
    expect(page.locator("#lines .tile[data-state=lost]")).to_have_count(1)
    expect(other.locator("#alarm-chip")).to_have_text("告警 1")
    expect(other.locator(".toast-line")).to_contain_text("线路中断")
    daemon.simulate("replug", "--line", "3")
    expect(page.locator(".alarm[data-kind=over]")).to_contain_text("已恢复")
    expect(page.locator("#lines .tile[data-state=idle]")).to_have_count(5)
    page.locator(".alarm[data-kind=over] .alarm-handle").click()
    page.fill("#ask-field", "插头松了，已插紧")
    page.keyboard.press("Enter")
    expect(page.locator(".alarm")).to_have_count(0)
    expect(other.locator("#alarm-chip")).to_be_hidden()
    other.goto("/alarms")
    expect(other.locator("#list tbody tr")).to_contain_text("插头松了，已插紧")
    expect(page.locator(".toast-line")).to_have_count(0)


def test_a_supervisor_takes_a_line_out_of_service_and_back(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "supervisor", "/wallboard", locale="en").page
    tile = page.locator("#lines .tile", has_text="Line 2")
    tile.locator(".tile-control").click()
    page.fill("#ask-field", "repair")
    page.keyboard.press("Enter")
    expect(tile).to_have_attribute("data-state", "out_of_service")
    expect(tile).to_contain_text("repair")
    tile.locator(".tile-control").click()
    expect(tile).to_have_attribute("data-state", "idle")


def test_calls_in_progress_and_figures_are_live(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "supervisor", "/wallboard", locale="en").page
    expect(page.locator(".figure")).to_have_count(6)
    for tip in page.locator(".figure .tip").all():
        assert len(tip.get_attribute("data-tip") or "") > 20
    daemon.simulate("call", CALLER, "--line", "1", "--rings", "3")
    expect(page.locator("#counts")).to_contain_text("Incoming 1")
    expect(page.locator("#calls")).to_contain_text("Nobody is on the phone")


def test_a_figure_of_a_report_leads_to_its_calls_and_the_wall_takes_the_whole_screen(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    supervisor = daemon.client("supervisor")

    def missed() -> int:
        return int(supervisor.get("/api/v1/reports/calls")["total"]["missed"])

    # Calls of stories before this one may not be over yet.
    wait_for(lambda: not any(line["call_id"] for line in supervisor.get("/api/v1/lines")["items"]), what="rest")
    before = missed()
    daemon.simulate("call", CALLER, "--line", "2", "--rings", "2")
    wait_for(lambda: missed() > before, what="the call")
    page = browsers.window(daemon, "supervisor", "/reports", locale="en").page
    expect(page.locator("#chart[data-ready=yes] canvas")).to_be_visible()
    promised = page.locator("tfoot td").nth(8).inner_text()
    page.locator("tfoot td").nth(8).locator("a").click()
    expect(page.locator("#counted")).to_contain_text(f"{promised} call")
    expect(page.locator("#list tbody tr")).to_have_count(int(promised))
    page.goto("/wallboard")
    wait_until_live(page)
    page.keyboard.press("f")
    expect(page.locator("body.on-the-wall")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("body.on-the-wall")).to_have_count(0)


def test_a_role_sees_its_pages_only_and_masked_numbers_cannot_be_dialled(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    daemon.simulate("call", CALLER, "--line", "1", "--rings", "2")
    agent = browsers.window(daemon, "agent", "/calls/missed").page
    expect(agent.locator(".rail a[href='/wallboard']")).to_have_count(0)
    answer = agent.goto("/wallboard")
    assert answer is not None
    assert answer.status == 403
    doctor = browsers.window(daemon, "doctor", "/patients").page
    expect(doctor.locator("#list tbody tr").first).to_be_visible()
    expect(doctor.locator("[data-dial]")).to_have_count(0)
    assert "****" in doctor.locator("#list").inner_text()


def test_gateways_and_who_waits_for_an_answer_are_on_the_wall_live_and_only_for_whoever_may_know(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    admin = daemon.client("admin")
    page = browsers.window(daemon, "supervisor", "/wallboard", locale="en").page
    tiles = page.locator("#gateways .tile")
    expect(tiles).to_have_count(3)
    expect(page.locator("#gateways-sum")).to_have_text("Ready 3")
    waiting = page.locator("[data-sms=waiting]")
    expect(waiting).to_contain_text("SMS to answer 0")
    expect(page.locator("[data-sms=oldest]")).to_have_count(0)
    for text in ("几点开门？", "周六呢？"):
        daemon.simulate("sms", "13787650001", text)
    expect(waiting).to_contain_text("SMS to answer 1")
    expect(page.locator("[data-sms=oldest] [data-since]")).to_have_text(re.compile(r"^\d+:\d\d$"))
    # Who is only looked at waits on.
    (talk,) = admin.get("/api/v1/conversations?waiting=true")["items"]
    assert admin.send("POST", f"/api/v1/conversations/{talk['id']}/read", {}).status == 200
    daemon.simulate("sms", "13787650002", "今天有号吗？")
    expect(waiting).to_contain_text("SMS to answer 2")
    answer = {"text": "八点开门。", "key": "answer-to-the-first"}
    assert admin.send("POST", f"/api/v1/conversations/{talk['id']}/reply", answer).status == 200
    expect(waiting).to_contain_text("SMS to answer 1")
    second = admin.get("/api/v1/gateways")["items"][1]
    resting = {"version": second["version"], "in_service": False}
    assert admin.send("PATCH", f"/api/v1/gateways/{second['id']}", resting).status == 200
    expect(tiles.nth(1)).to_have_attribute("data-state", "out_of_service")
    expect(tiles.nth(1)).to_contain_text("Out of service")
    back = {"version": second["version"] + 1, "in_service": True}
    assert admin.send("PATCH", f"/api/v1/gateways/{second['id']}", back).status == 200
    expect(page.locator("#gateways-sum")).to_have_text("Ready 3")


OVERTAKEN = """async (source) => {
    const { Store } = await import(source);
    const store = new Store(["calls"]);
    const event = (seq, state) => store.feed({ topic: "calls", seq, type: "call", data: { id: 7, state } });
    event(1, "ringing");
    let respond;
    const asked = store.learn("calls", new Promise((resolve) => { respond = resolve; }));
    event(2, "talking");
    respond({ id: 7, state: "ringing" });
    const given = (await asked).state;
    const overtaken = store.get("calls", 7).state;
    await store.learn("calls", Promise.resolve({ id: 7, state: "held" }));
    return [given, overtaken, store.get("calls", 7).state];
}"""


def test_an_answer_that_the_socket_overtook_does_not_bring_back_the_past(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "supervisor", "/wallboard").page
    source = page.locator("script[src*='/js/']").first.get_attribute("src")
    assert source
    module = re.sub("/js/.*", "/js/store.js", source)
    assert page.evaluate(OVERTAKEN, module) == ["ringing", "talking", "held"]


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_page_fits_a_phone(daemon: DemoDaemon, browsers: Browsers, locale: str) -> None:
    page = browsers.window(daemon, "supervisor", "/console", locale=locale, size=(390, 844)).page
    reports = ("/reports", "/reports?by=hour&chart=shares", "/reports/agents", "/reports/lines", "/alarms")
    pages = ("/console", "/wallboard", "/calls", "/calls/missed", "/patients", "/patients/1", "/account")
    for path in (*pages, *reports):
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
