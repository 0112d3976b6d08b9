"""Gateways set up while the daemon runs: record, secrets, device, alarms; a test message; and rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, UnavailableError
from callcenter.messaging.gateways.secret_box import KeyFileError, SecretBox, SecretsUnreadableError
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from hardware.gateways.device import GatewayAbility
from protocols.sms import BalanceTold, GatewayPaused, PartRefused, Refusal, StorageTold
from storage.models import Alarm, AuditEntry, SmsGateway, SmsMessage
from tests.peers.call_center import ANNA, NOW
from tests.peers.messaging import ADMIN, SmsCentre

VALUES = {
    "kind": "cmpp2",
    "name": "移动",
    "signature": "【仁和医院】",
    "cost": 45,
    "options": {"secret": "geheim", "host": "10.0.0.1"},
}


async def add(sms_centre: SmsCentre, **values: Any) -> dict[str, Any]:
    made = await sms_centre.messaging.gateways.create(ADMIN, {**VALUES, **values})
    await sms_centre.settle()
    return await sms_centre.messaging.gateways.get(ADMIN, made["id"])


async def alarms(sms_centre: SmsCentre) -> list[tuple[str, bool]]:
    return [(row["kind"], row["cleared_at"] is None) for row in await sms_centre.rows(Alarm)]


@pytest_twisted.ensureDeferred
async def test_a_gateway_is_added_started_and_told(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    assert (view["state"], view["signature"], view["counting"]) == ("ready", "仁和医院", "china")
    assert (view["options"], view["secrets"]) == ({"host": "10.0.0.1"}, ["secret"])
    assert "receipts" in view["abilities"]
    (settings,) = sms_centre.factory.settings
    assert settings.secret.get_secret_value() == "geheim"  # type: ignore[attr-defined]
    told = [one.data["state"] for one in sms_centre.events if one.type == "gateway.updated"]
    assert told[0] == "stopped"
    assert told[-1] == "ready"


@pytest_twisted.ensureDeferred
async def test_a_signature_that_the_gateway_cannot_write_is_refused_at_its_field(sms_centre: SmsCentre) -> None:
    options = {"url": "http://provider/", "preset": "linkws"}
    provider: dict[str, Any] = {"kind": "http", "options": options, "signature": "䶮氏医院"}
    with pytest.raises(InvalidError) as error:
        await add(sms_centre, **provider)
    assert list(error.value.fields) == ["signature"]
    assert "GBK" in error.value.fields["signature"]
    # The provider adds it by itself, or its pages are in UTF-8.
    view = await add(sms_centre, **provider, adds_signature=True)
    with pytest.raises(InvalidError):
        await sms_centre.messaging.gateways.edit(ADMIN, view["id"], {"adds_signature": False}, view["version"])
    await add(sms_centre, **provider | {"name": "服务商", "options": options | {"preset": "sms_aspx"}})


@pytest_twisted.ensureDeferred
async def test_a_signature_that_leaves_no_room_for_a_text_is_refused_at_its_field(sms_centre: SmsCentre) -> None:
    own = {"fields": {"to": "{numbers}", "msg": "{text}"}, "accepted": "OK", "longest": 6}
    options = {"url": "http://provider/", "preset": "custom", "own": own}
    provider: dict[str, Any] = {"kind": "http", "options": options, "signature": "仁和医院"}
    with pytest.raises(InvalidError) as error:
        await add(sms_centre, **provider)
    assert error.value.fields == {"signature": "leaves no room for a text: the provider takes 6 characters"}
    await add(sms_centre, **provider, adds_signature=True)
    await add(sms_centre, **provider | {"name": "服务商", "signature": "仁和"})


@pytest_twisted.ensureDeferred
async def test_secrets_are_nowhere_in_the_clear(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    await sms_centre.messaging.gateways.edit(ADMIN, view["id"], {"options": {"secret": "neu-geheim"}}, view["version"])
    await sms_centre.settle()
    for record in (SmsGateway, AuditEntry):
        assert "geheim" not in repr(await sms_centre.rows(record))
    assert "geheim" not in repr(sms_centre.events)
    assert sms_centre.factory.settings[-1].secret.get_secret_value() == "neu-geheim"  # type: ignore[attr-defined]
    assert sms_centre.key_file.stat().st_mode & 0o777 == 0o600
    edits = [row for row in await sms_centre.rows(AuditEntry) if row["action"] == "edit"]
    assert edits[0]["after"] == {"secrets": "changed"}


@pytest_twisted.ensureDeferred
async def test_an_empty_secret_stays_as_it_is(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    changed = {"options": {"secret": "", "host": "10.0.0.2"}}
    await sms_centre.messaging.gateways.edit(ADMIN, view["id"], changed, view["version"])
    assert sms_centre.factory.settings[-1].secret.get_secret_value() == "geheim"  # type: ignore[attr-defined]
    assert sms_centre.factory.made[0].stopped


@pytest_twisted.ensureDeferred
async def test_null_has_the_default_back_and_takes_a_secret_away(sms_centre: SmsCentre) -> None:
    options = {"secret": "geheim", "host": "10.0.0.1", "second": "too"}
    view = await add(sms_centre, options=options, priority=2, balance_low=100)
    assert view["secrets"] == ["second", "secret"]
    emptied = {"priority": None, "balance_low": None, "options": {"host": None, "second": None}}
    after = await sms_centre.messaging.gateways.edit(ADMIN, view["id"], emptied, view["version"])
    assert (after["options"], after["secrets"]) == ({}, ["secret"])
    assert (after["priority"], after["balance_low"]) == (5, None)
    with pytest.raises(InvalidError) as refused:
        await sms_centre.messaging.gateways.edit(ADMIN, view["id"], {"options": {"secret": None}}, after["version"])
    assert list(refused.value.fields) == ["options.secret"]


@pytest_twisted.ensureDeferred
async def test_what_does_not_concern_the_connection_leaves_it_alone(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    changed = {"prefixes": ["139"], "purposes": ["care"], "trace": True, "priority": 2}
    after = await sms_centre.messaging.gateways.edit(ADMIN, view["id"], changed, view["version"])
    (device,) = sms_centre.factory.made
    assert not device.stopped
    assert device.traced
    assert (after["prefixes"], after["purposes"], after["priority"]) == (["139"], ["care"], 2)
    with pytest.raises(ConflictError):
        await sms_centre.messaging.gateways.edit(ADMIN, view["id"], changed, view["version"])


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
async def test_what_is_wrong_is_named(sms_centre: SmsCentre, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        await add(sms_centre, **values)
    assert list(refused.value.fields) == [field]
    assert await sms_centre.rows(SmsGateway) == []


@pytest_twisted.ensureDeferred
async def test_names_are_given_once_and_free_after_removal(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    with pytest.raises(InvalidError):
        await add(sms_centre)
    await sms_centre.messaging.gateways.remove(ADMIN, view["id"], view["version"])
    assert sms_centre.factory.made[0].stopped
    assert (await add(sms_centre))["id"] != view["id"]
    with pytest.raises(NotFoundError):
        await sms_centre.messaging.gateways.get(ADMIN, view["id"])


@pytest_twisted.ensureDeferred
async def test_out_of_service_takes_nothing_and_comes_back(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    gateways = sms_centre.messaging.gateways
    view = await gateways.edit(ADMIN, view["id"], {"in_service": False}, view["version"])
    await sms_centre.settle()
    await sms_centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
    await sms_centre.settle()
    assert (await gateways.list(ADMIN))[0]["state"] == "out_of_service"
    assert sms_centre.factory.made[0].given == []
    await gateways.edit(ADMIN, view["id"], {"in_service": True}, view["version"])
    await sms_centre.wait(2)
    assert [part.text for part in sms_centre.factory.made[1].given] == ["【仁和医院】您好"]


@pytest_twisted.ensureDeferred
async def test_after_a_restart_it_is_there_with_its_secret(sms_centre: SmsCentre) -> None:
    await add(sms_centre)
    await sms_centre.messaging.stop()
    await sms_centre.another().start()
    await sms_centre.settle()
    assert sms_centre.factory.settings[-1].secret.get_secret_value() == "geheim"  # type: ignore[attr-defined]
    assert (await sms_centre.messaging.gateways.list(ADMIN))[0]["state"] == "ready"


@pytest_twisted.ensureDeferred
async def test_with_another_key_it_is_lost_and_says_why_until_the_password_is_typed_in(
    sms_centre: SmsCentre, tmp_path: Path
) -> None:
    view = await add(sms_centre)
    await sms_centre.messaging.stop()
    await sms_centre.another(tmp_path / "other.key").start()
    await sms_centre.settle()
    lost = await sms_centre.messaging.gateways.get(ADMIN, view["id"])
    assert (lost["state"], lost["secrets"]) == ("refused", [])
    assert "another key" in lost["reason"]
    assert await alarms(sms_centre) == [("gateway_down", True)]
    with pytest.raises(InvalidError):
        await sms_centre.messaging.gateways.edit(ADMIN, view["id"], {"priority": 3}, view["version"])
    await sms_centre.messaging.gateways.edit(ADMIN, view["id"], {"options": {"secret": "again"}}, view["version"])
    await sms_centre.settle()
    assert (await sms_centre.messaging.gateways.list(ADMIN))[0]["state"] == "ready"
    assert await alarms(sms_centre) == [("gateway_down", False)]


@pytest_twisted.ensureDeferred
async def test_one_that_cannot_be_made_is_lost_and_the_others_are_not(
    sms_centre: SmsCentre, lost_failures: Any
) -> None:
    sms_centre.factory.fails = "no such port"
    view = await add(sms_centre)
    assert (view["state"], "no such port" in view["reason"]) == ("refused", True)
    sms_centre.factory.fails = ""
    assert (await add(sms_centre, name="联通"))["state"] == "ready"
    assert "no such port" in "".join(lost_failures.take())


@pytest.mark.parametrize("jump", [3600, -3600])
@pytest_twisted.ensureDeferred
async def test_a_minute_is_a_minute_when_the_wall_is_set(sms_centre: SmsCentre, jump: float) -> None:
    await add(sms_centre)
    (device,) = sms_centre.factory.made
    device.lose()
    sms_centre.clock.set(jump)
    await sms_centre.wait(50, 10)
    assert await alarms(sms_centre) == []
    await sms_centre.wait(30, 10)
    assert await alarms(sms_centre) == [("gateway_down", True)]


@pytest_twisted.ensureDeferred
async def test_one_that_is_away_for_a_minute_is_an_alarm(sms_centre: SmsCentre) -> None:
    await add(sms_centre)
    (device,) = sms_centre.factory.made
    device.lose()
    await sms_centre.wait(50, 10)
    assert await alarms(sms_centre) == []
    await sms_centre.wait(30, 10)
    assert await alarms(sms_centre) == [("gateway_down", True)]
    device.come_back()
    await sms_centre.settle()
    assert await alarms(sms_centre) == [("gateway_down", False)]
    device.lose("wrong password", refused=True)
    await sms_centre.settle()
    assert await alarms(sms_centre) == [("gateway_down", True)]


@pytest_twisted.ensureDeferred
async def test_a_low_balance_is_an_alarm(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre, balance_low=100)
    (device,) = sms_centre.factory.made
    sms_centre.messaging.gateways.ask_balance(ADMIN, view["id"])
    asked = device.balance_asked
    device.say(BalanceTold(50))
    await sms_centre.settle()
    assert asked >= 1
    assert await alarms(sms_centre) == [("balance_low", True)]
    assert (await sms_centre.messaging.gateways.list(ADMIN))[0]["balance"] == 50
    device.say(BalanceTold(5000))
    await sms_centre.settle()
    assert await alarms(sms_centre) == [("balance_low", False)]


@pytest_twisted.ensureDeferred
async def test_a_full_storage_is_an_alarm_until_it_has_place_or_is_taken_away(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    (device,) = sms_centre.factory.made
    device.say(StorageTold(27, 30))
    await sms_centre.settle()
    assert await alarms(sms_centre) == []
    device.say(StorageTold(28, 30))
    await sms_centre.settle()
    assert await alarms(sms_centre) == [("gateway_full", True)]
    (shown,) = await sms_centre.messaging.gateways.list(ADMIN)
    assert shown["storage"] == {"used": 28, "size": 30, "full": True}
    # While it is away nobody knows; nor before the one that is set up anew has told.
    device.lose()
    await sms_centre.settle()
    changed = await sms_centre.messaging.gateways.edit(
        ADMIN, view["id"], {"options": {"host": "10.0.0.9"}}, view["version"]
    )
    await sms_centre.settle()
    device = sms_centre.factory.made[-1]
    assert changed["storage"] is None
    assert await alarms(sms_centre) == [("gateway_full", True)]
    device.say(StorageTold(0, 30))
    await sms_centre.settle()
    assert await alarms(sms_centre) == [("gateway_full", False)]
    device.say(StorageTold(30, 30))
    await sms_centre.settle()
    assert await alarms(sms_centre) == [("gateway_full", True)]
    await sms_centre.messaging.gateways.remove(ADMIN, view["id"], changed["version"])
    assert await alarms(sms_centre) == [("gateway_full", False)]


@pytest_twisted.ensureDeferred
async def test_the_balance_is_asked_for_when_it_becomes_ready_and_then_every_quarter_of_an_hour(
    sms_centre: SmsCentre,
) -> None:
    sms_centre.factory.answer = None
    await add(sms_centre)
    (device,) = sms_centre.factory.made
    assert device.balance_asked == 1
    await sms_centre.wait(880, 20)
    assert device.balance_asked == 1
    await sms_centre.wait(60, 20)
    assert device.balance_asked == 2
    device.lose()
    await sms_centre.wait(900, 20)
    assert device.balance_asked == 2
    device.come_back()
    # One that comes and goes is not asked each time.
    for _ in range(3):
        device.lose()
        device.come_back()
    await sms_centre.settle()
    assert device.balance_asked == 3
    # Nor does the clock that goes on ask at once again.
    await sms_centre.wait(40, 20)
    assert device.balance_asked == 3


@pytest_twisted.ensureDeferred
async def test_the_balance_is_asked_for_when_somebody_has_changed_the_gateway(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    await sms_centre.wait(80, 20)
    gateways = sms_centre.messaging.gateways
    view = await gateways.edit(ADMIN, view["id"], {"balance_low": 100}, view["version"])
    assert [one.balance_asked for one in sms_centre.factory.made] == [2]
    view = await gateways.edit(ADMIN, view["id"], {"options": {"host": "10.0.0.2"}}, view["version"])
    await sms_centre.settle()
    assert [one.balance_asked for one in sms_centre.factory.made] == [2, 1]
    await gateways.edit(ADMIN, view["id"], {"in_service": False}, view["version"])
    await sms_centre.wait(1000, 20)
    assert [one.balance_asked for one in sms_centre.factory.made] == [2, 1]


@pytest_twisted.ensureDeferred
async def test_one_that_cannot_tell_its_balance_is_not_asked(sms_centre: SmsCentre) -> None:
    sms_centre.factory.abilities = GatewayAbility.RECEIPTS
    await add(sms_centre)
    await sms_centre.wait(1000, 20)
    assert sms_centre.factory.made[0].balance_asked == 0


@pytest_twisted.ensureDeferred
async def test_messages_that_wait_too_long_are_an_alarm(sms_centre: SmsCentre) -> None:
    sms_centre.factory.answer = lambda part: [PartRefused(part.key, Refusal.LATER, "88")]
    await add(sms_centre)
    await sms_centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
    sms_centre.factory.made[0].ready = False
    await sms_centre.settle()
    await sms_centre.wait(780, 20)
    assert ("queue_stuck", True) in await alarms(sms_centre)
    sms_centre.factory.made[0].answer = lambda part: [PartRefused(part.key, Refusal.NEVER, "13")]
    sms_centre.factory.made[0].come_back()
    await sms_centre.wait(120, 20)
    assert ("queue_stuck", False) in await alarms(sms_centre)


@pytest_twisted.ensureDeferred
async def test_what_waits_too_long_for_a_gateway_out_of_service_is_an_alarm_while_others_work(
    sms_centre: SmsCentre,
) -> None:
    await add(sms_centre)
    page = sms_centre.factory.made[0]
    page.charset = "gbk"
    resting = await add(sms_centre, name="备用", in_service=False)
    draft = MessageDraft("13800138000", "好的🙏", Purpose.REPLY)
    await sms_centre.database.run(queue_message, draft, NOW)
    await sms_centre.settle()
    (row,) = await sms_centre.rows(SmsMessage)
    assert (row["state"], row["reason"]) == ("queued", "out_of_service")
    waits, told = row["state_at"], len(sms_centre.events)
    for _ in range(11):
        await sms_centre.wait(50, 10)
        await sms_centre.queue("13900139000")
        assert await alarms(sms_centre) == []
    await sms_centre.wait(120, 10)
    (row, *others) = await sms_centre.rows(SmsMessage)
    # It has been so all the time, and that it still is was no news.
    assert (row["state"], row["state_at"]) == ("queued", waits)
    news = [one.subject for one in sms_centre.events[told:] if one.type == "message.updated"]
    assert str(row["id"]) not in news
    assert {one["state"] for one in others} == {"accepted"}
    assert await alarms(sms_centre) == [("queue_stuck", True)]
    (alarm,) = await sms_centre.rows(Alarm)
    assert alarm["details"]["reason"] == "a gateway that alone can carry them is out of service"
    # The one that works is away for a while: that is no end of it.
    page.lose()
    await sms_centre.wait(240, 20)
    page.come_back()
    first = (await sms_centre.rows(Alarm))[0]
    assert (first["kind"], first["cleared_at"], first["times"]) == ("queue_stuck", None, 1)
    await sms_centre.messaging.gateways.edit(ADMIN, resting["id"], {"in_service": True}, resting["version"])
    await sms_centre.wait(120, 20)
    assert (await sms_centre.states())[0] == "accepted"
    assert ("queue_stuck", False) in await alarms(sms_centre)


@pytest_twisted.ensureDeferred
async def test_a_pause_ends_by_itself(sms_centre: SmsCentre) -> None:
    await add(sms_centre)
    (device,) = sms_centre.factory.made
    device.capacity = 0
    await sms_centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
    device.say(GatewayPaused(5.0))
    await sms_centre.settle()
    assert device.given == []
    device.capacity = 5
    await sms_centre.wait(6)
    assert len(device.given) == 1


@pytest_twisted.ensureDeferred
async def test_a_test_message_goes_by_the_gateway_that_is_tried(sms_centre: SmsCentre) -> None:
    await add(sms_centre, priority=1)
    second = await add(sms_centre, name="联通", prefixes=["130"], priority=9)
    key = await sms_centre.messaging.gateways.test(ADMIN, second["id"], "13800138000", "测试")
    await sms_centre.settle()
    assert [len(one.given) for one in sms_centre.factory.made] == [0, 1]
    view = await sms_centre.messaging.messages.get(ADMIN, key)
    assert (view["state"], view["purpose"], view["cost"]) == ("accepted", "test", 45)
    assert [(one["part"], one["state"], one["gateway_ref"]) for one in view["history"]] == [
        (1, "accepted", f"id-{key}.1.1")
    ]
    with pytest.raises(InvalidError) as refused:
        await sms_centre.messaging.gateways.test(ADMIN, second["id"], "x", "")
    assert set(refused.value.fields) == {"number", "text"}


@pytest_twisted.ensureDeferred
async def test_nobody_does_what_they_may_not(sms_centre: SmsCentre) -> None:
    view = await add(sms_centre)
    gateways, messages, rules = sms_centre.messaging.gateways, sms_centre.messaging.messages, sms_centre.messaging.rules
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
    device = sms_centre.factory.made[0]
    device.abilities = type(device.abilities)(0)
    with pytest.raises(UnavailableError):
        gateways.ask_balance(ADMIN, view["id"])


@pytest_twisted.ensureDeferred
async def test_cancelling_and_sending_again(sms_centre: SmsCentre) -> None:
    messages = sms_centre.messaging.messages
    key = await sms_centre.database.run(queue_message, MessageDraft("13800138000", "您好", Purpose.REPLY), NOW)
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
    assert len(await sms_centre.rows(SmsMessage)) == 2


@pytest_twisted.ensureDeferred
async def test_rules_are_changed_with_an_entry_in_the_log(sms_centre: SmsCentre) -> None:
    rules = sms_centre.messaging.rules
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
    (entry,) = [row for row in await sms_centre.rows(AuditEntry) if row["subject_type"] == "messaging_rules"]
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


@pytest_twisted.ensureDeferred
async def test_all_are_stopped_at_the_same_time(sms_centre: SmsCentre) -> None:
    """One that waits for answers must not take the time in which the others could hear theirs."""
    asked: list[str] = []
    answers = {name: Deferred[None]() for name in ("移动", "联通")}
    for priority, name in enumerate(answers, 1):
        gateway = await sms_centre.add_gateway(name, priority, None)

        async def stop(name: str = name) -> None:
            asked.append(name)
            await answers[name]

        gateway.stop = stop  # type: ignore[method-assign]
    stopping = Deferred.fromCoroutine(sms_centre.messaging.board.stop())
    assert asked == list(answers)
    for answered in answers.values():
        answered.callback(None)
    await stopping
    states = {row["state"] for row in await sms_centre.rows(SmsGateway)}
    assert states == {"stopped"}
