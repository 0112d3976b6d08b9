"""Answers that are older than the news which overtook them, presses under which the page is drawn anew, news that never
comes.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.peers.browser import Browsers, wait_beside, wait_until_live
from tests.peers.daemon import DemoDaemon, HttpClient
from tests.peers.late_answer import LateAnswer
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

HASTY = """{
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (time) => timeout(window.hasty ? 500 : time);
}"""
"""What waits for half a minute waits for half a second while the page is ``hasty``."""
ON_AND_ON = """() => {
    const later = window.setTimeout;
    window.setTimeout = (run, time, ...rest) => later(run, time === 200 ? 600000 : time, ...rest);
}"""
"""Somebody types on: it is not looked yet for what stands in a field."""


def hear_from(daemon: DemoDaemon, reader: HttpClient, number: str, text: str) -> dict[str, Any]:
    """A patient writes; the conversation."""
    daemon.simulate("sms", number, text)

    def find() -> dict[str, Any] | None:
        talks = reader.get("/api/v1/conversations?box=all&limit=100")["items"]
        return next((talk for talk in talks if talk["last_text"] == text), None)

    found: dict[str, Any] = wait_for(find, f"the conversation in which was written: {text}")
    return found


def test_a_conversation_that_comes_while_the_list_is_on_its_way_is_in_it(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    agent = daemon.client("agent")
    talk = hear_from(daemon, agent, "13700000001", "还要空腹吗")
    assert agent.send("POST", f"/api/v1/conversations/{talk['id']}/done", {}).status == 200
    page = browsers.window(daemon, "agent", "/inbox").page
    page.locator("[data-box=snoozed]").click()
    expect(page.locator("#talks .empty")).to_be_visible()
    late = LateAnswer(page, "**/api/v1/conversations?box=open*")
    page.locator("[data-box=open]").click()
    late.wait()
    assert agent.send("POST", f"/api/v1/conversations/{talk['id']}/open", {}).status == 200
    # The page has heard of it: the menu counts it.
    expect(page.locator("[data-waiting=open]")).to_have_text("1")
    late.let_go()
    expect(page.locator("#talks .talk")).to_contain_text("还要空腹吗")


def test_a_text_that_comes_while_the_thread_is_on_its_way_is_in_it(daemon: DemoDaemon, browsers: Browsers) -> None:
    agent = daemon.client("agent")
    talk = hear_from(daemon, agent, "13700000002", "第一句")
    page = browsers.window(daemon, "agent", "/inbox").page
    late = LateAnswer(page, f"**/api/v1/conversations/{talk['id']}/messages*")
    page.locator("#talks .talk", has_text="第一句").click()
    late.wait()
    daemon.simulate("sms", "13700000002", "第二句")
    expect(page.locator(".bubble-text")).to_have_text(["第二句"])
    late.let_go()
    expect(page.locator(".bubble-text")).to_have_text(["第一句", "第二句"])


def test_a_missed_call_that_was_ticked_off_does_not_come_back_with_an_older_list(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    expect(page.locator("[data-count=missed]").first).not_to_have_text("–")
    missed = page.locator("#missed .work-item")
    first, second = (missed.filter(has=page.locator(f"[data-dial$='1366666000{n}']")) for n in "12")
    daemon.simulate("call", "13666660001", "--line", "1", "--rings", "1")
    expect(first).to_be_visible()
    late = LateAnswer(page, "**/api/v1/calls/missed*")
    daemon.simulate("call", "13666660002", "--line", "1", "--rings", "1")
    late.wait()
    first.locator("[data-key^=done-missed]").click()
    expect(first).to_have_count(0)
    # The newer list is here: it knows of the second call.
    expect(second).to_be_visible()
    late.let_go()
    expect(first).to_have_count(0)
    expect(second).to_be_visible()


def test_what_is_pressed_is_done_though_it_is_drawn_anew_before_the_release(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    agent = daemon.client("agent")
    talk = hear_from(daemon, agent, "13700000003", "几点复查")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    reply = {"text": "明天九点", "key": "pressed-anew-1", "at": tomorrow}
    sent = agent.send("POST", f"/api/v1/conversations/{talk['id']}/reply", reply).json()

    # A button without a name, in a list.
    page = browsers.window(daemon, "agent", f"/inbox?c={talk['id']}").page
    ours = page.locator(f".bubble[data-message='{sent['id']}']")
    ours.locator(".bubble-state").click()
    take_back = ours.get_by_role("button", name="取消发送")
    take_back.hover()
    drawn = page.locator("#bubbles").get_attribute("data-shows")
    page.mouse.down()
    daemon.simulate("sms", "13700000003", "还有，要带病历吗")
    expect(page.locator(".bubble.is-theirs")).to_have_count(2)
    expect(page.locator("#bubbles")).not_to_have_attribute("data-shows", drawn or "")
    page.mouse.up()
    expect(ours).to_have_attribute("data-state", "cancelled")

    # A button that the server draws.
    page.goto(f"/messages/{sent['id']}")
    page.locator("#resend").hover()
    page.evaluate("window.pressed = document.getElementById('resend')")
    page.mouse.down()
    page.evaluate("htmx.ajax('GET', location.pathname, {target: '#message', select: '#message', swap: 'outerHTML'})")
    page.wait_for_function("() => !window.pressed.isConnected && document.getElementById('resend')")
    page.mouse.up()
    expect(page.locator(".sheet .btn-primary")).to_be_visible()


def test_a_conversation_that_changed_while_it_was_on_its_way_is_shown_as_it_is_now(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    agent = daemon.client("agent")
    talk = hear_from(daemon, agent, "13700000004", "药吃完了")
    last = agent.get(f"/api/v1/conversations/{talk['id']}/messages?limit=1")["items"][0]
    # Read already, it has no command of its own that would bring the state of now.
    assert agent.send("POST", f"/api/v1/conversations/{talk['id']}/read", {"last_message": last["id"]}).status == 200
    page = browsers.window(daemon, "agent", "/inbox").page
    late = LateAnswer(page, f"**/api/v1/conversations/{talk['id']}")
    page.goto(f"/inbox?c={talk['id']}")
    late.wait()
    in_list = page.locator(f"#talks [data-talk='{talk['id']}']")
    expect(in_list).to_be_visible()
    assert agent.send("POST", f"/api/v1/conversations/{talk['id']}/done", {}).status == 200
    # The page has heard of it.
    expect(in_list).to_have_count(0)
    late.let_go()
    expect(page.locator("#thread-head [data-key=open]")).to_be_visible()


def test_what_waits_in_a_box_is_counted_by_the_newest_answer(daemon: DemoDaemon, browsers: Browsers) -> None:
    agent = daemon.client("agent")
    hear_from(daemon, agent, "13700000005", "一号")
    page = browsers.window(daemon, "agent", "/inbox").page
    count = page.locator("[data-waiting=open]")
    expect(count).not_to_have_text("")
    page.wait_for_timeout(700)  # What was asked for when the page came has come.
    before = int(count.inner_text())
    late = LateAnswer(page, "**/api/v1/conversations/counts")
    hear_from(daemon, agent, "13700000006", "二号")
    late.wait()
    hear_from(daemon, agent, "13700000007", "三号")
    page.wait_for_timeout(1000)
    late.let_go()
    expect(count).to_have_text(str(before + 2))


def test_what_is_typed_while_a_reply_is_sent_stays_to_be_sent(daemon: DemoDaemon, browsers: Browsers) -> None:
    agent = daemon.client("agent")
    other = hear_from(daemon, agent, "13700000008", "别的事")
    talk = hear_from(daemon, agent, "13700000009", "要准备什么")
    page = browsers.window(daemon, "agent", f"/inbox?c={talk['id']}").page
    reply = page.locator("#reply")
    texts = page.locator(".bubble.is-ours .bubble-text")
    for sent, typed in (("空腹。", "带医保卡。"), ("请早到。", "地址不变。")):
        count = texts.count()
        reply.fill(sent)
        late = LateAnswer(page, f"**/api/v1/conversations/{talk['id']}/reply")
        page.keyboard.press("Control+Enter")
        late.wait()
        page.keyboard.type(typed)
        if typed == "地址不变。":  # Somebody else is in front when the answer comes.
            page.locator(f"#talks [data-talk='{other['id']}']").click()
            expect(reply).to_have_value("")
        late.let_go()
        page.locator(f"#talks [data-talk='{talk['id']}']").click()
        expect(reply).to_have_value(typed)
        reply.focus()
        page.keyboard.press("Control+Enter")
        expect(texts).to_have_count(count + 2)
        expect(texts.nth(count)).to_contain_text(sent)
        expect(texts.nth(count + 1)).to_contain_text(typed)
        expect(reply).to_have_value("")


def test_whoever_goes_on_to_another_conversation_is_not_brought_back_by_what_was_sent(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    patient = daemon.with_mobiles("agent", 1)[0]
    talk = hear_from(daemon, daemon.client("agent"), "13700000010", "几点上班")
    page = browsers.window(daemon, "agent", f"/inbox?patient={patient['id']}").page
    reply = page.locator("#reply")
    reply.fill("您的报告可以取了。")
    late = LateAnswer(page, "**/api/v1/messages")
    reply.press("Control+Enter")
    late.wait()
    page.locator(f"#talks [data-talk='{talk['id']}']").click()
    expect(reply).to_have_value("")
    reply.fill("八点上班")
    late.let_go()
    expect(page.locator(f"#talks [data-talk='{talk['id']}']")).to_have_attribute("aria-current", "true")
    expect(reply).to_have_value("八点上班")


def test_enter_gives_nothing_to_whoever_was_found_for_other_words(daemon: DemoDaemon, browsers: Browsers) -> None:
    talk = hear_from(daemon, daemon.client("supervisor"), "13700000012", "谁来回答")
    page = browsers.window(daemon, "supervisor", f"/inbox?c={talk['id']}").page
    menu = page.locator("[data-menu=give]")
    expect(menu).to_be_attached()
    page.evaluate(ON_AND_ON)
    late = LateAnswer(page, "**/conversations/owners?*")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    late.wait()
    expect(menu.locator("input")).to_be_focused()
    page.keyboard.insert_text("xnk")
    late.let_go()
    expect(menu.locator("[aria-selected=true]")).to_have_text("我来处理")
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")


def test_enter_gives_nothing_to_those_of_before_when_others_could_not_be_had(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    talk = hear_from(daemon, daemon.client("supervisor"), "13700000014", "谁来回答")
    page = browsers.window(daemon, "supervisor", f"/inbox?c={talk['id']}").page
    menu = page.locator("[data-menu=give]")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.locator("[aria-selected=true]")).to_have_text("我来处理")
    page.route("**/conversations/owners?*", lambda route: route.fulfill(status=500, json={"title": "broken"}))
    menu.locator("input").fill("xnk")
    expect(menu.get_by_role("status")).to_have_text("broken")
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    assert daemon.client("supervisor").get(f"/api/v1/conversations/{talk['id']}")["assigned_to"] is None


def test_a_record_that_is_being_written_stays_while_the_patient_texts_on(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    talk = hear_from(daemon, daemon.client("agent"), "13700000011", "请问挂号")
    page = browsers.window(daemon, "agent", f"/inbox?c={talk['id']}").page
    page.locator("[data-key=new-patient]").click()
    name = page.locator("#newcomer-name")
    expect(name).to_be_focused()
    page.keyboard.type("钱")
    daemon.simulate("sms", "13700000011", "退订")
    expect(page.locator("[data-opt-outs='1']")).to_be_visible()
    page.keyboard.type("多多")
    expect(name).to_have_value("钱多多")


class CutWire:
    """The first WebSocket of a window falls silent when its page is up to date, and nothing tells the page. It is to
    wait for a sign of life for a second instead of fifty.
    """

    def __init__(self) -> None:
        self.opened = 0

    def lay(self, wire: WebSocketRoute) -> None:
        self.opened += 1
        server, is_first = wire.connect_to_server(), self.opened == 1
        is_cut = False

        def pass_on(message: str | bytes) -> None:
            nonlocal is_cut
            told = json.loads(message)
            is_ready = told.get("op") == "ready"
            if not is_cut:
                wire.send(json.dumps({**told, "alive_every": 0.4}) if is_first and is_ready else message)
            is_cut |= is_first and is_ready

        server.on_message(pass_on)


def test_a_page_that_hears_nothing_any_more_connects_anew_and_has_what_it_missed(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    window, wire = browsers.window(daemon, "agent", "/calls"), CutWire()
    page = window.watch(window.context.new_page())
    page.route_web_socket(re.compile("/ws$"), wire.lay)
    page.goto("/inbox")
    page.evaluate("window.stillTheSame = true")
    wait_until_live(page)
    hear_from(daemon, daemon.client("agent"), "13700000009", "收到请回复")
    # A list that was asked for before the cut and came late may have the text, too.
    wait_beside(page, lambda: wire.opened > 1, "another connection")
    expect(page.locator("#talks .talk", has_text="收到请回复")).to_be_visible()
    assert page.evaluate("window.stillTheSame") is True
    expect(page.locator("#live")).to_have_attribute("data-state", "live")


def test_a_script_that_comes_after_the_news_asks_for_what_it_missed(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin = daemon.client("admin")
    gateway = admin.get("/api/v1/gateways")["items"][-1]
    path = f"/api/v1/gateways/{gateway['id']}"
    window = browsers.window(daemon, "admin", "/calls")
    page = window.watch(window.context.new_page())
    late = LateAnswer(page, "**/js/gateways.js*")
    page.goto("/gateways", wait_until="commit")
    shown = page.locator(f"[data-gateway='{gateway['id']}']")
    expect(shown).to_contain_text("就绪")
    page.wait_for_selector("#live[data-state=live]", state="attached")
    late.wait()
    resting = {"version": admin.get(path)["version"], "in_service": False}
    assert admin.send("PATCH", path, resting).status == 200
    wait_for(lambda: admin.get(path)["state"] == "out_of_service", "a gateway out of service")
    late.let_go()
    expect(shown).to_contain_text("停止服务")
    serving = {"version": admin.get(path)["version"], "in_service": True}
    assert admin.send("PATCH", path, serving).status == 200


def test_a_connection_that_is_never_let_in_is_given_up(daemon: DemoDaemon, browsers: Browsers) -> None:
    window = browsers.window(daemon, "agent", "/calls")
    page = window.watch(window.context.new_page())
    doors: list[WebSocketRoute] = []

    def lay(wire: WebSocketRoute) -> None:
        doors.append(wire)
        if len(doors) > 1:
            wire.connect_to_server()

    page.route_web_socket(re.compile("/ws$"), lay)
    page.clock.install()
    page.goto("/inbox")
    page.wait_for_selector("#live[data-state=connecting]", state="attached")
    wait_beside(page, lambda: doors, "a knock")
    page.clock.fast_forward(60_000)
    wait_until_live(page)


def test_an_answer_that_never_comes_is_asked_for_again_and_keeps_no_news_back(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    admin = daemon.client("admin")
    gateway = admin.get("/api/v1/gateways")["items"][0]
    path = f"/api/v1/gateways/{gateway['id']}"

    def let_serve(in_service: bool) -> None:
        change = {"version": admin.get(path)["version"], "in_service": in_service}
        assert admin.send("PATCH", path, change).status == 200
        wait_for(lambda: (admin.get(path)["state"] != "out_of_service") == in_service, "another state of the gateway")

    window = browsers.window(daemon, "admin", "/calls")
    page = window.tab("/gateways", HASTY)
    wait_until_live(page)
    kept: list[Route] = []

    def keep(route: Route) -> None:
        kept.append(route)

    page.evaluate("window.hasty = true")
    page.route("**/gateways", keep, times=1)
    let_serve(False)
    wait_beside(page, lambda: kept, "a request that is not answered")
    # Those that are answered may take their time.
    page.evaluate("window.hasty = false")
    shown = page.locator(f"[data-gateway='{gateway['id']}']")
    expect(shown).to_contain_text("停止服务")
    let_serve(True)
    expect(shown).not_to_contain_text("停止服务")


def test_what_waits_in_a_box_is_counted_though_an_answer_never_comes(daemon: DemoDaemon, browsers: Browsers) -> None:
    agent = daemon.client("agent")
    page = browsers.window(daemon, "agent", "/calls").tab("/inbox", HASTY)
    wait_until_live(page)
    kept: list[Route] = []

    def keep(route: Route) -> None:
        kept.append(route)

    page.evaluate("window.hasty = true")
    page.route("**/api/v1/conversations/counts", keep, times=1)
    hear_from(daemon, agent, "13700000013", "四号")
    wait_beside(page, lambda: kept, "a request that is not answered")
    page.evaluate("window.hasty = false")
    waiting = agent.get("/api/v1/conversations/counts")["open"]
    expect(page.locator("[data-waiting=open]")).to_have_text(str(waiting))


def test_a_further_page_of_a_list_that_came_anew_meanwhile_is_not_put_below_it(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    """What was last on the list before may have gone over to the further page."""
    page = browsers.window(daemon, "agent", "/inbox").page
    script = page.locator("script[src*='/js/shell.']").get_attribute("src")
    took = page.evaluate(
        """async (shell) => {
          const { Newest } = await import(shell.replace("/shell.", "/newest."));
          const [pages, took, answers] = [new Newest(), [], []];
          const answer = () => new Promise((come) => answers.push(come));
          const take = (what) => took.push(what);
          const asked = [pages.ask(answer, take), pages.more(answer, take)];
          answers[0]("anew");
          await asked[0];
          answers[1]("more of the old");
          await asked[1];
          const more = pages.more(answer, take);
          answers[2]("more");
          await more;
          return took;
        }""",
        script,
    )
    assert took == ["anew", "more"]
