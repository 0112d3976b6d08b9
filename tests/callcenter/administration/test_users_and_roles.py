"""Users and roles: nobody gets, or gives, or takes more than he has; and a refusal leaves everything as it was."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, DeferredList

from callcenter.administration.permissions import BUILT_IN_ROLES, Scope
from callcenter.administration.principal import Principal
from callcenter.administration.resources import ListQuery
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, ServiceError
from tests.peers.hospital import DOCTOR_GRANTS, MEDICINE, ORTHOPAEDICS, PASSWORD, Hospital

GOOD = "a good long secret"


async def refused(hospital: Hospital, attempt: Awaitable[Any], kind: type[ServiceError]) -> ServiceError:
    """The refusal, after which the database is what it was."""
    before = await hospital.everything()
    with pytest.raises(ServiceError) as caught:
        await attempt
    assert type(caught.value) is kind, caught.value
    assert await hospital.everything() == before
    return caught.value


def user_id(hospital: Hospital, name: str) -> int:
    key = hospital.people[name].user_id
    assert key is not None
    return key


async def edit_user(hospital: Hospital, by: str, whom: str, **changes: Any) -> dict[str, Any]:
    users = hospital.records["users"]
    present = await users.get(hospital.people["admin"], user_id(hospital, whom))
    return await users.edit(hospital.people[by], present["id"], {**changes, "version": present["version"]})


@pytest_twisted.ensureDeferred
async def test_an_administrator_makes_an_agent_who_signs_in_and_must_change_the_password(hospital: Hospital) -> None:
    made = await hospital.records["users"].create(
        hospital.people["admin"],
        {"username": " NewAgent ", "display_name": "新\u202e坐席\x00", "password": GOOD,
         "role_ids": [hospital.roles["agent"]]},
    )  # fmt: skip
    assert (made["username"], made["display_name"]) == ("newagent", "新坐席")
    assert made["roles"] == [{"id": hospital.roles["agent"], "name": "坐席"}]
    assert "password" not in made
    session = await hospital.sign_in.sign_in("newagent", GOOD, "10.0.0.7")
    assert session.must_change_password
    entry = (await hospital.audit.list(hospital.people["admin"])).items[1]
    assert (entry["action"], entry["subject_type"], entry["subject_id"]) == ("create", "user", str(made["id"]))
    assert entry["after"]["password"] == "***"


@pytest_twisted.ensureDeferred
async def test_nobody_gives_rights_that_he_does_not_have(hospital: Hospital) -> None:
    head, users = hospital.people["head"], hospital.records["users"]
    body = {"username": "x", "display_name": "X", "password": GOOD, "department_id": ORTHOPAEDICS}
    for role in ("administrator", "supervisor", "agent"):
        await refused(hospital, users.create(head, {**body, "role_ids": [hospital.roles[role]]}), NotAllowedError)
    made = await users.create(head, {**body, "role_ids": [hospital.roles["doctor"]]})
    assert made["department_id"] == ORTHOPAEDICS
    await refused(hospital, edit_user(hospital, "head", "doctor", role_ids=[hospital.roles["supervisor"]]),
                  NotAllowedError)  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_nobody_takes_over_or_hinders_somebody_who_may_do_more(hospital: Hospital) -> None:
    await edit_user(hospital, "admin", "supervisor", department_id=ORTHOPAEDICS)
    supervisor = user_id(hospital, "supervisor")
    for changes in ({"password": GOOD}, {"display_name": "x"}, {"role_ids": []}):
        await refused(hospital, edit_user(hospital, "head", "supervisor", **changes), NotAllowedError)
    disabling = hospital.records["users"].disable(hospital.people["head"], supervisor)
    await refused(hospital, disabling, NotAllowedError)


@pytest_twisted.ensureDeferred
async def test_the_users_of_another_department_do_not_exist(hospital: Hospital) -> None:
    head, users = hospital.people["head"], hospital.records["users"]
    other = user_id(hospital, "physician")
    await refused(hospital, users.get(head, other), NotFoundError)
    await refused(hospital, edit_user(hospital, "head", "physician", display_name="x"), NotFoundError)
    await refused(hospital, users.disable(head, other), NotFoundError)
    listed = [user["username"] for user in (await users.list(head)).items]
    assert sorted(listed) == ["doctor", "head"]
    assert (await users.list(head, ListQuery(q="physician"))).items == []
    assert (await users.list(head, ListQuery(filters={"department_id": str(MEDICINE)}))).items == []


@pytest_twisted.ensureDeferred
async def test_a_narrow_reach_cannot_be_left_by_moving_somebody(hospital: Hospital) -> None:
    await refused(hospital, edit_user(hospital, "head", "doctor", department_id=MEDICINE), NotAllowedError)
    # Not even oneself: with another department come other patients.
    await refused(hospital, edit_user(hospital, "head", "head", department_id=MEDICINE), NotAllowedError)
    body = {"username": "x", "display_name": "X", "password": GOOD, "department_id": MEDICINE}
    await refused(hospital, hospital.records["users"].create(hospital.people["head"], body), NotAllowedError)


@pytest_twisted.ensureDeferred
async def test_who_sees_one_department_cannot_open_another_with_a_wide_user_right(hospital: Hospital) -> None:
    """users.edit for all, patients of one's own department: no password, no transfer that reaches further."""
    keeper = Principal(
        user_id(hospital, "clerk"), "clerk", "Clerk", ORTHOPAEDICS,
        {**DOCTOR_GRANTS, "users.view": Scope.ALL, "users.edit": Scope.ALL},
    )  # fmt: skip
    users = hospital.records["users"]
    version = (await users.get(keeper, user_id(hospital, "physician")))["version"]
    taking = users.edit(keeper, user_id(hospital, "physician"), {"password": GOOD}, version)
    await refused(hospital, taking, NotAllowedError)
    mine = await users.edit(keeper, user_id(hospital, "doctor"), {"display_name": "陈医生"}, 1)
    moving = users.edit(keeper, mine["id"], {"department_id": MEDICINE}, mine["version"])
    await refused(hospital, moving, NotAllowedError)


@pytest_twisted.ensureDeferred
async def test_somebody_who_administers_is_always_left(hospital: Hospital) -> None:
    users, second = hospital.records["users"], user_id(hospital, "second")
    await refused(hospital, users.disable(hospital.people["admin"], user_id(hospital, "admin")), ConflictError)
    await users.disable(hospital.people["admin"], second)
    await refused(hospital, edit_user(hospital, "admin", "admin", role_ids=[]), ConflictError)
    roles = hospital.records["roles"]
    role = await roles.get(hospital.people["admin"], hospital.roles["administrator"])
    less = {name: scope for name, scope in role["grants"].items() if name != "users.edit"}
    editing = roles.edit(hospital.people["admin"], role["id"], {"grants": less}, role["version"])
    await refused(hospital, editing, ConflictError)
    await refused(hospital, roles.disable(hospital.people["admin"], role["id"]), ConflictError)
    await users.enable(hospital.people["admin"], second)
    assert (await edit_user(hospital, "second", "admin", role_ids=[]))["roles"] == []


@pytest_twisted.ensureDeferred
async def test_two_administrators_who_disable_each_other_at_once_do_not_both_succeed(hospital: Hospital) -> None:
    users = hospital.records["users"]
    pairs = (("admin", "second"), ("second", "admin"))
    attempts = [
        Deferred.fromCoroutine(users.disable(hospital.people[by], user_id(hospital, whom))) for by, whom in pairs
    ]
    results = await DeferredList(attempts, consumeErrors=True)
    assert sorted(succeeded for succeeded, _ in results) == [False, True]
    assert [result.type for succeeded, result in results if not succeeded] == [ConflictError]


@pytest_twisted.ensureDeferred
async def test_a_role_never_gets_more_than_its_editor_has(hospital: Hospital) -> None:
    roles = hospital.records["roles"]
    editor = Principal(
        user_id(hospital, "clerk"), "clerk", "Clerk", None,
        {"roles.view": Scope.ALL, "roles.create": Scope.ALL, "roles.edit": Scope.ALL, "roles.disable": Scope.ALL,
         "patients.view": Scope.DEPARTMENT},
    )  # fmt: skip
    for grants in ({"patients.view": "all"}, {"users.edit": "own"}, {"calls.handle": "own"}):
        await refused(hospital, roles.create(editor, {"name": "more", "grants": grants}), NotAllowedError)
    made = await roles.create(editor, {"name": "as much", "grants": {"patients.view": "department", "audit.view": ""}})
    assert made["grants"] == {"patients.view": "department"}
    for code in ("administrator", "supervisor", "agent"):
        role = await roles.get(editor, hospital.roles[code])
        weaken = roles.edit(editor, role["id"], {"grants": {}}, role["version"])
        await refused(hospital, weaken, NotAllowedError)
        await refused(hospital, roles.disable(editor, role["id"]), NotAllowedError)


@pytest_twisted.ensureDeferred
async def test_an_administrator_appoints_agents_without_being_one(hospital: Hospital) -> None:
    assert "calls.handle" not in BUILT_IN_ROLES["administrator"][1]
    changed = await edit_user(hospital, "admin", "clerk", role_ids=[hospital.roles["agent"]])
    assert changed["role_ids"] == [hospital.roles["agent"]]


@pytest.mark.parametrize(
    "grants", [{"no.such": "all"}, {"patients.view": "everything"}, {"patients.view": "ALL"}, {"__class__": "own"}]
)
@pytest_twisted.ensureDeferred
async def test_permissions_that_do_not_exist_are_refused(hospital: Hospital, grants: dict[str, str]) -> None:
    making = hospital.records["roles"].create(hospital.people["admin"], {"name": "x", "grants": grants})
    error = await refused(hospital, making, InvalidError)
    assert isinstance(error, InvalidError)
    assert list(error.fields) == ["grants"]


@pytest_twisted.ensureDeferred
async def test_changed_roles_are_felt_by_open_sessions_at_once(hospital: Hospital) -> None:
    ended: list[str] = []
    hospital.sign_in.on_session_ended(ended.extend)
    agent = await hospital.sign_in.sign_in("agent", PASSWORD, "10.0.0.7")
    doctor = await hospital.sign_in.sign_in("doctor", PASSWORD, "10.0.0.7")
    info = await hospital.sign_in.principal_for(agent.token)
    assert info is not None
    assert await hospital.sign_in.principal_for(doctor.token) is not None
    roles = hospital.records["roles"]
    role = await roles.get(hospital.people["admin"], hospital.roles["agent"])
    less = {name: scope for name, scope in role["grants"].items() if name != "patients.edit"}
    await roles.edit(hospital.people["admin"], role["id"], {"grants": less}, role["version"])
    assert ended == [info.token_hash]
    now = await hospital.sign_in.principal_for(agent.token)
    assert now is not None
    assert not now.principal.may("patients.edit")
    await hospital.records["users"].disable(hospital.people["admin"], user_id(hospital, "agent"))
    assert await hospital.sign_in.principal_for(agent.token) is None
    assert await hospital.sign_in.principal_for(doctor.token) is not None


@pytest_twisted.ensureDeferred
async def test_a_new_password_from_an_administrator_signs_out_and_opens_a_locked_name(hospital: Hospital) -> None:
    session = await hospital.sign_in.sign_in("agent", PASSWORD, "10.0.0.7")
    for _ in range(7):
        with pytest.raises(ServiceError):
            await hospital.sign_in.sign_in("agent", "wrong", "203.0.113.9")
    await edit_user(hospital, "admin", "agent", password=GOOD)
    assert await hospital.sign_in.principal_for(session.token) is None
    assert (await hospital.sign_in.sign_in("agent", GOOD, "203.0.113.9")).must_change_password


@pytest_twisted.ensureDeferred
async def test_one_s_own_password_is_not_changed_without_the_old_one(hospital: Hospital) -> None:
    await refused(hospital, edit_user(hospital, "admin", "admin", password=GOOD), InvalidError)


@pytest_twisted.ensureDeferred
async def test_two_editors_do_not_overwrite_each_other(hospital: Hospital) -> None:
    users, admin = hospital.records["users"], hospital.people["admin"]
    seen = await users.get(admin, user_id(hospital, "clerk"))
    await users.edit(admin, seen["id"], {"display_name": "First"}, seen["version"])
    late = users.edit(hospital.people["second"], seen["id"], {"display_name": "Second"}, seen["version"])
    error = await refused(hospital, late, ConflictError)
    assert error.details["current"]["display_name"] == "First"
    assert error.details["current"]["version"] == seen["version"] + 1


@pytest_twisted.ensureDeferred
async def test_a_record_without_a_version_column_is_protected_likewise(hospital: Hospital) -> None:
    outcomes, admin = hospital.records["outcomes"], hospital.people["admin"]
    seen = (await outcomes.list(admin)).items[0]
    changed = await outcomes.edit(admin, seen["code"], {"label_en": "Other"}, seen["version"])
    assert changed["version"] != seen["version"]
    late = outcomes.edit(admin, seen["code"], {"label_en": "Late"}, seen["version"])
    await refused(hospital, late, ConflictError)


@pytest_twisted.ensureDeferred
async def test_an_edit_that_changes_nothing_leaves_no_trace(hospital: Hospital) -> None:
    before = await hospital.everything()
    await edit_user(hospital, "admin", "clerk", display_name="Clerk", role_ids=[])
    assert await hospital.everything() == before


@pytest_twisted.ensureDeferred
async def test_unique_names_and_missing_references_are_said_by_field(hospital: Hospital) -> None:
    users, admin = hospital.records["users"], hospital.people["admin"]
    body = {"username": "AGENT", "display_name": "x", "password": GOOD, "department_id": 99, "role_ids": [77]}
    error = await refused(hospital, users.create(admin, body), InvalidError)
    assert isinstance(error, InvalidError)
    assert set(error.fields) == {"department_id", "role_ids"}
    error = await refused(hospital, users.create(admin, {**body, "department_id": None, "role_ids": []}), InvalidError)
    assert isinstance(error, InvalidError)
    assert set(error.fields) == {"username"}


@pytest_twisted.ensureDeferred
async def test_fields_that_are_not_declared_cannot_be_set(hospital: Hospital) -> None:
    for name in (
        "id",
        "password_hash",
        "must_change_password",
        "disabled",
        "failed_sign_ins",
        "__class__",
        "created_at",
    ):
        error = await refused(hospital, edit_user(hospital, "admin", "clerk", **{name: 1}), InvalidError)
        assert isinstance(error, InvalidError)
        assert list(error.fields) == [name]


@pytest.mark.parametrize("resource", ["users", "roles", "departments", "outcomes", "groups", "skills", "patients"])
@pytest_twisted.ensureDeferred
async def test_without_the_permission_nothing_is_done_and_nothing_is_shown(hospital: Hospital, resource: str) -> None:
    service, clerk = hospital.records[resource], hospital.people["clerk"]
    key = "completed" if resource == "outcomes" else 1
    attempts = [
        service.list(clerk),
        service.get(clerk, key),
        service.create(clerk, {}),
        service.edit(clerk, key, {}, 1),
        service.disable(clerk, key),
        service.enable(clerk, key),
        anext(service.export(clerk)),
    ]
    for attempt in attempts:
        await refused(hospital, attempt, NotAllowedError)


INJECTIONS = ["password_hash", "id; drop table patient", "name desc", "(select 1)", "__dict__", "-", "--id", "id,name"]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("resource", ["users", "patients", "outcomes"])
@pytest_twisted.ensureDeferred
async def test_only_declared_sorts_and_filters_are_taken(hospital: Hospital, resource: str, text: str) -> None:
    service, admin = hospital.records[resource], hospital.people["admin"]
    error = await refused(hospital, service.list(admin, ListQuery(sort=text)), InvalidError)
    assert error.details["allowed"] == list(service.resource.sorts)
    error = await refused(hospital, service.list(admin, ListQuery(filters={text: "1"})), InvalidError)
    assert error.details["allowed"] == list(service.resource.filters)


@pytest.mark.parametrize("text", ["' or 1=1 --", "%", "_", "\\", "\x00", "{0.__class__}", "a" * 5000])
@pytest_twisted.ensureDeferred
async def test_what_is_searched_for_is_only_text(hospital: Hospital, text: str) -> None:
    found = await hospital.records["users"].list(hospital.people["admin"], ListQuery(q=text))
    assert found.items == [] or text == "\x00"


@pytest_twisted.ensureDeferred
async def test_pages_follow_each_other_without_gaps_in_any_declared_order(hospital: Hospital) -> None:
    users, admin = hospital.records["users"], hospital.people["admin"]
    for name in users.resource.sorts:
        for sort in (name, "-" + name):
            seen: list[Any] = []
            cursor = None
            while True:
                page = await users.list(admin, ListQuery(sort=sort, limit=3, cursor=cursor))
                seen += [user[name] for user in page.items]
                if (cursor := page.next) is None:
                    break
            assert len(seen) == 8
            assert len(set(seen)) == 8
    other = (await users.list(admin, ListQuery(sort="id", limit=2))).next
    for cursor in ("x", "", other, "W10", "bnVsbA", "WyJhIiwieCJd"):
        await refused(hospital, users.list(admin, ListQuery(sort="username", cursor=cursor)), InvalidError)
