"""Pushes of SMS providers, over a real port into the inbox: who gets in, and that a repeat is taken once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from twisted.internet import reactor

from callcenter.messaging.gateways.settings import Arrangement
from hardware.gateways.http import HttpGateway
from hardware.gateways.http_settings import HttpGatewaySettings
from storage.models import SmsMessage
from tests.peers.messaging import ADMIN
from tests.peers.patience import until
from tests.peers.site import RunningSite, start_site
from tests.web.test_hostile_texts import HOSTILE, assert_harmless

SECRET = "a secret of the hospital"
PUSH = {"mobile": "13800138000", "text": "伤口还疼", "time": 1457336869, "extend": "01"}


@pytest_twisted.async_yield_fixture
async def site(sqlite_url: str) -> AsyncIterator[RunningSite]:
    running = await start_site(sqlite_url)
    yield running
    await running.stop()


async def provider(site: RunningSite, folder: Path) -> int:
    """A gateway of the database that is a real HTTP one, of a provider that is not there; its id."""
    messaging = site.services.messaging
    options = {"secret": "geheim", "host": "10.0.0.1"}
    made = await messaging.gateways.create(ADMIN, {"kind": "cmpp2", "name": "服务商", "options": options})
    settings = HttpGatewaySettings.model_validate(
        {"name": "服务商", "url": "http://127.0.0.1:1/", "preset": "sms56_a", "inside": True, "push_secret": SECRET}
    )
    await messaging.board.halt(made["id"])
    messaging.board.put(made["id"], Arrangement(name="服务商"), HttpGateway(settings, reactor, folder))
    return int(made["id"])


def received(session: Session) -> list[str]:
    return list(session.scalars(select(SmsMessage.text).where(SmsMessage.direction == "in")))


@pytest_twisted.ensureDeferred
async def test_a_push_is_a_text_in_the_inbox_once_and_only_with_the_secret(site: RunningSite, tmp_path: Path) -> None:
    gateway, somebody = await provider(site, tmp_path), site.browser()
    body = json.dumps(PUSH).encode()
    for path, headers in (
        (f"/sms-push/{gateway}", {}),
        (f"/sms-push/{gateway}/guessed", {}),
        (f"/sms-push/{gateway}", {"X-Push-Secret": "guessed"}),
        (f"/sms-push/{gateway}/{SECRET}/more", {}),
        (f"/sms-push/{gateway + 1}/{SECRET}", {}),
        (f"/sms-push/nothing/{SECRET}", {}),
        (f"/sms-push/{'9' * 400}/{SECRET}", {}),
    ):
        answer = await somebody.post(path, raw=body, headers=headers)
        assert (answer.status, answer.json) == (403, {"result": 1, "errmsg": "not allowed"}), path
        assert answer.headers.getRawHeaders("X-Content-Type-Options") == ["nosniff"]
    assert await site.database.read(received) == []
    for _ in range(2):
        answer = await somebody.post(f"/sms-push/{gateway}/{SECRET}", raw=body)
        assert (answer.status, answer.json) == (200, {"result": 0, "errmsg": "OK"})
    answer = await somebody.post(f"/sms-push/{gateway}", raw=body, headers={"X-Push-Secret": SECRET})
    assert answer.status == 200
    # Taken is on disk; that it is a message of a conversation follows in a transaction of its own.
    await until(lambda: site.database.read(received), "the message")
    await site.sms_rests()
    assert await site.database.read(received) == ["伤口还疼"]


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_a_push_is_refused_with_words(site: RunningSite, tmp_path: Path) -> None:
    path, somebody = f"/sms-push/{await provider(site, tmp_path)}/{SECRET}", site.browser()
    assert (await somebody.get(path)).status == 405
    for body in (b"", b"{", b"[1]", b"[" * 100_000, b'"text"', b'{"text": "no number"}'):
        assert (await somebody.post(path, raw=body)).status == 400, body[:20]
    assert (await somebody.post(path, raw=b"x" * 20_000_000)).status == 413
    assert await site.database.read(lambda session: session.scalar(select(func.count()).select_from(SmsMessage))) == 0


async def all_received(site: RunningSite, count: int) -> bool:
    return len(await site.database.read(received)) == count


@pytest_twisted.ensureDeferred
async def test_whoever_claims_to_have_written_is_a_text_and_nothing_else(site: RunningSite, tmp_path: Path) -> None:
    gateway, admin, somebody = await provider(site, tmp_path), await site.signed_in("admin"), site.browser()
    senders = (
        *HOSTILE,
        "+86138001\r\n38000",
        "13800138000;DROP TABLE",
        "9" * 5000,
        "1\x00",
        "../../etc/passwd",
        "张三",
    )
    for place, sender in enumerate(senders):
        body = json.dumps({**PUSH, "mobile": sender, "text": f"text {place}", "extend": sender}).encode()
        answer = await somebody.post(f"/sms-push/{gateway}/{SECRET}", raw=body)
        assert answer.status == 200, (sender[:40], answer.text)
    await until(lambda: all_received(site, len(senders)), "all messages")
    talks = (await admin.get("/api/v1/conversations?box=all")).json["items"]
    assert talks
    assert not any("\u202e" in talk["number"] or len(talk["number"]) > 40 for talk in talks)
    for path in ("/inbox", *(f"/inbox?c={talk['id']}" for talk in talks), "/messages", "/audit"):
        page = await admin.get(path)
        assert page.status == 200, path
        assert_harmless(page.text)
