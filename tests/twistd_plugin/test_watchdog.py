"""The watchdog that notices a reactor standing still."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher

from twistd_plugin.watchdog import StackSampler, StallWatchdog


@pytest.fixture
def warnings() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []

    def observer(event: LogEvent) -> None:
        if event.get("log_namespace") == "callcenter.watchdog":
            events.append(event)

    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def test_a_long_turn_is_counted_and_logged(warnings: list[LogEvent]) -> None:
    clock = Clock()
    stalls: list[float] = []
    watchdog = StallWatchdog(clock, 0.05, stalls.append)
    watchdog.start()
    for _ in range(100):
        clock.advance(0.02)
    assert stalls == []
    clock.advance(0.4)
    assert stalls == [pytest.approx(0.4, abs=0.06)]
    assert len(warnings) == 1
    clock.advance(0.02)
    watchdog.stop()
    assert len(stalls) == 1
    assert not clock.getDelayedCalls()


def test_the_sampler_names_the_function_that_held_the_thread() -> None:
    sampler = StackSampler(0.02)
    sampler.start()
    assert sampler.beat() == ""
    time.sleep(0.3)
    stack = sampler.beat()
    sampler.stop()
    assert "test_the_sampler_names_the_function_that_held_the_thread" in stack


def test_a_thread_that_waits_for_something_to_do_is_not_at_fault() -> None:
    def doPoll() -> None:
        time.sleep(0.2)

    sampler = StackSampler(0.02)
    sampler.start()
    sampler.beat()
    doPoll()
    assert sampler.beat() == ""
    sampler.stop()


@pytest.mark.parametrize("work", ["sleep", "compute", "nothing"])
def test_only_our_own_work_is_told(work: str, warnings: list[LogEvent]) -> None:
    clock = Clock()
    stalls: list[float] = []
    watchdog = StallWatchdog(clock, 0.05, stalls.append, StackSampler(0.05))
    watchdog.start()
    clock.advance(0.03)
    if work == "sleep":
        time.sleep(0.3)
    elif work == "compute":
        # One call into C that holds the interpreter: the sampler cannot look.
        pow(7, 10**6)
        sum(range(20_000_000))
    clock.advance(0.3)
    watchdog.stop()
    assert bool(stalls) == (work != "nothing")
    assert len(warnings) == len(stalls)


def test_a_beating_thread_leaves_no_stack() -> None:
    sampler = StackSampler(0.2)
    sampler.start()
    stacks = set()
    for _ in range(20):
        time.sleep(0.01)
        stacks.add(sampler.beat())
    sampler.stop()
    assert stacks == {""}
