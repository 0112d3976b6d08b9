"""What stands beside a call, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.resource_service import ResourceService
from callcenter.administration.resources import ListQuery
from callcenter.errors import InvalidError, NotAllowedError, NotFoundError
from callcenter.servicedesk.articles import KnowledgeBase, article_resource, article_slot
from callcenter.talking.script_slot import script_slot
from callcenter.talking.scripts import script_resource
from callcenter.talking.slots import Slot, TalkedCall, TalkingPane
from protocols.signals import Answered, CallerIdentified, Rang
from storage.database import Database
from storage.models import AgentGroup, CallRecord, GroupMember, Patient, PhoneLine
from tests.peers.call_center import ANNA, CARL, DORA, NOW, CallCenter, clock_at, fill, principal

ADMIN = principal(None, "admin", "administrator", None)  # type: ignore[arg-type]
SEES_MASKS = {"calls.view": Scope.OWN, "scripts.view": Scope.ALL}
SCRIPT = {"name": "接听", "direction": "in", "position": 1, "text_zh": "您好，{hospital}{agent.name}"}


class Desk:
    def __init__(self, hospital: CallCenter) -> None:
        self.hospital = hospital
        database = hospital.database
        self.scripts = ResourceService(script_resource(), database, hospital.clock)
        self.articles = ResourceService(article_resource(), database, hospital.clock)
        self.pane = TalkingPane(database, (script_slot("示范医院"), article_slot()))
        self.knowledge = KnowledgeBase(database)

    async def call(self) -> int:
        await self.hospital.telephony.agents.connected(ANNA)
        await self.hospital.hear(Rang(), CallerIdentified("13800138000"))
        call_id = int(self.hospital.last("call.ringing")["id"])
        await self.hospital.telephony.calls.claim(ANNA, call_id)
        await self.hospital.hear(Answered())
        return call_id

    async def names(self, call_id: int) -> list[str]:
        slots = {slot["name"]: slot["content"] for slot in await self.pane.content(ANNA, call_id)}
        return [one["name"] for one in slots.get("scripts", {"scripts": []})["scripts"]]


@pytest_twisted.async_yield_fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    await database.run(fill)
    hospital = CallCenter(database, clock_at(NOW))
    await hospital.telephony.start()
    await hospital.settle()
    yield Desk(hospital)
    await hospital.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_nothing_to_show_is_no_slot(desk: Desk) -> None:
    assert await desk.pane.content(ANNA, await desk.call()) == []


@pytest_twisted.ensureDeferred
async def test_a_script_with_the_names_of_the_call(desk: Desk) -> None:
    await desk.scripts.create(ADMIN, {**SCRIPT, "text_zh": "{patient.name}您好", "text_en": "Hello"})
    call_id = await desk.call()
    (slot,) = await desk.pane.content(ANNA, call_id)
    (script,) = slot["content"]["scripts"]
    patient = (await desk.hospital.telephony.calls.get(ANNA, call_id))["patient"]["name"]
    assert slot["name"] == "scripts"
    assert script["zh"] == [{"text": patient, "placeholder": "patient.name"}, {"text": "您好", "placeholder": ""}]
    assert script["en"] == [{"text": "Hello", "placeholder": ""}]


@pytest_twisted.ensureDeferred
async def test_a_number_in_a_name_is_not_read_out_to_who_may_not_see_it(desk: Desk) -> None:
    await desk.scripts.create(ADMIN, {**SCRIPT, "text_zh": "{patient.name}"})
    call_id = await desk.call()

    def rename(session: Session) -> None:
        patient = session.get_one(CallRecord, call_id).patient_id
        session.get_one(Patient, patient).name = "张三 13800138000"

    await desk.hospital.database.run(rename)
    for onlooker, shown in ((ANNA, "张三 13800138000"), (replace(ANNA, grants=SEES_MASKS), "张三 138****8000")):
        (slot,) = await desk.pane.content(onlooker, call_id)
        assert slot["content"]["scripts"][0]["zh"][0]["text"] == shown


@pytest_twisted.ensureDeferred
async def test_only_scripts_that_fit_and_those_of_the_group_first(desk: Desk) -> None:
    def group(session: Session) -> tuple[int, int]:
        groups = [AgentGroup(name=name, rule="all", disabled=False) for name in ("一组", "二组")]
        session.add_all(groups)
        session.flush()
        session.add(GroupMember(group_id=groups[0].id, user_id=ANNA.user_id))
        return groups[0].id, groups[1].id

    mine, other = await desk.hospital.database.run(group)
    for name, values in {
        "all": {"direction": ""},
        "out": {"direction": "out"},
        "in": {"direction": "in", "position": 0},
        "mine": {"group_id": mine, "position": 9},
        "other": {"group_id": other},
    }.items():
        await desk.scripts.create(ADMIN, {**SCRIPT, **values, "name": name})
    off = await desk.scripts.create(ADMIN, {**SCRIPT, "name": "off"})
    await desk.scripts.disable(ADMIN, off["id"], None)
    call_id = await desk.call()
    assert await desk.names(call_id) == ["mine", "in", "all"]

    def bind(session: Session) -> None:
        session.get_one(PhoneLine, 1).agent_group_id = other

    await desk.hospital.database.run(bind)
    assert await desk.names(call_id) == ["other", "in", "all"]


@pytest_twisted.ensureDeferred
async def test_an_unknown_placeholder_is_refused_where_it_stands(desk: Desk) -> None:
    with pytest.raises(InvalidError) as caught:
        await desk.scripts.create(ADMIN, {**SCRIPT, "text_en": "{patient.id_number} {agent.__class__}"})
    assert set(caught.value.fields) == {"text_en"}
    assert str(caught.value.fields["text_en"]).startswith("{patient.id_number} is no placeholder.")


@pytest_twisted.ensureDeferred
async def test_what_a_chinese_input_method_writes_is_filled_in_or_refused_with_its_line(desk: Desk) -> None:
    with pytest.raises(InvalidError) as caught:
        await desk.scripts.create(
            ADMIN, {**SCRIPT, "text_zh": "您好！\n我是｛agent.name｝，\n｛姓名｝。", "text_en": "｛x"}
        )
    words = "{name} is no placeholder. There are: {{patient.name}}, {{agent.name}}, {{hospital}}."
    assert caught.value.fields == {
        "text_zh": "Line 3: " + words.format(name="{姓名}"),
        "text_en": "The braces do not match: ｛ has no partner in “｛x”.",
    }
    await desk.scripts.create(ADMIN, {**SCRIPT, "text_zh": "我是｛hospital｝"})
    (slot,) = await desk.pane.content(ANNA, await desk.call())
    assert slot["content"]["scripts"][0]["zh"] == [
        {"text": "我是", "placeholder": ""},
        {"text": "示范医院", "placeholder": "hospital"},
    ]


@pytest_twisted.ensureDeferred
async def test_who_may_read_and_write(desk: Desk) -> None:
    call_id = await desk.call()
    await desk.scripts.create(ADMIN, SCRIPT)
    with pytest.raises(NotAllowedError):
        await desk.scripts.create(ANNA, SCRIPT)
    with pytest.raises(NotFoundError):
        await desk.pane.content(CARL, call_id)
    with pytest.raises(NotAllowedError):
        await desk.knowledge.find(DORA, "x")
    onlooker = Principal(None, "x", "x", None, {"calls.view": Scope.ALL})
    assert await desk.pane.content(onlooker, call_id) == []


@pytest_twisted.ensureDeferred
async def test_articles_are_found_by_title_content_type_and_initials(desk: Desk) -> None:
    for title, kind, content in (
        ("术后饮食", "饮食", "清淡、易消化"),
        ("门诊时间", "就诊", "周一至周五，术后复查请提前预约"),
        ("MRI 须知", "检查", "100% 不带金属_物品"),
    ):
        await desk.articles.create(ADMIN, {"title": title, "type": kind, "content": content})
    off = await desk.articles.create(ADMIN, {"title": "术后旧版", "type": "饮食", "content": "旧"})
    await desk.articles.disable(ADMIN, off["id"], None)

    async def titles(words: str) -> list[str]:
        return [one["title"] for one in await desk.knowledge.find(ANNA, words)]

    assert await titles("shys") == ["术后饮食"]
    assert await titles("SHYS 清淡") == ["术后饮食"]
    assert await titles("术后") == ["术后饮食", "门诊时间"]
    assert await titles("就诊") == ["门诊时间"]
    assert await titles("mri") == ["MRI 须知"]
    assert await titles("0%") == ["MRI 须知"]
    assert await titles("金属_") == ["MRI 须知"]
    assert await titles("_") == ["MRI 须知"]
    assert await titles("  ") == await titles("没有") == []
    edited = (await desk.articles.list(ADMIN, ListQuery(q="shys"))).items[0]
    await desk.articles.edit(ADMIN, edited["id"], {"version": edited["version"], "title": "饮食指导"})
    assert await titles("yszd") == ["饮食指导"]
    assert [slot["name"] for slot in await desk.pane.content(ANNA, await desk.call())] == ["articles"]


def test_two_slots_of_one_name_are_a_mistake() -> None:
    nothing: Callable[[Session, Any, TalkedCall], None] = lambda *_: None  # noqa: E731
    with pytest.raises(ValueError, match="scripts"):
        TalkingPane(None, [script_slot("x"), Slot("scripts", "calls.view", nothing)])  # type: ignore[arg-type]
