from __future__ import annotations

import random
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from hardware.line_device import HardwareError
from hardware.supervisor import STEADY, BackOff, PortSupervisor


class Port:
    def __init__(self, on_closed: Callable[[], None]) -> None:
        self.open = True
        self._on_closed = on_closed

    def close(self) -> None:
        self.open = False
        self._on_closed()


class Opener:
    """Each opening waits until the test decides its outcome."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Deferred[Port], Port]] = []
        self.openings = 0
        self.given_up = 0

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[Port]:
        self.openings += 1
        opening: Deferred[Port] = Deferred()
        self.waiting.append((opening, Port(on_closed)))
        return opening

    def give_up(self) -> None:
        self.given_up += 1

    def succeed(self) -> Port:
        opening, port = self.waiting.pop()
        opening.callback(port)
        return port

    def fail(self, reason: str = "no such device") -> None:
        self.waiting.pop()[0].errback(Failure(HardwareError(reason)))


class Rig:
    def __init__(self) -> None:
        self.clock = Clock()
        self.opener = Opener()
        self.down: list[str] = []
        back_off = BackOff(first=1.0, most=8.0, source=random.Random(1))
        self.supervisor = PortSupervisor(self.opener, Protocol, self.down.append, self.clock, back_off)
        self.supervisor.start()


def test_a_lost_port_is_opened_again() -> None:
    rig = Rig()
    rig.opener.succeed().close()
    rig.clock.advance(1.0)
    assert rig.opener.openings == 2
    rig.opener.succeed()
    rig.clock.advance(1000)
    assert rig.opener.openings == 2


def test_a_missing_port_is_tried_for_ever_with_growing_jittered_pauses() -> None:
    rig = Rig()
    pauses = []
    for _ in range(8):
        rig.opener.fail()
        (call,) = rig.clock.getDelayedCalls()
        pauses.append(call.getTime() - rig.clock.seconds())
        rig.clock.advance(pauses[-1])
    assert rig.opener.openings == 9
    assert rig.down == ["no such device"] * 8
    for pause, most in zip(pauses, [1, 2, 4, 8, 8, 8, 8, 8], strict=True):
        assert most / 2 <= pause <= most
    assert len(set(pauses[3:])) > 1


def test_pauses_begin_small_again_after_a_success() -> None:
    rig = Rig()
    for _ in range(5):
        rig.opener.fail()
        rig.clock.advance(10)
    port = rig.opener.succeed()
    rig.clock.advance(STEADY)
    port.close()
    rig.clock.advance(1.0)
    assert rig.opener.openings == 7


def test_a_port_that_closes_as_soon_as_it_is_open_is_not_asked_without_end() -> None:
    rig = Rig()
    for _ in range(10):
        rig.opener.succeed().close()
        rig.clock.advance(8.0)
    rig.opener.succeed().close()
    (call,) = rig.clock.getDelayedCalls()
    assert call.getTime() - rig.clock.seconds() >= 4


def test_stop_closes_and_opens_no_more() -> None:
    rig = Rig()
    port = rig.opener.succeed()
    stopped = rig.supervisor.stop()
    assert stopped.called
    assert not port.open
    assert not rig.clock.getDelayedCalls()


def test_stop_waits_until_the_port_says_that_it_is_closed() -> None:
    rig = Rig()
    port = rig.opener.succeed()
    closing: list[bool] = []
    rig.supervisor._port.close = lambda: closing.append(True)
    stopped = rig.supervisor.stop()
    assert closing
    assert not stopped.called
    port._on_closed()
    assert stopped.called
    assert not rig.clock.getDelayedCalls()


def test_stop_waits_for_an_opening_in_progress_and_closes_what_it_opened() -> None:
    rig = Rig()
    stopped = rig.supervisor.stop()
    assert not stopped.called
    assert rig.opener.given_up == 1
    port = rig.opener.succeed()
    assert stopped.called
    assert not port.open
    assert not rig.clock.getDelayedCalls()


def test_stop_during_a_failing_opening_reports_nothing() -> None:
    rig = Rig()
    stopped = rig.supervisor.stop()
    rig.opener.fail()
    assert stopped.called
    assert rig.down == []
    assert not rig.clock.getDelayedCalls()


def test_a_port_that_closes_before_it_was_handed_over_is_opened_again() -> None:
    rig = Rig()
    opening, port = rig.opener.waiting.pop()
    port.close()
    opening.callback(port)
    rig.clock.advance(1.0)
    assert rig.opener.openings == 2


def test_one_that_is_told_to_slow_down_waits_long_once_however_steady_it_was() -> None:
    back_off = BackOff(first=1.0, most=8.0, source=random.Random(1))
    back_off.slow_down()
    back_off.reset()
    assert 4.0 <= back_off.pause() <= 8.0
    back_off.reset()
    assert back_off.pause() <= 1.0


def test_the_pause_after_slowing_down_may_be_longer_than_all_others() -> None:
    back_off = BackOff(first=1.0, most=8.0, longest=600.0, source=random.Random(1))
    back_off.slow_down()
    assert 300.0 <= back_off.pause() <= 600.0
    assert 4.0 <= back_off.pause() <= 8.0
