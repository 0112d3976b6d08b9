"""The SMS centre as the daemon has it, in a process of its own, with one real gateway on one simulated SMSC.

``python -m tests.benchmarks.sms_center --database URL --kind smpp --port PORT --folder FOLDER --messages N``: queues N
messages, then lets the gateway in and prints how far they have come, as JSON lines. With ``--messages 0`` it waits for
texts. It ends when all are where ``--until`` says, or its standard input is closed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.internet.task import deferLater

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.bus import LocalBus
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import GatewayKinds
from callcenter.messaging.incoming.inbox import Inbox
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.service import Messaging, MessagingSettings
from callcenter.messaging.vocabulary import SENT_STAGE, MessageState, PartState, Purpose
from hardware.gateways.drivers import DRIVERS, create_gateway
from storage.database import Database
from storage.models import MessagingRules, SmsArrival, SmsAttempt, SmsBatch, SmsGateway, SmsMessage
from storage.models.base import table_of
from tests.peers.smsc import ACCOUNTS
from twistd_plugin.interpreter import keep_loaded, share_interpreter

TEXT = "您好，您预约了明天上午八点的复查，请空腹带身份证到门诊二楼。"
RATE, WINDOW = 20_000, 100
BATCH = 1000
WHO = Principal(None, "system", "system", grants={"gateways.edit": Scope.ALL})
LOOK = 0.1
_MESSAGE = table_of(SmsMessage).c
_ARRIVAL = table_of(SmsArrival).c
_PART = table_of(SmsAttempt).c
# Asked ten times a second beside what is measured: each is one look into an index.
_QUEUED, _SENT, _IN_DOUBT = (
    select(_MESSAGE.id).where(_MESSAGE.stage == stage).limit(1)
    for stage in (MessageState.QUEUED.value, SENT_STAGE, MessageState.UNKNOWN.value)
)
_BEING_SENT = (
    select(_PART.id)
    .where(_PART.gateway_id.in_(select(table_of(SmsGateway).c.id)), _PART.nameless == PartState.SENDING.value)
    .limit(1)
)
_LEFT = {"accepted": (_QUEUED, _BEING_SENT), "delivered": (_QUEUED, _SENT, _IN_DOUBT)}


def numbers(count: int) -> Iterator[str]:
    """So many mobiles, each another."""
    return (f"+8613{800_000_000 + index}" for index in range(count))


def say(what: str, **more: Any) -> None:
    """One line for whoever measures: with the time, the resident MiB and the processor seconds so far."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    used = resource.getrusage(resource.RUSAGE_SELF)
    line = {
        "what": what,
        "at": time.monotonic(),
        "mib": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        "cpu": used.ru_utime + used.ru_stime,
        **more,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class _Input(Protocol):
    """Tells that standard input was closed."""

    def __init__(self, closed: Deferred[None]) -> None:
        self._closed = closed

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._closed.callback(None)


def _no_quiet_hours(session: Session) -> None:
    # Measured at night as by day; everything else is as it comes.
    session.merge(MessagingRules(id=1, rules={"opens": "08:00", "closes": "08:00"}, version=1))


def _queue(session: Session, chosen: list[str], *, batch: bool) -> None:
    now = datetime.now(UTC)
    key = None
    if batch:
        row = SmsBatch(purpose="reminder", text=TEXT, total=len(chosen), created_at=now)
        session.add(row)
        session.flush()
        key = row.id
    drafts = [MessageDraft(number, TEXT, Purpose.REMINDER, batch_id=key) for number in chosen]
    queue_messages(session, drafts, now)


def _left(session: Session, until: str) -> bool:
    return any(session.scalar(statement) is not None for statement in _LEFT[until])


def _standing(session: Session) -> dict[str, int]:
    rows = session.execute(select(_MESSAGE.state, func.count()).group_by(_MESSAGE.state))
    return {row[0]: row[1] for row in rows}


def _unjoined(session: Session) -> int:
    return session.scalar(select(func.count()).where(_ARRIVAL.message_id.is_(None))) or 0


class Center:
    """The parts of the daemon that SMS needs."""

    def __init__(self, options: argparse.Namespace) -> None:
        running: Any = reactor
        self._options = options
        bus = LocalBus()
        self.database = Database(options.database, running, on_commit=bus.publish)
        kinds = GatewayKinds(
            {kind: driver.settings for kind, driver in DRIVERS.items()},
            lambda settings: create_gateway(settings, running, options.folder),
        )
        box = SecretBox.at(options.folder / "secrets.key")
        inbox = Inbox(running, "第一医院", "Asia/Shanghai")
        self.messaging = Messaging(self.database, running, bus, MessagingSettings(kinds, box), inbox.received)

    async def run(self) -> None:
        """Queue, send, say how far it is."""
        await self.database.start()
        await self.database.run(_no_quiet_hours)
        await self.messaging.start()
        keep_loaded()
        say("started")
        count = self._options.messages
        chosen = list(numbers(count))
        for first in range(0, count, BATCH):
            await self.database.run(_queue, chosen[first : first + BATCH], batch=not self._options.single)
        say("queued")
        kind = self._options.kind
        values = {
            "name": "measured",
            "kind": kind,
            "options": {
                "host": "127.0.0.1",
                "port": self._options.port,
                "rate": RATE,
                "window": WINDOW,
                **ACCOUNTS[kind],
            },
        }
        await self.messaging.gateways.create(WHO, values)
        say("begun")
        await (self._finished() if count else self._hear())
        await self.messaging.stop()
        await self.database.stop()

    async def _finished(self) -> None:
        looks = 0
        while await self.database.read(_left, self._options.until):
            looks += 1
            if looks % 5 == 0:
                say("sample")
            await deferLater(reactor, LOOK)
        say("done")
        say("stands", states=await self.database.read(_standing))

    async def _hear(self) -> None:
        closed: Deferred[None] = Deferred()
        StandardIO(_Input(closed))
        while not closed.called:
            say("sample", unjoined=await self.database.read(_unjoined))
            await deferLater(reactor, 1.0)
        say("stands", states=await self.database.read(_standing))


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=0)
    parser.add_argument("--single", action="store_true", help="each by itself, not in batches of a thousand")
    parser.add_argument("--until", choices=sorted(_LEFT), default="accepted")
    options = parser.parse_args()
    running: Any = reactor
    # As the daemon does.
    share_interpreter()

    def end(result: Any) -> None:
        if result is not None:
            result.printTraceback()
        running.stop()

    running.callWhenRunning(lambda: Deferred.fromCoroutine(Center(options).run()).addBoth(end))
    running.run()


if __name__ == "__main__":
    main()
