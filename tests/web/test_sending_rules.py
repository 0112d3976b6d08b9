"""The page of the sending rules: the same service as the API, nothing typed is lost, nobody's change is undone."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
import pytest_twisted

from callcenter.messaging.fields import RULE_FIELDS
from callcenter.messaging.rules.sending import SendingRules
from tests.peers.site import Browser, RunningSite
from web.merging import Merge

API = "/api/v1/messaging-rules"
TYPED = {
    "opens": "08:00",
    "closes": "20:00",
    "waiting": ["reminder", "care", "marketing"],
    "daily_cap": "5",
    "capped": ["reminder", "care", "marketing"],
    "expire_hours": "48",
    "late_minutes": "30",
    "resent": ["reply", "reminder", "alarm"],
}


async def opened(admin: Browser, page: str = "") -> dict[str, Any]:
    """What the form says of its beginning."""
    text = page or (await admin.get("/sending-rules")).text
    hidden = re.findall(r'<input type="hidden" name="(version|seen)" value="([^"]*)">', text)
    return {name: unescape(value) for name, value in hidden}


async def saved(admin: Browser, form: dict[str, Any], **typed: Any) -> Any:
    return await admin.ask("POST", "/sending-rules?lang=en", form={**TYPED, **form, **typed})


@pytest_twisted.ensureDeferred
async def test_the_page_changes_what_the_api_tells_and_the_log_keeps_it(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    form = await opened(admin)
    assert json.loads(form["seen"]) == TYPED | {name: sorted(TYPED[name]) for name in ("waiting", "capped", "resent")}
    answer = await saved(admin, form, closes="21:00", daily_cap="3", waiting=["marketing"], capped=[])
    assert (answer.status, answer.header("Location")) == (303, "/sending-rules?done=saved")
    rules = (await admin.get(API)).json
    told = {name: rules[name] for name in ("opens", "closes", "daily_cap", "waiting", "capped", "expire_hours")}
    expected = {"opens": "08:00", "closes": "21:00", "daily_cap": 3, "waiting": ["marketing"], "capped": []}
    assert told == {**expected, "expire_hours": 48}
    (entry, *_) = (await admin.get("/api/v1/audit?subject_type=messaging_rules")).json["items"]
    assert (entry["action"], entry["before"]["closes"], entry["after"]["closes"]) == ("edit", "20:00", "21:00")
    page = (await admin.get("/audit?subject_type=messaging_rules&lang=en")).text
    assert "Wait while it is quiet" in page
    assert "Reminder, Care, Marketing" in page


@pytest_twisted.ensureDeferred
async def test_what_was_not_touched_writes_nothing(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    form = await opened(admin)
    before = (await admin.get(API)).json
    assert (await saved(admin, form)).status == 303
    assert (await admin.get(API)).json == before


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("opens", "", "Required."),
        ("opens", "8 Uhr", "Write hours and minutes"),
        ("closes", "25:00", "Write hours and minutes"),
        ("daily_cap", "-1", "At least 0."),
        ("expire_hours", "721", "At most 720."),
        ("late_minutes", "soon", "whole number"),
        ("waiting", "everything", "Choose one of: reply, reminder"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays_typed(
    site: RunningSite, name: str, value: str, said: str
) -> None:
    admin = await site.signed_in("admin")
    before = (await admin.get(API)).json
    other = "late_minutes" if name != "late_minutes" else "expire_hours"
    answer = await saved(admin, await opened(admin), **{name: value, other: "77"})
    assert answer.status == 422
    assert said in answer.text.partition(f'id="{name}-about"')[2].partition("</span>")[0]
    assert f'name="{other}" value="77"' in answer.text
    assert (await admin.get(API)).json == before


@pytest_twisted.ensureDeferred
async def test_a_change_of_the_receiving_rules_does_not_stand_in_the_way(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    form = await opened(admin)
    await admin.ask("PATCH", "/api/v1/desk-rules", {"version": int(form["version"]), "auto_reply_hours": 24})
    assert (await saved(admin, form, daily_cap="2")).status == 303
    assert (await admin.get(API)).json["daily_cap"] == 2
    assert (await admin.get("/api/v1/desk-rules")).json["auto_reply_hours"] == 24


@pytest_twisted.ensureDeferred
async def test_what_somebody_else_changed_is_shown_and_what_was_typed_stays(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    form = await opened(admin)
    theirs = {"version": int(form["version"]), "daily_cap": 9, "expire_hours": 12}
    assert (await admin.ask("PATCH", API, theirs)).status == 200
    answer = await saved(admin, form, daily_cap="2", closes="22:00")
    assert answer.status == 409
    moved = [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<li data-moved>(.*?)</li>", answer.text)]
    assert moved == [
        "Most to one number a day: 9 · you typed 2, which is still below",
        "Given up after (hours): 12 · taken over below",
    ]
    for name, value in (("daily_cap", 2), ("expire_hours", 12), ("closes", "22:00")):
        assert f'name="{name}" value="{value}"' in answer.text
    assert (await admin.get(API)).json["daily_cap"] == 9
    again = await opened(admin, answer.text)
    assert (await saved(admin, again, daily_cap="2", expire_hours="12", closes="22:00")).status == 303
    rules = (await admin.get(API)).json
    assert (rules["daily_cap"], rules["expire_hours"], rules["closes"]) == (2, 12, "22:00")


@pytest_twisted.ensureDeferred
async def test_who_may_only_look_looks(site: RunningSite) -> None:
    supervisor, agent = await site.signed_in("supervisor"), await site.signed_in("agent")
    page = (await supervisor.get("/sending-rules?lang=en")).text
    assert "Only administrators change these rules." in page
    assert ("disabled" in page, "btn-primary" in page) == (True, False)
    assert (await saved(supervisor, await opened(supervisor), daily_cap="2")).status == 403
    assert (await agent.get("/sending-rules")).status == 403
    assert 'href="/sending-rules"' not in (await agent.get("/settings")).text
    assert 'href="/sending-rules"' in (await supervisor.get("/settings")).text


@pytest.mark.parametrize("seen", ["", "{}", "[]", "7", '{"opens": {}}', "[" * 2000])
@pytest_twisted.ensureDeferred
async def test_a_form_that_says_nonsense_of_its_beginning_loses_nothing(site: RunningSite, seen: str) -> None:
    admin = await site.signed_in("admin")
    form = await opened(admin)
    assert (await saved(admin, form, seen=seen, daily_cap="2")).status == 303
    assert (await admin.get(API)).json["daily_cap"] == 2


def test_every_rule_has_a_label() -> None:
    assert {one.name for one in RULE_FIELDS} == {*SendingRules.model_fields} - {"time_zone"}


def test_two_who_say_the_same_do_not_disagree() -> None:
    merge = Merge({"a": 1, "b": 1}, {"a": 2, "b": 1})
    assert merge.meant == {"a": 2}
    assert merge.moved({"a": 2, "b": 1}) == []
    assert merge.moved({"a": 1, "b": 3}) == ["b"]
    assert merge.onto({"a": 1, "b": 3}) == {"a": 2, "b": 3}
