"""Groups and skills as records, from their own side and from the users'."""

from __future__ import annotations

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import InvalidError, NotAllowedError
from storage.models import PhoneLine
from tests.peers.hospital import NOW, Hospital


@pytest_twisted.ensureDeferred
async def test_members_are_the_same_from_both_sides(hospital: Hospital) -> None:
    groups, skills, users = (hospital.records[name] for name in ("groups", "skills", "users"))
    admin, supervisor = hospital.people["admin"], hospital.people["supervisor"]
    agent, clerk = (hospital.people[name].user_id for name in ("agent", "clerk"))
    dialect = await skills.create(supervisor, {"name": "粤语"})
    made = await groups.create(supervisor, {"name": "热线", "rule": "round_robin", "skill_id": dialect["id"],
                                            "member_ids": [clerk, agent]})  # fmt: skip
    assert (made["ring_seconds"], made["wrap_up_seconds"], made["prefer_last"]) == (20, 0, False)
    assert made["members"] == [{"id": agent, "name": "Agent"}, {"id": clerk, "name": "Clerk"}]
    shown = await users.get(admin, agent)
    assert (shown["groups"], shown["skills"]) == ([{"id": made["id"], "name": "热线"}], [])
    changed = await users.edit(
        admin, agent, {"group_ids": [], "skill_ids": [dialect["id"]]}, version=shown["version"]
    )  # fmt: skip
    assert (changed["group_ids"], changed["skills"]) == ([], [{"id": dialect["id"], "name": "粤语"}])
    assert (await groups.get(supervisor, made["id"]))["member_ids"] == [clerk]
    # What it is called does not concern who is in it.
    renamed = await groups.edit(supervisor, made["id"], {"name": "随访热线"}, version=made["version"])
    assert renamed["member_ids"] == [clerk]
    (newest, *_) = (await hospital.audit.list(admin)).items
    assert (newest["action"], newest["subject_type"], newest["after"]) == ("edit", "group", {"name": "随访热线"})


@pytest_twisted.ensureDeferred
async def test_who_may_edit_users_only_puts_nobody_into_a_group(hospital: Hospital) -> None:
    users, head = hospital.records["users"], hospital.people["head"]
    group = await hospital.records["groups"].create(hospital.people["admin"], {"name": "热线", "rule": "all"})
    doctor = await users.get(head, hospital.people["doctor"].user_id)
    before = await hospital.everything()
    with pytest.raises(NotAllowedError):
        await users.edit(head, doctor["id"], {"group_ids": [group["id"]]}, version=doctor["version"])
    assert await hospital.everything() == before
    # A form sends the groups as they are; that is no change.
    saved = await users.edit(head, doctor["id"], {"group_ids": [], "bound_line": "1"}, version=doctor["version"])
    assert saved["bound_line"] == "1"


@pytest_twisted.ensureDeferred
async def test_times_have_bounds_and_the_rule_is_one_of_those_there_are(hospital: Hospital) -> None:
    groups, admin = hospital.records["groups"], hospital.people["admin"]
    for name, wrong in (
        ("ring_seconds", 4),
        ("ring_seconds", 301),
        ("wrap_up_seconds", 3601),
        ("rule", "fastest"),
        ("rule", ""),
    ):
        with pytest.raises(InvalidError) as refused:
            await groups.create(admin, {"name": "热线", "rule": "all", name: wrong})
        assert list(refused.value.fields) == [name]


@pytest_twisted.ensureDeferred
async def test_a_group_gets_the_lines_that_are_configured_for_one_of_its_name(hospital: Hospital) -> None:
    def lines(session: Session) -> None:
        for key, name in enumerate(("热线", "热线", "骨科"), 1):
            session.add(PhoneLine(id=key, name=str(key), driver="hayes", group_name=name, state="idle", since=NOW))
        session.flush()
        session.get_one(PhoneLine, 2).agent_group_id = 77

    await hospital.database.run(lines)
    made = await hospital.records["groups"].create(hospital.people["admin"], {"name": "热线", "rule": "all"})
    statement = select(PhoneLine.agent_group_id).order_by(PhoneLine.id)
    assert await hospital.database.read(lambda session: list(session.scalars(statement))) == [made["id"], 77, None]
