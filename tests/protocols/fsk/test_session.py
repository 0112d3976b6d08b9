from __future__ import annotations

from protocols.fsk.codec import MDMF, frame
from protocols.fsk.session import FskSession
from protocols.monitor_session import MonitorSettings
from protocols.signals import AbsentReason, CallerIdentified, LineLost, LineReady, LineSignal, RingingStopped

CALL = b"\x55" * 20 + b"\x80\x16\x01\x0803171656\x02\x0a2156430144\xba"
CALLER = CallerIdentified("2156430144")


class Bench:
    def __init__(self) -> None:
        self.session = FskSession(MonitorSettings())
        self.now = 0.0
        assert self.session.start(0.0).signals == (LineReady("FSK caller-id receiver (listens only)"),)

    def say(self, data: bytes) -> list[LineSignal]:
        return list(self.session.receive(data, self.now).signals)

    def wait(self, seconds: float) -> list[LineSignal]:
        end, signals = self.now + seconds, []
        while (due := self.session.next_deadline()) is not None and due <= end:
            self.now = max(due, self.now)
            signals += self.session.tick(self.now).signals
        self.now = end
        return signals


def test_a_call_is_over_after_silence() -> None:
    bench = Bench()
    assert bench.say(CALL) == [CALLER]
    assert bench.wait(29) == []
    assert bench.wait(2) == [RingingStopped()]
    assert bench.wait(1000) == []


def test_a_repetition_is_not_a_second_call_but_a_later_one_is() -> None:
    bench = Bench()
    assert bench.say(CALL) == [CALLER]
    bench.wait(1)
    assert bench.say(CALL) == []
    bench.wait(10)
    assert bench.say(CALL) == [RingingStopped(), CALLER]


def test_a_broken_off_transmission_is_reported_after_the_gap() -> None:
    bench = Bench()
    assert bench.say(CALL[:-3]) == []
    assert bench.wait(1) == [CallerIdentified("21564301", verified=False)]


def test_no_number() -> None:
    assert Bench().say(frame(MDMF, b"\x04\x01P")) == [CallerIdentified("", absent=AbsentReason.PRIVATE)]


def test_port_lost_and_back() -> None:
    bench = Bench()
    bench.say(CALL)
    assert bench.session.port_lost("unplugged", 1.0).signals == (LineLost("unplugged"),)
    assert bench.session.port_lost("unplugged", 1.0).signals == ()
    assert bench.say(CALL) == []
    assert bench.session.next_deadline() is None
    bench.session.start(2.0)
    assert bench.say(CALL) == [CALLER]
