"""The page of one message: what a supervisor or the desk tells a patient who asks what became of a text."""

from __future__ import annotations

from typing import Any

import pytest_twisted
from sqlalchemy import update

from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.texts.kept_templates import KeptTemplate
from callcenter.messaging.vocabulary import Purpose
from storage.models import SmsAttempt, SmsBatch, SmsGateway, SmsMessage
from tests.peers.call_center import NOW
from tests.peers.site import RunningSite, all_rows, with_rights


def _tried(session: Any, message_id: int, state: str, reason: str, part: str, sender: str = "") -> None:
    gateway = SmsGateway(name=f"移动{sender}", kind="cmpp2", settings={}, state_since=NOW, number="1069001")
    session.add(gateway)
    session.flush()
    session.add(
        SmsAttempt(
            message_id=message_id, gateway_id=gateway.id, number="+8613500009999", attempt=1, position=1, total=1,
            state=part, sender=sender, sent_at=NOW, answered_at=NOW, code="13", words="黑名单 13500009999",
            gateway_ref="abc1",
        )
    )  # fmt: skip
    session.execute(
        update(SmsMessage)
        .where(SmsMessage.id == message_id)
        .values(state=state, reason=reason, gateway_id=gateway.id, attempts=1, parts=1, cost=45, next_at=None)
    )


async def _queued(site: RunningSite, **values: Any) -> int:
    draft = MessageDraft("13500009999", "您好", Purpose.REPLY, **values)
    key: int = await site.database.run(queue_message, draft, NOW)
    return key


@pytest_twisted.ensureDeferred
async def test_the_page_tells_what_waits_and_takes_it_back(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    key = await _queued(site)
    page = await admin.get(f"/messages/{key}?lang=en")
    assert page.status == 200
    assert "It has not been sent yet." in page.text
    assert f'data-cancel="/messages/{key}/cancel"' in page.text
    assert "data-resend" not in page.text
    assert f'href="/messages/{key}"' in (await admin.get("/messages")).text
    assert (await admin.post(f"/api/v1/messages/{key}/cancel")).status == 200
    page = await admin.get(f"/messages/{key}?lang=en")
    assert "data-cancel" not in page.text
    assert "data-resend" in page.text
    shown = (await admin.get(f"/api/v1/messages/{key}")).json
    assert [(act["action"], act["by"]["name"]) for act in shown["acts"]] == [("cancel", "Admin")]
    assert shown["can"] == ["resend"]
    made = (await admin.post(f"/api/v1/messages/{key}/resend", {})).json
    shown = (await admin.get(f"/api/v1/messages/{key}")).json
    # There is one copy of each standing: pressing again would make no second one, so the way to it is shown instead.
    assert (shown["copies"], shown["can"]) == ([made["id"]], [])
    assert (await admin.get(f"/api/v1/messages/{made['id']}")).json["copy_of"] == key
    assert f'href="/messages/{made["id"]}"' in (await admin.get(f"/messages/{key}")).text


@pytest_twisted.ensureDeferred
async def test_a_doubt_is_explained_and_says_what_can_be_done(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    key = await _queued(site)
    await site.database.run(_tried, key, "unknown", "no_answer", "unknown")
    page = (await admin.get(f"/messages/{key}?lang=en")).text
    for words in ("It may have arrived or not.", "no clear answer came back", "By itself it is not sent again."):
        assert words in page
    for words in ("the patient gets it twice", "移动", "1069001", "¥0.045", "abc1", "黑名单 13500009999 · 13"):
        assert words in page
    assert "data-resend" in page
    refused = await admin.post(f"/api/v1/messages/{key}/resend", {})
    assert (refused.status, refused.json["details"]["doubt"]) == (409, True)


@pytest_twisted.ensureDeferred
async def test_who_reads_only_is_offered_nothing_and_sees_numbers_masked(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    browser = await with_rights(site, admin, "messages.view")
    key = await _queued(site)
    await site.database.run(_tried, key, "failed", "refused", "refused")
    page = await browser.get(f"/messages/{key}")
    assert page.status == 200
    assert "data-resend" not in page.text
    assert "13500009999" not in page.text.replace(" ", "")
    assert "13500009999" not in (await browser.get(f"/api/v1/messages/{key}")).text


@pytest_twisted.ensureDeferred
async def test_out_of_reach_there_is_no_such_message(site: RunningSite) -> None:
    doctor = await site.signed_in("doctor")
    key = await _queued(site)
    before = await all_rows(site)
    missing = await doctor.get("/messages/999999")
    hidden = await doctor.get(f"/messages/{key}")
    assert (missing.status, hidden.status) == (404, 404)
    for path in ("cancel", "resend"):
        assert (await doctor.post(f"/api/v1/messages/{key}/{path}", {})).status in (403, 404)
    assert await all_rows(site) == before
    nobody = site.browser()
    assert (await nobody.get(f"/messages/{key}")).status in (302, 303, 401)


@pytest_twisted.ensureDeferred
async def test_ones_own_words_are_taken_back_by_the_conversation(site: RunningSite) -> None:
    admin, agent = await site.signed_in("admin"), await site.signed_in("agent")
    sent = await agent.post(
        "/api/v1/messages", {"number": "13500009999", "text": "您好", "purpose": "notice", "key": "form-1-2-3-4"}
    )
    assert sent.status == 201, sent.text
    key, talk = sent.json["id"], sent.json["conversation_id"]
    assert (await agent.get(f"/api/v1/messages/{key}")).json["can"] == ["take_back"]
    page = (await agent.get(f"/messages/{key}")).text
    assert f'data-cancel="/conversations/{talk}/messages/{key}/cancel"' in page
    assert f'href="/inbox?c={talk}"' in page
    assert (await admin.get(f"/api/v1/messages/{key}")).json["can"] == ["cancel"]
    assert (await agent.post(f"/api/v1/conversations/{talk}/messages/{key}/cancel")).status == 200


@pytest_twisted.ensureDeferred
async def test_a_sending_to_many_that_is_out_of_reach_is_not_told_of(site: RunningSite) -> None:
    """The patient's doctor sees the message, not the sending of another department that it was part of."""
    batch = await site.database.run(_batch_of, site.people["admin"].user_id)
    draft = MessageDraft("13800138000", "您好", Purpose.CARE, patient_id=1, batch_id=batch)
    key = await site.database.run(queue_message, draft, NOW)
    admin, doctor = await site.signed_in("admin"), await site.signed_in("doctor")
    page = (await admin.get(f"/messages/{key}")).text
    assert ("内部标题" in page, f'href="/message-batches/{batch}"' in page) == (True, True)
    page = await doctor.get(f"/messages/{key}")
    assert page.status == 200
    assert (await doctor.get(f"/message-batches/{batch}")).status == 404
    assert ("内部标题" in page.text, f'href="/message-batches/{batch}"' in page.text) == (False, False)
    assert (await doctor.get(f"/api/v1/messages/{key}")).json["batch"] is None


def _batch_of(session: Any, person: int) -> int:
    batch = SmsBatch(title="内部标题", purpose="care", text="您好", total=1, created_by=person, created_at=NOW)
    session.add(batch)
    session.flush()
    return batch.id


def _as_test(session: Any, message_id: int) -> None:
    session.execute(update(SmsMessage).where(SmsMessage.id == message_id).values(purpose="test"))


@pytest_twisted.ensureDeferred
async def test_a_test_of_a_gateway_is_sent_again_by_that_gateway(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    key = await _queued(site)
    await site.database.run(_tried, key, "failed", "refused", "refused")
    gateway = (await admin.get(f"/api/v1/messages/{key}")).json["gateway"]
    await site.database.run(_as_test, key)
    made = await admin.post(f"/api/v1/messages/{key}/resend", {})
    assert made.status in (200, 201), made.text
    assert (made.json["purpose"], made.json["gateway"]) == ("test", gateway)


def _renamed(session: Any) -> None:
    session.execute(update(SmsGateway).values(number="1069009"))


@pytest_twisted.ensureDeferred
async def test_the_number_and_the_template_are_those_of_then(site: RunningSite) -> None:
    """On the page and in the file: the gateway has another number by now, the template another name."""
    admin = await site.signed_in("admin")
    key = await _queued(site, template=KeptTemplate(5, "复诊提醒"))
    await site.database.run(_tried, key, "delivered", "", "delivered", "10690001")
    await site.database.run(_renamed)
    page = (await admin.get(f"/messages/{key}?lang=en")).text
    for words in ("复诊提醒", "10690001", "by our number 10690001"):
        assert words in page
    shown = (await admin.get(f"/api/v1/messages/{key}")).json
    assert (shown["left_by"], shown["template"]) == ("10690001", {"id": 5, "name": "复诊提醒"})
    assert shown["history"][0]["sender"] == "10690001"
    file = (await admin.get("/api/v1/messages/export?format=csv&lang=en")).body.decode("utf-8-sig")
    head, row = (line.split(",") for line in file.splitlines()[:2])
    assert (row[head.index("Our number")], row[head.index("Template")]) == ("10690001", "复诊提醒")
    # Of one that was sent before it was kept: by what is known.
    old = await _queued(site)
    await site.database.run(_tried, old, "delivered", "", "delivered")
    assert (await admin.get(f"/api/v1/messages/{old}")).json["left_by"] == "1069001"
