"""What a line saw is written in order and survives a database that is away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest_twisted
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from callcenter.tasks import TaskTracker
from callcenter.telephony.effects import CallClosed, Caller, CallOpened, Direction, EndReason, LineNoted
from callcenter.telephony.journal import LineJournal, Written
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.recorder import write_effects
from protocols.signals import CallerIdentified, Rang, RingingStopped
from storage.errors import CommitUnknownError, DatabaseStoppedError
from tests.peers.call_center import NOW, CallCenter


class MoodyDatabase:
    """Stands in for a database that answers as the test says: exceptions are raised, anything else is the result."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.written: list[list[str]] = []
        self.again: list[bool] = []
        self.lines: list[LineContext] = []

    async def run(self, function: Any, take: Any) -> Any:
        taken = take()
        self.again.append(taken.again)
        answer = self.answers.pop(0) if self.answers else None
        if callable(answer):
            answer = answer(taken.effects)
        if isinstance(answer, Exception):
            raise answer
        self.written.append([effect.note for effect in taken.effects])
        self.lines.append(taken.line)
        return Written(taken.count, dict(taken.ids))


class BusyDatabase(MoodyDatabase):
    """One whose turn for us comes when the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.turn: Deferred[None] = Deferred()

    async def run(self, function: Any, take: Any) -> Any:
        await self.turn
        return await super().run(function, take)


def note(text: str) -> LineNoted:
    return LineNoted(NOW, text)


def away() -> OperationalError:
    return OperationalError("update …", {}, Exception("disk full"))


def journal(database: Any) -> tuple[LineJournal, Clock]:
    clock = Clock()
    return LineJournal(LineContext(1, "line 1"), database, clock, TaskTracker("test", clock)), clock


def results(*written: Deferred[bool]) -> list[bool | None]:
    return [getattr(one, "result", None) if one.called else None for one in written]


def test_while_the_database_is_away_everything_waits_and_keeps_its_order() -> None:
    database = MoodyDatabase(away(), away(), CommitUnknownError("broken"))
    book, clock = journal(database)
    first = book.put([note("1")])
    second = book.put([note("2")])
    assert results(first, second) == [None, None]
    clock.pump([0.25, 0.5, 1.0])
    assert results(first, second) == [True, True]
    assert database.written == [["1", "2"]]
    assert database.again == [False, True, True, True]
    assert clock.getDelayedCalls() == []


def test_what_comes_before_the_turn_is_written_in_the_same_transaction() -> None:
    database = BusyDatabase()
    book, _ = journal(database)
    first = book.put([note("1")])
    # A device turns out to be able to do more, and what it says next is written of the line as it is then.
    book.line = replace(book.line, capabilities=("dial",))
    second = book.put([note("2")])
    database.turn.callback(None)
    assert results(first, second) == [True, True]
    assert database.written == [["1", "2"]]
    assert database.lines == [book.line]


def test_what_was_given_up_at_the_end_is_not_written_after_all() -> None:
    class QueuingDatabase:
        """Keeps what it was asked to do; cancelling the wait for it does not stop it."""

        def __init__(self) -> None:
            self.takes: list[Any] = []

        async def run(self, function: Any, take: Any) -> Any:
            self.takes.append(take)
            await Deferred()

    database, clock = QueuingDatabase(), Clock()
    tasks = TaskTracker("test", clock)
    book = LineJournal(LineContext(1, "line 1"), database, clock, tasks)  # type: ignore[arg-type]
    book.put([note("1")])
    drained = Deferred.fromCoroutine(tasks.drain(3))
    clock.advance(3)
    assert drained.called
    assert [take().count for take in database.takes] == [0]


def test_pauses_grow_but_not_without_end() -> None:
    database = MoodyDatabase(*(away() for _ in range(40)))
    book, clock = journal(database)
    written = book.put([note("1")])
    clock.pump([15.0] * 60)
    assert results(written) == [True]


def test_what_cannot_be_written_is_given_up_alone(lost_failures) -> None:
    def refuse(effects: list[LineNoted]) -> Exception | None:
        return ValueError("bad row") if any(effect.note == "bad" for effect in effects) else None

    database = MoodyDatabase(away(), refuse, refuse, refuse, refuse)
    book, clock = journal(database)
    written = [book.put([note(text)]) for text in ("1", "bad", "3")]
    clock.advance(0.25)
    assert results(*written) == [True, False, True]
    assert database.written == [["1"], ["3"]]
    assert "bad row" in lost_failures.take()[0]


def test_a_stopped_database_ends_the_waiting() -> None:
    book, clock = journal(MoodyDatabase(DatabaseStoppedError("stopped")))
    written = book.put([note("1")])
    assert results(written) == [False]
    assert clock.getDelayedCalls() == []


@pytest_twisted.ensureDeferred
async def test_writing_again_after_an_unknown_commit_makes_no_second_call(hospital: CallCenter) -> None:
    context = next(iter(hospital.telephony._board)).journal.line
    effects = [CallOpened(NOW, 1, Direction.IN, Caller("13800138000"))]
    first = await hospital.database.run(write_effects, context, effects, {}, False)
    closing = [*effects, CallClosed(NOW, 1, EndReason.ABANDONED, 2)]
    second = await hospital.database.run(write_effects, context, closing, {}, True)
    assert first == second
    assert len(hospital.told("call.ringing")) == 1
    assert hospital.last("call.ended")["id"] == first[1]


@pytest_twisted.ensureDeferred
async def test_hundreds_of_calls_on_one_line_stay_in_order_and_cost_no_memory(hospital: CallCenter) -> None:
    for index in range(300):
        hospital.clock.advance(1)
        hospital.line.say(Rang(), CallerIdentified(f"138001{index:05}"), RingingStopped())
    await hospital.settle()
    numbers = [event.data["number"] for event in hospital.told("call.ended")]
    assert numbers == [f"+86138001{index:05}" for index in range(300)]
    assert len(next(iter(hospital.telephony._board)).journal.ids) <= 8
