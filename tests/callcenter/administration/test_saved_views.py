"""Saved views: each person's own, one default to a list, only of lists that one may see."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_twisted

from callcenter.administration.permissions import RESOURCES
from callcenter.administration.principal import SYSTEM
from callcenter.administration.saved_views import LISTS, LONGEST_NAME, MOST_VIEWS, SavedViews
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from tests.peers.hospital import Hospital


def test_every_list_has_a_permission_that_exists() -> None:
    assert all(action == "view" and name in RESOURCES for name, action in (one.split(".") for one in LISTS.values()))


@pytest_twisted.ensureDeferred
async def test_a_view_is_found_again_renamed_and_forgotten(hospital: Hospital) -> None:
    views, admin = SavedViews(hospital.database), hospital.people["admin"]
    made = await views.save(admin, "calls", "  未接\u202e 今天 ", "direction=in")
    assert made == {"id": made["id"], "list": "calls", "name": "未接 今天", "query": "direction=in", "default": False}
    await views.save(admin, "patients", "Mine", "doctor_id=5")
    assert await views.list(admin, "calls") == [made]
    renamed = await views.edit(admin, made["id"], name="Incoming")
    assert await views.list(admin, "calls") == [renamed] == [made | {"name": "Incoming"}]
    await views.delete(admin, made["id"])
    assert await views.list(admin, "calls") == []
    with pytest.raises(NotFoundError):
        await views.delete(admin, made["id"])


@pytest_twisted.ensureDeferred
async def test_a_list_opens_with_one_view_at_most(hospital: Hospital) -> None:
    views, admin, second = SavedViews(hospital.database), hospital.people["admin"], hospital.people["second"]
    first = await views.save(admin, "calls", "a", "direction=in", default=True)
    await views.save(second, "calls", "a", "direction=out", default=True)
    await views.save(admin, "patients", "a", "sex=male", default=True)
    other = await views.save(admin, "calls", "b", "direction=out", default=True)

    async def defaults(list_name: str) -> list[str]:
        return [view["name"] for view in await views.list(admin, list_name) if view["default"]]

    assert await defaults("calls") == ["b"]
    await views.edit(admin, first["id"], default=True)
    assert await defaults("calls") == ["a"]
    await views.edit(admin, first["id"], default=False)
    assert await defaults("calls") == []
    assert await defaults("patients") == ["a"]
    assert [view["default"] for view in await views.list(second, "calls")] == [True]
    assert other["default"]


@pytest_twisted.ensureDeferred
async def test_views_are_private(hospital: Hospital) -> None:
    views, admin, second = SavedViews(hospital.database), hospital.people["admin"], hospital.people["second"]
    made = await views.save(admin, "calls", "a", "direction=in")
    assert await views.list(second, "calls") == []
    before = await hospital.everything()
    with pytest.raises(NotFoundError):
        await views.edit(second, made["id"], name="mine now")
    with pytest.raises(NotFoundError):
        await views.delete(second, made["id"])
    assert await hospital.everything() == before


@pytest_twisted.ensureDeferred
async def test_views_of_a_list_are_for_those_who_may_see_it(hospital: Hospital) -> None:
    views, agent = SavedViews(hospital.database), hospital.people["agent"]
    made = await views.save(agent, "calls", "a", "direction=in")
    lost = replace(agent, grants={})
    before = await hospital.everything()
    for refused, who, list_name in (
        (NotAllowedError, agent, "users"),
        (NotAllowedError, lost, "calls"),
        (NotFoundError, agent, "secrets"),
        (NotAllowedError, replace(SYSTEM, grants=agent.grants), "calls"),
    ):
        with pytest.raises(refused):
            await views.list(who, list_name)
        with pytest.raises(refused):
            await views.save(who, list_name, "b", "sort=name")
    with pytest.raises(NotFoundError):
        await views.edit(lost, made["id"], name="b")
    assert await hospital.everything() == before


@pytest_twisted.ensureDeferred
async def test_names_are_needed_and_used_once(hospital: Hospital) -> None:
    views, admin = SavedViews(hospital.database), hospital.people["admin"]
    await views.save(admin, "calls", "a", "direction=in")
    other = await views.save(admin, "calls", "b", "direction=out")
    before = await hospital.everything()
    for name in ("", " \u200b ", "a", " a ", "x" * (LONGEST_NAME + 1)):
        with pytest.raises(InvalidError) as refused:
            await views.save(admin, "calls", name, "sort=number", default=True)
        assert refused.value.fields.keys() == {"name"}
        with pytest.raises(InvalidError):
            await views.edit(admin, other["id"], name=name)
    for query in ("", "x" * 1001):
        with pytest.raises(InvalidError) as refused:
            await views.save(admin, "calls", "c", query)
        assert refused.value.fields.keys() == {"query"}
    assert await hospital.everything() == before
    assert (await views.edit(admin, other["id"], name="b", default=True))["default"]


@pytest_twisted.ensureDeferred
async def test_there_is_a_most_of_them(hospital: Hospital) -> None:
    views, admin = SavedViews(hospital.database), hospital.people["admin"]
    for number in range(MOST_VIEWS):
        await views.save(admin, "calls", f"{number}", "direction=in")
    with pytest.raises(ConflictError, match="30 views"):
        await views.save(admin, "calls", "one more", "direction=in")
    await views.save(admin, "audit", "another list", "action=edit")
    await views.delete(admin, (await views.list(admin, "calls"))[0]["id"])
    await views.save(admin, "calls", "one more", "direction=in")
