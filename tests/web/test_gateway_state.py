"""What list and page of gateways say of one that takes nothing now: since when, why, and when that changes."""

from __future__ import annotations

from typing import Any

import pytest_twisted
from twisted.internet import reactor

from callcenter.messaging.gateways.throttling import MOST_PAUSES
from protocols.sms import BalanceTold, GatewayPaused, StorageTold
from tests.peers.patience import until
from tests.peers.scripted_gateway import ScriptedGateway
from tests.peers.site import RunningSite, with_rights


async def gateway(site: RunningSite, admin: Any) -> tuple[str, ScriptedGateway]:
    made = await admin.post(
        "/api/v1/gateways", {"kind": "cmpp2", "name": "移动", "options": {"secret": "geheim", "host": "10.0.0.1"}}
    )
    post = site.services.messaging.board.get(made.json["id"])
    await site.sms_rests()
    return f"/gateways/{made.json['id']}", post.device  # type: ignore[union-attr,return-value]


@pytest_twisted.ensureDeferred
async def test_both_say_since_when_it_is_ready_and_its_balance(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, device = await gateway(site, admin)
    device.say(BalanceTold(4321))
    await site.sms_rests()
    for page in (path, "/gateways"):
        text = (await admin.get(f"{page}?lang=en")).text
        assert ("since " in text, "4321" in text, "data-note" in text) == (True, True, False)
        # Its parts are fetched again when the gateway changes.
        assert ("data-fresh" in text, "gateways:gateways.view" in text) == (True, True)


@pytest_twisted.ensureDeferred
async def test_both_say_why_it_is_lost_and_when_it_is_tried_again(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, device = await gateway(site, admin)
    device.retry_at = reactor.seconds() + 300.0  # type: ignore[attr-defined]
    device.lose("no route to <host>")

    async def has_next_attempt() -> bool:
        (shown,) = (await admin.get("/api/v1/gateways")).json["items"]
        return bool(shown["next_attempt_at"])

    await until(has_next_attempt, "the next attempt")
    for page in (path, "/gateways"):
        text = (await admin.get(f"{page}?lang=en")).text
        assert "no route to &lt;host&gt;" in text
        assert 'data-note="attempt">Next attempt at ' in text
        assert "下次重试：" in (await admin.get(f"{page}?lang=zh_CN")).text


@pytest_twisted.ensureDeferred
async def test_both_say_that_it_pauses_and_that_others_take_over(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, device = await gateway(site, admin)
    device.capacity = 0
    for _ in range(MOST_PAUSES):
        device.say(GatewayPaused(0.0, "8"))
    device.say(GatewayPaused(60.0, "flow control (8)"))
    await site.sms_rests()
    for page in (path, "/gateways"):
        text = (await admin.get(f"{page}?lang=en")).text
        assert 'data-note="paused">Paused by the gateway until ' in text
        assert ": flow control (8)</div>" in text
        assert 'data-note="throttled">Connected, but only says “not now”' in text
        assert ">Throttled</span>" in text


@pytest_twisted.ensureDeferred
async def test_both_say_that_there_is_no_place_for_what_comes_in(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, device = await gateway(site, admin)
    for signal, shown in ((StorageTold(28, 30), True), (StorageTold(3, 30), False)):
        device.say(signal)
        await site.sms_rests()
        for page in (path, "/gateways"):
            text = (await admin.get(f"{page}?lang=en")).text
            note = 'data-note="full">Storage for incoming SMS is full or nearly so (28 of 30): '
            assert (note in text, 'data-note="full"' in text) == (shown, shown)
            assert ("将满或已满（28/30）" in (await admin.get(f"{page}?lang=zh_CN")).text) == shown
        (told,) = (await admin.get("/api/v1/gateways")).json["items"]
        assert told["storage"] == {"used": signal.used, "size": 30, "full": shown}


@pytest_twisted.ensureDeferred
async def test_numbers_in_the_words_of_a_gateway_are_for_those_who_may_see_them(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, device = await gateway(site, admin)
    technician = await with_rights(site, admin, "gateways.view")
    device.capacity = 0
    device.say(GatewayPaused(60.0, "too many to 13800138000"))
    await site.sms_rests()
    for page in (path, "/gateways", "/api/v1/gateways"):
        assert "to 13800138000" in (await admin.get(page)).text
        told = (await technician.get(page)).text
        assert ("to 138****8000" in told, "13800138000" in told) == (True, False), page
    device.lose("no more to 13800138000")
    await site.sms_rests()
    for page in (path, "/gateways", "/api/v1/gateways"):
        told = (await technician.get(page)).text
        assert ("to 138****8000" in told, "13800138000" in told) == (True, False), page
