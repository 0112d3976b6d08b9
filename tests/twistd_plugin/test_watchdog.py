"""The watchdog that notices a reactor standing still."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Iterator
from itertools import pairwise
from types import FrameType

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher

from tests.peers.patience import wait_for
from twistd_plugin.watchdog import LOOK, StackSampler, StallWatchdog


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


def stand_still(sampler: StackSampler) -> None:
    """Until it has looked, however long a busy machine keeps it from that."""
    wait_for(lambda: sampler._stack, what="a look of the sampler")


def test_the_sampler_names_the_function_that_held_the_thread() -> None:
    sampler = StackSampler(0.02)
    sampler.start()
    # Also what a busy machine let it see of the start.
    sampler.beat()
    stand_still(sampler)
    stack = sampler.beat()
    sampler.stop()
    assert "test_the_sampler_names_the_function_that_held_the_thread" in stack


def test_the_stack_is_read_by_its_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """From another one it is read while it changes."""
    readers: list[int] = []
    walk = traceback.walk_stack

    def walked(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
        readers.append(threading.get_ident())
        return walk(frame)

    monkeypatch.setattr(traceback, "walk_stack", walked)
    before = signal.getsignal(LOOK)
    sampler = StackSampler(0.02)
    sampler.start()
    stand_still(sampler)
    sampler.stop()
    assert set(readers) == {threading.main_thread().ident}
    assert signal.getsignal(LOOK) == before


def test_a_thread_that_waits_for_something_to_do_is_not_at_fault() -> None:
    sampler = StackSampler(60)
    sampler.start()
    is_there, was_seen = threading.Lock(), threading.Lock()
    is_there.acquire()
    was_seen.acquire()

    def look() -> None:
        is_there.acquire()
        sampler._sample()
        was_seen.release()

    def doPoll() -> None:
        # As epoll does, these wait in C: no frame is above this one.
        is_there.release()
        was_seen.acquire()

    looking = threading.Thread(target=look)
    looking.start()
    doPoll()
    looking.join()
    assert sampler.beat() == ""
    sampler.stop()


@pytest.mark.parametrize("work", ["sleep", "compute", "nothing"])
def test_only_our_own_work_is_told(work: str, warnings: list[LogEvent]) -> None:
    clock = Clock()
    stalls: list[float] = []
    # The clock of the sampler is the machine's, which may keep us waiting without any work.
    sampler = StackSampler(60 if work == "nothing" else 0.05)
    watchdog = StallWatchdog(clock, 0.05, stalls.append, sampler)
    watchdog.start()
    clock.advance(0.03)
    if work == "sleep":
        stand_still(sampler)
    elif work == "compute":
        # One call into C that holds the interpreter: the sampler cannot look.
        pow(7, 10**6)
        sum(range(20_000_000))
    clock.advance(0.3)
    watchdog.stop()
    assert bool(stalls) == (work != "nothing")
    assert len(warnings) == len(stalls)


def beaten(after: float) -> tuple[set[str], float]:
    """What a sampler found of a thread that beats; the seconds between two beats that were farthest apart."""
    sampler = StackSampler(after)
    stacks, moments = set(), [time.monotonic()]
    sampler.start()
    for _ in range(20):
        time.sleep(0.01)
        stacks.add(sampler.beat())
        moments.append(time.monotonic())
    sampler.stop()
    return stacks, max(later - earlier for earlier, later in pairwise(moments))


def test_a_beating_thread_leaves_no_stack() -> None:
    after = 0.15
    # Whether it beats in time is the machine's to say: what counts is a time in which it did.
    rounds = (beaten(after) for _ in range(100))
    stacks = next((stacks for stacks, farthest in rounds if farthest < after), None)
    if stacks is None:
        pytest.skip("this machine is too busy to beat in time")
    assert stacks == {""}
