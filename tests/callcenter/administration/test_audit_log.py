"""The log says who did what, keeps no secret, and shows numbers to those only who may see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_twisted

from callcenter.administration.audit import changed, record_audit
from callcenter.administration.audit_log import AuditFilter
from callcenter.administration.permissions import Scope
from callcenter.errors import InvalidError, NotAllowedError
from tests.peers.hospital import NOW, Hospital


def test_only_what_changed_is_kept_and_secrets_only_by_name() -> None:
    before = {"name": "a", "same": 1, "password": "x", "deep": {"token": "t", "list": [{"csrf_token": "c"}]}}
    after = {"name": "b", "same": 1, "password": "y", "deep": {"token": "u"}}
    old, new = changed(before, after)
    assert old == {"name": "a", "password": "***", "deep": {"token": "***", "list": [{"csrf_token": "***"}]}}
    assert new == {"name": "b", "password": "***", "deep": {"token": "***"}}
    assert changed(None, {"password": "x", "name": "a"}) == (None, {"password": "***", "name": "a"})
    assert changed({"gone": 1}, {}) == ({"gone": 1}, {})


@pytest_twisted.ensureDeferred
async def test_an_entry_without_a_time_is_a_mistake_of_ours(hospital: Hospital) -> None:
    with pytest.raises(TypeError):
        await hospital.database.run(record_audit, hospital.people["admin"], "edit", "user", 1)


@pytest_twisted.ensureDeferred
async def test_entries_are_found_by_their_filters_newest_first_page_by_page(hospital: Hospital) -> None:
    admin, agent = hospital.people["admin"], hospital.people["agent"]
    for number in range(7):
        who = admin if number % 2 else agent
        at = NOW + timedelta(minutes=number)
        await hospital.database.run(record_audit, who, "edit", "patient", number % 3, {"n": 0}, {"n": number}, at)
    listed, cursor = [], None
    while True:
        page = await hospital.audit.list(admin, limit=3, cursor=cursor)
        listed += [entry["after"]["n"] for entry in page.items if entry["after"]]
        if (cursor := page.next) is None:
            break
    assert listed == [6, 5, 4, 3, 2, 1]
    mine = await hospital.audit.list(admin, AuditFilter(user_id=admin.user_id, subject_type="patient", subject_id="1"))
    assert [entry["at"] for entry in mine.items] == ["2026-03-02T08:01:00.000Z"]
    early = await hospital.audit.list(admin, AuditFilter(until=NOW + timedelta(minutes=2), since=NOW))
    assert len(early.items) == 2
    with pytest.raises(InvalidError):
        await hospital.audit.list(admin, cursor="nonsense")


@pytest_twisted.ensureDeferred
async def test_the_log_is_for_those_who_may_read_it_as_far_as_they_reach(hospital: Hospital) -> None:
    for name in ("admin", "head", "doctor", "physician"):
        await hospital.database.run(record_audit, hospital.people[name], "edit", "x", name, None, None, NOW)
    with pytest.raises(NotAllowedError):
        await hospital.audit.list(hospital.people["agent"])
    with pytest.raises(NotAllowedError):
        await anext(hospital.audit.export(hospital.people["head"]))
    reached = await hospital.audit.list(hospital.people["head"])
    assert sorted(entry["subject_id"] for entry in reached.items) == ["doctor", "head"]
    own = replace(hospital.people["doctor"], grants={"audit.view": Scope.OWN})
    assert [entry["subject_id"] for entry in (await hospital.audit.list(own)).items] == ["doctor"]


@pytest_twisted.ensureDeferred
async def test_numbers_in_the_log_are_masked_for_who_may_not_see_them(hospital: Hospital) -> None:
    admin = hospital.people["admin"]
    patient = await hospital.records["patients"].get(admin, 1)
    body = {"phones": ["13700137000"], "id_document": "110101199003071234", "version": patient["version"]}
    await hospital.records["patients"].edit(admin, 1, body)
    full = (await hospital.audit.list(admin)).items[0]
    assert full["after"]["phones"] == [{"number": "+8613700137000", "label": ""}]
    auditor = replace(admin, grants={"audit.view": Scope.ALL})
    shown = (await hospital.audit.list(auditor)).items[0]
    assert shown["after"]["phones"] == [{"number": "137****7000", "label": ""}]
    assert shown["before"]["phones"][0]["number"] == "138****8000"
    assert shown["after"]["id_document"] == "110****1234"


@pytest_twisted.ensureDeferred
async def test_an_export_of_the_log_is_in_the_log_and_ends(hospital: Hospital) -> None:
    admin = hospital.people["admin"]
    for number in range(5):
        await hospital.database.run(record_audit, admin, "edit", "x", number, None, None, NOW - timedelta(hours=1))
    rows = [entry async for batch in hospital.audit.export(admin, AuditFilter(action="edit")) for entry in batch]
    assert len(rows) == 5
    newest = (await hospital.audit.list(admin)).items[0]
    assert (newest["action"], newest["subject_type"], newest["after"]) == ("export", "audit", {"action": "edit"})
