"""What waits for a database that does not answer ends with its service, and fails nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from callcenter.bus import LocalBus
from callcenter.events import CallUpdated
from callcenter.messaging.batches.maker import BatchMaker
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.incoming.receiving import nobody_listens
from callcenter.messaging.outbox.dispatcher import Dispatcher as MessageDispatcher
from callcenter.messaging.texts.segments import Counting, Wording
from callcenter.tasks import TaskTracker
from callcenter.telephony.dispatcher import Dispatcher as CallDispatcher
from protocols.sms import PartAccepted
from storage.event_log import StoredEvent
from tests.peers.call_center import NOW
from tests.peers.sms_desk import HOUSE


class StuckDatabase:
    """Takes what it is asked to do, and never says what became of it."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self, *_: Any, **__: Any) -> Deferred[Any]:
        self.asked += 1
        return Deferred()

    run = read


def end(stop: Callable[[], Any], clock: Clock, database: StuckDatabase) -> None:
    """It has begun; it ends in time, and begins nothing new by that."""
    asked = database.asked
    assert asked
    stopped = Deferred.fromCoroutine(stop())
    assert not stopped.called
    clock.advance(6)
    assert stopped.called
    assert database.asked == asked
    assert clock.getDelayedCalls() == []


def test_making_what_goes_to_many() -> None:
    database, clock = StuckDatabase(), Clock()
    maker = BatchMaker(database, clock, HOUSE)  # type: ignore[arg-type]
    maker.start()
    end(maker.stop, clock, database)


def test_writing_what_gateways_reported() -> None:
    database, clock = StuckDatabase(), Clock()
    dispatcher = MessageDispatcher(database, clock, LocalBus(), Mock(), nobody_listens)  # type: ignore[arg-type]
    dispatcher.heard(1, [PartAccepted("1.1.1", "a"), PartAccepted("2.1.1", "b")])
    end(dispatcher.stop, clock, database)


class LateStuckDatabase(StuckDatabase):
    """It answers the first three questions still: nothing was left behind."""

    def run(self, *_: Any, **__: Any) -> Deferred[Any]:
        if self.asked >= 3:
            return super().run()
        self.asked += 1
        return succeed(())

    def read(self, *_: Any, **__: Any) -> Deferred[Any]:
        return self.run()


def test_claiming_messages() -> None:
    database, clock = LateStuckDatabase(), Clock()
    board = Mock(routes=lambda: [Route(1, Wording(Counting.CHINA), ready=True, room=5)])
    dispatcher = MessageDispatcher(database, clock, LocalBus(), board, nobody_listens)  # type: ignore[arg-type]
    Deferred.fromCoroutine(dispatcher.start())
    assert database.asked == 5
    clock.advance(1)
    paused = Deferred.fromCoroutine(dispatcher.pause())
    assert not paused.called
    clock.advance(3)
    assert paused.called
    end(dispatcher.stop, clock, database)


def test_offering_a_call_to_the_next() -> None:
    database, clock, bus = StuckDatabase(), Clock(), LocalBus()
    tasks = TaskTracker("telephony", clock)
    dispatcher = CallDispatcher(database, clock, bus, Mock(), tasks)  # type: ignore[arg-type]
    dispatcher.start()
    call = {"id": 1, "state": "ringing", "direction": "in", "agent": None, "line": {"id": 1}, "priority": 0}
    offer = {"offered_to": [1], "offered_until": "1970-01-01T00:00:02+00:00", "offer_why": "longest_idle"}
    bus.publish([StoredEvent(1, NOW, CallUpdated.topic, CallUpdated.type, "1", call | offer, {})])
    clock.advance(5)
    end(lambda: tasks.drain(5), clock, database)
