"""To whom a conversation can be given, as it is found: by name, pinyin and department, a few of however many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.rights import give_roles
from callcenter.messaging.conversations.owners import MOST_PEOPLE
from storage.models import Role, UserAccount
from tests.peers.hospital import MEDICINE, ORTHOPAEDICS
from tests.peers.site import Browser, RunningSite
from tests.peers.sms_desk import add_gateway, texts_arrive

DOCTORS = "+8613911112222"
"""The number of patient 4, who is the doctor's, though of internal medicine."""


def engage(session: Session, *people: tuple[str, int], role: str = "doctor") -> None:
    role_ids = session.scalars(select(Role.id).where(Role.code == role)).all() if role else []
    before = len(session.scalars(select(UserAccount.id)).all())
    for place, (name, department) in enumerate(people):
        user = UserAccount(
            username=f"{role}{before + place}", display_name=name, password_hash="x",
            department_id=department, created_at=datetime(2026, 3, 2, tzinfo=UTC),
        )  # fmt: skip
        session.add(user)
        session.flush()
        give_roles(session, user.id, role_ids)


async def found(browser: Browser, words: str = "", conversation: int | None = None) -> dict[str, Any]:
    about = "" if conversation is None else f"&conversation_id={conversation}"
    answer = await browser.get(f"/api/v1/conversations/owners?q={words}{about}")
    assert answer.status == 200, answer.text
    return dict(answer.json)


def names(owners: dict[str, Any], kind: str = "people") -> list[str]:
    return [one["name"] for one in owners[kind]]


@pytest_twisted.ensureDeferred
async def test_people_are_found_by_name_pinyin_initials_and_department(site: RunningSite) -> None:
    await site.database.run(engage, ("单小红", ORTHOPAEDICS), ("王晓红", MEDICINE), ("Petra Stone", MEDICINE))
    supervisor = await site.signed_in("supervisor")
    for words, expected in (
        ("小红", ["单小红"]), ("xh", ["单小红", "王晓红"]), ("wangx", ["王晓红"]), ("sxh", ["单小红"]),
        ("dxh", ["单小红"]), ("ＸＨ 内科", ["王晓红"]), ("gk xh", ["单小红"]), ("stone", ["Petra Stone"]),
        ("gukewang", []), ("%", []),
    ):  # fmt: skip
        owners = await found(supervisor, words)
        assert (sorted(names(owners)), owners["more"]) == (sorted(expected), False), words
    owners = await found(supervisor, "内科")
    assert (names(owners, "departments"), names(owners)) == (["内科"], ["Petra Stone", "Physician", "王晓红"])
    assert owners["people"][0]["department"] == "内科"
    # Whoever may not answer is nobody to give it to.
    await site.database.run(engage, ("王不答", MEDICINE), role="")
    assert names(await found(supervisor, "wbd")) == []


@pytest_twisted.ensureDeferred
async def test_of_hundreds_a_few_come_and_those_of_the_conversations_department_first(site: RunningSite) -> None:
    crowd = [(f"安{chr(0x4E00 + place)}", ORTHOPAEDICS) for place in range(300)]
    await site.database.run(engage, *crowd, ("周末", MEDICINE))
    await site.database.run(add_gateway)
    await site.database.run(texts_arrive, site.services.desk, DOCTORS, "您好", datetime.now(UTC))
    supervisor = await site.signed_in("supervisor")
    (talk,) = (await supervisor.get("/api/v1/conversations?box=all")).json["items"]
    assert talk["department"]["id"] == MEDICINE
    owners = await found(supervisor, conversation=talk["id"])
    assert (len(owners["people"]), owners["more"]) == (MOST_PEOPLE, True)
    assert names(owners)[:2] == ["Physician", "周末"]
    assert names(owners, "departments")[0] == "内科"
    assert len((await found(supervisor, "安"))["people"]) == MOST_PEOPLE


@pytest_twisted.ensureDeferred
async def test_only_whoever_may_give_away_looks_for_people(site: RunningSite) -> None:
    doctor, supervisor = await site.signed_in("doctor"), await site.signed_in("supervisor")
    assert (await doctor.get("/api/v1/conversations/owners")).status == 403
    assert (await supervisor.get("/api/v1/conversations/owners?conversation_id=424242")).status == 404
    assert (await supervisor.get(f"/api/v1/conversations/owners?q={'x' * 201}")).status == 422
