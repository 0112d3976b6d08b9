"""The steady time and that of the wall: a reactor whose timers do not move when the wall is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock, LoopingCall
from zope.interface.verify import verifyObject

from callcenter.clock import utc_now
from protocols import clocks
from protocols.clocks import IWallTime, make_steady, wall_seconds
from tests.peers.set_clock import SetClock

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
HOUR = 3600.0


@dataclass
class Times:
    """Stands for the module ``time``."""

    wall: float = NOW.timestamp()
    steady: float = 50.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


class Reactor(SelectReactor):
    """One that is not installed, and counts by the wall of the test."""

    def __init__(self, times: Times) -> None:
        self.seconds = times.time
        super().__init__()


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    times = Times()
    monkeypatch.setattr(clocks, "time", times)
    return times


@pytest.fixture
def reactor(times: Times) -> Reactor:
    return Reactor(times)


def test_a_clock_without_a_wall_has_one_time_for_both() -> None:
    clock = Clock()
    clock.advance(NOW.timestamp())
    assert wall_seconds(clock) == clock.seconds()
    assert utc_now(clock) == NOW


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_what_is_written_follows_the_wall_and_timers_do_not(jump: float) -> None:
    clock, fired = SetClock(NOW), list[datetime]()
    clock.callLater(10, lambda: fired.append(utc_now(clock)))
    clock.advance(5)
    clock.set(jump)
    assert utc_now(clock) == NOW + timedelta(seconds=5 + jump)
    clock.advance(4)
    assert fired == []
    clock.advance(1)
    assert fired == [NOW + timedelta(seconds=10 + jump)]


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_the_timers_of_a_steady_reactor_are_in_time(reactor: Reactor, times: Times, jump: float) -> None:
    fired, began = list[tuple[str, float]](), times.steady

    def fire(name: str) -> None:
        fired.append((name, times.steady - began))

    reactor.callLater(10, fire, "set before it was steady")
    times.go_on(2)
    make_steady(reactor)
    verifyObject(IWallTime, reactor)
    reactor.callLater(10, fire, "set")
    moved = reactor.callLater(1, fire, "reset")
    delayed = reactor.callLater(1, fire, "delayed")
    looping = LoopingCall(fire, "again")
    looping.clock = reactor
    looping.start(4, now=False)
    times.wall += jump
    assert utc_now(reactor) == NOW + timedelta(seconds=2 + jump)
    assert reactor.timeout() == pytest.approx(1)
    moved.reset(9)
    delayed.delay(4)
    while times.steady < began + 12.5:
        times.go_on(0.25)
        reactor.runUntilCurrent()
    looping.stop()
    assert fired == [
        ("again", 6), ("delayed", 7), ("set before it was steady", 10), ("again", 10), ("reset", 11), ("set", 12),
    ]  # fmt: skip


def test_a_reactor_that_was_made_steady_counts_on_from_the_present_moment(reactor: Reactor, times: Times) -> None:
    make_steady(reactor)
    assert reactor.seconds() == pytest.approx(times.wall)
    times.wall -= HOUR
    make_steady(reactor)
    assert reactor.seconds() == pytest.approx(times.wall + HOUR), "twice is once"
    assert wall_seconds(reactor) == times.wall
