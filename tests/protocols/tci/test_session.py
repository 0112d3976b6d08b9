from __future__ import annotations

from protocols.signals import (
    CallerIdentified,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
    RingingStopped,
)
from protocols.tci.session import TciSession, TciSettings
from tests.protocols.tci.test_codec import GOLDEN

CALLER = CallerIdentified("702-555-1145", "CARD SERVICES")


def started(line: int | None = None) -> TciSession:
    session = TciSession(TciSettings(line))
    session.start(0.0)
    return session


def test_a_call_is_over_after_silence() -> None:
    session = started()
    assert session.receive(GOLDEN, 1.0).signals == (CALLER,)
    assert session.next_deadline() == 31.0
    assert session.tick(31.0).signals == (RingingStopped(),)
    assert session.next_deadline() is None


def test_a_line_without_an_end_is_read_after_the_gap() -> None:
    session = started()
    assert session.receive(GOLDEN.strip(), 1.0).signals == ()
    assert session.next_deadline() == 1.5
    assert session.tick(1.5).signals == (CALLER,)


def test_the_lines_of_a_box_are_kept_apart() -> None:
    both = GOLDEN + GOLDEN.replace(b"01 ", b"02 ").replace(b"1145", b"1146")
    assert started(2).receive(both, 1.0).signals == (CallerIdentified("702-555-1146", "CARD SERVICES"),)
    assert len([*started(None).receive(both, 1.0).signals]) == 2


def test_a_full_featured_unit() -> None:
    session = started(1)
    assert session.receive(b"01 R             11/07 17:45:04\r\n", 0.0).signals == (Rang(),)
    assert session.receive(b"01 I S 0000 G A0 11/07 05:45 PM 10086                         \r\n", 2.0).signals == (
        CallerIdentified("10086"),
    )
    assert session.receive(b"01 F             11/07 17:45:14\r\n", 10.0).signals == (HandsetLifted(),)
    assert session.sees_hook
    assert session.receive(b"01 N             11/07 17:46:14\r\n", 70.0).signals == (HandsetReplaced(),)
    assert session.receive(b"01 I E 0060 G A2 11/07 05:45 PM 10086                         \r\n", 70.0).signals == ()


def test_port_lost_and_back() -> None:
    session = started(1)
    session.receive(GOLDEN + b"01 ", 1.0)
    assert session.port_lost("unplugged", 2.0).signals == (LineLost("unplugged"),)
    assert session.port_lost("unplugged", 2.0).signals == ()
    assert session.next_deadline() is None
    assert session.receive(GOLDEN, 3.0).signals == ()
    assert session.tick(4.0).signals == ()
    assert session.start(5.0).signals == (LineReady("serial caller-id box, line 01 (listens only)"),)
    assert session.receive(GOLDEN, 6.0).signals == (CALLER,)
