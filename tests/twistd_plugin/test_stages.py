"""Order of start and stop, and what a failing part does to the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from tests.conftest import LostFailures
from twistd_plugin.stages import Stage, StageFailedError, StageRunner

Step = Callable[[], Awaitable[None]]


class Journal:
    """Stages that write down what happens to them."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def step(self, word: str, *, fails: bool = False, waits: Deferred[None] | None = None) -> Step:
        async def run() -> None:
            self.entries.append(word)
            if waits is not None:
                await waits
            if fails:
                raise RuntimeError(word)

        return run

    def stage(self, name: str, *, fails: bool = False, optional: bool = False) -> Stage:
        return Stage(name, self.step(f"+{name}", fails=fails), self.step(f"-{name}"), optional=optional)


def run(coroutine: Awaitable[None]) -> Deferred[None]:
    async def body() -> None:
        await coroutine

    return Deferred.fromCoroutine(body())


def result_of(deferred: Deferred[None]) -> object:
    results: list[object] = []
    deferred.addBoth(results.append)
    return results[0]


def test_stages_start_in_order_and_stop_in_reverse() -> None:
    journal = Journal()
    runner = StageRunner([journal.stage("database"), journal.stage("lines"), journal.stage("web")], Clock())
    run(runner.start())
    assert runner.started == ["database", "lines", "web"]
    run(runner.stop())
    assert journal.entries == ["+database", "+lines", "+web", "-web", "-lines", "-database"]
    assert runner.started == []


def test_a_failing_optional_stage_leaves_the_others_running(lost_failures: LostFailures) -> None:
    journal = Journal()
    runner = StageRunner(
        [journal.stage("database"), journal.stage("web", fails=True, optional=True), journal.stage("late")], Clock()
    )
    run(runner.start())
    assert runner.started == ["database", "late"]
    assert "RuntimeError" in lost_failures.take()[0]
    run(runner.stop())
    assert "-web" not in journal.entries


def test_a_failing_needed_stage_ends_the_start_and_what_ran_is_stopped(lost_failures: LostFailures) -> None:
    journal = Journal()
    runner = StageRunner([journal.stage("database"), journal.stage("services", fails=True)], Clock())
    failure = result_of(run(runner.start()))
    with pytest.raises(StageFailedError, match=r"cannot start services: \+services"):
        failure.raiseException()  # type: ignore[attr-defined]
    run(runner.stop())
    assert journal.entries[-1] == "-database"
    lost_failures.take()


def test_a_stage_that_says_itself_why_it_does_not_start_is_no_fault_to_be_traced(lost_failures: LostFailures) -> None:
    async def refuse() -> None:
        raise StageFailedError("somebody else has it")

    failure = result_of(run(StageRunner([Stage("lease", refuse)], Clock()).start()))
    with pytest.raises(StageFailedError, match=r"^somebody else has it$"):
        failure.raiseException()  # type: ignore[attr-defined]
    assert lost_failures.take() == []


def test_a_start_that_is_given_up_is_no_failure_and_what_ran_is_stopped() -> None:
    journal = Journal()
    waits: Deferred[None] = Deferred()
    runner = StageRunner([journal.stage("database"), Stage("lines", journal.step("+lines", waits=waits))], Clock())
    starting = run(runner.start())
    starting.cancel()
    failure = result_of(starting)
    with pytest.raises(CancelledError):
        failure.raiseException()  # type: ignore[attr-defined]
    run(runner.stop())
    assert journal.entries == ["+database", "+lines", "-database"]


def test_a_stage_that_does_not_stop_in_time_is_left_behind(lost_failures: LostFailures) -> None:
    clock = Clock()
    journal = Journal()
    never: Deferred[None] = Deferred()
    stuck = Stage("lines", stop=journal.step("-lines", waits=never), stop_seconds=5)
    runner = StageRunner([journal.stage("database"), stuck], clock)
    run(runner.start())
    run(runner.stop())
    assert journal.entries[-1] == "-lines"
    clock.advance(5.1)
    assert journal.entries[-1] == "-database"
    assert "TimeoutError" in lost_failures.take()[0]


def test_a_stage_that_fails_to_stop_does_not_keep_the_others_up(lost_failures: LostFailures) -> None:
    journal = Journal()
    runner = StageRunner([journal.stage("database"), Stage("web", stop=journal.step("-web", fails=True))], Clock())
    run(runner.start())
    run(runner.stop())
    assert journal.entries == ["+database", "-web", "-database"]
    lost_failures.take()
