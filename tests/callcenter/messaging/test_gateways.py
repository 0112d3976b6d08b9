"""Gateways set up while the daemon runs: record, secrets, device, alarms; a test message; and rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from callcenter.administration.permissions import BUILT_IN_ROLES
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, UnavailableError
from callcenter.messaging.queueing import MessageDraft, queue_message
from callcenter.messaging.secret_box import KeyFileError, SecretBox, SecretsUnreadableError
from callcenter.messaging.vocabulary import Purpose
from hardware.gateways.device import GatewayAbility
from protocols.sms import BalanceTold, GatewayPaused, PartRefused, Refusal
from storage.database import Database
from storage.models import Alarm, AuditEntry, SmsGateway, SmsMessage
from tests.peers.call_center import ANNA, NOW, fill
from tests.peers.messaging import SmsCentre

ADMIN = Principal(None, "root", "Root", None, dict(BUILT_IN_ROLES["administrator"][1]))
VALUES = {
    "kind": "cmpp2",
    "name": "移动",
    "signature": "【仁和医院】",
    "cost": 45,
    "options": {"secret": "geheim", "host": "10.0.0.1"},
}


@pytest_twisted.async_yield_fixture
async def centre(database: Database, tmp_path: Path) -> AsyncIterator[SmsCentre]:
    await database.run(fill)
    centre = SmsCentre(database, tmp_path)
    await centre.messaging.start()
    yield centre
    await centre.messaging.stop()


async def add(centre: SmsCentre, **values: Any) -> dict[str, Any]:
    made = await centre.messaging.gateways.create(ADMIN, {**VALUES, **values})
    await centre.settle()
    return await centre.messaging.gateways.get(ADMIN, made["id"])


async def alarms(centre: SmsCentre) -> list[tuple[str, bool]]:
    return [(row["kind"], row["cleared_at"] is None) for row in await centre.rows(Alarm)]


@pytest_twisted.ensureDeferred
async def test_a_gateway_is_added_started_and_told(centre: SmsCentre) -> None:
    view = await add(centre)
    assert (view["state"], view["signature"], view["counting"]) == ("ready", "仁和医院", "china")
    assert (view["options"], view["secrets"]) == ({"host": "10.0.0.1"}, ["secret"])
    assert "receipts" in view["abilities"]
    (settings,) = centre.factory.settings
    assert settings.secret.get_secret_value() == "geheim"  # type: ignore[attr-defined]
    told = [one.data["state"] for one in centre.events if one.type == "gateway.updated"]
    assert told[0] == "stopped"
    assert told[-1] == "ready"


@pytest_twisted.ensureDeferred
async def test_secrets_are_nowhere_in_the_clear(centre: SmsCentre) -> None:
    view = await add(centre)
    await centre.messaging.gateways.edit(ADMIN, view["id"], {"options": {"secret": "neu-geheim"}}, view["version"])
    await centre.settle()
    for record in (SmsGateway, AuditEntry):
        assert "geheim" not in repr(await centre.rows(record))
    assert "geheim" not in repr(centre.events)
    assert centre.factory.settings[-1].secret.get_secret_value() == "neu-geheim"  # type: ignore[attr-defined]
    assert centre.key_file.stat().st_mode & 0o777 == 0o600
    edits = [row for row in await centre.rows(AuditEntry) if row["action"] == "edit"]
    assert edits[0]["after"] == {"secrets": "changed"}


@pytest_twisted.ensureDeferred
async def test_an_empty_secret_stays_as_it_is(centre: SmsCentre) -> None:
    view = await add(centre)
    changed = {"options": {"secret": "", "host": "10.0.0.2"}}
    await centre.messaging.gateways.edit(ADMIN, view["id"], changed, view["version"])
    assert centre.factory.settings[-1].secret.get_secret_value() == "geheim"  # type: ignore[attr-defined]
    assert centre.factory.made[0].stopped


@pytest_twisted.ensureDeferred
async def test_null_has_the_default_back_and_takes_a_secret_away(centre: SmsCentre) -> None:
    options = {"secret": "geheim", "host": "10.0.0.1", "second": "too"}
    view = await add(centre, options=options, priority=2, balance_low=100)
    assert view["secrets"] == ["second", "secret"]
    emptied = {"priority": None, "balance_low": None, "options": {"host": None, "second": None}}
    after = await centre.messaging.gateways.edit(ADMIN, view["id"], emptied, view["version"])
    assert (after["options"], after["secrets"]) == ({}, ["secret"])
    assert (after["priority"], after["balance_low"]) == (5, None)
    with pytest.raises(InvalidError) as refused:
        await centre.messaging.gateways.edit(ADMIN, view["id"], {"options": {"secret": None}}, after["version"])
    assert list(refused.value.fields) == ["options.secret"]


@pytest_twisted.ensureDeferred
async def test_what_does_not_concern_the_connection_leaves_it_alone(centre: SmsCentre) -> None:
    view = await add(centre)
    changed = {"prefixes": ["139"], "purposes": ["care"], "trace": True, "priority": 2}
    after = await centre.messaging.gateways.edit(ADMIN, view["id"], changed, view["version"])
    (device,) = centre.factory.made
    assert not device.stopped
    assert device.traced
    assert (after["prefixes"], after["purposes"], after["priority"]) == (["139"], ["care"], 2)
    with pytest.raises(ConflictError):
        await centre.messaging.gateways.edit(ADMIN, view["id"], changed, view["version"])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "fax"}, "kind"),
        ({"name": ""}, "name"),
        ({"options": {}}, "options.secret"),
        ({"options": {"secret": "x", "sp_id": "1"}}, "options.sp_id"),
        ({"prefixes": ["13x"]}, "prefixes"),
        ({"priority": 10}, "priority"),
        ({"nonsense": 1}, "nonsense"),
        ({"options": {"secret": "x", "rate": "fast"}}, "options.rate"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_wrong_is_named(centre: SmsCentre, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        await add(centre, **values)
    assert list(refused.value.fields) == [field]
    assert await centre.rows(SmsGateway) == []


@pytest_twisted.ensureDeferred
async def test_names_are_given_once_and_free_after_removal(centre: SmsCentre) -> None:
    view = await add(centre)
    with pytest.raises(InvalidError):
        await add(centre)
    await centre.messaging.gateways.remove(ADMIN, view["id"], view["version"])
    assert centre.factory.made[0].stopped
    assert (await add(centre))["id"] != view["id"]
    with pytest.raises(NotFoundError):
        await centre.messaging.gateways.get(ADMIN, view["id"])


@pytest_twisted.ensureDeferred
async def test_out_of_service_takes_nothing_and_comes_back(centre: SmsCentre) -> None:
    view = await add(centre)
    gateways = centre.messaging.gateways
    view = await gateways.edit(ADMIN, view["id"], {"in_service": False}, view["version"])
    await centre.settle()
    await centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
    await centre.settle()
    assert (await gateways.list(ADMIN))[0]["state"] == "out_of_service"
    assert centre.factory.made[0].given == []
    await gateways.edit(ADMIN, view["id"], {"in_service": True}, view["version"])
    await centre.wait(2)
    assert [part.text for part in centre.factory.made[1].given] == ["【仁和医院】您好"]


@pytest_twisted.ensureDeferred
async def test_after_a_restart_it_is_there_with_its_secret(centre: SmsCentre) -> None:
    await add(centre)
    await centre.messaging.stop()
    await centre.another().start()
    await centre.settle()
    assert centre.factory.settings[-1].secret.get_secret_value() == "geheim"  # type: ignore[attr-defined]
    assert (await centre.messaging.gateways.list(ADMIN))[0]["state"] == "ready"


@pytest_twisted.ensureDeferred
async def test_with_another_key_it_is_lost_and_says_why_until_the_password_is_typed_in(
    centre: SmsCentre, tmp_path: Path
) -> None:
    view = await add(centre)
    await centre.messaging.stop()
    await centre.another(tmp_path / "other.key").start()
    await centre.settle()
    lost = await centre.messaging.gateways.get(ADMIN, view["id"])
    assert (lost["state"], lost["secrets"]) == ("refused", [])
    assert "another key" in lost["reason"]
    assert await alarms(centre) == [("gateway_down", True)]
    with pytest.raises(InvalidError):
        await centre.messaging.gateways.edit(ADMIN, view["id"], {"priority": 3}, view["version"])
    await centre.messaging.gateways.edit(ADMIN, view["id"], {"options": {"secret": "again"}}, view["version"])
    await centre.settle()
    assert (await centre.messaging.gateways.list(ADMIN))[0]["state"] == "ready"
    assert await alarms(centre) == [("gateway_down", False)]


@pytest_twisted.ensureDeferred
async def test_one_that_cannot_be_made_is_lost_and_the_others_are_not(centre: SmsCentre, lost_failures: Any) -> None:
    centre.factory.fails = "no such port"
    view = await add(centre)
    assert (view["state"], "no such port" in view["reason"]) == ("refused", True)
    centre.factory.fails = ""
    assert (await add(centre, name="联通"))["state"] == "ready"
    assert "no such port" in "".join(lost_failures.take())


@pytest.mark.parametrize("jump", [3600, -3600])
@pytest_twisted.ensureDeferred
async def test_a_minute_is_a_minute_when_the_wall_is_set(centre: SmsCentre, jump: float) -> None:
    await add(centre)
    (device,) = centre.factory.made
    device.lose()
    centre.clock.set(jump)
    await centre.wait(50, 10)
    assert await alarms(centre) == []
    await centre.wait(30, 10)
    assert await alarms(centre) == [("gateway_down", True)]


@pytest_twisted.ensureDeferred
async def test_one_that_is_away_for_a_minute_is_an_alarm(centre: SmsCentre) -> None:
    await add(centre)
    (device,) = centre.factory.made
    device.lose()
    await centre.wait(50, 10)
    assert await alarms(centre) == []
    await centre.wait(30, 10)
    assert await alarms(centre) == [("gateway_down", True)]
    device.come_back()
    await centre.settle()
    assert await alarms(centre) == [("gateway_down", False)]
    device.lose("wrong password", refused=True)
    await centre.settle()
    assert await alarms(centre) == [("gateway_down", True)]


@pytest_twisted.ensureDeferred
async def test_a_low_balance_is_an_alarm(centre: SmsCentre) -> None:
    view = await add(centre, balance_low=100)
    (device,) = centre.factory.made
    centre.messaging.gateways.ask_balance(ADMIN, view["id"])
    asked = device.balance_asked
    device.say(BalanceTold(50))
    await centre.settle()
    assert asked >= 1
    assert await alarms(centre) == [("balance_low", True)]
    assert (await centre.messaging.gateways.list(ADMIN))[0]["balance"] == 50
    device.say(BalanceTold(5000))
    await centre.settle()
    assert await alarms(centre) == [("balance_low", False)]


@pytest_twisted.ensureDeferred
async def test_the_balance_is_asked_for_when_it_becomes_ready_and_then_every_quarter_of_an_hour(
    centre: SmsCentre,
) -> None:
    centre.factory.answer = None
    await add(centre)
    (device,) = centre.factory.made
    assert device.balance_asked == 1
    await centre.wait(880, 20)
    assert device.balance_asked == 1
    await centre.wait(60, 20)
    assert device.balance_asked == 2
    device.lose()
    await centre.wait(900, 20)
    assert device.balance_asked == 2
    device.come_back()
    # One that comes and goes is not asked each time.
    for _ in range(3):
        device.lose()
        device.come_back()
    await centre.settle()
    assert device.balance_asked == 3
    # Nor does the clock that goes on ask at once again.
    await centre.wait(40, 20)
    assert device.balance_asked == 3


@pytest_twisted.ensureDeferred
async def test_the_balance_is_asked_for_when_somebody_has_changed_the_gateway(centre: SmsCentre) -> None:
    view = await add(centre)
    await centre.wait(80, 20)
    gateways = centre.messaging.gateways
    view = await gateways.edit(ADMIN, view["id"], {"balance_low": 100}, view["version"])
    assert [one.balance_asked for one in centre.factory.made] == [2]
    view = await gateways.edit(ADMIN, view["id"], {"options": {"host": "10.0.0.2"}}, view["version"])
    await centre.settle()
    assert [one.balance_asked for one in centre.factory.made] == [2, 1]
    await gateways.edit(ADMIN, view["id"], {"in_service": False}, view["version"])
    await centre.wait(1000, 20)
    assert [one.balance_asked for one in centre.factory.made] == [2, 1]


@pytest_twisted.ensureDeferred
async def test_one_that_cannot_tell_its_balance_is_not_asked(centre: SmsCentre) -> None:
    centre.factory.abilities = GatewayAbility.RECEIPTS
    await add(centre)
    await centre.wait(1000, 20)
    assert centre.factory.made[0].balance_asked == 0


@pytest_twisted.ensureDeferred
async def test_messages_that_wait_too_long_are_an_alarm(centre: SmsCentre) -> None:
    centre.factory.answer = lambda part: [PartRefused(part.key, Refusal.LATER, "88")]
    await add(centre)
    await centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
    centre.factory.made[0].ready = False
    await centre.settle()
    await centre.wait(780, 20)
    assert ("queue_stuck", True) in await alarms(centre)
    centre.factory.made[0].answer = lambda part: [PartRefused(part.key, Refusal.NEVER, "13")]
    centre.factory.made[0].come_back()
    await centre.wait(120, 20)
    assert ("queue_stuck", False) in await alarms(centre)


@pytest_twisted.ensureDeferred
async def test_a_pause_ends_by_itself(centre: SmsCentre) -> None:
    await add(centre)
    (device,) = centre.factory.made
    device.capacity = 0
    await centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
    device.say(GatewayPaused(5.0))
    await centre.settle()
    assert device.given == []
    device.capacity = 5
    await centre.wait(6)
    assert len(device.given) == 1


@pytest_twisted.ensureDeferred
async def test_a_test_message_goes_by_the_gateway_that_is_tried(centre: SmsCentre) -> None:
    await add(centre, priority=1)
    second = await add(centre, name="联通", prefixes=["130"], priority=9)
    key = await centre.messaging.gateways.test(ADMIN, second["id"], "13800138000", "测试")
    await centre.settle()
    assert [len(one.given) for one in centre.factory.made] == [0, 1]
    view = await centre.messaging.messages.get(ADMIN, key)
    assert (view["state"], view["purpose"], view["cost"]) == ("accepted", "test", 45)
    assert [(one["part"], one["state"], one["gateway_ref"]) for one in view["history"]] == [
        (1, "accepted", f"id-{key}.1.1")
    ]
    with pytest.raises(InvalidError) as refused:
        await centre.messaging.gateways.test(ADMIN, second["id"], "x", "")
    assert set(refused.value.fields) == {"number", "text"}


@pytest_twisted.ensureDeferred
async def test_nobody_does_what_they_may_not(centre: SmsCentre) -> None:
    view = await add(centre)
    gateways, messages, rules = centre.messaging.gateways, centre.messaging.messages, centre.messaging.rules
    for attempt in (
        gateways.create(ANNA, VALUES),
        gateways.edit(ANNA, view["id"], {}, 1),
        gateways.remove(ANNA, view["id"], 1),
        gateways.test(ANNA, view["id"], "13800138000", "x"),
        gateways.list(ANNA),
        messages.cancel(ANNA, 1),
        rules.change(ANNA, {"daily_cap": 0}, 1),
    ):
        with pytest.raises(NotAllowedError):
            await attempt
    device = centre.factory.made[0]
    device.abilities = type(device.abilities)(0)
    with pytest.raises(UnavailableError):
        gateways.ask_balance(ADMIN, view["id"])


@pytest_twisted.ensureDeferred
async def test_cancelling_and_sending_again(centre: SmsCentre) -> None:
    messages = centre.messaging.messages
    key = await centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
    assert (await messages.cancel(ADMIN, key))["state"] == "cancelled"
    with pytest.raises(ConflictError):
        await messages.cancel(ADMIN, key)
    again = await messages.resend(ADMIN, key)
    assert (again["id"] != key, again["state"]) == (True, "queued")
    with pytest.raises(ConflictError):
        await messages.resend(ADMIN, again["id"])
    assert (await messages.resend(ADMIN, key))["id"] == again["id"]
    totals = await messages.totals(ADMIN, NOW.date(), NOW.date())
    assert [(one["gateway"], one["total"], one["states"]["cancelled"]) for one in totals] == [(None, 2, 1)]
    assert len(await centre.rows(SmsMessage)) == 2


@pytest_twisted.ensureDeferred
async def test_rules_are_changed_with_an_entry_in_the_log(centre: SmsCentre) -> None:
    rules = centre.messaging.rules
    present = await rules.get(ADMIN)
    assert (present["opens"], present["time_zone"]) == ("08:00", "Asia/Shanghai")
    changed = await rules.change(ADMIN, {"opens": "09:00", "daily_cap": 3}, present["version"])
    assert (changed["opens"], changed["daily_cap"], changed["version"]) == ("09:00", 3, present["version"] + 1)
    with pytest.raises(ConflictError):
        await rules.change(ADMIN, {"opens": "10:00"}, present["version"])
    for wrong in ({"opens": "25:00"}, {"daily_cap": -1}, {"nonsense": 1}, {"time_zone": "UTC"}):
        with pytest.raises(InvalidError) as refused:
            await rules.change(ADMIN, wrong, changed["version"])
        assert list(refused.value.fields) == list(wrong)
    (entry,) = [row for row in await centre.rows(AuditEntry) if row["subject_type"] == "messaging_rules"]
    assert entry["after"] == {"opens": "09:00", "daily_cap": 3}


def test_a_box_opens_what_it_sealed_and_nothing_else(tmp_path: Path) -> None:
    box = SecretBox.at(tmp_path / "var" / "secrets.key")
    sealed = box.seal({"secret": "密码"})
    assert "密码" not in sealed
    assert SecretBox.at(tmp_path / "var" / "secrets.key").open(sealed) == {"secret": "密码"}
    assert box.open("") == {}
    with pytest.raises(SecretsUnreadableError):
        SecretBox.at(tmp_path / "other").open(sealed)
    (tmp_path / "broken").write_text("no key")
    with pytest.raises(KeyFileError):
        SecretBox.at(tmp_path / "broken")
