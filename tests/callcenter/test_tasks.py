from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from callcenter.tasks import TaskTracker, pause, periodic


async def _wait(deferred: Deferred[None]) -> None:
    await deferred


def test_a_failing_task_is_logged_with_the_name_of_its_tracker(lost_failures) -> None:
    async def fail() -> None:
        raise ValueError("no good")

    tracker = TaskTracker("lines", Clock())
    tracker.start(fail())
    assert len(tracker) == 0
    assert "no good" in lost_failures.take()[0]


def test_drain_waits_for_what_runs_and_starts_nothing_more() -> None:
    clock = Clock()
    tracker = TaskTracker("lines", clock)
    gate: Deferred[None] = Deferred()
    tracker.start(_wait(gate))
    drained = Deferred.fromCoroutine(tracker.drain(5))
    assert not drained.called
    begun: list[str] = []

    async def late() -> None:
        begun.append("late")

    tracker.start(late())
    gate.callback(None)
    assert drained.called
    assert begun == []
    assert clock.getDelayedCalls() == []


def test_drain_cancels_what_is_too_slow() -> None:
    clock = Clock()
    tracker = TaskTracker("lines", clock)
    tracker.start(_wait(Deferred()))
    drained = Deferred.fromCoroutine(tracker.drain(5))
    clock.advance(4.9)
    assert not drained.called
    clock.advance(0.2)
    assert drained.called
    assert len(tracker) == 0


def test_a_drain_that_is_cancelled_leaves_no_timer_and_nothing_that_runs() -> None:
    clock = Clock()
    tracker = TaskTracker("lines", clock)
    tracker.start(_wait(Deferred()))
    drained = Deferred.fromCoroutine(tracker.drain(5))
    ended: list[Failure] = []
    drained.addErrback(ended.append)
    drained.cancel()
    assert [one.type for one in ended] == [CancelledError]
    assert clock.getDelayedCalls() == []
    assert len(tracker) == 0


def test_a_periodic_task_survives_its_failures(lost_failures) -> None:
    clock = Clock()
    runs: list[float] = []

    async def work() -> None:
        runs.append(clock.seconds())
        raise RuntimeError("bad day")

    task = periodic(clock, 10, work)
    clock.pump([10, 10, 10])
    assert runs == [10, 20, 30]
    assert len(lost_failures.take()) == 3
    Deferred.fromCoroutine(task.stop())
    assert clock.getDelayedCalls() == []


def test_a_slow_periodic_task_is_not_run_twice_at_a_time_and_is_awaited_on_stop() -> None:
    clock = Clock()
    gate: Deferred[None] = Deferred()
    runs: list[float] = []

    async def work() -> None:
        runs.append(clock.seconds())
        await gate

    task = periodic(clock, 10, work)
    clock.pump([10, 10, 10])
    assert runs == [10]
    stopped = Deferred.fromCoroutine(task.stop())
    assert not stopped.called
    gate.callback(None)
    assert stopped.called
    assert clock.getDelayedCalls() == []


def test_a_cancelled_pause_leaves_no_timer() -> None:
    clock = Clock()
    waiting = pause(clock, 5)
    waiting.addErrback(lambda _: None)
    waiting.cancel()
    assert clock.getDelayedCalls() == []
