from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    Rang,
    RingingStopped,
)
from protocols.whozz.codec import ASK_PARAMETERS
from protocols.whozz.session import WhozzSession
from protocols.whozz.settings import WhozzSettings
from tests.protocols.whozz.packets import SERIAL, UNIT, call, detail, header

READY = LineReady("Whozz Calling, line 01 (listens only)")
CALLER = CallerIdentified("770-263-7111", "CALLERID.COM")
PARAMETERS = header() + b"<M>\x00\x01\x02\x03\x04\x05<I>\xc0\xa8\x00\x5a"


class Bench:
    def __init__(self, unit: int | None = UNIT) -> None:
        self.session = WhozzSession(WhozzSettings(line=1, unit=unit))
        self.now = 0.0
        self.asked = 0
        assert self.session.start(0.0).signals == (READY,)

    def say(self, *datagrams: bytes) -> list[LineSignal]:
        return [signal for each in datagrams for signal in self.session.receive(each, self.now).signals]

    def wait(self, seconds: float) -> list[LineSignal]:
        end, signals = self.now + seconds, []
        while (due := self.session.next_deadline()) is not None and due <= end:
            self.now = max(due, self.now)
            actions = self.session.tick(self.now)
            assert actions.write in (b"", ASK_PARAMETERS)
            self.asked += bool(actions.write)
            signals += actions.signals
        self.now = end
        return signals

    def full_featured(self) -> Bench:
        """It has shown its details and ends in an earlier call."""
        self.say(detail("F", "01/01 08:00:00"), detail("N", "01/01 08:00:10"), call("O E", "1", when="01/01 08:00 AM"))
        self.wait(10)
        return self


def test_an_answered_call_of_a_full_featured_unit() -> None:
    bench = Bench()
    assert bench.say(detail("R")) == [Rang()]
    bench.wait(2)
    assert bench.say(call("I S")) == [CALLER]
    assert bench.wait(40) == []
    assert bench.say(detail("F")) == [HandsetLifted()]
    assert bench.wait(500) == []
    assert bench.say(detail("N")) == [HandsetReplaced()]
    assert bench.say(call("I E", seconds=500)) == []
    assert bench.wait(1000) == []


def test_a_call_that_is_given_up() -> None:
    bench = Bench()
    assert bench.say(detail("R"), call("I S")) == [Rang(), CALLER]
    bench.wait(20)
    assert bench.say(call("I E")) == [RingingStopped()]
    assert bench.wait(1000) == []


def test_a_basic_unit_tells_of_callers_only() -> None:
    bench = Bench()
    assert bench.say(call("I S")) == [CALLER]
    assert bench.wait(29) == []
    assert bench.wait(2) == [RingingStopped()]
    assert bench.say(call("I S", when="12/17 04:55 PM")) == [CALLER]


def test_copies_are_one_and_a_later_call_of_the_same_caller_is_another() -> None:
    bench = Bench()
    assert bench.say(*[detail("R")] * 3, *[call("I S")] * 5) == [Rang(), CALLER]
    assert bench.say(*[call("I E")] * 3) == [RingingStopped()]
    bench.wait(5)
    assert bench.say(call("I E")) == []
    assert bench.say(call("I S")) == [CALLER]
    bench.wait(5)
    assert bench.say(call("I E")) == [RingingStopped()]


def test_the_telephone_is_lifted_before_the_caller_is_known() -> None:
    bench = Bench()
    assert bench.say(detail("R"), detail("F")) == [Rang(), HandsetLifted()]
    assert bench.say(call("I S")) == [CallerIdentified("770-263-7111", "CALLERID.COM", present=True)]
    assert bench.say(detail("N")) == [HandsetReplaced()]


def test_a_second_caller_during_a_conversation() -> None:
    bench = Bench().full_featured()
    bench.say(detail("R"), call("I S"), detail("F"))
    bench.wait(60)
    assert bench.say(call("I S", "10086", "", when="12/17 04:55 PM")) == [CallerIdentified("10086")]
    assert bench.say(detail("N")) == [HandsetReplaced()]


def test_a_call_whose_start_was_lost_gets_its_number_at_the_end() -> None:
    present = CallerIdentified("770-263-7111", "CALLERID.COM", present=True)
    for order in ((detail("N"), call("I E", seconds=50)), (call("I E", seconds=50), detail("N"))):
        bench = Bench()
        assert bench.say(detail("R"), detail("F")) == [Rang(), HandsetLifted()]
        bench.wait(50)
        assert bench.say(*order) == [present, HandsetReplaced()]
        assert bench.wait(100) == []


def test_a_replaced_telephone_whose_end_record_is_lost_too() -> None:
    bench = Bench()
    bench.say(detail("R"), detail("F"))
    assert bench.say(detail("N")) == []
    assert bench.wait(3) == [HandsetReplaced()]
    bench.say(detail("R", "11/07 18:00:00"), detail("F", "11/07 18:00:09"), detail("N", "11/07 18:00:19"))
    assert bench.say(detail("R", "11/07 18:00:20")) == [HandsetReplaced(), Rang()]


def test_an_end_without_a_start_is_a_call() -> None:
    age = CallerIdentified("770-263-7111", "CALLERID.COM", age=300.0)
    bench = Bench()
    assert bench.say(call("I E", seconds=300)) == [age, HandsetLifted(age=300.0), HandsetReplaced()]
    assert bench.say(call("I E", "10086", "")) == [CallerIdentified("10086"), RingingStopped()]
    bench.wait(60)
    assert bench.say(call("I E", "10086", "")) == []


def test_a_duration_is_no_answer_where_the_hook_is_seen() -> None:
    bench = Bench().full_featured()
    assert bench.say(call("I E", seconds=25)) == [
        CallerIdentified("770-263-7111", "CALLERID.COM", age=25.0),
        RingingStopped(),
    ]


def test_a_unit_that_tells_ends_but_no_details() -> None:
    bench = Bench()
    bench.say(call("I E", "1"))
    assert bench.say(call("I S")) == [CALLER]
    assert bench.say(call("I E", seconds=61)) == [HandsetLifted(age=61.0), HandsetReplaced()]
    # Two minutes without an end: it must have been answered.
    assert bench.say(call("I S", "10086", "")) == [CallerIdentified("10086")]
    assert bench.wait(121) == [HandsetLifted()]
    assert bench.say(call("I E", "10086", "", seconds=100)) == [HandsetReplaced()]
    # One whose end was lost is over when the next comes.
    bench.say(call("I S", "10086", "", when="12/17 05:00 PM"))
    bench.wait(121)
    assert bench.say(call("I S", "10010", "")) == [HandsetReplaced(), CallerIdentified("10010")]


def test_outgoing_calls() -> None:
    bench = Bench()
    assert bench.say(detail("F")) == [HandsetLifted()]
    assert bench.say(call("O S", "13800138000", "")) == [HandsetDialled("13800138000")]
    assert bench.wait(59) == []
    assert bench.wait(2) == [Answered(Certainty.PRESUMED)]
    assert bench.say(detail("N")) == [HandsetReplaced()]
    assert bench.say(call("O E", "13800138000", "", seconds=61)) == []


def test_a_short_outgoing_call_is_not_presumed_answered() -> None:
    bench = Bench()
    assert bench.say(call("O S", "10086", "")) == [HandsetLifted(), HandsetDialled("10086")]
    assert bench.say(call("O E", "10086", "", seconds=30)) == [HandsetReplaced()]
    assert bench.wait(1000) == []


def test_an_outgoing_call_told_at_its_end() -> None:
    assert Bench().say(call("O E", "10086", "", seconds=90)) == [
        HandsetLifted(age=90.0),
        HandsetDialled("10086", age=90.0),
        Answered(Certainty.PRESUMED, age=90.0),
        HandsetReplaced(),
    ]


def test_a_ring_shows_that_what_was_before_is_over() -> None:
    bench = Bench()
    bench.say(detail("R"), call("I S"), detail("F"))
    assert bench.say(detail("R", "11/07 18:00:00")) == [Rang()]
    bench = Bench()
    bench.say(call("O S", "10086", ""))
    assert bench.say(detail("R")) == [Rang()]


def test_dialling_shows_that_ringing_is_over() -> None:
    bench = Bench()
    bench.say(call("I S"))
    assert bench.say(call("O S", "10086", "")) == [RingingStopped(), HandsetLifted(), HandsetDialled("10086")]


@pytest.mark.parametrize(
    ("packet", "caller"),
    [
        (call("I S", "PRIVATE", "PRIVATE"), CallerIdentified("", absent=AbsentReason.PRIVATE)),
        (call("I S", checksum="B"), CallerIdentified("770-263-7111", "CALLERID.COM", verified=False)),
        (call("I B", "10086", ""), CallerIdentified("10086")),
    ],
)
def test_what_is_told_of_the_caller(packet: bytes, caller: CallerIdentified) -> None:
    assert Bench().say(packet) == [caller]


def test_other_lines_and_other_boxes() -> None:
    other = call("I S", unit=UNIT + 1, serial=SERIAL + 1)
    for bench in (Bench(), Bench(unit=SERIAL)):
        assert bench.say(other, call("I S", line=2), detail("R", line=2)) == []
        assert bench.say(call("I S")) == [CALLER]
    assert Bench(unit=None).say(other) == [CALLER]


def test_a_box_that_has_answered_is_lost_when_it_does_not_any_more() -> None:
    bench = Bench()
    bench.wait(1000)
    assert bench.asked == 0
    bench.say(call("I S"), call("I E"))
    bench.wait(61)
    assert bench.asked == 1
    assert bench.say(PARAMETERS) == []
    assert bench.session.answers
    bench.say(detail("R"))
    assert bench.wait(85) == [LineLost("the box does not answer any more")]
    assert bench.wait(1000) == []
    assert 10 < bench.asked < 30
    assert bench.say(PARAMETERS) == [READY]
    assert bench.say(call("I S")) == [CALLER]


def test_a_box_that_never_answered_is_not_called_lost() -> None:
    bench = Bench()
    bench.say(call("I S"), call("I E"))
    assert bench.wait(10_000) == []
    assert not bench.session.answers


def test_closed_and_open_again() -> None:
    bench = Bench()
    bench.say(call("I S"))
    assert bench.session.port_lost("gone", 1.0).signals == (LineLost("gone"),)
    assert bench.session.port_lost("gone", 1.0).signals == ()
    assert bench.session.next_deadline() is None
    assert bench.say(detail("R")) == []
    assert bench.session.tick(5.0).signals == ()
    bench.session.start(6.0)
    assert bench.say(call("I S", when="12/17 05:00 PM")) == [CALLER]


_packets = st.one_of(
    st.builds(call, st.sampled_from(["I S", "I E", "O S", "O E", "I B"]), st.sampled_from(["10086", "PRIVATE", ""]),
              seconds=st.sampled_from([0, 5, 9999]), line=st.integers(0, 3)),
    st.builds(detail, st.sampled_from("RFNH"), st.sampled_from(["11/07 17:45:04", "11/07 17:45:05"])),
    st.just(PARAMETERS),
    st.binary(max_size=100),
)  # fmt: skip


@given(st.lists(st.tuples(_packets, st.sampled_from([0.0, 1.0, 4.0, 31.0, 200.0])), max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_it_falls_silent_and_hears_the_next_call(script: list[tuple[bytes, float]]) -> None:
    bench = Bench()
    for packet, pause in script:
        bench.say(packet)
        bench.wait(pause)
    bench.wait(200)
    assert bench.wait(200) == []
    assert CallerIdentified("13800138000") in bench.say(detail("R", "12/31 23:59:59"), call("I S", "13800138000", ""))


def test_a_flood_is_bounded_in_memory() -> None:
    bench = Bench()
    for number in range(5000):
        bench.say(call("I S", f"{number:011}", ""), call("I E", f"{number:011}", ""))
    calls = bench.session._calls
    assert len(calls._recent) <= 16
    assert len(calls._over) <= 8
