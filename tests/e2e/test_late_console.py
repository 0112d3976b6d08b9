"""The console, the wallboard and other pages on a slow network and on a busy day: nothing is lost, nothing is old."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.peers.browser import Browsers, wait_beside, wait_until_live
from tests.peers.daemon import RINGS_ON, DemoDaemon
from tests.peers.late_answer import LateAnswer

pytestmark = pytest.mark.browser

WATCH_CARD = """() => {
    const card = document.getElementById("card");
    window.hidden = 0;
    new MutationObserver(() => (window.hidden += card.hidden)).observe(card, { attributeFilter: ["hidden"] });
}"""
# From now on something is told of calls without a pause.
_TOLD = """async () => {
    const shell = document.querySelector("script[src*='/shell.']").src;
    const { store } = await import(shell.replace("/shell.", "/live."));
    setInterval(() => store.dispatchEvent(new CustomEvent("calls", { detail: %s })), 300);
}"""
RING = _TOLD % '{ data: null, type: "" }'
MISS = _TOLD % '{ data: { id: 0, missed: true }, type: "call.ended" }'

# While ``kept`` is a list, what the socket brings waits in it.
KEEPS_NEWS = """
  window.kept = null;
  window.WebSocket = class extends WebSocket {
    addEventListener(type, listener, ...rest) {
      const keep = (event) => window.kept.push({ said: JSON.parse(event.data), run: () => listener(event) });
      super.addEventListener(type, (event) => (type === "message" && window.kept ? keep : listener)(event), ...rest);
    }
  };
"""


@pytest.fixture(autouse=True)
def nothing_is_left_over(daemon: DemoDaemon) -> Iterator[None]:
    """The next story finds idle lines, no task and nothing to write down, whatever became of this one."""
    yield
    supervisor, agent = daemon.client("supervisor"), daemon.client("agent")
    daemon.free_lines()
    for call in agent.get("/api/v1/calls/missed?limit=100")["items"]:
        agent.post(f"/api/v1/calls/{call['id']}/handle-missed")
    for task in supervisor.get("/api/v1/call-tasks?state=active")["items"]:
        supervisor.send("POST", f"/api/v1/call-tasks/{task['id']}/cancel", {"note": "-"})


def ring(daemon: DemoDaemon, page: Page, number: str, line: str = "1") -> None:
    """Until the call is on the desk."""
    daemon.simulate("call", number, "--line", line, "--rings", RINGS_ON, "--detach")
    expect(page.locator("#strip")).to_contain_text(number[-4:])


def test_a_card_that_cannot_be_had_is_asked_for_again_but_not_without_a_pause(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    patient = daemon.with_mobiles("agent", 1)[0]
    page = browsers.window(daemon, "agent", "/console").page
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=500, json={"title": "broken"})

    page.route("**/card", refuse)
    daemon.simulate("call", patient["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    expect(page.locator("#card .pop-name")).to_contain_text(patient["name"])
    expect(page.locator("#toasts")).to_contain_text("broken")
    page.wait_for_timeout(1000)
    # Without a pause it is fifty.
    assert len(asked) < 10
    page.unroute("**/card", refuse)
    expect(page.locator("#card .facts")).to_be_visible()


def test_a_complaint_that_is_written_down_while_the_card_is_on_its_way_stays_on_it(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    patient = daemon.with_mobiles("agent", 2)[1]
    page = browsers.window(daemon, "agent", "/console").page
    late = LateAnswer(page, f"**/api/v1/patients/{patient['id']}/card")
    daemon.simulate("call", patient["number"], "--line", "1", "--rings", RINGS_ON, "--detach")
    late.wait()
    said = {"channel": "call", "text": "等得太久", "patient_id": patient["id"]}
    assert daemon.client("agent").send("POST", "/api/v1/complaints", said).status == 201
    expect(page.locator("#card .pop-complaints")).to_be_visible()
    late.let_go()
    expect(page.locator("#card .pop-complaints")).to_be_visible()


def test_what_is_known_of_the_next_one_is_shown_though_something_was_heard_meanwhile(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    patient = daemon.with_mobiles("agent", 3)[2]
    page = browsers.window(daemon, "agent", "/console").page
    daemon.simulate("call", patient["number"], "--line", "1", "--rings", "1")
    expect(page.locator("#missed .work-item").filter(has_text=patient["name"])).to_be_visible()
    expect(page.locator("#card")).to_be_hidden()
    late = LateAnswer(page, f"**/api/v1/patients/{patient['id']}/card")
    page.keyboard.press("x")
    late.wait()
    expect(page.locator("#next .next-why")).to_be_visible()
    supervisor = daemon.client("supervisor")
    missed = supervisor.get("/api/v1/calls/missed")["items"]
    call = next(one for one in missed if (one["patient"] or {}).get("id") == patient["id"])
    assert supervisor.send("POST", f"/api/v1/calls/{call['id']}/handle-missed").status == 200
    # It was heard.
    expect(page.locator("[data-key=next-dial]")).to_be_disabled()
    late.let_go()
    expect(page.locator("#next .pop-contacts")).to_be_visible()


def test_a_caller_stays_in_front_of_a_task_that_was_chosen_before(daemon: DemoDaemon, browsers: Browsers) -> None:
    supervisor = daemon.client("supervisor")
    patient = daemon.with_mobiles("supervisor", 1)[0]
    owner = next(one for one in supervisor.get("/api/v1/call-tasks/owners")["agents"] if one["name"] == "王秀英")
    wanted = {"purpose": "出院随访", "patient_id": patient["id"], "agent_id": owner["id"]}
    task = supervisor.send("POST", "/api/v1/call-tasks", wanted).json()
    page = browsers.window(daemon, "agent", "/console").page
    late = LateAnswer(page, f"**/api/v1/call-tasks/{task['id']}/claim")
    page.locator(f"[data-key=task-{task['id']}]").click()
    late.wait()
    ring(daemon, page, "13666660021")
    expect(page.locator("#card")).to_be_visible()
    # For a moment is too long: the next ring brings it back in front.
    page.evaluate(WATCH_CARD)
    late.let_go()
    assert page.evaluate("window.hidden") == 0


def test_one_record_is_made_though_it_is_pressed_twice(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    ring(daemon, page, "13666660022")
    page.locator("[data-key=new-patient]").click()
    page.fill("#new-name", "成双双")
    late = LateAnswer(page, "**/api/v1/patients")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    late.wait()
    page.wait_for_timeout(300)
    late.let_go()
    expect(page.locator("#card .pop-name")).to_contain_text("成双双")
    assert len(daemon.client("supervisor").get(f"/api/v1/patients?q={quote('成双双')}")["items"]) == 1


def test_a_record_that_is_being_written_stays_when_another_caller_gets_a_patient(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    patient = daemon.with_mobiles("agent", 1)[0]
    page = browsers.window(daemon, "agent", "/console").page
    ring(daemon, page, "13666660023")
    page.locator("[data-key=attach]").click()
    page.locator("#add-number").uncheck()
    page.fill("#people-search", patient["name"])
    late = LateAnswer(page, "**/api/v1/calls/*/attach-patient")
    page.locator(f"[data-patient-choice='{patient['id']}']").click()
    late.wait()
    ring(daemon, page, "13666660024", "2")
    page.locator("#strip .strip-tab", has_text="0024").click()
    page.locator("[data-key=new-patient]").click()
    page.fill("#new-name", "写到一半")
    late.let_go()
    expect(page.locator("#new-name")).to_have_value("写到一半")


def test_the_figures_of_the_wall_come_however_often_telephones_ring(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "supervisor", "/wallboard").page
    expect(page.locator("[data-figure=service_level]")).to_be_visible()
    page.evaluate(RING)
    page.wait_for_timeout(1000)  # What was asked for when the page came has come.
    with page.expect_request("**/api/v1/wallboard"):
        pass


def test_enter_takes_nobody_who_was_found_for_other_words(daemon: DemoDaemon, browsers: Browsers) -> None:
    patient = daemon.with_mobiles("supervisor", 1)[0]
    page = browsers.window(daemon, "supervisor", "/complaints/new").page
    page.wait_for_load_state("networkidle")  # What is typed before the form's script has come finds nobody.
    field = page.locator("[data-find]")
    field.fill(patient["name"])
    expect(page.locator(f"[data-patient-choice='{patient['id']}']")).to_be_visible()
    late = LateAnswer(page, "**/api/v1/patients?limit=*")
    field.fill("没有这个人")
    late.wait()
    field.press("Enter")
    expect(page.locator("[data-chosen-name]")).to_have_text("")
    late.let_go()
    expect(page.locator("[data-patient-choice]")).to_have_count(0)


def test_what_was_written_down_last_is_kept_though_the_page_is_left_while_it_is_saved(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    ring(daemon, page, "13666660027")
    expect(page.locator("[data-action=answer]")).to_be_enabled()
    page.keyboard.press("a")
    expect(page.locator("[data-action=hang-up]")).to_be_enabled()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/calls/*/wrap-up", hold, times=1)
    page.fill("#wrap-up [name=notes]", "下周复查")
    wait_beside(page, lambda: held, "what is saved")
    page.reload()
    expect(page.locator("#wrap-up [name=notes]")).to_have_value("下周复查")
    call = daemon.client("agent").get("/api/v1/calls?limit=1")["items"][0]
    page.keyboard.press("h")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")
    daemon.client("agent").post(f"/api/v1/calls/{call['id']}/wrap-up", {"outcome": "completed", "finish": True})


def test_the_next_one_comes_by_itself_though_the_answer_overtakes_the_news_of_the_wrap_up(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/console").tab("/console", KEEPS_NEWS)
    wait_until_live(page)
    daemon.simulate("call", "13666664441", "--line", "3", "--rings", "1")
    expect(page.locator("#missed .work-item")).to_have_count(1)
    expect(page.locator("#card")).to_be_hidden()
    page.keyboard.press("t")
    ring(daemon, page, "13666664442")
    expect(page.locator("[data-action=answer]")).to_be_enabled()
    page.keyboard.press("a")
    expect(page.locator("[data-action=hang-up]")).to_be_enabled()
    page.keyboard.press("h")
    expect(page.locator("#card-head .pop-state")).to_have_attribute("data-state", "ended")

    page.evaluate("window.kept = []")
    page.keyboard.press("1")
    page.wait_for_function(
        "() => window.kept.some(({ said }) => said.topic === 'calls' && said.data.outcome === 'completed')"
    )
    drafts = page.evaluate("window.kept.length")
    late = LateAnswer(page, "**/wrap-up")
    page.keyboard.press("Control+Enter")
    late.wait()
    # The news of the draft come while the answer to the finish is on its way, those of the finish after it.
    page.evaluate("(count) => window.kept.splice(0, count).forEach(({ run }) => run())", drafts)
    late.let_go()
    expect(page.locator("#card-head")).to_be_visible()
    page.evaluate("""() => {
        const rest = window.kept;
        window.kept = null;
        for (const { run } of rest) run();
    }""")
    expect(page.locator("#card")).to_be_hidden()
    expect(page.locator("#next .pop-number")).to_contain_text("136 6666 4441")


def test_a_missed_call_is_listed_though_the_list_could_not_be_had_at_first(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    expect(page.locator("[data-count=missed]").first).to_have_text("0")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=500, json={"title": "broken"})

    page.route("**/api/v1/calls/missed?*", refuse)
    daemon.simulate("call", "13666660025", "--line", "1", "--rings", "1")
    wait_beside(page, lambda: asked, "what is asked for")
    page.wait_for_timeout(1000)
    # Nothing more is told of the call.
    page.unroute("**/api/v1/calls/missed?*", refuse)
    expect(page.locator("#missed .work-item")).to_contain_text("0025")


def test_a_missed_call_is_listed_however_often_telephones_ring(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    expect(page.locator("[data-count=missed]").first).to_have_text("0")
    page.wait_for_load_state("networkidle")
    page.evaluate(MISS)
    with page.expect_request("**/api/v1/calls/missed?*"):
        pass
