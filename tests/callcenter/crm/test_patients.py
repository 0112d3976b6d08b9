"""Patients: found however they are asked for, shown as far as somebody may see, changed without losing anything."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select

from callcenter.administration.permissions import Scope
from callcenter.administration.resources import ListQuery
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, ServiceError
from storage.models import AuditEntry, NumberChoice, PatientTerm
from tests.peers.hospital import MEDICINE, NOW, ORTHOPAEDICS, SHARED, Hospital


async def refused(hospital: Hospital, attempt: Awaitable[Any], kind: type[ServiceError]) -> ServiceError:
    """The refusal, after which the database is what it was."""
    before = await hospital.everything()
    with pytest.raises(ServiceError) as caught:
        await attempt
    assert type(caught.value) is kind, caught.value
    assert await hospital.everything() == before
    return caught.value


async def found(hospital: Hospital, by: str, q: str, **more: Any) -> list[str]:
    page = await hospital.records.patients.list(hospital.people[by], ListQuery(q=q, **more))
    return sorted(record["name"] for record in page.items)


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("张三", ["张三"]), ("三", ["张三"]), ("zs", ["张三"]), ("zhangsan", ["张三"]), ("wxm", ["王小明"]),
        ("R2", ["李四"]), ("38001380", ["张三", "李四"]), ("138-0013-8000", ["张三", "李四"]), ("801", ["王小明"]),
        ("6234", ["王小明"]), ("zs 8000", ["张三"]), ("zs 9999", []), ("%", []), ("孙七", []),
    ],
)  # fmt: skip
@pytest_twisted.ensureDeferred
async def test_patients_are_found_by_name_pinyin_record_number_and_number(
    hospital: Hospital, q: str, names: list[str]
) -> None:
    assert await found(hospital, "agent", q) == sorted(names)


@pytest_twisted.ensureDeferred
async def test_a_disabled_patient_is_found_only_when_asked_for(hospital: Hospital) -> None:
    assert await found(hospital, "agent", "孙七", disabled=True) == ["孙七"]
    assert len((await hospital.records.patients.list(hospital.people["agent"])).items) == 4


@pytest_twisted.ensureDeferred
async def test_a_new_patient_is_read_back_as_a_person_wrote_it_and_found_at_once(hospital: Hospital) -> None:
    body = {
        "name": " 欧阳\u202e修\x00 ", "sex": "male", "birth_date": "1950-05-01", "department_id": ORTHOPAEDICS,
        "phones": [
            {"number": "０１０－６２３４ ５６７９ 转 12", "label": "家"}, "139 1111 3333", "13911113333", "10086",
        ],
        "notes": "one\r\ntwo", "allergies": "<script>alert('青霉素')</script>", "do_not_call": True,
    }  # fmt: skip
    made = await hospital.records.patients.create(hospital.people["agent"], body)
    assert (made["name"], made["age"], made["notes"]) == ("欧阳修", 75, "one\ntwo")
    assert made["record_number"] == f"N{made['id']:07d}"
    assert [phone["number"] for phone in made["phones"]] == ["+861062345679;ext=12", "+8613911113333", "10086"]
    assert made["department"] == {"id": ORTHOPAEDICS, "name": "骨科"}
    assert made["allergies"] == "<script>alert('青霉素')</script>"
    assert made["possible_duplicates"] == []
    for q in ("oyx", "ouyangxiu", "阳修", "1111333", made["record_number"]):
        assert await found(hospital, "agent", q) == ["欧阳修"]
    log = (await hospital.audit.list(hospital.people["admin"])).items[0]
    assert (log["action"], log["username"], log["subject_id"]) == ("create", "agent", str(made["id"]))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name"}), ({"name": "\u200b"}, {"name"}), ({"name": "x", "birth_date": "2026-03-03"}, {"birth_date"}),
        ({"name": "x", "phones": ["1380013800"]}, {"phones"}), ({"name": "x", "phones": ["no digits"]}, {"phones"}),
        ({"name": "x", "phones": ["12ab"]}, {"phones"}), ({"name": "x", "phones": ["床位8001"]}, {"phones"}),
        ({"name": "x", "phones": ["138****8000"]}, {"phones"}), ({"name": "x", "id_document": "1*2"}, {"id_document"}),
        ({"name": "x", "record_number": "R1"}, {"record_number"}), ({"name": "x", "sex": "M"}, {"sex"}),
        ({"name": "x", "department_id": 99, "doctor_id": 98}, {"department_id", "doctor_id"}),
        ({"name": "x", "pinyin": "y", "id": 5}, {"pinyin", "id"}),
    ],
)  # fmt: skip
@pytest_twisted.ensureDeferred
async def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(
    hospital: Hospital, body: dict[str, Any], fields: set[str]
) -> None:
    making = hospital.records.patients.create(hospital.people["agent"], body)
    error = await refused(hospital, making, InvalidError)
    assert isinstance(error, InvalidError)
    assert set(error.fields) == fields


@pytest_twisted.ensureDeferred
async def test_the_same_name_with_the_same_number_is_pointed_out(hospital: Hospital) -> None:
    patients, agent = hospital.records.patients, hospital.people["agent"]
    asked = await patients.duplicates(agent, "张三", ["138 0013 8000"])
    assert [one["record_number"] for one in asked] == ["R1"]
    made = await patients.create(agent, {"name": "张三", "phones": ["13800138000"]})
    assert [one["record_number"] for one in made["possible_duplicates"]] == ["R1"]
    assert await patients.duplicates(hospital.people["physician"], "张三", ["13800138000"]) == []
    assert await patients.duplicates(agent, "张三", ["", "x"]) == []


@pytest_twisted.ensureDeferred
async def test_changing_a_number_changes_what_finds_and_forgets_the_choice_for_it(hospital: Hospital) -> None:
    patients, agent = hospital.records.patients, hospital.people["agent"]

    def choose(session: Any) -> None:
        session.add(NumberChoice(number=SHARED, patient_id=1, chosen_by=agent.user_id, chosen_at=NOW))

    await hospital.database.run(choose)
    assert (await patients.match(agent, "13800138000"))["remembered"] == 1
    present = await patients.get(agent, 1)
    changed = await patients.edit(agent, 1, {"phones": ["13722223333"], "name": "章三"}, present["version"])
    assert changed["version"] == present["version"] + 1
    assert await found(hospital, "agent", "138001") == ["李四"]
    assert await found(hospital, "agent", "7222") == ["章三"]
    assert (await patients.match(agent, SHARED))["remembered"] is None
    terms = await hospital.database.read(
        lambda session: list(session.scalars(select(PatientTerm.term).where(PatientTerm.patient_id == 1)))
    )
    assert "张三" not in terms


@pytest_twisted.ensureDeferred
async def test_a_late_editor_is_told_what_is_there_now_and_loses_nothing(hospital: Hospital) -> None:
    patients = hospital.records.patients
    await patients.edit(hospital.people["agent"], 1, {"address": "first"}, 1)
    error = await refused(hospital, patients.edit(hospital.people["doctor"], 1, {"address": "late"}, 1), ConflictError)
    assert (error.details["current"]["address"], error.details["current"]["version"]) == ("first", 2)
    # The doctor may not see numbers, not even here.
    assert error.details["current"]["phones"][0]["number"] == "138****8000"
    assert error.details["current"]["id_document"] == "110****1234"
    for version in (None, "x", 1.0, True, [1]):
        editing = patients.edit(hospital.people["agent"], 1, {"address": "x"}, version)
        await refused(hospital, editing, InvalidError)


@pytest_twisted.ensureDeferred
async def test_masked_numbers_come_back_as_what_they_were(hospital: Hospital) -> None:
    patients, doctor, agent = hospital.records.patients, hospital.people["doctor"], hospital.people["agent"]
    await patients.edit(agent, 1, {"phones": ["13800138000", "13811118000", "8001"]}, 1)
    seen = await patients.get(doctor, 1)
    assert [phone["number"] for phone in seen["phones"]] == ["138****8000", "138****8000", "8001"]
    form = {name: seen[name] for name in ("name", "sex", "birth_date", "id_document", "phones")}
    form["phones"] = [seen["phones"][1], seen["phones"][0] | {"label": "女儿"}, "13933334444"]
    await patients.edit(doctor, 1, form, seen["version"])
    now = await patients.get(agent, 1)
    assert [phone["number"] for phone in now["phones"]] == ["+8613800138000", "+8613811118000", "+8613933334444"]
    assert [phone["label"] for phone in now["phones"]] == ["", "女儿", ""]
    assert now["id_document"] == "110101196003031234"
    wrong = {"phones": ["139****0000"]}
    await refused(hospital, patients.edit(doctor, 1, wrong, now["version"]), InvalidError)


@pytest_twisted.ensureDeferred
async def test_whoever_may_not_see_numbers_gets_none_anywhere(hospital: Hospital) -> None:
    patients, doctor = hospital.records.patients, hospital.people["doctor"]
    exporter = replace(doctor, grants={**doctor.grants, "patients.export": Scope.DEPARTMENT})
    shown = [
        await patients.get(doctor, 1),
        await patients.card(doctor, 1),
        (await patients.list(doctor)).items,
        (await patients.list(doctor, ListQuery(q="zs"))).items,
        await patients.match(doctor, "13800138000"),
        [batch async for batch in patients.export(exporter)],
        await patients.edit(doctor, 1, {"address": "x"}, 1),
    ]
    assert "00138000" not in str(shown)
    assert "0013 8000" not in str(shown)
    assert "1960030312" not in str(shown)
    await refused(hospital, patients.reveal(doctor, 1), NotAllowedError)


@pytest.mark.parametrize("q", ["3800138", "001380", "0013", "zs 0138", "138001380", "1960", "13800138001"])
@pytest_twisted.ensureDeferred
async def test_hidden_digits_cannot_be_found_out_by_searching(hospital: Hospital, q: str) -> None:
    assert await found(hospital, "doctor", q) == []


@pytest.mark.parametrize("q", ["8000", "13800138000", "+86 13800138000".replace(" ", ""), "zs 8000", "R1"])
@pytest_twisted.ensureDeferred
async def test_what_the_mask_shows_and_the_whole_number_find_the_patient(hospital: Hospital, q: str) -> None:
    assert await found(hospital, "doctor", q) == ["张三"]


@pytest_twisted.ensureDeferred
async def test_numbers_are_seen_as_far_as_that_right_reaches(hospital: Hospital) -> None:
    agent = hospital.people["agent"]
    some = replace(agent, department_id=MEDICINE, grants={**agent.grants, "patients.unmask": Scope.DEPARTMENT})
    shown = {
        record["id"]: record["phones"][0]["number"] for record in (await hospital.records.patients.list(some)).items
    }
    assert shown[2] == SHARED
    assert shown[1] == "138****8000"
    await refused(hospital, hospital.records.patients.reveal(some, 1), NotFoundError)
    assert (await hospital.records.patients.reveal(some, 2))["phones"][0]["number"] == SHARED


@pytest_twisted.ensureDeferred
async def test_patients_of_another_department_do_not_exist_anywhere(hospital: Hospital) -> None:
    """The physician's are 2 and 4; 4 is the orthopaedist's own patient although in another department."""
    patients, doctor = hospital.records.patients, hospital.people["doctor"]
    everything = replace(
        doctor,
        grants=dict.fromkeys(
            [*doctor.grants, "patients.disable", "patients.export", "patients.unmask"], Scope.DEPARTMENT
        ),
    )
    for attempt in (
        patients.get(everything, 2),
        patients.card(everything, 2),
        patients.timeline(everything, 2),
        patients.reveal(everything, 2),
        patients.edit(everything, 2, {"name": "x"}, 1),
        patients.disable(everything, 2),
        patients.enable(everything, 2),
    ):
        error = await refused(hospital, attempt, NotFoundError)
        missing = await refused(hospital, patients.get(everything, 999), NotFoundError)
        assert (error.message, error.details) == (missing.message, missing.details)
    assert await found(hospital, "doctor", "李四") == []
    listed = await patients.list(everything, ListQuery(filters={"department_id": str(MEDICINE)}))
    assert [record["id"] for record in listed.items] == [4]
    exported = [record["id"] async for batch in patients.export(everything) for record in batch]
    assert sorted(exported) == [1, 3, 4]
    match = await patients.match(everything, SHARED)
    assert (match["result"], [one["id"] for one in match["patients"]]) == ("one", [1])


@pytest_twisted.ensureDeferred
async def test_nobody_moves_a_patient_out_of_his_own_reach(hospital: Hospital) -> None:
    patients, head = hospital.records.patients, hospital.people["head"]
    await refused(hospital, patients.edit(head, 1, {"department_id": MEDICINE}, 1), NotAllowedError)
    await refused(hospital, patients.create(head, {"name": "x", "department_id": MEDICINE}), NotAllowedError)
    assert (await patients.create(head, {"name": "x"}))["department_id"] == ORTHOPAEDICS


@pytest_twisted.ensureDeferred
async def test_looking_at_numbers_is_logged_once_an_hour_and_revealing_every_time(hospital: Hospital) -> None:
    patients, agent = hospital.records.patients, hospital.people["agent"]

    async def actions() -> list[str]:
        return await hospital.database.read(
            lambda session: list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
        )

    await patients.card(agent, 1)
    await patients.get(agent, 1)
    await patients.card(agent, 2)
    assert await actions() == ["view", "view"]
    hospital.clock.advance(3600)
    await patients.card(agent, 1)
    await patients.reveal(agent, 1)
    await patients.reveal(agent, 1)
    assert await actions() == ["view", "view", "view", "unmask", "unmask"]
    # A masked look is no look at numbers.
    await patients.card(hospital.people["doctor"], 1)
    assert len(await actions()) == 5


@pytest_twisted.ensureDeferred
async def test_a_disabled_patient_is_no_match_and_can_come_back(hospital: Hospital) -> None:
    patients, supervisor = hospital.records.patients, hospital.people["supervisor"]
    assert (await patients.match(supervisor, SHARED))["result"] == "several"
    gone = await patients.disable(supervisor, 1)
    assert gone["disabled"]
    assert (await patients.match(supervisor, SHARED))["result"] == "one"
    assert await patients.disable(supervisor, 1, gone["version"]) == gone
    await refused(hospital, patients.enable(supervisor, 1, gone["version"] - 1), ConflictError)
    back = await patients.enable(supervisor, 1, gone["version"])
    assert (back["disabled"], back["version"]) == (False, gone["version"] + 1)
    assert (await patients.match(supervisor, "")).items() >= {"result": "none", "patients": []}.items()


@pytest_twisted.ensureDeferred
async def test_pages_of_a_list_and_of_a_search_have_everybody_once(hospital: Hospital) -> None:
    agent = hospital.people["agent"]
    for number in range(25):
        await hospital.records.patients.create(agent, {"name": f"周{number}", "phones": [f"139222200{number:02d}"]})
    for query in (ListQuery(limit=7), ListQuery(limit=7, sort="name"), ListQuery(limit=7, q="zhou")):
        seen: list[int] = []
        cursor: str | None = None
        while True:
            page = await hospital.records.patients.list(agent, replace(query, cursor=cursor))
            seen += [record["id"] for record in page.items]
            if (cursor := page.next) is None:
                break
        assert len(seen) == len(set(seen)) == (25 if query.q else 29)
    for cursor in ("x", "W10", "bnVsbA"):
        for q in ("", "zhou"):
            listing = hospital.records.patients.list(agent, ListQuery(q=q, cursor=cursor))
            await refused(hospital, listing, InvalidError)


@pytest_twisted.ensureDeferred
async def test_options_name_what_can_be_chosen_for_whoever_may_change_something(hospital: Hospital) -> None:
    service = hospital.records["patients"]
    assert {"id": ORTHOPAEDICS, "name": "骨科"} in await service.options(hospital.people["agent"], "department_id")
    await refused(hospital, service.options(hospital.people["clerk"], "doctor_id"), NotAllowedError)
    await refused(hospital, service.options(hospital.people["agent"], "name"), InvalidError)


@pytest_twisted.ensureDeferred
async def test_an_export_has_all_pages_and_is_logged_first(hospital: Hospital) -> None:
    supervisor = hospital.people["supervisor"]
    rows = [
        row async for batch in hospital.records.patients.export(supervisor, ListQuery(sort="name")) for row in batch
    ]
    assert len(rows) == 4
    assert [field.name for field in hospital.records["patients"].export_fields()][:2] == ["record_number", "name"]
    entry = (await hospital.audit.list(hospital.people["admin"])).items[0]
    assert (entry["action"], entry["subject_type"], entry["username"]) == ("export", "patient", "supervisor")


@pytest_twisted.ensureDeferred
async def test_numbers_in_what_is_written_are_masked_and_come_back_when_it_is_saved_again(hospital: Hospital) -> None:
    patients, agent, doctor = hospital.records.patients, hospital.people["agent"], hospital.people["doctor"]
    written = {
        "version": 1, "name": "张三13911112222", "notes": "女儿13911112222，2026-03-15复查", "address": "电话62345678",
        "phones": [{"number": SHARED, "label": "打13911112222"}],
    }  # fmt: skip
    await patients.edit(agent, 1, written)

    shown = await patients.get(doctor, 1)
    assert (shown["name"], shown["address"]) == ("张三139****2222", "电话****5678")
    assert shown["notes"] == "女儿139****2222，2026-03-15复查"
    assert shown["phones"][0]["label"] == "打139****2222"
    for found in (await patients.card(doctor, 1), (await patients.list(doctor)).items):
        assert "13911112222" not in str(found)

    sent = {name: shown[name] for name in ("name", "address", "phones", "version")} | {
        "notes": shown["notes"] + "，来电"
    }
    await patients.edit(doctor, 1, sent)

    kept = await patients.get(agent, 1)
    assert (kept["name"], kept["address"]) == (written["name"], written["address"])
    assert kept["notes"] == "女儿13911112222，2026-03-15复查，来电"
    assert kept["phones"][0]["label"] == "打13911112222"


@pytest_twisted.ensureDeferred
async def test_whoever_sees_the_numbers_may_write_stars(hospital: Hospital) -> None:
    patients, agent = hospital.records.patients, hospital.people["agent"]
    await patients.edit(agent, 1, {"version": 1, "notes": "13911112222"})
    await patients.edit(agent, 1, {"version": 2, "notes": "139****2222"})
    assert (await patients.get(agent, 1))["notes"] == "139****2222"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "王 +86 139-1111-2222"),
        ("phones", [{"number": SHARED, "label": "打+86 139-1111-2222"}]),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_masked_text_that_gets_too_long_with_its_numbers_is_refused(
    hospital: Hospital, field: str, value: object
) -> None:
    patients, doctor = hospital.records.patients, hospital.people["doctor"]
    await patients.edit(hospital.people["agent"], 1, {"version": 1, field: value})
    shown: Any = (await patients.get(doctor, 1))[field]
    longer = [{"number": SHARED, "label": shown[0]["label"] + "长" * 28}] if field == "phones" else shown + "长" * 67
    error = await refused(hospital, patients.edit(doctor, 1, {"version": 2, field: longer}), InvalidError)
    assert isinstance(error, InvalidError)
    assert list(error.fields) == [field]
