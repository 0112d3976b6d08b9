"""What must not get through: injection by sort and filter, ids of other departments, side parameters."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest_twisted

from protocols.signals import CallerIdentified, Rang
from tests.peers.site import Browser, RunningSite, all_rows
from tests.peers.socket_client import open_page

INJECTIONS = (
    "id; drop table patient",
    "name desc, (select password_hash from user_account)",
    "password_hash",
    "-password_hash",
    "1",
    "name\x00",
    "(case when 1=1 then name else id end)",
    "__class__",
    "department.name",
    "'",
    "--",
)
SIDE_PARAMETERS = ("include", "related", "links", "expand", "fields", "scope", "principal", "__proto__", "filter[id]")
LISTS = (
    "patients",
    "patients?q=李四",
    "patients?department_id=2",
    "patients?sort=name&limit=200",
    "patients?disabled=true",
)
SHOWING_NUMBERS = (
    "/api/v1/patients",
    "/api/v1/patients/1",
    "/api/v1/patients/1/card",
    "/api/v1/patients/match?number=13800138000",
    "/api/v1/calls",
    "/api/v1/audit",
    "/patients",
    "/patients/1",
    "/patients/1/edit",
    "/calls",
    "/audit",
)


@pytest_twisted.ensureDeferred
async def test_sort_filter_and_field_names_are_words_not_sql(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    before = await all_rows(site)
    for path in ("patients", "users", "roles", "departments", "outcomes/all"):
        for text in INJECTIONS:
            for name in ("sort", text):
                answer = await browser.get(f"/api/v1/{path}?{urlencode({name: text})}")
                assert answer.status == 422, (path, name, text)
                assert "select" not in answer.json["detail"].lower() or name in answer.json["detail"]
            assert (await browser.get(f"/api/v1/{path}?{urlencode({'q': text})}")).status == 200
            assert (await browser.get(f"/api/v1/{path}?{urlencode({'cursor': text})}")).status == 422
    for text in INJECTIONS:
        for name in ("sort", "number", "outcome", "state", "agent_id", "since", "cursor", "limit", "direction", text):
            answer = await browser.get(f"/api/v1/calls?{urlencode({name: text})}")
            assert answer.status == 422 if name in ("sort", text) else answer.status in (200, 422), (name, text)
        for path in ("calls", "calls/missed", "calls/export", "audit", "audit/export"):
            answer = await browser.get(f"/api/v1/{path}?{urlencode({'sort': text})}")
            assert (answer.status, answer.json["code"]) == (422, "invalid"), (path, text)
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_before_signing_in_too(site: RunningSite) -> None:
    stranger = site.browser()
    for text in (*INJECTIONS, "admin'--", "' or '1'='1", "ADMIN\x00", "a" * 5000):
        answer = await stranger.post("/api/v1/session", {"username": text, "password": text})
        assert answer.status in (401, 422), text
        assert (await stranger.get(f"/sign-in?{urlencode({'next': text})}")).status in (200, 422)


@pytest_twisted.ensureDeferred
async def test_side_parameters_are_refused(site: RunningSite) -> None:
    doctor = await site.signed_in("doctor")
    for path in ("calls", "patients", "patients/1/timeline", "calls/missed"):
        for name in SIDE_PARAMETERS:
            answer = await doctor.get(f"/api/v1/{path}?{urlencode({name: 'patients'})}")
            assert answer.status == 422, (path, name)


# Patients 1, 3, 5 are the doctor's department's; 4 is the doctor's own; 2 is neither.
OUT_OF_REACH = 2


@pytest_twisted.ensureDeferred
async def test_another_departments_patient_does_not_exist(site: RunningSite) -> None:
    doctor = await site.signed_in("doctor")
    before = await all_rows(site)
    for path in ("", "/card", "/timeline"):
        answer = await doctor.get(f"/api/v1/patients/{OUT_OF_REACH}{path}")
        missing = await doctor.get(f"/api/v1/patients/424242{path}")
        assert (answer.status, answer.json["detail"]) == (404, missing.json["detail"])
    assert (await doctor.get(f"/patients/{OUT_OF_REACH}")).status == 404
    assert (await doctor.get(f"/patients/{OUT_OF_REACH}/edit")).status == 404
    for address in LISTS:
        found = [one["id"] for one in (await doctor.get(f"/api/v1/{address}")).json["items"]]
        assert OUT_OF_REACH not in found, address
    answer = await doctor.ask("PATCH", f"/api/v1/patients/{OUT_OF_REACH}", {"name": "x", "version": 1})
    assert answer.status == 404
    # Nor can a patient within reach be moved to where he is out of reach, or be given away.
    answer = await doctor.ask("PATCH", "/api/v1/patients/1", {"department_id": 2, "doctor_id": None, "version": 1})
    assert answer.status in (403, 422), answer.text
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_a_call_of_others_does_not_exist(site: RunningSite) -> None:
    doctor, supervisor = [await site.signed_in(name) for name in ("physician", "supervisor")]
    # Line 1 belongs to no department here; the number is on no record of the physician's.
    await site.hear(Rang(), CallerIdentified("01062345678"))
    call = (await supervisor.get("/api/v1/calls")).json["items"][0]["id"]
    before = await all_rows(site)
    assert (await doctor.get(f"/api/v1/calls/{call}")).status == 404
    assert (await doctor.get("/api/v1/calls")).json["items"] == []
    assert (await doctor.get(f"/calls/{call}")).status == 404
    for command in ("claim", "answer", "hang-up", "handle-missed"):
        assert (await doctor.post(f"/api/v1/calls/{call}/{command}")).status == 403
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_numbers_are_masked_on_page_api_and_export_alike(site: RunningSite) -> None:
    head = await site.signed_in("head")
    await site.hear(Rang(), CallerIdentified("13800138000"))
    for address in SHOWING_NUMBERS:
        answer = await head.get(address)
        assert answer.status == 200, (address, answer.text[:300])
        # What one typed oneself may be repeated in the box where one typed it.
        assert "13800138000" not in answer.text.replace("+86", ""), address
        assert "138 0013 8000" not in answer.text, address
        assert "110101196003031234" not in answer.text, address
    assert "****" in (await head.get("/api/v1/patients/1")).text


async def handler_without_numbers(site: RunningSite) -> Browser:
    """Somebody who takes calls but may not see numbers."""
    admin = await site.signed_in("admin")
    wanted = ("calls.view", "calls.handle", "calls.export", "patients.view")
    role = await admin.post("/api/v1/roles", {"name": "接线员", "grants": dict.fromkeys(wanted, "all")})
    clerk = next(one for one in (await admin.get("/api/v1/users")).json["items"] if one["username"] == "clerk")
    body = {"role_ids": [role.json["id"]], "version": clerk["version"]}
    assert (await admin.ask("PATCH", f"/api/v1/users/{clerk['id']}", body)).status == 200
    return await site.signed_in("clerk")


@pytest_twisted.ensureDeferred
async def test_numbers_in_free_text_are_masked_everywhere_and_saved_back_unharmed(site: RunningSite) -> None:
    clerk = await handler_without_numbers(site)
    page = await open_page(site, clerk, "calls")
    await site.hear(Rang(), CallerIdentified("13800138000", "王 13911112222"))
    call = (await page.until(lambda message: "seq" in message and "op" not in message and message["data"]["name"]))[
        "data"
    ]
    assert call["name"] == "王 139****2222"
    address = f"/api/v1/calls/{call['id']}"
    assert (await clerk.post(f"{address}/claim")).status == 200
    saved = await clerk.post(f"{address}/wrap-up", {"notes": "请回13722223333，3月15日复查"})
    assert saved.json["notes"] == "请回137****3333，3月15日复查"

    again = await open_page(site, clerk, "calls")
    seen = [str(page.messages), str(again.messages)]
    for path in (address, "/api/v1/calls", f"/calls/{call['id']}", "/calls", "/api/v1/calls/export?format=csv"):
        answer = await clerk.get(path)
        assert answer.status == 200, path
        seen.append(answer.text)
    assert not [text for text in seen if "13911112222" in text or "13722223333" in text]
    # The list of calls tells no caller's name, only the note.
    assert all("139****2222" in text or "137****3333" in text for text in seen)

    await clerk.post(f"{address}/wrap-up", {"notes": f"{saved.json['notes']}，已转告"})
    told = (await (await site.signed_in("supervisor")).get(address)).json
    assert (told["name"], told["notes"]) == ("王 13911112222", "请回13722223333，3月15日复查，已转告")
    await page.leave()
    await again.leave()
