from __future__ import annotations

from protocols.ringing import MERGE, Ringing, caller_of
from protocols.signals import AbsentReason, CallerIdentified, NumberlessCalls, Rang, RingingStopped

FIRST, SECOND = caller_of("10086"), caller_of("10010")


def test_a_call_that_is_given_up() -> None:
    calls = Ringing(6.0, alarm_after=2)
    assert calls.deadline() is None
    assert calls.ring(0.0) == [Rang()]
    assert calls.ring(MERGE - 0.1) == []
    assert calls.ring(5.0) == [Rang()]
    assert calls.deadline() == 11.0
    assert calls.tick(10.9) == []
    assert calls.tick(11.0) == [RingingStopped()]
    assert calls.tick(30.0) == calls.stopped() == []


def test_numbers_repeated_corrected_and_flooding() -> None:
    calls = Ringing(6.0, alarm_after=2)
    damaged = caller_of("1008", verified=False)
    assert calls.caller(damaged, 0.0) == [damaged]
    assert calls.caller(FIRST, 0.1) == [FIRST]
    assert calls.caller(FIRST, 0.2) == calls.caller(SECOND, 0.3) == calls.caller(damaged, 0.4) == []
    assert calls.caller(SECOND, 0.1 + MERGE) == [SECOND]


def test_the_alarm_counts_calls_without_number_in_a_row() -> None:
    calls = Ringing(6.0, alarm_after=2)
    heard = []
    for number in ("", "", "10086", "", "", "", ""):
        calls.ring(0.0)
        if number:
            calls.caller(caller_of(number), 0.0)
        heard.append(calls.taken())
    assert heard == [[], [NumberlessCalls(2)], [], [], [NumberlessCalls(2)], [], [NumberlessCalls(4)]]
    calls.forget()
    assert calls.taken() == []


def test_words_for_the_absence_of_a_number() -> None:
    assert caller_of("P") == CallerIdentified("", absent=AbsentReason.PRIVATE)
    assert caller_of("") == caller_of("O") == CallerIdentified("", absent=AbsentReason.UNAVAILABLE)
