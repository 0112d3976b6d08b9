"""What a provider's charset cannot write, from the queue to real HTTP gateways and back."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_twisted
from sqlalchemy import select
from twisted.internet import reactor
from twisted.internet.task import deferLater

from callcenter.bus import LocalBus
from callcenter.clock import utc_now
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import GatewayKinds
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.service import Messaging, MessagingSettings
from callcenter.messaging.vocabulary import Purpose
from hardware.gateways.drivers import MODELS, create_gateway
from storage.database import Database
from storage.models import SmsMessage
from tests.peers.call_center import fill
from tests.peers.message_centre import NUMBER
from tests.peers.messaging import ADMIN
from tests.peers.patience import PATIENCE
from tests.peers.simulator import running

PLAIN, PRAYS, RARE = "好的，按时服药", "好的🙏按时服药", "䶮先生，请按时服药"


async def until(found: Callable[[], Awaitable[Any]]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (result := await found()):
        assert time.monotonic() < deadline
        await deferLater(reactor, 0.02)
    return result


async def both_ready(messaging: Messaging) -> bool:
    return [one["state"] for one in await messaging.gateways.list(ADMIN)] == ["ready", "ready"]


async def settled(database: Database) -> list[Any]:
    """The messages, once none of them waits any more."""
    columns = SmsMessage.state, SmsMessage.reason, SmsMessage.reason_words, SmsMessage.gateway_id
    statement = select(*columns).order_by(SmsMessage.id)

    async def rows() -> list[Any]:
        found = await database.read(lambda session: [*session.execute(statement)])
        return [] if any(row.state in ("queued", "sending") for row in found) else found

    return list(await until(rows))


@pytest_twisted.ensureDeferred
async def test_what_is_not_in_gbk_goes_by_the_gateway_that_writes_it_and_fails_where_there_is_none(
    database: Database, tmp_path: Path
) -> None:
    await database.run(fill)
    settings = MessagingSettings(
        GatewayKinds(MODELS, lambda one: create_gateway(one, reactor, tmp_path / "trace")),
        SecretBox.at(tmp_path / "secrets.key"),
    )
    messaging = Messaging(database, reactor, LocalBus(), settings)
    account = ("--user", "hospital", "--secret", "secret")
    with running(tmp_path, "smsc", "--protocol", "http", "--port", "0", *account, terminal=False) as provider:
        url = f"http://localhost:{provider.ask('status')['port']}/sms"
        await messaging.start()

        async def add(name: str, preset: str, priority: int) -> int:
            options = {
                "url": url, "preset": preset, "account": "hospital", "password": "secret", "company": "8",
                "inside": True, "rate": 50.0,
            }  # fmt: skip
            values = {"kind": "http", "name": name, "priority": priority, "options": options, "signature": "市一院"}
            return int((await messaging.gateways.create(ADMIN, values))["id"])

        try:
            page = await add("服务商A", "sms56_a", 1)
            other = await add("服务商B", "sms_aspx", 9)
            await until(lambda: both_ready(messaging))
            drafts = [MessageDraft(NUMBER, text, Purpose.REPLY) for text in (PLAIN, PRAYS, RARE)]
            await database.run(queue_messages, drafts, utc_now(reactor))
            messaging.dispatcher.wake()
            rows = await settled(database)
            assert [(row.state, row.gateway_id) for row in rows] == [
                ("accepted", page), ("accepted", other), ("accepted", other),
            ]  # fmt: skip
            sent = [one["text"] for one in provider.ask("status")["sent"]]
            assert sorted(sent) == sorted(f"【市一院】{text}" for text in (PLAIN, PRAYS, RARE))
            kept = await messaging.gateways.get(ADMIN, other)
            await messaging.gateways.edit(ADMIN, other, {"in_service": False}, kept["version"])
            await database.run(queue_messages, [MessageDraft(NUMBER, PRAYS, Purpose.REPLY)], utc_now(reactor))
            messaging.dispatcher.wake()
            last = (await settled(database))[-1]
            assert (last.state, last.reason, last.reason_words) == ("failed", "unwritable", "🙏")
            assert len(provider.ask("status")["sent"]) == 3
        finally:
            await messaging.stop()
