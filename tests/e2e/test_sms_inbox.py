"""A patient writes, the doctor answers from a template and sees what becomes of it, the patient says stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Route, expect

from tests.peers.browser import Browsers, arrive, let_toasts_stay, wait_beside
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

HOSPITAL = ZoneInfo("Asia/Shanghai")
HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}\u202e"


def write(daemon: DemoDaemon, number: str, text: str) -> None:
    """A patient writes: by CMPP, from the network's side."""
    daemon.simulate("sms", number, text)


@pytest.fixture(autouse=True)
def gateways_accept(daemon: DemoDaemon) -> Iterator[None]:
    """The next story finds the gateway as it was, whatever became of this one."""
    yield
    daemon.simulate("treat", "accept")


def write_template(daemon: DemoDaemon, browsers: Browsers) -> None:
    """In its form: a chip puts the placeholder in, an example shows what is read, a brace alone is told once."""
    page = browsers.window(daemon, "admin", "/templates/new").page
    text, example = page.locator("#f-text"), page.locator("[data-example]")
    page.fill("#f-name", "切口护理")
    text.fill("您好，伤口请保持干燥。{")
    expect(example.locator("[data-missing]")).to_contain_text("大括号没有配对：“…伤口请保持干燥。{”")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#text-about .field-error")).to_contain_text("大括号没有配对")
    expect(example.locator("[data-figures]")).to_be_visible()
    expect(example.locator("[data-missing]")).to_have_count(0)
    text.fill("您好，伤口请保持干燥。")
    expect(page.locator("#text-about .field-error")).to_have_count(0)
    text.press("Control+Home")
    page.locator("[data-insert='{patient.name}']").click()
    expect(text).to_be_focused()
    expect(text).to_have_value("{patient.name}您好，伤口请保持干燥。")
    expect(example).to_contain_text("王小明您好，伤口请保持干燥。")
    expect(example.locator("[data-figures]")).to_have_attribute("data-figures", "1")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("td .place-name", has_text="患者姓名").first).to_be_visible()


def test_a_text_is_answered_from_a_template_and_stopped_by_a_word(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin, doctor = daemon.client("admin"), daemon.client("doctor")
    write_template(daemon, browsers)
    shown = doctor.get("/api/v1/patients?limit=20&sort=name")["items"]
    patient = next(one for one in shown if not one["do_not_call"] and one["phones"])
    mobile = next(
        one for one in admin.get(f"/api/v1/patients/{patient['id']}")["phones"] if one["number"].startswith("+861")
    )
    number = mobile["number"]

    # The doctor looks at an empty inbox; nothing is reloaded from here on.
    page = browsers.window(daemon, "doctor", "/inbox").page
    expect(page.locator("#talks .empty")).to_be_visible()
    page.evaluate("window.stillTheSame = true")
    write(daemon, number.removeprefix("+86"), "刀口有点痒，要紧吗？")
    talk = page.locator("#talks .talk")
    expect(talk).to_have_count(1)
    expect(talk).to_contain_text(patient["name"])
    expect(talk.locator(".count")).to_have_text("1")
    expect(page.locator(".rail [data-unread-sms]")).to_have_text("1")

    talk.click()
    expect(page.locator(".bubble.is-theirs")).to_contain_text("刀口有点痒")
    expect(page.locator("#person")).to_contain_text(patient["name"])
    # Looked at, it is read: here, in the menu, and for everybody else. But the patient waits on.
    expect(page.locator("[data-waiting=open]")).to_have_text("1")
    expect(page.locator(".rail [data-unread-sms]")).to_be_hidden()
    page.locator("[data-texts=templates]").click()
    page.locator("#texts .text-choice", has_text="切口护理").click()
    reply = page.locator("#reply")
    expect(reply).to_have_value(f"{patient['name']}您好，伤口请保持干燥。")
    expect(page.locator("#composer [data-count]")).to_contain_text("1")
    # What is typed stays over a change of the conversation and a press of Escape; it is sent by the keyboard, once.
    reply.press("Control+Enter")
    reply.press("Control+Enter")
    ours = page.locator(".bubble.is-ours")
    expect(ours).to_have_count(1)
    expect(reply).to_have_value("")
    # The gateway answers at once and reports two seconds later, which a busy browser may show in one.
    expect(ours).to_have_attribute("data-state", re.compile("accepted|delivered"))
    # Its history stays in front while it goes on.
    ours.locator(".bubble-state").click()
    expect(ours).to_have_attribute("data-state", "delivered")
    expect(ours.locator(".bubble-history .tries")).to_contain_text("DELIVRD")
    expect(ours.locator(".bubble-history .tries")).to_contain_text("演示 CMPP")
    assert doctor.get(f"/api/v1/messages/{ours.get_attribute('data-message')}")["template"]["name"] == "切口护理"

    # A hostile text is a text, and a stop word is seen at once: in the list, above the thread, on the card.
    write(daemon, number, HOSTILE)
    expect(page.locator(".bubble.is-theirs").last).to_contain_text("<img src=x onerror=alert(1)>{{7*7}}")
    assert page.locator(".bubble img").count() == 0
    write(daemon, number, "Ｔ")
    expect(page.locator("#thread-head [data-stopped]")).to_be_visible()
    expect(talk.locator("[data-stopped]")).to_be_visible()
    expect(page.locator("[data-opt-outs='1']")).to_contain_text("已退订：全部短信")
    assert page.evaluate("window.stillTheSame") is True
    page.goto(f"/patients/{patient['id']}")
    expect(page.locator("[data-stopped]")).to_be_visible()
    expect(page.locator(".timeline-item[data-message]")).to_have_count(4)


def test_drafts_stay_as_typed_and_a_telephone_shows_one_column(daemon: DemoDaemon, browsers: Browsers) -> None:
    write(daemon, "13812345678", "请问周六出诊吗")
    page = browsers.window(daemon, "agent", "/inbox", locale="en", size=(390, 800)).page
    talk = page.locator("#talks .talk", has_text="138")
    talk.click()
    expect(page.locator("#thread")).to_be_visible()
    expect(page.locator(".talks")).to_be_hidden()
    page.fill("#reply", "周六上午有门诊 {x}")
    expect(page.locator("#composer [data-filled]")).to_contain_text("{x}")
    page.reload()
    expect(page.locator("#reply")).to_have_value("周六上午有门诊 {x}")
    page.locator("#composer [data-send]").click()
    expect(page.locator("#composer [data-problem]")).to_contain_text("{x}")
    expect(page.locator("#reply")).to_have_value("周六上午有门诊 {x}")
    # It is said once: above the box while one writes, below it when it was refused.
    expect(page.locator("#composer [data-filled]")).to_be_hidden()
    page.fill("#reply", "周六上午有门诊 {")
    expect(page.locator("#composer [data-filled]")).to_contain_text("The braces do not match")
    expect(page.locator("#composer [data-problem]")).to_be_hidden()
    page.locator("#thread-head .only-narrow").first.click()
    expect(page.locator(".talks")).to_be_visible()
    expect(page.locator("#thread")).to_be_hidden()
    # Nothing is wider than the telephone.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_did_not_arrive_is_sent_again_by_whoever_knows_what_that_means(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    daemon.simulate("treat", "accept", "--receipt", "UNKNOWN")
    write(daemon, "13787654321", "几点开门？")
    page = browsers.window(daemon, "agent", "/inbox", locale="en").page
    page.locator("#talks .talk", has_text="4321").click()
    page.fill("#reply", "八点")
    page.locator("#reply").press("Control+Enter")
    ours = page.locator(".bubble.is-ours")
    expect(ours).to_have_attribute("data-state", "unknown")
    ours.locator(".bubble-state").click()
    again = page.locator("[data-again]")
    again.click()
    expect(page.locator("#ask-about")).to_contain_text("Nobody knows whether this message arrived")
    page.locator(".sheet button", has_text="Cancel").click()
    expect(ours).to_have_count(1)
    # The page of the message says what is known of it, in words; a receipt that comes after all changes it by itself.
    first = ours.get_attribute("data-message")
    page.goto(f"/messages/{first}")
    expect(page.locator("#message")).to_have_attribute("data-state", "unknown")
    expect(page.locator("#message")).to_contain_text("reports that it does not know what became of it")
    expect(page.locator("[data-step=attempt]")).to_contain_text("演示 CMPP")
    page.evaluate("window.stillTheSame = true")
    page.locator("#resend").click()
    expect(page.locator("#ask-about")).to_contain_text("the patient gets it twice")
    page.locator(".sheet button", has_text="Cancel").click()
    expect(page.locator("#resend")).to_be_enabled()
    assert page.evaluate("window.stillTheSame") is True
    page.locator("a[href^='/inbox?c=']").click()
    ours.locator(".bubble-state").click()
    daemon.simulate("treat", "accept", "--receipt", "UNDELIV")
    again.click()
    page.locator(".sheet .btn-primary").click()
    expect(ours).to_have_count(2)
    expect(ours.last).to_have_attribute("data-state", "failed")
    ours.last.locator(".bubble-state").click()
    daemon.simulate("treat", "accept")
    again.click()
    expect(page.locator("#ask-about")).to_contain_text("It did not arrive")
    page.locator(".sheet .btn-primary").click()
    expect(ours).to_have_count(3)
    expect(ours.last).to_have_attribute("data-state", "delivered")
    # What arrived needs no sending again.
    ours.last.locator(".bubble-state").click()
    expect(ours.last.locator(".bubble-history")).to_be_visible()
    expect(again).to_have_count(0)


def test_a_conversation_that_was_done_comes_back_when_its_answer_is_lost(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    """Here and on the console, while one looks; and it says why until there is an answer."""
    agent = daemon.client("agent")
    write(daemon, "13712348888", "还要空腹吗")
    page = browsers.window(daemon, "agent", "/inbox", locale="en").page
    console = browsers.window(daemon, "agent", "/console").page
    talk = page.locator("#talks .talk", has_text="8888")
    talk.click()
    key = talk.get_attribute("data-talk")
    later = {"text": "不用", "key": "comes-back-1", "at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    sent = agent.send("POST", f"/api/v1/conversations/{key}/reply", later).json()
    expect(talk.locator(".talk-last")).to_contain_text("不用")
    assert agent.send("POST", f"/api/v1/conversations/{key}/done", {}).status == 200
    page.locator("[data-box=snoozed]").click()
    page.locator("[data-box=open]").click()
    page.evaluate("window.stillTheSame = true")
    assert agent.send("POST", f"/api/v1/conversations/{key}/messages/{sent['id']}/cancel", {}).status == 200
    expect(talk.locator("[data-lost=cancelled]")).to_have_text("Answer taken back")
    expect(talk.locator(".talk-last")).to_contain_text("还要空腹吗")
    expect(page.locator("#thread-notes")).to_contain_text("Answer taken back: the patient has not got it")
    waits = console.locator("#waiting-texts .work-item", has_text="还要空腹吗")
    expect(waits.locator("[data-lost=cancelled]")).to_have_text("回复已撤回")
    page.fill("#reply", "不用空腹")
    page.locator("#reply").press("Control+Enter")
    expect(talk.locator(".talk-last")).to_contain_text("不用空腹")
    expect(talk.locator("[data-lost]")).to_have_count(0)
    expect(page.locator("#thread-notes")).to_be_hidden()
    expect(waits).to_have_count(0)
    assert page.evaluate("window.stillTheSame") is True


def test_the_page_of_a_message_changes_while_one_looks_and_takes_it_back(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    admin = daemon.client("admin")
    body = {"number": "13700001234", "text": "明天九点复查", "purpose": "notice"}
    later = {"key": "one-message-page-1", "at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    sent = admin.send("POST", "/api/v1/messages", {**body, **later})
    assert sent.status == 201, sent.body
    waiting = sent.json()
    page = browsers.window(daemon, "supervisor", f"/messages/{waiting['id']}").page
    shown = page.locator("#message")
    expect(shown).to_have_attribute("data-state", "queued")
    page.evaluate("window.stillTheSame = true")
    # Somebody else takes it back meanwhile: the page says so, and offers nothing any more that cannot be done.
    assert admin.send("POST", f"/api/v1/messages/{waiting['id']}/cancel", {}).status == 200
    expect(shown).to_have_attribute("data-state", "cancelled")
    expect(page.locator("#cancel")).to_have_count(0)
    expect(page.locator("[data-step=act]")).to_contain_text("已取消")
    assert page.evaluate("window.stillTheSame") is True
    page.locator("#resend").click()
    page.locator(".sheet .btn-primary").click()
    arrive(page, re.compile(rf"/messages/(?!{waiting['id']}$)\d+$"))
    expect(page.locator("#message")).to_have_attribute("data-state", "delivered")
    expect(page.locator("[data-step=made] a")).to_have_attribute("href", f"/messages/{waiting['id']}")
    page.goto("/messages")
    expect(page.locator("tr[data-message] .sms-text a").first).to_have_attribute(
        "href", re.compile("^/messages/[0-9]+$")
    )


def test_a_telephone_says_that_a_number_is_shared_and_the_lists_fit_it(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin = daemon.client("admin")
    shown = admin.get("/api/v1/patients?limit=100")["items"]
    one, other = shown[:2]
    for patient in (one, other):
        card = admin.get(f"/api/v1/patients/{patient['id']}")
        phones = [
            *({"number": phone["number"], "label": phone["label"]} for phone in card["phones"]),
            {"number": "13612340000", "label": ""},
        ]
        changed = admin.send(
            "PATCH", f"/api/v1/patients/{patient['id']}", {"version": card["version"], "phones": phones}
        )
        assert changed.status == 200, changed.body
    write(daemon, "13612340000", "我是家属，想问一下复查")
    page = browsers.window(daemon, "agent", "/inbox", locale="en", size=(390, 800)).page
    page.locator("#talks .talk", has_text="136").click()
    note = page.locator("#thread-notes .shared-note")
    expect(note).to_contain_text("2 patients share this number")
    note.locator("[data-choose-patient]").click()
    page.locator(f"#person [data-patient-choice='{other['id']}']").click()
    # Whose it is stands above the thread, and one is there again to answer.
    expect(page.locator("#thread-head")).to_contain_text(other["name"])
    expect(page.locator("#reply")).to_be_visible()
    expect(note).to_contain_text("Somebody else?")
    page.set_viewport_size({"width": 1366, "height": 768})
    expect(note).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 800})
    body = {"number": "13612340000", "kind": "marketing", "note": "电话里说的，请不要再发送任何营销内容"}
    assert admin.send("POST", "/api/v1/opt-outs", body).status == 201
    phone = browsers.window(daemon, "supervisor", "/opt-outs", locale="en", size=(390, 800)).page
    expect(phone.locator("table tbody tr").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.evaluate(
        "[...document.querySelectorAll('.table-wrap')].every((one) => one.scrollWidth <= one.clientWidth)"
    )


def test_the_page_of_one_of_many_hears_what_becomes_of_all(daemon: DemoDaemon, browsers: Browsers) -> None:
    supervisor = daemon.client("supervisor")
    found = [one for one in supervisor.get("/api/v1/patients?limit=40&sort=-name")["items"] if not one["do_not_call"]]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"patient_ids": [one["id"] for one in found[:20]], "text": "您好", "purpose": "reminder", "title": "复查"}
    sent = supervisor.send("POST", "/api/v1/message-batches", {**body, "at": tomorrow, "key": "one-of-many-1"})
    assert sent.status == 201, sent.body
    batch = sent.json()["id"]
    address = f"/api/v1/messages?batch_id={batch}"
    one, *_ = wait_for(lambda: supervisor.get(address)["items"], what="the messages")
    page = browsers.window(daemon, "supervisor", f"/messages/{one['id']}").page
    expect(page.locator(f"a[href='/message-batches/{batch}']")).to_have_text("复查")
    expect(page.locator("#message")).to_have_attribute("data-state", "queued")
    assert supervisor.send("POST", f"/api/v1/message-batches/{batch}/cancel", {}).status == 200
    # Messages of a batch are not told one by one: that it was cancelled is asked for.
    expect(page.locator("#message")).to_have_attribute("data-state", "cancelled")


def test_an_unknown_number_gets_a_record_from_the_inbox_once(daemon: DemoDaemon, browsers: Browsers) -> None:
    write(daemon, "13922223333", "我想挂号")
    page = browsers.window(daemon, "agent", "/inbox").page
    page.locator("#talks .talk", has_text="139 2222 3333").click()
    page.locator("[data-key=new-patient]").click()
    form = page.locator("[data-newcomer]")
    expect(form.locator("[name=name]")).to_be_focused()
    form.locator("[name=birth_date]").fill("2999-01-01")
    form.locator("[name=name]").fill("新来的")
    form.locator("button.btn-primary").click()
    # What is wrong is said, and what was typed stays.
    expect(form.locator("[role=alert]")).not_to_be_empty()
    expect(form.locator("[name=name]")).to_have_value("新来的")
    form.locator("[name=birth_date]").fill("1980-02-03")
    form.locator("button.btn-primary").dblclick()
    expect(page.locator("#thread-head")).to_contain_text("新来的")
    expect(page.locator("#person .person-name a")).to_have_text("新来的")
    found = daemon.client("admin").get("/api/v1/patients?q=13922223333")["items"]
    assert [one["name"] for one in found] == ["新来的"]


def test_a_record_made_slowly_is_not_given_to_the_next_conversation(daemon: DemoDaemon, browsers: Browsers) -> None:
    first, second = "13922224441", "13922224442"
    for number in (second, first):
        write(daemon, number, f"我是 {number}")
    page = browsers.window(daemon, "agent", "/inbox").page
    page.locator("#talks .talk", has_text=f"我是 {first}").click()
    page.locator("[data-key=new-patient]").click()
    page.locator("#newcomer-name").fill("慢慢来")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/patients", hold)
    page.locator("[data-newcomer] button.btn-primary").click()
    page.locator("#talks .talk", has_text=f"我是 {second}").click()
    expect(page.locator("#bubbles")).to_contain_text(second)
    wait_beside(page, lambda: held, "the new record")
    with page.expect_response("**/conversations/*/patient"):
        held[0].continue_()
    agent = daemon.client("agent")
    talks = {one["number"][-11:]: one["patient"] for one in agent.get("/api/v1/conversations?limit=50")["items"]}
    assert (talks[first]["name"], talks[second]) == ("慢慢来", None)
    expect(page.locator("#bubbles")).to_contain_text(second)


def test_the_boxes_are_legible_when_it_is_dark(daemon: DemoDaemon, browsers: Browsers) -> None:
    page = browsers.window(daemon, "agent", "/inbox").page
    page.emulate_media(color_scheme="dark")
    grounds = """() => ['[data-box=done]', '.talks'].map(
        (one) => getComputedStyle(document.querySelector(one)).backgroundColor)"""
    # They change by degrees.
    wait_for(lambda: len(set(page.evaluate(grounds))) == 1, "one ground")
    # They stand in one line; the one that is chosen is whole.
    tops = "[...document.querySelectorAll('.boxes .chip')].map((one) => one.getBoundingClientRect().top)"
    assert len(set(page.evaluate(tops))) == 1
    page.locator("[data-box=done]").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("""() => {
      const place = (one) => document.querySelector(one).getBoundingClientRect();
      const [line, box] = [place('.boxes'), place('[data-box=done]')];
      return box.left >= line.left && box.right <= line.right + 1;
    }""")


def test_a_conversation_is_given_away_by_typing_a_part_of_a_name(daemon: DemoDaemon, browsers: Browsers) -> None:
    write(daemon, "13911114444", "找陈医生")
    page = browsers.window(daemon, "supervisor", "/inbox").page
    page.locator("#talks .talk", has_text="找陈医生").click()
    button = page.locator("#thread-head summary[data-key=give]")
    field, chosen = page.locator("[data-menu=give] input"), page.locator("[data-menu=give] [aria-selected=true]")
    button.focus()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    expect(chosen).to_have_text("我来处理")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    # What comes meanwhile takes nothing away from under the hand.
    # In one go: for a part of it there is another list.
    page.keyboard.insert_text("xnk")
    expect(chosen).to_contain_text("陈医生")
    write(daemon, "13911114444", "在吗")
    expect(page.locator("#bubbles")).to_contain_text("在吗")
    expect(field).to_have_value("xnk")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("心内科")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(button).to_contain_text("陈医生")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.type("zzzz")
    expect(page.locator("[data-menu=give] [role=status]")).to_contain_text("没有找到")
    expect(chosen).to_have_count(0)


def test_the_keys_go_through_the_list_and_a_time_that_has_passed_is_no_time(
    daemon: DemoDaemon, browsers: Browsers
) -> None:
    for number in ("13911110001", "13911110002", "13911110003"):
        write(daemon, number, f"我是 {number}")
    page = browsers.window(daemon, "agent", "/inbox").page
    last = page.locator("#talks .talk", has_text="我是 13911110001")
    for at, number in enumerate(("13911110003", "13911110002", "13911110001")):
        expect(page.locator("#talks .talk").nth(at)).to_contain_text(number)
    for number in ("13911110003", "13911110002", "13911110001"):
        page.keyboard.press("ArrowDown")
        expect(page.locator("#bubbles")).to_contain_text(number)
    page.keyboard.press("r")
    expect(page.locator("#reply")).to_be_focused()
    page.keyboard.type("好的")
    # Out of the box, and then out of the conversation; what was typed is there again.
    page.keyboard.press("Escape")
    expect(page.locator("#thread-head")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#thread-head")).to_be_hidden()
    last.click()
    expect(page.locator("#reply")).to_have_value("好的")
    page.locator("[data-later]").click()
    page.locator("#reply-at").fill("2020-01-01T08:00")
    page.locator("#composer [data-send]").click()
    expect(page.locator("#composer [data-problem]")).to_contain_text("发送时间已过")
    expect(page.locator(".bubble.is-ours")).to_have_count(0)
    page.locator("#composer [data-now]").click()
    page.locator("#composer [data-send]").click()
    expect(page.locator(".bubble.is-ours")).to_have_count(1)


def test_a_conversation_is_put_off_until_ones_own_time_and_taken_back(daemon: DemoDaemon, browsers: Browsers) -> None:
    write(daemon, "13911110044", "下周再说")
    page = browsers.window(daemon, "agent", "/inbox", locale="en").page
    talk = page.locator("#talks .talk", has_text="下周再说")
    talk.click()
    key = talk.get_attribute("data-talk")
    page.locator("summary[data-key=snooze]").click()
    page.locator("[data-menu=snooze] .menu-item").last.click()
    tomorrow = datetime.now(HOSPITAL) + timedelta(days=1)
    for days in (-2, 91):
        page.fill("#ask-field", f"{tomorrow + timedelta(days=days):%Y-%m-%dT%H:%M}")
        page.locator("dialog .btn-primary").click()
        expect(page.locator("#ask-problem")).to_have_text("Choose a time that is to come, at most 90 days from now.")
    page.fill("#ask-field", f"{tomorrow:%Y-%m-%d}T18:50")
    let_toasts_stay(page)
    page.locator("dialog .btn-primary").click()
    # With 24 hours, as everywhere.
    when = f"{tomorrow:%b} {tomorrow.day}, {tomorrow.year}, 18:50:00"
    said = page.locator(".toast-line", has_text=f"Snoozed until {when}.")
    expect(said).to_be_visible()
    expect(talk).to_have_count(0)
    agent = daemon.client("agent")
    assert agent.get(f"/api/v1/conversations/{key}")["state"] == "snoozed"
    said.locator("[data-toast-action]").click()
    expect(talk).to_be_visible()
    expect(page.locator("#thread-head")).to_be_visible()
    assert agent.get(f"/api/v1/conversations/{key}")["state"] == "open"


def test_texts_are_found_by_department_and_disease_with_the_keys_alone(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin = daemon.client("admin")
    department = admin.get("/api/v1/departments")["items"][0]
    text = {"name": "术后饮食", "purpose": "reply", "text": "请清淡饮食。", "disease": "胃炎"}
    text["department_id"] = department["id"]
    assert admin.send("POST", "/api/v1/templates", text).status == 201
    write(daemon, "13911110055", "能吃什么")
    page = browsers.window(daemon, "agent", "/inbox").page
    page.locator("#talks .talk", has_text="能吃什么").click()
    page.locator("[data-texts=templates]").click()
    search, choices = page.locator("#texts input"), page.locator("#texts .text-choice")
    expect(search).to_be_focused()
    expect(choices.first).to_be_visible()
    before = choices.count()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("[data-kind=department] [data-chip=all]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    while page.evaluate("document.activeElement.textContent") != department["name"]:
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_for(lambda: choices.count() < before, "fewer choices")
    chosen = page.locator("[data-kind=department] [aria-pressed=true]")
    expect(chosen).to_have_text(department["name"])
    expect(chosen).to_be_focused()
    page.locator("[data-kind=disease] .chip", has_text="胃炎").click()
    expect(choices).to_have_count(1)
    search.fill("没有这种内容")
    expect(page.locator("#texts .text-none")).to_contain_text("没有符合的内容")
    page.locator("[data-clear-texts]").click()
    expect(choices).to_have_count(before)
    page.locator("[data-kind=disease] .chip", has_text="胃炎").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("请清淡饮食。")


def test_a_list_that_is_drawn_anew_under_the_finger_loses_no_click(daemon: DemoDaemon, browsers: Browsers) -> None:
    for number in ("13911112221", "13911112222"):
        write(daemon, number, f"我是 {number}")
    page = browsers.window(daemon, "agent", "/inbox").page
    first, second = (page.locator("#talks .talk", has_text=f"我是 1391111222{figure}") for figure in (2, 1))
    first.click()
    expect(page.locator("#thread-head")).to_contain_text("2222")
    drawn = page.locator("#talks").get_attribute("data-shows")
    second.hover()
    page.mouse.down()
    # Whoever writes is on top already: everything stays where it is.
    write(daemon, "13911112222", "我是 13911112222，还在")
    expect(first).to_contain_text("还在")
    expect(page.locator("#talks")).not_to_have_attribute("data-shows", drawn or "")
    page.mouse.up()
    expect(page.locator("#thread-head")).to_contain_text("2221")
    # What is somewhere else when it is let go is not meant.
    first.hover()
    page.mouse.down()
    write(daemon, "13911112221", "我是 13911112221，还在")
    expect(page.locator("#talks .talk").first).to_contain_text("13911112221，还在")
    page.mouse.up()
    expect(page.locator("#bubbles")).to_contain_text("13911112221，还在")
    expect(page.locator("#thread-head")).to_contain_text("2221")
