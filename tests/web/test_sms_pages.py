"""Pages of the SMS centre: to whom one text goes, the rules of sending, totals, one message."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
import pytest_twisted

from callcenter.errors import NotAllowedError
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from tests.peers.call_center import NOW
from tests.peers.site import RunningSite


@pytest_twisted.ensureDeferred
async def test_whoever_writes_to_many_reads_whom_it_is_for(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    everybody = len((await admin.get("/api/v1/patients")).json["items"])
    shown = (await admin.get("/messages/new?whom=list")).text
    assert f'data-chosen="{everybody}"' in shown
    assert "未设任何筛选条件" in shown
    department = (await admin.get("/api/v1/departments")).json["items"][0]
    shown = (await admin.get(f"/messages/new?whom=list&q=zzz&department_id={department['id']}")).text
    assert 'data-chosen="0"' in shown
    assert "<strong>zzz</strong>" in shown
    assert f"<strong>{department['name']}</strong>" in shown
    assert "data-chosen" not in (await admin.get("/messages/new")).text
    assert (await admin.get("/messages/new?whom=list&colour=red")).status == 422


async def written(site: RunningSite, who: str, patient_id: int | None = None) -> int:
    """A message by this person, of a minute of its own."""
    person = site.people[who].user_id
    draft = MessageDraft(
        "13800138000", who, Purpose.NOTICE, patient_id=patient_id, created_by=person, source=f"by:{person}:x"
    )  # fmt: skip
    key: int = await site.database.run(queue_message, draft, NOW)
    return key


@pytest_twisted.ensureDeferred
async def test_the_records_are_narrowed_to_a_sender_and_to_a_patient(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    ids = {site.people[who].user_id: await written(site, who, 1) for who in ("admin", "doctor")}
    await site.database.run(queue_message, MessageDraft("13500009999", "自动", Purpose.NOTICE), NOW)
    for person, key in ids.items():
        found = (await admin.get(f"/api/v1/messages?created_by={person}")).json["items"]
        assert [one["id"] for one in found] == [key]
    person = site.people["doctor"].user_id
    page = (await admin.get(f"/messages?patient_id=1&created_by={person}")).text
    assert page.count("data-message=") == 1
    assert f'<option value="{person}" selected>' in page
    assert "data-chosen-name>张三<" in page
    # They go on by their keys.
    first = (await admin.get("/api/v1/messages?patient_id=1&limit=1")).json
    rest = (await admin.get(f"/api/v1/messages?patient_id=1&limit=1&cursor={first['next']}")).json
    assert [one["id"] for one in (*first["items"], *rest["items"])] == sorted(ids.values(), reverse=True)
    assert rest["next"] is None
    assert 'href="/messages?patient_id=1"' in (await admin.get("/patients/1")).text


@pytest_twisted.ensureDeferred
async def test_what_has_no_digit_is_in_no_number_and_a_text_is_no_call(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    key = await written(site, "admin", 1)
    assert (await admin.post("/api/v1/opt-outs", {"number": "13800138000", "kind": "all"})).status == 201
    for address, shown in (("/messages", f'data-message="{key}"'), ("/opt-outs", "data-allow")):
        for number, seen in (("1380013", True), ("８０００", True), ("' or 1=1", False), (" ", True)):
            page = await admin.get(f"{address}?number={quote(number)}")
            assert (page.status, shown in page.text) == (200, seen), (address, number)
        refused = await admin.get(f"{address}?number=abc")
        assert (refused.status, 'data-name="number" data-typed="abc"' in refused.text) == (422, True), address
    page = (await admin.get("/messages")).text
    assert ("收到的短信" in page, "呼入" in page) == (True, False)
    rows = (await admin.get("/api/v1/messages/export?format=csv")).text
    assert ("发出的短信" in rows, "呼出" in rows) == (True, False)


@pytest_twisted.ensureDeferred
async def test_what_waits_for_a_time_says_for_which_and_what_waits_for_nothing_does_not(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    await written(site, "admin", 1)
    assert "不早于" not in (await admin.get("/messages")).text
    later = MessageDraft("13800138000", "您好", Purpose.NOTICE, not_before=NOW + timedelta(hours=2))
    await site.database.run(queue_message, later, NOW)
    assert (await admin.get("/messages")).text.count("不早于") == 1


@pytest_twisted.ensureDeferred
async def test_senders_and_patients_to_choose_from_are_those_in_reach(site: RunningSite) -> None:
    for who in ("admin", "doctor", "physician"):
        await written(site, who)
    figures = site.services.desk.figures
    everybody = await figures.writers(site.people["admin"])
    assert {one["id"] for one in everybody} == {site.people[who].user_id for who in ("admin", "doctor", "physician")}
    own = await figures.writers(site.people["doctor"])
    assert [one["id"] for one in own] == [site.people["doctor"].user_id]
    # 李四 is of another department: there is no name for an id that is out of reach.
    doctor, other = await site.signed_in("doctor"), site.people["physician"].user_id
    page = await doctor.get(f"/messages?patient_id=2&created_by={other}")
    assert page.status == 200
    assert "李四" not in page.text
    assert f">#{other}</option>" in page.text
    with pytest.raises(NotAllowedError):
        await figures.writers(site.people["clerk"])
