"""Texts that would be programs somewhere else, and what is said to nobody: log, error page, sign-in page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
import pytest_twisted
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from protocols.signals import CallerIdentified, Rang
from protocols.sms import Fate, GatewayPaused, PartAccepted, PartRefused, ReceiptArrived, Refusal, TextArrived
from tests.peers.hospital import PASSWORD
from tests.peers.scripted_gateway import ScriptedGateway
from tests.peers.site import Browser, RunningSite

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7919*7919 }}{% for x in [] %}",
    "{0.__class__}%(name)s%s",
    "javascript:alert(1)",
    "\u202eevil\u202c",
    "${7919*7919}",
)


class Tags(HTMLParser):
    """What a browser would make of a page: names of elements and of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    for tag, attributes in tags.found:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert "style" not in attributes
        assert tag not in ("img", "iframe", "object", "style")
        assert not str(attributes.get("href", "")).lower().startswith(("javascript:", "data:"))
        if tag == "script":
            assert str(attributes.get("src", "")).startswith("/static/")
    # A template inside a text would have been worked out.
    assert str(7919 * 7919) not in html


@pytest_twisted.ensureDeferred
async def test_names_are_texts_and_nothing_else(site: RunningSite) -> None:
    admin = await site.signed_in("admin")

    async def pages(browser: Browser, *paths: str) -> None:
        for path in paths:
            answer = await browser.get(path)
            assert answer.status in (200, 422), (path, answer.status)
            assert_harmless(answer.text)

    for number, text in enumerate(HOSTILE):
        made = await admin.post("/api/v1/patients", {"name": text, "notes": text, "allergies": text, "phones": []})
        assert made.status == 201, made.text
        key = made.json["id"]
        assert "\u202e" not in made.json["name"]
        made = await admin.post("/api/v1/departments", {"name": f"{text}{number}"})
        assert made.status == 201
        department = made.json["id"]
        query = urlencode({"q": text, "subject_id": text[:60], "next": text})
        await pages(admin, f"/patients/{key}", f"/patients/{key}/edit", f"/departments/{department}/edit")
        await pages(admin, f"/departments?done=changed&key={department}", "/patients?" + query.partition("&")[0])
        await pages(admin, "/audit?" + query.split("&")[1])
        await pages(site.browser(), "/sign-in?" + query.split("&")[2])
    await pages(admin, "/patients", "/departments", "/audit")
    await site.hear(Rang(), CallerIdentified("13800138000", HOSTILE[0]))
    supervisor = await site.signed_in("supervisor")
    await pages(supervisor, "/calls", "/wallboard", "/console")


@pytest_twisted.ensureDeferred
async def test_scripts_and_articles_are_texts_and_nothing_else(site: RunningSite) -> None:
    boss, agent = await site.signed_in("supervisor"), await site.signed_in("agent")
    written = []
    for text in HOSTILE:
        script = await boss.post("/api/v1/scripts", {"name": text[:60], "text_zh": f"{text} {{patient.name}}"})
        # Braces around anything but a known placeholder are refused where they stand; nothing in them is worked out.
        assert script.status == (422 if "{" in text else 201), text
        assert str(7919 * 7919) not in script.text
        written += [script.json] if script.status == 201 else []
        article = await boss.post("/api/v1/articles", {"title": text, "type": text[:20], "content": text})
        assert article.status == 201
        for path in (f"/scripts/new?{urlencode({'q': text})}", f"/articles/{article.json['id']}/edit"):
            assert_harmless((await boss.get(path)).text)
        kept = article.json["content"]
        found = (await agent.get("/api/v1/articles/found?" + urlencode({"q": kept}))).json["items"]
        assert kept in [one["content"] for one in found]
        # What stands for anything in a search stands for itself.
        assert (await agent.get("/api/v1/articles/found?q=%25%25")).json["items"] == []
    for path in ("/scripts", "/articles", *(f"/scripts/{one['id']}/edit" for one in written)):
        assert_harmless((await boss.get(path)).text)
    patient = {"name": "{hospital}{agent.name}<b>", "phones": [{"number": "13912345678"}]}
    assert (await boss.post("/api/v1/patients", patient)).status == 201
    await site.hear(Rang(), CallerIdentified("13912345678"))
    (call,) = (await agent.get("/api/v1/calls/open")).json["items"]
    slots = (await agent.get(f"/api/v1/calls/{call['id']}/talking")).json["slots"]
    parts = [script["zh"][-1] for script in slots[0]["content"]["scripts"]]
    assert parts == [{"text": patient["name"], "placeholder": "patient.name"}] * len(written)


async def gateway_of(site: RunningSite, admin: Browser) -> tuple[int, ScriptedGateway]:
    options = {"secret": "geheim", "host": "10.0.0.1"}
    made = await admin.post("/api/v1/gateways", {"kind": "cmpp2", "name": "移动", "options": options})
    device = site.services.messaging.board.get(made.json["id"]).device  # type: ignore[union-attr]
    assert isinstance(device, ScriptedGateway)
    return made.json["id"], device


@pytest_twisted.ensureDeferred
async def test_what_gateways_and_phones_say_is_text_and_nothing_else(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    gateway, device = await gateway_of(site, admin)
    said = "".join(HOSTILE) + "字" * 5000
    device.answer = lambda part: [PartAccepted(part.key, part.key) if "1" in part.text else _no(part.key, said)]
    await site.sms_rests()
    for text in ("您好 1", "您好 2"):
        body = {"number": "13500009999", "text": text, "purpose": "notice", "key": f"form-1-2-3-{text[-1]}"}
        sent = await admin.post("/api/v1/messages", body)
        assert sent.status == 201, sent.text
        await site.sms_rests()
    talk = sent.json["conversation_id"]
    (accepted,) = [part for part in device.given if "1" in part.text]
    receipt = ReceiptArrived(gateway_id=accepted.key, fate=Fate.FAILED, code=said, words=said, written=lambda: None)
    came = TextArrived(sender="13500009999", recipient="10690", text=said, gateway_id="in-1", written=lambda: None)
    device.capacity = 0
    device.say(receipt, came, GatewayPaused(60.0, said))
    await site.sms_rests()
    records = (await admin.get("/api/v1/messages")).json["items"]
    assert {one["state"] for one in records} == {"failed", "received"}
    ways = [f"/messages/{one['id']}" for one in records]
    lost = [f"/gateways/{gateway}", "/gateways", "/wallboard"]
    for path in (*ways, "/messages", f"/inbox?c={talk}", *lost):
        page = await admin.get(path)
        assert page.status == 200
        assert_harmless(page.text)
        assert "\u202e" not in page.text
        # What the patient wrote is shown whole; of what a gateway says so much is enough.
        assert page.text.count("字") < (6000 if path in ways else 20_000)
    for path in (*(f"/api/v1{way}" for way in ways), f"/api/v1/conversations/{talk}/messages", "/api/v1/gateways"):
        assert "\u202e" not in (await admin.get(path)).json.__repr__()
    failed = [one for one in records if one["state"] == "failed"]
    assert all(0 < len(one["reason_words"]) <= 200 for one in failed)
    device.lose(said)
    await site.sms_rests()
    for path in (*lost, "/alarms"):
        page = await admin.get(path)
        assert_harmless(page.text)
        assert "\u202e" not in page.text


def _no(key: str, said: str) -> PartRefused:
    return PartRefused(key, Refusal.NEVER, said, said)


@pytest.mark.parametrize("path", ["/api/v1/session", "/sign-in"])
@pytest_twisted.ensureDeferred
async def test_unknown_and_known_names_are_answered_alike(site: RunningSite, path: str) -> None:
    texts = set()
    for username in ("admin", "nobody-here"):
        browser = site.browser()
        await browser.get("/sign-in?lang=en")
        browser.csrf = browser.cookies["huifang_form"]
        if path.startswith("/api"):
            answer = await browser.post(path, {"username": username, "password": "wrong"})
        else:
            answer = await browser.ask("POST", path, form={"username": username, "password": "wrong"})
        assert answer.status == 401
        text = answer.text.replace(username, "")
        texts.add(text.replace(browser.csrf, ""))
        assert "wrong" not in answer.text
    assert len(texts) == 1


@pytest_twisted.ensureDeferred
async def test_nobody_is_in_the_log(site: RunningSite) -> None:
    """Neither patients nor passwords nor tokens are logged, whatever goes well or wrong."""
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)
    try:
        browser = await site.signed_in("admin")
        await browser.get("/patients?q=张三")
        await browser.get("/api/v1/patients?q=13800138000")
        await browser.get("/api/v1/patients/1")
        await browser.post("/api/v1/patients", {"name": "张三", "phones": [{"number": "no number"}]})
        half = '{"name": "张'.encode()
        await browser.post("/api/v1/patients", raw=half, headers={"Content-Type": "application/json"})
        await browser.post("/api/v1/session", {"username": "张三", "password": "my secret password"})
        await site.hear(Rang(), CallerIdentified("13800138000", "张三"))
        await browser.ask("DELETE", "/api/v1/session")
    finally:
        globalLogPublisher.removeObserver(events.append)
    written = "\n".join(str(formatEvent(event)) + json.dumps(event, default=str) for event in events)
    token = next(iter(set(browser.cookies.values())), "no token left")
    for secret in ("张三", "13800138000", "my secret", PASSWORD, token, "no number"):
        assert secret not in written


@pytest_twisted.ensureDeferred
async def test_a_failure_tells_the_reference_and_nothing_else(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch, lost_failures: object
) -> None:
    browser = await site.signed_in("admin")

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside: /etc/huifang")

    monkeypatch.setattr(site.services.audit, "list", broken)
    for path in ("/api/v1/audit", "/audit"):
        answer = await browser.get(path)
        assert answer.status == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
    failures = lost_failures.take()  # type: ignore[attr-defined]
    assert sum("secret inside" in text for text in failures) == 2
    reference = (await browser.get("/api/v1/audit")).json["instance"].rpartition(":")[2]
    assert len(reference) == 12
    lost_failures.take()  # type: ignore[attr-defined]
