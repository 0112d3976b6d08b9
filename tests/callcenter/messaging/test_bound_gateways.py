"""What one provider cannot write or does not take, from the queue to real HTTP gateways and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_twisted
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.internet import reactor

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
from tests.peers.patience import until
from tests.peers.simulator import Simulator, running

PLAIN, PRAYS, RARE = "好的，按时服药", "好的🙏按时服药", "䶮先生，请按时服药"
ACCOUNT = ("--user", "hospital", "--secret", "secret")


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


@asynccontextmanager
async def two_gateways(database: Database, folder: Path, *presets: str) -> AsyncIterator[tuple[Messaging, Simulator]]:
    """1, which comes first, and 2: one of each preset, both ready, on one provider."""
    await database.run(fill)
    with running(folder, "smsc", "--protocol", "http", "--port", "0", *ACCOUNT, terminal=False) as provider:
        async with _gateways_on(provider, database, folder, presets) as messaging:
            yield messaging, provider


@asynccontextmanager
async def _gateways_on(
    provider: Simulator, database: Database, folder: Path, presets: Sequence[str]
) -> AsyncIterator[Messaging]:
    url = f"http://localhost:{provider.ask('status')['port']}/sms"
    settings = MessagingSettings(
        GatewayKinds(MODELS, lambda one: create_gateway(one, reactor, folder / "trace")),
        SecretBox.at(folder / "secrets.key"),
    )
    messaging = Messaging(database, reactor, LocalBus(), settings)
    await messaging.start()
    try:
        for priority, preset in enumerate(presets, 1):
            options = {
                "url": url, "preset": preset, "account": "hospital", "password": "secret", "company": "8",
                "inside": True, "rate": 50.0,
            }  # fmt: skip
            values = {"kind": "http", "name": preset, "priority": priority, "options": options, "signature": "市一院"}
            await messaging.gateways.create(ADMIN, values)
        await until(lambda: both_ready(messaging))
        yield messaging
    finally:
        await messaging.stop()


async def send(database: Database, messaging: Messaging, *texts: str) -> list[Any]:
    """The messages as they are in the end, with those that were sent before."""
    drafts = [MessageDraft(NUMBER, text, Purpose.REPLY) for text in texts]
    await database.run(queue_messages, drafts, utc_now(reactor))
    messaging.dispatcher.wake()
    return await settled(database)


def let_all_be_due(session: Session) -> None:
    session.execute(update(SmsMessage).values(next_at=utc_now(reactor)))


async def put_second(messaging: Messaging, **changes: Any) -> None:
    kept = await messaging.gateways.get(ADMIN, 2)
    await messaging.gateways.edit(ADMIN, 2, changes, kept["version"])


@pytest_twisted.ensureDeferred
async def test_what_is_not_in_gbk_goes_by_the_gateway_that_writes_it_and_fails_where_there_is_none(
    database: Database, tmp_path: Path
) -> None:
    async with two_gateways(database, tmp_path, "sms56_a", "sms_aspx") as (messaging, provider):
        rows = await send(database, messaging, PLAIN, PRAYS, RARE)
        assert [(row.state, row.gateway_id) for row in rows] == [("accepted", 1), ("accepted", 2), ("accepted", 2)]
        sent = [one["text"] for one in provider.ask("status")["sent"]]
        assert sorted(sent) == sorted(f"【市一院】{text}" for text in (PLAIN, PRAYS, RARE))
        await put_second(messaging, prefixes=["139"])
        last = (await send(database, messaging, PRAYS))[-1]
        assert (last.state, last.reason, last.reason_words) == ("failed", "unwritable", "🙏")
        assert len(provider.ask("status")["sent"]) == 3


@pytest_twisted.ensureDeferred
async def test_what_is_too_long_goes_by_the_gateway_that_takes_it_and_fails_where_there_is_none(
    database: Database, tmp_path: Path
) -> None:
    async with two_gateways(database, tmp_path, "linkws", "sms_aspx") as (messaging, provider):
        texts = ["字" * 295, "字" * 296]
        rows = await send(database, messaging, *texts)
        assert [(row.state, row.gateway_id) for row in rows] == [("accepted", 1), ("accepted", 2)]
        sent = [one["text"] for one in provider.ask("status")["sent"]]
        assert sorted(sent, key=len) == [f"【市一院】{text}" for text in texts]
        await put_second(messaging, prefixes=["139"])
        last = (await send(database, messaging, texts[1]))[-1]
        assert (last.state, last.reason, last.reason_words) == ("failed", "too_long", "301 > 300")
        assert len(provider.ask("status")["sent"]) == 2


@pytest_twisted.ensureDeferred
async def test_what_only_one_that_is_out_of_service_can_carry_waits_for_it(database: Database, tmp_path: Path) -> None:
    """Also after a start, in which that one has no device."""
    async with two_gateways(database, tmp_path, "linkws", "sms_aspx") as (messaging, provider):
        await put_second(messaging, in_service=False)
        long = "字" * 496
        drafts = [MessageDraft(NUMBER, text, Purpose.REPLY) for text in (PRAYS, long)]
        await database.run(queue_messages, drafts, utc_now(reactor))
        messaging.dispatcher.wake()

        async def reasons() -> list[tuple[str, str]]:
            statement = select(SmsMessage.state, SmsMessage.reason).order_by(SmsMessage.id)
            return [tuple(row) for row in await database.read(lambda session: session.execute(statement).all())]

        async def are_looked_at() -> bool:
            return all(state != "queued" or reason for state, reason in await reasons())

        await until(are_looked_at, "a look at both")
        # The second one could write what the first cannot, and takes no more characters than that.
        assert await reasons() == [("queued", "out_of_service"), ("failed", "too_long")]
        await put_second(messaging, in_service=True)
        await until(lambda: both_ready(messaging))
        # Not before: looked at once more without the second one, they would be put off for a minute.
        await database.run(let_all_be_due)
        messaging.dispatcher.wake()
        assert [(row.state, row.gateway_id) for row in await settled(database)] == [("accepted", 2), ("failed", None)]
        assert [one["text"] for one in provider.ask("status")["sent"]] == [f"【市一院】{PRAYS}"]


@pytest_twisted.ensureDeferred
async def test_one_that_joins_nothing_is_given_parts_that_it_takes_however_they_are_counted(
    database: Database, tmp_path: Path
) -> None:
    text = "Please come at nine o'clock. " * 5
    async with two_gateways(database, tmp_path, "sms56_a", "sms_aspx") as (messaging, provider):
        kept = await messaging.gateways.get(ADMIN, 1)
        await messaging.gateways.edit(ADMIN, 1, {"counting": "gsm", "signature": ""}, kept["version"])
        await until(lambda: both_ready(messaging))
        (row,) = await send(database, messaging, text.strip())
        assert (row.state, row.gateway_id) == ("accepted", 1)
        sent = [len(one["text"]) for one in provider.ask("status")["sent"]]
        # Several are asked for at once.
        assert sorted(sent) == [4, 70, 70]
