"""Writing a text: nothing typed is lost or cut, what a script puts in can be undone, and one finds back to the list."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.peers.browser import Browsers, arrive, let_toasts_stay
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

HELD = """(end) => {
  const send = window.fetch;
  const gate = new Promise((open) => { window.release = open; });
  window.held = 0;
  window.through = () => { window.fetch = send; };
  window.fetch = async (url, options) => {
    if (!String(url).endsWith(end)) return send(url, options);
    window.held += 1;
    await gate;
    return send(url, options);
  };
}"""
"""Requests to addresses with this end are held until ``release()``; after ``through()`` none is any more."""


def talk_of(page: Page, number: str) -> Locator:
    """In the list. By the last figures alone it could be another: after those of 0002 come the minutes since then."""
    return page.locator("#talks .talk", has_text=f"{number[:3]} {number[3:7]} {number[7:]}")


def opened(
    daemon: DemoDaemon, browsers: Browsers, number: str, size: tuple[int, int] = (1366, 768), locale: str = "en"
) -> Page:
    """The inbox, with the conversation of ``number``, which has just written, in front."""
    daemon.simulate("sms", number, "请问几点上班")
    page = browsers.window(daemon, "agent", "/inbox", locale=locale, size=size).page
    talk_of(page, number).click()
    expect(page.locator(".bubble.is-theirs").first).to_be_visible()
    return page


def test_back_leads_to_the_list_and_forward_to_the_conversation(daemon: DemoDaemon, browsers: Browsers) -> None:
    daemon.simulate("sms", "13644440001", "在吗")
    page = opened(daemon, browsers, "13644440002", size=(390, 844))
    page.evaluate("window.stillTheSame = true")
    place = page.evaluate("location.search")
    page.go_back()
    expect(page.locator(".talks")).to_be_visible()
    expect(page.locator("#thread")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#thread-head")).to_contain_text("0002")
    assert page.evaluate("location.search") == place
    # From the patient to the conversation, by the browser or by the page's own arrow.
    thread, person = page.locator("#thread"), page.locator("#person")
    for back in (page.go_back, page.locator("[data-back]").click):
        page.locator("#thread-head [data-key=card]").click()
        expect(person).to_be_visible()
        back()
        expect(thread).to_be_visible()
        expect(person).to_be_hidden()
    # However many were looked at, one step leads to the list.
    page.locator("#thread-head [data-key=back]").click()
    other = talk_of(page, "13644440001")
    key = other.get_attribute("data-talk")
    other.click()
    expect(page.locator("#thread-head")).to_contain_text("0001")
    # The address follows when the browser has gone back to the list.
    expect(page).to_have_url(re.compile(f"c={key}$"))
    page.go_back()
    expect(page.locator("#thread")).to_be_hidden()
    assert page.evaluate("[location.pathname, location.search, window.stillTheSame]") == ["/inbox", "", True]


@pytest.mark.parametrize("leave", ["Escape", "e", "arrow", "Escape from the patient"])
def test_however_a_conversation_was_left_one_step_back_leads_to_the_page_before(
    leave: str, daemon: DemoDaemon, browsers: Browsers
) -> None:
    daemon.simulate("sms", "13644440011", "在吗")
    page = browsers.window(daemon, "agent", "/phrases", locale="en", size=(390, 844)).page
    page.goto("/inbox")
    talk_of(page, "13644440011").click()
    expect(page.locator("#thread-head")).to_contain_text("0011")
    if leave == "arrow":
        page.locator("#thread-head [data-key=back]").click()
    else:
        page.locator("#bubbles").focus()
        if "patient" in leave:
            page.locator("#thread-head [data-key=card]").click()
        page.keyboard.press(leave.split(maxsplit=1)[0])
    expect(page.locator(".talks")).to_be_visible()
    page.wait_for_function("() => location.search === '' && history.state === null")
    if leave != "e":
        expect(talk_of(page, "13644440011")).to_be_focused()
    page.go_back()
    expect(page).to_have_url(re.compile("/phrases"))


def test_what_is_taken_back_is_of_the_conversation_that_it_was_said_of(daemon: DemoDaemon, browsers: Browsers) -> None:
    agent = daemon.client("agent")
    page = opened(daemon, browsers, "13644440012")
    one = page.evaluate("new URLSearchParams(location.search).get('c')")
    daemon.simulate("sms", "13644440013", "在吗")
    other = talk_of(page, "13644440013")
    expect(other).to_be_visible()
    # The server is slow; meanwhile another conversation is in front, and stays there.
    page.evaluate(HELD, "/done")
    let_toasts_stay(page)
    page.locator("#thread-head [data-key=done]").click()
    page.wait_for_function("() => window.held > 0")
    other.click()
    expect(page.locator("#thread-head")).to_contain_text("0013")
    page.evaluate("window.release()")
    undo = page.locator("#toasts [data-toast-action]")
    expect(undo).to_be_visible()
    expect(page.locator("#thread-head")).to_contain_text("0013")
    two = page.evaluate("new URLSearchParams(location.search).get('c')")
    assert agent.send("POST", f"/api/v1/conversations/{two}/done", {}).status == 200
    expect(page.locator("#thread-head [data-key=open]")).to_be_visible()
    page.route(f"**/api/v1/conversations/{one}", lambda route: route.abort())
    undo.click()
    expect(page.locator("#thread-head")).to_contain_text("0012")
    states = [agent.get(f"/api/v1/conversations/{talk}")["state"] for talk in (one, two)]
    assert states == ["open", "done"]


def test_a_thread_that_does_not_come_says_so_and_is_asked_for_again(daemon: DemoDaemon, browsers: Browsers) -> None:
    daemon.simulate("sms", "13644440003", "早上好")
    page = browsers.window(daemon, "agent", "/inbox", locale="en").page
    page.route("**/api/v1/conversations/*/messages?*", lambda route: route.abort())
    talk_of(page, "13644440003").click()
    failed = page.locator("#bubbles .bubble-failed")
    expect(failed).to_contain_text("The server cannot be reached")
    page.unroute("**/api/v1/conversations/*/messages?*")
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator(".bubble.is-theirs")).to_contain_text("早上好")
    expect(failed).to_have_count(0)


def test_the_ones_before_come_once_however_often_they_are_asked_for(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = opened(daemon, browsers, "13644440004")
    agent = daemon.client("agent")
    talk = page.evaluate("new URLSearchParams(location.search).get('c')")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    replies = [
        agent.post(f"/api/v1/conversations/{talk}/reply", {"text": f"{number}", "key": f"one-of-many-{number}", **when})
        for number, when in enumerate([{"at": later}, *[{}] * 44])
    ]
    page.reload()
    expect(page.locator("#bubbles .bubble")).to_have_count(40)
    # What becomes of one of them meanwhile does not bring it alone.
    agent.post(f"/api/v1/conversations/{talk}/messages/{replies[0]['id']}/cancel")
    daemon.simulate("sms", "13644440004", "还在吗")
    expect(page.locator(".bubble.is-theirs").last).to_contain_text("还在吗")
    expect(page.locator("#bubbles .bubble")).to_have_count(41)
    page.locator("[data-key=earlier]").dblclick()
    expect(page.locator("#bubbles .bubble")).to_have_count(47)
    expect(page.locator(f".bubble[data-message='{replies[0]['id']}']")).to_have_attribute("data-state", "cancelled")
    # The last words stay in sight when the box below them grows, for whoever was at them.
    bubbles = page.locator("#bubbles")
    bubbles.evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    height = bubbles.evaluate("(box) => box.clientHeight")
    page.fill("#reply", "\n".join("123456789"))
    page.wait_for_function("(before) => document.getElementById('bubbles').clientHeight < before", arg=height)
    page.wait_for_function(
        "() => { const box = document.getElementById('bubbles');"
        " return box.scrollHeight - box.scrollTop - box.clientHeight < 2; }"
    )


def test_what_is_put_in_is_undone_and_escape_leads_back(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = opened(daemon, browsers, "13644440005")
    reply = page.locator("#reply")
    reply.press_sequentially("您好。")
    page.locator("[data-texts=phrases]").click()
    page.locator("#texts .text-choice").first.click()
    expect(page.locator("#texts")).to_be_hidden()
    expect(reply).not_to_have_value("您好。")
    expect(reply).to_be_focused()
    reply.press("Control+z")
    expect(reply).to_have_value("您好。")
    page.locator("[data-texts=templates]").click()
    expect(page.locator("#texts input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-texts=templates]")).to_be_focused()
    # Too long is said, not cut off.
    reply.fill("长" * 1001)
    expect(page.locator("#composer [data-problem]")).to_have_text("At most 1000 characters.")
    assert len(reply.input_value()) == 1001
    page.locator("#composer [data-later]").click()
    expect(page.locator("#composer [data-later]")).to_have_attribute("aria-expanded", "true")


def test_a_template_takes_nothing_away_that_was_written_to_many(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "supervisor", "/patients?q=zhang", locale="en").page
    page.locator("[data-write-many]").click()
    arrive(page, re.compile("/messages/new"))
    let_toasts_stay(page)
    text, template = page.locator("#m-text"), page.locator("#m-template")
    expect(template.locator("option")).not_to_have_count(1)
    template.select_option(index=1)
    expect(page.locator("#toasts")).to_be_empty()
    text.fill("停电，请改日来院。")
    page.select_option("#m-purpose", "marketing")
    before = (template.input_value(), page.locator("#m-purpose").input_value())
    template.select_option(index=2)
    expect(text).not_to_have_value("停电，请改日来院。")
    # Whoever chooses by the keys chooses on.
    expect(template).to_be_focused()
    page.locator("#toasts [data-toast-action]").click()
    expect(text).to_have_value("停电，请改日来院。")
    # Its purpose and what it was begun from come back with it.
    assert (template.input_value(), page.locator("#m-purpose").input_value()) == before


def test_a_question_that_is_lost_on_its_way_is_asked_again(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "admin", "/phrases/new", locale="en").page
    page.fill("#f-text", "网络不稳时写的短语")
    page.evaluate(HELD, "/session")
    page.locator("main .btn-primary").click()
    page.wait_for_function("() => window.held === 1")
    page.evaluate("window.through()")
    page.locator("main .btn-primary").click()
    expect(page).to_have_url(re.compile(r"/phrases\?"))
    texts = [one["text"] for one in daemon.client("admin").get("/api/v1/phrases?limit=200")["items"]]
    assert texts.count("网络不稳时写的短语") == 1


def test_a_long_name_covers_nothing_on_a_telephone(daemon: DemoDaemon, browsers: Browsers) -> None:
    phone = {"number": "13644440006", "label": "由其外甥女婿代为接听，周末除外，请先说明来意"}
    patient = {"name": "阿卜杜热合曼·买买提依明江·" * 5, "phones": [phone], "notes": "备注" * 100}
    daemon.client("admin").post("/api/v1/patients", patient)
    daemon.simulate("sms", "13644440006", "请问几点上班")
    page = browsers.window(daemon, "agent", "/inbox", locale="en", size=(390, 844)).page
    page.locator("#talks .talk", has_text="阿卜杜热合曼").click()
    name, actions = page.locator("#thread-head h2"), page.locator("#thread-head .thread-actions")
    expect(name).to_be_visible()
    named, acted = name.bounding_box(), actions.bounding_box()
    assert named is not None
    assert acted is not None
    assert named["x"] + named["width"] <= acted["x"]
    page.locator("#thread-head [data-key=card]").click()
    expect(page.locator("#person .pop-phone")).to_be_visible()
    assert page.locator("#person-body").evaluate("(box) => box.scrollWidth <= box.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_form_stays_as_typed_while_the_server_is_away(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "admin", "/phrases/new", locale="en").page
    page.fill("#f-text", "断线时写的短语")
    page.context.set_offline(True)
    page.locator("main .btn-primary").click()
    said = page.locator("#toasts [role=alert]")
    expect(said).to_contain_text("The server cannot be reached")
    page.locator("main .btn-primary").click()
    # Said again, it is said once.
    page.wait_for_function("() => performance.getEntriesByName(location.origin + '/api/v1/session').length > 1")
    expect(said).to_have_count(1)
    expect(page.locator("#f-text")).to_have_value("断线时写的短语")
    page.context.set_offline(False)
    page.locator("main .btn-primary").dblclick()
    arrive(page, re.compile(r"/phrases\?"))
    texts = [one["text"] for one in daemon.client("admin").get("/api/v1/phrases?limit=200")["items"]]
    assert texts.count("断线时写的短语") == 1


class Gateways:
    """Those of the demo; at first none is set up for anybody but the provider whose pages are GBK."""

    def __init__(self, daemon: DemoDaemon) -> None:
        self._admin = daemon.client("admin")
        self._all = self._admin.get("/api/v1/gateways")["items"]
        self.cmpp, self.smpp, self.provider = self._all

    def change(self, gateway: dict[str, Any], **values: Any) -> None:
        path = f"/api/v1/gateways/{gateway['id']}"
        assert self._admin.send("PATCH", path, {"version": self._admin.get(path)["version"], **values}).status == 200
        # What a text would go by is asked for once while one writes: by then it has to be so.
        if "in_service" in values:
            state = "ready" if values["in_service"] else "out_of_service"
            wait_for(lambda: self._admin.get(path)["state"] == state, f"{gateway['name']}: {state}")

    def __enter__(self) -> Gateways:
        for one in (self.cmpp, self.smpp):
            self.change(one, prefixes=["1709"])
        return self

    def __exit__(self, *_: object) -> None:
        self.change(self.provider, options={"preset": "sms56_a"})
        for one in self._all:
            self.change(one, in_service=True, prefixes=[], priority=one["priority"])

    def let_smpp_rest(self) -> None:
        self.change(self.smpp, in_service=False, prefixes=[])

    def let_smpp_stand_in(self) -> None:
        self.change(self.smpp, in_service=True, prefixes=[], priority=9)
        self.change(self.provider, priority=1)


EN, ZH = "en", "zh-CN"


@pytest.mark.parametrize(("locale", "size"), [(EN, (1366, 768)), (ZH, (390, 844))])
def test_what_cannot_be_sent_is_named_while_one_writes(
    locale: str, size: tuple[int, int], daemon: DemoDaemon, browsers: Browsers
) -> None:
    nobody = {EN: "No gateway can send 🙏.", ZH: "没有网关能发送 🙏。"}[locale]
    other = {EN: "{} cannot send 🙏; it would go by {}.", ZH: "{} 无法发送 🙏，将改由 {} 发送。"}[locale]
    failed = {EN: "has characters that cannot be sent：🙏", ZH: "含有无法发送的字符：🙏"}[locale]
    number = {EN: "13644440021", ZH: "13644440022"}[locale]
    page = opened(daemon, browsers, number, size, locale)
    reply, said = page.locator("#reply"), page.locator("#composer [data-filled]")
    with Gateways(daemon) as gateways:
        reply.fill("好的🙏按时服药")
        expect(said).to_have_text(nobody)
        place = reply.bounding_box()
        reply.fill("好的，按时服药")
        expect(said).to_be_hidden()
        # The box in which one writes stays where it was.
        assert reply.bounding_box() == place
        reply.fill("好的🙏按时服药")
        page.locator("#composer [data-send]").click()
        expect(page.locator(".bubble.is-ours .bubble-why")).to_have_text(failed)
        # The answer, which empties the box, may come after the news.
        expect(reply).to_have_value("")
        gateways.let_smpp_stand_in()
        reply.fill("好的🙏按时服药")
        expect(said).to_have_text(other.format(gateways.provider["name"], gateways.smpp["name"]))
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.locator("#composer [data-send]").click()
        last = page.locator(".bubble.is-ours").last
        expect(last).to_have_attribute("data-state", re.compile("accepted|delivered"))
        (newest, *_) = daemon.client("admin").get(f"/api/v1/messages?number={number}&direction=out")["items"]
        assert newest["gateway"]["name"] == gateways.smpp["name"]


def test_what_cannot_be_sent_is_named_in_a_text_to_many_and_in_a_template(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    with Gateways(daemon) as gateways:
        names = gateways.provider["name"], gateways.smpp["name"]
        template = browsers.window(daemon, "admin", "/templates/new", locale="en", size=(390, 844)).page
        template.fill("#f-text", "祝您早日康复🙏")
        said = template.locator("[data-example] .notice")
        expect(said).to_have_text("No gateway can send 🙏.")
        page = browsers.window(daemon, "supervisor", "/patients", locale="en").page
        page.locator("[data-write-many]").click()
        arrive(page, re.compile("/messages/new"))
        expect(page.locator("#m-template option")).not_to_have_count(1)
        page.fill("#m-text", "祝您早日康复🙏")
        many = page.locator("#m-preview .notice")
        expect(many).to_have_text("No gateway can send 🙏.")
        expect(page.locator("#m-preview summary")).to_contain_text(["has characters that cannot be sent"])
        expect(page.locator("#many [data-send]")).to_be_disabled()
        gateways.let_smpp_rest()
        template.locator("#f-text").press_sequentially("。")
        expect(said).to_have_text("{} cannot send 🙏; it waits until {} is in service again.".format(*names))
        page.locator("#m-text").press_sequentially("。")
        waits = "{} cannot send 🙏; [1-9][0-9]* wait until {} is in service again\\."
        expect(many).to_have_text(re.compile(waits.format(*names)))
        gateways.let_smpp_stand_in()
        template.locator("#f-text").press_sequentially("。")
        expect(said).to_have_text("{} cannot send 🙏; it would go by {}.".format(*names))
        assert template.evaluate("document.documentElement.scrollWidth") <= 390
        gateways.change(gateways.provider, options={"preset": "linkws"})
        template.locator("#f-text").fill("长" * 300)
        expect(said).to_have_text("{} takes at most 300 characters; it would go by {}.".format(*names))
        page.locator("#m-text").press_sequentially("。")
        expect(many).to_have_text(re.compile("{} cannot send 🙏; [1-9][0-9]* would go by {}\\.".format(*names)))
        expect(page.locator("#many [data-send]")).to_be_enabled()
