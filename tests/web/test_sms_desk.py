"""The SMS desk through API, pages, export and socket: who may, who sees which, and texts that would be programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest_twisted
from sqlalchemy.orm import Session

from callcenter.administration.rights import grant
from callcenter.messaging.texts.templates import occasion_template
from tests.peers.hospital import ORTHOPAEDICS, SHARED
from tests.peers.site import Browser, RunningSite, all_rows
from tests.peers.sms_desk import GATEWAY, add_gateway, bind_gateways, texts_arrive
from tests.peers.socket_client import open_page
from tests.web.test_hostile_texts import HOSTILE, assert_harmless

# Patient 4 is the doctor's, though of the other department; the number of patients 1 and 2 is shared.
DOCTORS, STRANGER = "+8613911112222", "+8613812345678"
KEY = "0123456789abcdef"


async def hear(site: RunningSite, number: str, text: str) -> None:
    """A text comes in, by the hook."""
    await site.database.run(texts_arrive, site.services.desk, number, text, datetime.now(UTC))


async def talks(browser: Browser, box: str = "all") -> list[dict[str, Any]]:
    answer = await browser.get(f"/api/v1/conversations?box={box}")
    assert answer.status == 200, answer.text
    return list(answer.json["items"])


@pytest_twisted.ensureDeferred
async def test_a_doctor_hears_reads_and_answers_and_sees_no_number(site: RunningSite) -> None:
    await site.database.run(add_gateway)
    doctor = await site.signed_in("doctor")
    page = await open_page(site, doctor, "conversations", "messages")
    await hear(site, DOCTORS, "请打我妻子电话 13700001111")
    told = await page.until(lambda message: message.get("type") == "conversation.updated")
    assert "****" in told["data"]["number"]
    assert "13700001111" not in str(page.messages)
    (talk,) = await talks(doctor)
    assert talk["patient"]["name"] == "赵六"
    said = (await doctor.get(f"/api/v1/conversations/{talk['id']}/messages")).json["items"]
    assert [one["text"] for one in said] == ["请打我妻子电话 137****1111"]
    body = {"text": "{patient.name}您好，明天请拨 010-62345678", "conversation_id": talk["id"]}
    shown = (await doctor.post("/api/v1/message-preview", body)).json
    assert (shown["text"], shown["parts"], shown["goes"]) == ("赵六您好，明天请拨 010-62345678", 1, "now")
    reply = f"/api/v1/conversations/{talk['id']}/reply"
    sent = await doctor.post(reply, {"text": body["text"], "key": KEY})
    assert sent.status == 200, sent.text
    again = await doctor.post(reply, {"text": body["text"], "key": KEY})
    assert again.json["id"] == sent.json["id"]
    told = await page.until(
        lambda message: message.get("type") == "message.updated" and message["data"]["direction"] == "out"
    )
    assert told["data"]["id"] == sent.json["id"]
    refused = await doctor.post(reply, {"text": "{{7*7}}", "key": KEY + "2"})
    assert (refused.status, "{7*7}" in refused.json["fields"]["text"]) == (422, True)
    assert (await doctor.get(f"/api/v1/conversations/{talk['id']}/candidates")).json["patients"][0]["id"] == 4
    await page.leave()


@pytest_twisted.ensureDeferred
async def test_what_is_somebody_elses_is_on_no_list_page_or_socket(site: RunningSite) -> None:
    await site.database.run(add_gateway)
    physician, supervisor = await site.signed_in("physician"), await site.signed_in("supervisor")
    deaf, hearing = (
        await open_page(site, physician, "conversations", "messages"),
        await open_page(site, supervisor, "conversations", "messages"),
    )
    await hear(site, STRANGER, "骨科的病情秘密")
    await hear(site, SHARED, "是我")
    first, second = sorted(one["id"] for one in await talks(supervisor))
    for talk in (first, second):
        await hearing.event(talk)
    # Whose it is decides who sees it: patient 2 is the physician's, patient 1 is not.
    address = f"/api/v1/conversations/{second}"
    assert await talks(physician) == []
    assert (await supervisor.post(f"{address}/patient", {"patient_id": 2})).status == 200
    assert [one["id"] for one in await talks(physician)] == [second]
    assert (await deaf.event(second))["data"]["patient"]["id"] == 2
    assert (await supervisor.post(f"{address}/patient", {"patient_id": 1})).status == 200
    before = await all_rows(site)
    missing = (await physician.get("/api/v1/conversations/424242")).json["detail"]
    me = {"user_id": site.people["physician"].user_id}
    for talk in (first,):
        one = f"/api/v1/conversations/{talk}"
        for path in ("", "/messages", "/candidates"):
            answer = await physician.get(one + path)
            assert (answer.status, answer.json["detail"]) == (404, missing)
        for command, body in (
            ("read", {}), ("reply", {"text": "您好", "key": KEY}), ("assign", me),
            ("done", {}), ("open", {}), ("snooze", {"until": "2030-01-01T00:00:00Z"}), ("patient", {"patient_id": 2}),
        ):  # fmt: skip
            assert (await physician.post(f"{one}/{command}", body)).status == 404, command
        assert (await physician.post(f"{one}/stop", {})).status == 403
        assert (await physician.post("/api/v1/message-preview", {"text": "x", "conversation_id": talk})).status == 404
    assert (await physician.post("/api/v1/messages", {"text": "x", "key": KEY, "patient_id": 3})).status == 422
    assert (await physician.post("/api/v1/messages", {"text": "x", "key": KEY, "number": STRANGER})).status == 403
    assert (await physician.post("/api/v1/message-preview", {"text": "x", "patient_id": 3})).status == 422
    # A conversation out of reach in a search, a filter, a side parameter.
    for query in ("q=秘密", "q=1381234", "patient_id=1", f"box=unassigned&q={STRANGER[3:]}"):
        found = (await physician.get(f"/api/v1/conversations?{query}")).json["items"]
        assert first not in [one["id"] for one in found]
    for name in ("include", "scope", "department_id", "assigned_to"):
        assert (await physician.get(f"/api/v1/conversations?{name}=1")).status == 422
    assert await all_rows(site) == before
    assert "秘密" not in str(deaf.messages)
    assert (await physician.get("/inbox")).status == 200
    for page in (deaf, hearing):
        await page.leave()


@pytest_twisted.ensureDeferred
async def test_texts_are_texts_and_nothing_else(site: RunningSite) -> None:
    await site.database.run(add_gateway)
    admin = await site.signed_in("admin")
    for place, text in enumerate(HOSTILE):
        await hear(site, DOCTORS, text)
        made = await admin.post("/api/v1/templates", {"name": text, "purpose": "care", "text": "您好", "disease": text})
        assert made.status == 201, made.text
        refused = await admin.post("/api/v1/templates", {"name": "x", "purpose": "care", "text": text})
        assert refused.status == (422 if "{" in text else 201), text
        await admin.post("/api/v1/phrases", {"category": text[:40], "text": "您好"})
        await admin.post("/api/v1/opt-outs", {"number": f"1390000000{place}", "note": text})
    (talk,) = await talks(admin)
    answer = await admin.get(f"/api/v1/conversations/{talk['id']}/messages")
    assert answer.header("Content-Type") == "application/json"
    pages = (
        "/inbox",
        "/inbox?c=1",
        "/patients/4",
        "/templates",
        "/phrases",
        "/opt-outs",
        "/messages/new?whom=list&q=x",
    )
    for path in (*pages, "/messages/new?whom=list&q=%3Cscript%3Ealert(1)%3C/script%3E", "/console", "/audit"):
        page = await admin.get(path)
        if path != "/console":
            assert page.status == 200, path
        assert_harmless(page.text)
    # What would be sent is what was typed, not what it would come to.
    for text in HOSTILE:
        shown = (await admin.post("/api/v1/message-preview", {"text": text, "conversation_id": talk["id"]})).json
        assert "62710561" not in shown["text"]


@pytest_twisted.ensureDeferred
async def test_each_preview_says_what_is_too_long_for_which_gateway(site: RunningSite) -> None:
    def set_up(session: Session) -> None:
        add_gateway(session)
        session.flush()
        bind_gateways(session, GATEWAY)

    await site.database.run(set_up)
    supervisor, text = await site.signed_in("supervisor"), "字" * 295
    unable = {"unwritable": [], "limit": 300, "unable": "移动", "gateway": "", "later": ""}
    body = {"text": text, "purpose": "care"}
    shown = (await supervisor.post("/api/v1/message-preview", body | {"patient_id": 4})).json
    assert shown | unable | {"goes": "never", "reason": "too_long"} == shown
    kept = (await (await site.signed_in("admin")).post("/api/v1/templates/preview", body)).json
    assert kept | unable == kept
    many = (await supervisor.post("/api/v1/message-batches/preview", body | {"filter": {}})).json
    assert (many["count"], many["unable"]) == (0, [unable | {"count": many["reasons"]["too_long"]}])


@pytest_twisted.ensureDeferred
async def test_one_text_to_the_patients_of_a_list_is_shown_then_sent_once(site: RunningSite) -> None:
    await site.database.run(add_gateway)
    supervisor = await site.signed_in("supervisor")
    many = {"text": "{patient.name}您好", "purpose": "reminder", "filter": {"sort": "name"}}
    before = await all_rows(site)
    shown = (await supervisor.post("/api/v1/message-batches/preview", many)).json
    assert await all_rows(site) == before
    assert (shown["count"], shown["reasons"], shown["left_out"]) == (2, {"no_mobile": 1, "duplicate": 1}, 2)
    sent = await supervisor.post("/api/v1/message-batches", many | {"key": KEY, "title": "通知"})
    assert (sent.status, sent.json["state"], sent.json["chosen"]) == (201, "preparing", 4)
    address = f"/api/v1/message-batches/{sent.json['id']}"
    while await site.services.desk.batches.maker.step():
        pass
    made = (await supervisor.get(address)).json
    assert (made["state"], made["count"], made["states"], made["left_out"]) == (
        "done", 2, {"queued": 2}, shown["reasons"],
    )  # fmt: skip
    left = (await supervisor.get(f"{address}/left-out")).json["items"]
    assert sorted(one["why"] for one in left) == ["duplicate", "no_mobile"]
    assert (await supervisor.post(f"{address}/pause")).json["state"] == "paused"
    assert (await supervisor.post(f"{address}/continue")).json["state"] == "done"
    page = (await supervisor.get(f"/message-batches/{sent.json['id']}")).text
    assert '<p class="many-sample"><span class="place-name">患者姓名</span>您好</p>' in page
    for page in ("/message-batches", f"/message-batches/{sent.json['id']}", f"/messages?batch_id={sent.json['id']}"):
        assert (await supervisor.get(page)).status == 200
    assert (await supervisor.post("/api/v1/message-batches", many | {"key": KEY})).json["id"] == sent.json["id"]
    another = await supervisor.post("/api/v1/message-batches", many | {"key": KEY, "text": "您好"})
    assert (another.status, another.json["details"]["batch_id"]) == (409, sent.json["id"])
    cancelled = (await supervisor.post(f"/api/v1/message-batches/{sent.json['id']}/cancel")).json
    assert cancelled["states"] == {"cancelled": 2}
    for wrong in (
        {"filter": {"password": "x"}}, {"filter": None}, {"purpose": "reply"}, {"text": "{x}"}, {"patient_ids": [1]},
        {"at": "2020-13-01"}, {"expires_at": "2020-01-01T00:00:00Z"}, {"list_id": 1},
    ):  # fmt: skip
        assert (await supervisor.post("/api/v1/message-batches/preview", many | wrong)).status == 422, wrong
    notice = await supervisor.post("/api/v1/message-batches/preview", many | {"purpose": "notice"})
    assert (notice.status, "可发送时段" in notice.json["fields"]["purpose"]) == (422, True)
    # The department's head sends to the department's patients and to nobody else, whoever is named.
    grants = dict.fromkeys(("messages.bulk", "messages.view", "conversations.view", "patients.view"), "department")

    def may_send(session: Session) -> None:
        grant(session, site.roles["head"], grants.items())

    await site.database.run(may_send)
    head = await site.signed_in("head")
    named = {"text": "您好", "purpose": "care", "patient_ids": [1, 2, 4]}
    refused = await head.post("/api/v1/message-batches/preview", named)
    assert refused.status == 200, refused.text
    shown = (await head.post("/api/v1/message-batches/preview", named)).json
    assert [(one["patient_id"], one["why"], one["name"]) for one in shown["refused"]] == [
        (2, "not_found", ""), (4, "not_found", ""),
    ]  # fmt: skip
    for doing in (head.get(address), head.get(f"{address}/left-out"), head.get(f"/message-batches/{sent.json['id']}")):
        assert (await doing).status == 404
    for command in ("pause", "continue", "cancel"):
        assert (await head.post(f"{address}/{command}")).status == 404
    assert ORTHOPAEDICS == 1


@pytest_twisted.ensureDeferred
async def test_the_timeline_of_a_patient_has_calls_and_messages_in_one_order(site: RunningSite) -> None:
    await site.database.run(add_gateway)
    for text in ("一", "二", "三"):
        await hear(site, DOCTORS, text)
    doctor = await site.signed_in("doctor")
    page = (await doctor.get("/api/v1/patients/4/timeline?limit=2")).json
    rest = (await doctor.get(f"/api/v1/patients/4/timeline?limit=2&cursor={page['next']}")).json
    assert [item["message"]["text"] for item in (*page["items"], *rest["items"])] == ["三", "二", "一"]
    assert rest["next"] is None
    assert (await doctor.get("/api/v1/patients/4/timeline?cursor=bm9uc2Vuc2U")).status == 422
    text = (await doctor.get("/patients/4")).text
    assert "三" in text
    assert "13911112222" not in text
    await hear(site, DOCTORS, "Ｔ")
    assert "data-stopped" in (await doctor.get("/patients/4")).text
    card = (await doctor.get("/api/v1/patients/4/card")).json
    assert [one["kind"] for one in card["opt_outs"]] == ["all"]


@pytest_twisted.ensureDeferred
async def test_an_occasion_has_one_text_for_everybody_and_one_for_each_department(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    made: dict[str, Any] = {}
    for name, department, occasion, status in (
        ("入组", None, "enrolment", 201), ("骨科入组", 1, "enrolment", 201), ("生日", None, "birthday", 201),
        ("又一个", None, "enrolment", 422), ("骨科又一个", 1, "enrolment", 422), ("没有", None, "", 201),
        ("不认识", None, "wedding", 422),
    ):  # fmt: skip
        body = {"name": name, "purpose": "care", "text": name, "department_id": department, "occasion": occasion}
        answer = await admin.post("/api/v1/templates", body)
        assert answer.status == status, (name, answer.text)
        made[name] = answer.json
    assert "occasion" in made["又一个"]["fields"]
    assert await _texts_of(site) == ["骨科入组", "入组", "入组", "生日", None]
    # One that is put away makes room for another, and cannot come back beside it.
    old = made["骨科入组"]
    disabled = await admin.post(f"/api/v1/templates/{old['id']}/disable", {"version": old["version"]})
    assert disabled.status == 200
    assert await _texts_of(site) == ["入组", "入组", "入组", "生日", None]
    other = {"name": "新", "purpose": "notice", "text": "新", "department_id": 1, "occasion": "enrolment"}
    assert (await admin.post("/api/v1/templates", other)).status == 201
    assert (await admin.post(f"/api/v1/templates/{old['id']}/enable", {})).status == 422
    assert await _texts_of(site) == ["新", "入组", "入组", "生日", None]
    assert "入组通知" in (await admin.get("/templates")).text


async def _texts_of(site: RunningSite) -> list[str | None]:
    def ask(session: Session) -> list[str | None]:
        asked = (("enrolment", 1), ("enrolment", 2), ("enrolment", None), ("birthday", 1), ("wedding", None))
        found = [occasion_template(session, occasion, department) for occasion, department in asked]
        return [one.text if one is not None else None for one in found]

    return await site.database.read(ask)


@pytest_twisted.ensureDeferred
async def test_templates_are_everybodys_or_ones_departments_and_never_masked(site: RunningSite) -> None:
    admin, doctor = await site.signed_in("admin"), await site.signed_in("doctor")
    text = "急诊电话 010-62345678"
    for name, department in (("全院", None), ("骨科", 1), ("内科", 2)):
        body = {"name": name, "purpose": "care", "text": text, "department_id": department}
        assert (await admin.post("/api/v1/templates", body)).status == 201
    listed = (await doctor.get("/api/v1/templates")).json["items"]
    assert [(one["name"], one["text"]) for one in listed] == [("全院", text), ("骨科", text)]
    offered = (await doctor.get("/api/v1/message-texts")).json["templates"]
    assert [(one["name"], one["text"]) for one in offered] == [("骨科", text), ("全院", text)]
    assert text in (await doctor.get("/templates")).text
    assert (await doctor.post("/api/v1/templates", {"name": "x", "purpose": "care", "text": "x"})).status == 403
    for keyword, status in (("地址", 201), ("地址！", 409), ("Ｔ", 422), ("。", 422), ("", 201), ("", 409)):
        made = await admin.post("/api/v1/auto_replies", {"keyword": keyword, "text": "您好，{hospital}"})
        assert made.status == status, (keyword, made.text)
    # They are off until somebody switches them on, and the list shows them so.
    shown = (await admin.get("/api/v1/auto_replies")).json["items"]
    assert [(one["keyword"], one["disabled"]) for one in shown] == [("", True), ("地址", True)]
    # On the page, what is written to a patient is no answered call.
    page = (await admin.get("/auto_replies")).text
    assert ("回复内容" in page, "接听" in page) == (True, False)
    page = (await admin.get(f"/auto_replies/{shown[0]['id']}/edit")).text
    assert '<h1>您好，<span class="place-name">医院名称</span>' in page
    assert (await admin.post(f"/api/v1/auto_replies/{shown[0]['id']}/enable")).json["disabled"] is False
    personal = await admin.post("/api/v1/auto_replies", {"keyword": "你", "text": "{patient.name}您好"})
    assert personal.status == 422


@pytest_twisted.ensureDeferred
async def test_the_rules_of_the_desk_are_changed_by_whoever_may_and_stand_beside_those_of_sending(
    site: RunningSite,
) -> None:
    admin, supervisor = await site.signed_in("admin"), await site.signed_in("supervisor")
    rules = (await supervisor.get("/api/v1/desk-rules")).json
    assert (rules["opt_out_kind"], rules["opt_out_scope"], rules["days"]) == ("all", "hospital", [1, 2, 3, 4, 5])
    change = {"version": rules["version"], "opt_out_kind": "marketing", "staffed_to": "20:00"}
    assert (await supervisor.ask("PATCH", "/api/v1/desk-rules", change)).status == 403
    hours = {"staffed_from": "8"}, {"staffed_from": "25:00"}, {"auto_reply_hours": 0}
    for wrong in (*hours, {"days": [8]}, {"opt_out_scope": "me"}):
        assert (await admin.ask("PATCH", "/api/v1/desk-rules", change | wrong)).status == 422, wrong
    midnight = change | {"staffed_to": "24:00"}
    change["version"] = (kept := (await admin.ask("PATCH", "/api/v1/desk-rules", midnight)).json)["version"]
    assert kept["staffed_to"] == "00:00"
    changed = (await admin.ask("PATCH", "/api/v1/desk-rules", change)).json
    assert (await admin.ask("PATCH", "/api/v1/desk-rules", change)).status == 409
    sending = {"version": changed["version"], "daily_cap": 3}
    assert (await admin.ask("PATCH", "/api/v1/messaging-rules", sending)).status == 200
    assert (await admin.get("/api/v1/desk-rules")).json["opt_out_kind"] == "marketing"
    assert (await admin.get("/api/v1/messaging-rules")).json["daily_cap"] == 3
    await site.database.run(add_gateway)
    await hear(site, DOCTORS, "ＴＤ")
    assert [one["kind"] for one in (await talks(admin))[0]["opt_outs"]] == ["marketing"]
    assert (await supervisor.get("/desk-rules")).status == 200
