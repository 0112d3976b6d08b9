from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DeviceWarns,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    NumberlessCalls,
    Rang,
    RingingStopped,
)
from protocols.tp_hid.messages import Event
from protocols.tp_hid.session import TpHidSession
from protocols.tp_hid.settings import TpHidSettings
from tests.peers.tp_hid_bench import TpHidBench

SET_UP = ["6a", "18", "16", "01", "21", "12", "6c", "220c051a103929"]
CALL = "D1 01 0C 05 1A 10 39 13 80 01 38 00 0F"
CALLER = CallerIdentified("13800138000")
RING, BUSY, DIALLED = "E5", "EB", "D3"


def ringing() -> TpHidBench:
    box = TpHidBench().started().say(RING)
    box.forget()
    return box


def talking() -> TpHidBench:
    box = ringing().answer()
    box.wait(5)
    box.forget()
    return box


def test_what_a_box_is_told_when_it_is_plugged_in() -> None:
    box = TpHidBench()
    box.deaf = True
    box.start()
    assert box.reports == [bytes.fromhex("03 03 FF 01 6A 05 06 07")]
    box.deaf = False
    box.wait(1)
    assert box.sent == SET_UP
    assert box.reported() == [LineReady("TP HID phone box")]


def test_the_box_says_what_it_is() -> None:
    box = TpHidBench()
    box.deaf = True
    box.start().say("85 02", "84 01 02 03 04 05 06 07 08", "81 12")
    box.deaf = False
    box.wait(1)
    assert box.signals == [LineReady("TP HID phone box, type 02, serial number 0102030405060708, version 12")]


def test_it_is_told_every_five_seconds_that_we_are_there() -> None:
    box = TpHidBench().started()
    box.wait(20.5)
    assert box.sent == ["6a"] * 4
    assert box.signals == []


def test_one_report_in_flight() -> None:
    box = TpHidBench().started()
    box.deaf = True
    box.reports.clear()
    box.say(RING).answer().hang_up()
    assert box.reports == [bytes.fromhex("03 03 FF 01 61 05 06 07")]


def test_an_unanswered_report_is_sent_thrice_and_then_the_line_is_lost() -> None:
    box = TpHidBench()
    box.deaf = True
    box.start()
    box.wait(2.5)
    assert len(box.reports) == 3
    assert box.signals == []
    box.wait(1)
    assert box.reported() == [LineLost("the box does not answer any more")]
    box.wait(300)
    assert box.signals == []
    assert 10 <= len(box.reports) <= 30
    assert set(box.reports) == {bytes.fromhex("03 03 FF 01 6A 05 06 07")}
    box.deaf = False
    box.wait(60)
    assert box.signals == [LineReady("TP HID phone box")]


def test_a_box_that_dies_in_a_conversation_and_comes_back() -> None:
    box = talking()
    box.deaf = True
    box.wait(9)
    assert box.reported() == [LineLost("the box does not answer any more")]
    assert box.answer().reported() == [CommandFailed("answer", "the box does not answer any more")]
    box.deaf = False
    box.say(RING)
    assert box.signals == [LineReady("a TP HID phone box that is being set up"), Rang()]
    assert box.sent == SET_UP


def test_the_second_acknowledgement_of_a_report_is_not_that_of_the_next() -> None:
    box = TpHidBench()
    box.deaf = True
    box.start().wait(1.5)
    again = bytes.fromhex("03 80 FF 01 6A 05 06 07")
    box.hear(again).hear(again)
    assert [report[4] for report in box.reports] == [0x6A, 0x6A, 0x18]


def test_a_restart_is_a_loss_and_a_new_set_up() -> None:
    box = talking().say("E6")
    assert box.sent == SET_UP
    assert box.reported() == [LineLost("the box restarted"), LineReady("TP HID phone box")]
    assert not box.session.holds_call


def test_rings_and_caller_id_until_the_caller_gives_up() -> None:
    box = TpHidBench().started()
    box.say(RING).wait(2).say(CALL).wait(3)
    box.say(RING).wait(7.9)
    assert box.reported() == [Rang(), CALLER, Rang()]
    box.wait(0.2)
    assert box.reported() == [RingingStopped()]
    box.say(CALL).say(CALL).wait(3).say(RING)
    assert box.reported() == [CALLER, Rang()]


def test_a_flood_of_rings_and_numbers() -> None:
    box = TpHidBench().started()
    for number in range(500):
        box.say(RING, f"D1 01 0C 05 1A 10 39 {number:04d} FF").wait(0.01)
    assert len(box.signals) <= 12


def test_a_call_without_number_and_the_alarm() -> None:
    box = TpHidBench(TpHidSettings(numberless_alarm_after=2)).started()
    box.say(RING, "D1 01 00 05 1A 10 39 FF").wait(9)
    assert box.reported() == [Rang(), CallerIdentified("", absent=AbsentReason.UNAVAILABLE), RingingStopped()]
    box.say(RING).wait(9).say(RING).wait(9)
    assert box.reported()[-2:] == [RingingStopped(), NumberlessCalls(2)]


def test_a_number_with_an_impossible_date_is_shown_and_marked() -> None:
    assert TpHidBench().started().say("D1 01 00 0D 1A 10 39 12 3F").signals == [
        CallerIdentified("123", verified=False),
    ]


def test_answer_and_hang_up() -> None:
    box = ringing().answer()
    assert box.reported() == [Answered()]
    assert box.sent == ["61", "21", "23"]
    box.hang_up()
    assert box.reported() == [Ended(by_far_end=False)]
    assert box.sent[3:] == ["62", "21"]
    assert box.wait(100).signals == []


def test_a_second_click_changes_nothing() -> None:
    box = ringing()
    box.obeys = False
    box.answer().answer().say("AB 02")
    assert box.reported() == [Answered()]
    box.hang_up().hang_up().say("AB 00")
    assert box.reported() == [Ended(by_far_end=False)]


def test_busy_tone_hangs_up() -> None:
    box = talking().say(BUSY)
    assert box.sent == ["62", "21"]
    assert box.signals == [Ended(by_far_end=True)]
    assert not box.session.holds_call


def test_a_box_that_only_tells_its_state_when_asked() -> None:
    box = ringing()
    box.obeys = False
    box.answer().say("AB 02")
    assert box.reported() == [Answered()]
    box.hang_up().say("AB 00")
    assert box.reported() == [Ended(by_far_end=False)]


def test_a_box_that_does_not_go_off_hook() -> None:
    box = ringing()
    box.obeys = False
    box.answer().wait(2.9)
    assert box.reported() == []
    box.wait(0.2).say("E4")
    assert box.reported() == [CommandFailed("answer", "the box did not go off hook")]
    assert box.wait(10).signals == [RingingStopped()]
    box.forget()
    box.dial("10086").wait(3.1).say("E4")
    assert box.signals == [CommandFailed("dial", "the box did not go off hook")]


def test_a_box_that_does_not_confirm_going_on_hook() -> None:
    box = talking()
    box.obeys = False
    box.hang_up().wait(3.1)
    assert box.signals == [
        Ended(by_far_end=False),
        CommandFailed("hang_up", "the box did not confirm that it went on hook"),
    ]


def test_it_rings_on_although_the_call_was_answered() -> None:
    box = ringing().answer()
    box.forget()
    assert box.wait(0.3).say(RING).signals == []
    box.wait(4).say(RING)
    assert box.signals == [Ended(by_far_end=True), Rang()]
    assert box.sent == ["62", "21"]


def test_a_call_that_comes_while_the_box_hangs_up() -> None:
    box = talking()
    box.obeys = False
    box.hang_up().say(RING, "E4")
    assert box.signals == [Ended(by_far_end=False), Rang()]


def test_dialling_begins_a_second_after_going_off_hook() -> None:
    box = TpHidBench(TpHidSettings(dial_prefix="9,")).started().dial("+86")
    assert box.sent == ["61", "21"]
    box.wait(0.9)
    assert box.sent == ["61", "21"]
    box.wait(0.2)
    assert box.sent[2:] == ["1164090c00000806", "23"]
    box.say(DIALLED).wait(9)
    assert box.signals == []
    box.wait(2)
    assert box.reported() == [Answered(Certainty.PRESUMED)]
    assert box.hang_up().reported() == [Ended(by_far_end=False)]


def test_without_a_word_that_it_was_dialled() -> None:
    box = TpHidBench().started().dial("10086").say("EC 01").wait(1)
    for _ in range(3):
        box.say("EC 01").wait(4)
    box.wait(2 + 9)
    assert box.signals == []
    box.wait(2)
    assert box.signals == [Answered(Certainty.PRESUMED)]


def test_a_busy_number() -> None:
    box = TpHidBench().started().dial("10086").wait(2).say(BUSY)
    assert box.signals == [DialFailed(DialFailure.BUSY)]
    assert box.sent[-2:] == ["62", "21"]
    assert not box.session.holds_call


def test_a_number_is_never_sent_twice() -> None:
    box = TpHidBench().started().dial("13800138000")
    box.deaf = True
    box.wait(1.5)
    box.deaf = False
    box.reports.clear()
    box.wait(1)
    assert box.signals == [CommandFailed("dial", "the box did not take the number")]
    assert not [report for report in box.reports if report[4] == 0x11]
    assert "62" in box.sent


def test_a_caller_is_faster_than_our_number() -> None:
    box = TpHidBench().started().dial("10086").wait(0.5).say(RING)
    assert box.signals == [DialFailed(DialFailure.REJECTED), Rang()]
    assert box.wait(5).sent[-3:-1] == ["62", "21"]
    assert not [told for told in box.sent if told.startswith("11")]


@pytest.mark.parametrize(("up", "down"), [("E7", "E8"), ("E3", "E4"), ("E9", "EA")])
def test_people_take_the_call(up: str, down: str) -> None:
    box = ringing().say(up)
    assert box.reported() == [HandsetLifted()]
    assert box.sent == ["23"]
    assert box.answer().reported() == [CommandFailed("answer", "the call is on the handset")]
    assert box.hang_up().reported() == [CommandFailed("hang_up", "the call is on the handset")]
    assert box.say(BUSY).reported() == [Ended(by_far_end=True)]
    assert box.say(down).reported() == [HandsetReplaced()]
    assert box.wait(20).signals == []


def test_a_state_read_at_the_start_counts_as_lifted() -> None:
    box = TpHidBench().started().say("AB 03")
    assert box.reported() == [HandsetLifted()]
    assert box.say("AB 00").reported() == [HandsetReplaced()]


def test_from_one_telephone_to_another_is_one_conversation() -> None:
    assert ringing().say("E7", "E9", "E8").reported() == [HandsetLifted()]


def test_the_handset_takes_over_from_the_box() -> None:
    box = talking().say("E7", "E4")
    assert box.reported() == [HandsetLifted(), Ended(by_far_end=False)]
    assert box.say("E8").reported() == [HandsetReplaced()]
    box.dial("10086").wait(2).say("E7", "E4")
    assert box.signals == [HandsetLifted(), Answered(Certainty.PRESUMED), Ended(by_far_end=False)]


def test_dialling_with_the_handset_lifted_already() -> None:
    box = TpHidBench().started().say("E7")
    box.obeys = False
    box.dial("10086").say("AB 03").wait(1.1)
    assert "1164010000080" in box.sent[-2]
    box.hang_up().say("AB 03")
    assert box.signals == [HandsetLifted(), Ended(by_far_end=False)]


def test_a_ring_shows_that_the_handset_was_replaced() -> None:
    assert ringing().say("E7").wait(60).say(RING).signals == [HandsetLifted(), HandsetReplaced(), Rang()]


def test_the_hands_free_key_ends_the_call() -> None:
    box = talking().say("E4")
    assert box.signals == [Ended(by_far_end=False)]
    assert not box.session.holds_call


def test_digits_heard_and_sent() -> None:
    box = ringing().answer().press("1").press("#")
    box.forget()
    box.wait(1.1)
    assert box.sent == ["116401", "11640b"]
    box.say("D2 05", "D9 0A 0B")
    assert box.signals == [DigitHeard("5"), DigitHeard("*"), DigitHeard("#")]
    with pytest.raises(ValueError, match="cannot send"):
        box.press("A")


def test_more_digits_than_the_box_takes() -> None:
    box = talking()
    box.deaf = True
    for _ in range(30):
        box.press("0" * 32)
    assert CommandFailed("send_digits", "the box did not take the tones") in box.signals


def test_a_low_battery_is_reported_once() -> None:
    assert TpHidBench().started().say("ED", "ED").signals == [DeviceWarns("the battery of the phone box is low")]


@pytest.mark.parametrize(("news", "told"), [(RING, Rang()), (CALL, CALLER)])
def test_a_new_call_while_hanging_up_comes_after_the_end_of_the_old_one(news: str, told: LineSignal) -> None:
    box = talking()
    box.obeys = False
    box.hang_up().say(news)
    assert box.reported() == [Ended(by_far_end=False), told]


def test_caller_id_in_the_noise_of_a_conversation_is_not_believed() -> None:
    assert talking().say(CALL).signals == []


@pytest.mark.parametrize("command", ["answer", "hang_up", "press"])
def test_commands_that_do_not_fit(command: str) -> None:
    box = TpHidBench().started()
    {"answer": box.answer, "hang_up": box.hang_up, "press": lambda: box.press("1")}[command]()
    name = {"press": "send_digits"}.get(command, command)
    assert [signal.command for signal in box.signals if isinstance(signal, CommandFailed)] == [name]
    assert ringing().dial("10086").signals == [CommandFailed("dial", "the line is ringing")]


def test_pulled_out_and_plugged_in_again() -> None:
    box = talking()
    box.do(lambda session, now: session.port_lost("unplugged", now))
    box.do(lambda session, now: session.port_lost("unplugged", now))
    assert box.reported() == [LineLost("unplugged")]
    assert box.session.next_deadline() is None
    assert box.say(RING).dial("10086").reported() == [CommandFailed("dial", "the box is not connected")]
    assert box.start().reported() == [LineReady("TP HID phone box")]


def test_settings_are_checked() -> None:
    for wrong in ({"dial_prefix": "9;"}, {"international_prefix": "+"}, {"numberless_alarm_after": 0}):
        with pytest.raises(ValueError, match=r"prefix|at least 1"):
            replace(TpHidSettings(), **wrong)  # type: ignore[arg-type]


COMMANDS = [
    lambda session, now: session.dial("13800138000", now),
    TpHidSession.answer,
    TpHidSession.hang_up,
    lambda session, now: session.send_digits("1#", now),
]


@given(
    st.lists(
        st.sampled_from(Event) | st.binary(max_size=12) | st.floats(0, 12) | st.sampled_from(COMMANDS), max_size=40
    )
)
@settings(max_examples=300, deadline=None)
def test_whatever_happens_the_line_comes_to_rest_and_works(story: list[object]) -> None:
    box = TpHidBench().started()
    for step in story:
        match step:
            case Event():
                box.say(f"{step:02x}")
            case bytes():
                box.hear(step)
            case float():
                box.wait(step)
            case _:
                box.do(step)  # type: ignore[arg-type]
    box.hang_up().wait(200)
    box.say("AB 00", "E4", "E8", "EA").wait(10)
    assert not box.session.holds_call
    box.forget()
    box.say(RING).answer()
    assert box.reported()[:2] == [Rang(), Answered()]
