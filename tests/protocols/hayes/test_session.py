from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hayes.session import HayesSession
from protocols.hayes.settings import HayesSettings
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    FarEndRinging,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    NumberlessCalls,
    Rang,
    RingingStopped,
)
from tests.peers.modem_bench import USR_ANSWERS, Bench

NUMBER = "13800138000"
CONEXANT_ANSWERS = {"ATI0": "56000\r\n\r\nOK"}


def bench(answers: dict[str, str] | None = None, settings: HayesSettings | None = None) -> Bench:
    return Bench(settings, answers).started()


def silent_dial(extra: dict[str, str] | None = None) -> Bench:
    """A bench whose modem is still dialling when ``dial`` returned."""
    return bench({**USR_ANSWERS, f"ATDT{NUMBER}": "", **(extra or {})}).do(lambda s, now: s.dial(NUMBER, now)).wait(0.2)


def talking() -> Bench:
    line = bench().say("RING").do(HayesSession.answer).wait(1)
    assert line.reported() == [Rang(), Answered()]
    return line


class TestSetup:
    def sent(
        self, answers: dict[str, str], settings: HayesSettings | None = None
    ) -> tuple[list[str], list[LineSignal]]:
        line = Bench(settings, answers)
        line.do(HayesSession.start).wait(30)
        return line.sent, line.signals

    def test_usr(self) -> None:
        sent, signals = self.sent(USR_ANSWERS)
        assert sent == [
            *("AT", "ATI0", "ATZ", "ATV1", "ATE0"),
            *("AT+FCLASS=8", "AT+VSD=128,0", "AT+VSM=128,8000", "AT+VCID=1", "AT"),
        ]
        assert signals == [LineReady("U.S. Robotics 5637 (5601)")]

    def test_conexant(self) -> None:
        sent, signals = self.sent(CONEXANT_ANSWERS)
        assert sent[-4:] == ["AT+VSD=0,0", "AT+VSM=1,8000,0,0", "AT-SCID=1;+VCID=1;-STE=3", "AT"]
        assert signals == [LineReady("Conexant (Zoom 3095, StarTech) (56000)")]

    @pytest.mark.parametrize("words", ["LT V.92 Data+Fax+Voice Modem", "Venus V.90 USB Modem"])
    def test_agere(self, words: str) -> None:
        _, signals = self.sent({"ATI0": f"{words}\r\n\r\nOK"})
        assert signals == [LineReady(f"Agere / Lucent ({words})")]

    def test_older_caller_id_commands_are_tried_in_turn(self) -> None:
        refused = dict.fromkeys(("AT+VCID=1", "AT#CID=1", "AT+FCLASS=8;+VCID=1", "AT#CLS=8#CID=1"), "ERROR")
        sent, signals = self.sent({"ATI0": "33600\r\n\r\nOK", "ATI3": "ERROR", **refused})
        assert sent[-2:] == ["AT#CC1", "AT"]
        assert signals == [LineReady("Voice modem (33600)")]

    def test_an_old_rockwell_is_spoken_to_in_its_own_commands(self) -> None:
        line = bench({"ATI0": "28800\r\n\r\nOK", "AT+FCLASS=8": "ERROR", "AT#VLS=1": "VCON"})
        line.say("RING").do(HayesSession.answer).wait(1)
        assert line.reported() == [Rang(), Answered()]
        assert line.sent == ["AT#CLS=8", "AT#VLS=1"]

    def test_without_caller_id_or_voice_it_says_so(self) -> None:
        commands = (
            "AT+VCID=1",
            "AT#CID=1",
            "AT+FCLASS=8",
            "AT+FCLASS=8;+VCID=1",
            "AT#CLS=8#CID=1",
            "AT#CC1",
            "AT*ID1",
            "AT#CLS=8",
        )
        _, signals = self.sent(dict.fromkeys(commands, "ERROR"))
        assert signals == [LineReady("Voice modem, no caller id, no voice mode")]

    def test_an_echoing_modem_in_numeric_mode_is_set_up(self) -> None:
        numeric = {"AT": "AT\r0", "ATI0": "ATI0\r5601\r0", "ATZ": "ATZ\r0", "ATV1": "ATV1\r0"}
        _, signals = self.sent(numeric)
        assert signals == [LineReady("U.S. Robotics 5637 (5601)")]

    def test_a_named_profile_is_not_detected(self) -> None:
        _, signals = self.sent(USR_ANSWERS, HayesSettings(profile="conexant"))
        assert signals == [LineReady("Conexant (Zoom 3095, StarTech) (5601)")]

    def test_late_answers_are_not_taken_for_those_to_what_is_asked_next(self) -> None:
        line = Bench(answers={**USR_ANSWERS, "AT": ""})
        line.do(HayesSession.start).wait(1.5)
        assert line.sent.count("AT") == 2
        # It answers both, one after the other, and would then answer what follows.
        line.answers = {"ATI0": ""}
        line.say("OK").wait(0.1).say("OK")
        line.answers = USR_ANSWERS
        line.wait(5)
        assert line.signals == [LineReady("U.S. Robotics 5637 (5601)")]
        assert line.sent[3:5] == ["ATI0", "ATZ"]

    def test_a_silent_modem_is_reported_once_and_tried_for_ever(self) -> None:
        line = Bench(answers={"AT": ""})
        line.do(HayesSession.start).wait(600)
        assert line.signals == [LineLost("the modem does not answer AT")]
        assert len(line.sent) > 3 * 8
        line.answers = USR_ANSWERS
        assert line.wait(70).signals[-1] == LineReady("U.S. Robotics 5637 (5601)")

    def test_a_modem_that_dies_while_idle_is_noticed(self) -> None:
        line = bench()
        line.answers = {"AT": ""}
        assert line.wait(40).reported() == [LineLost("the modem stopped answering")]

    def test_an_idle_modem_that_answers_is_left_alone(self) -> None:
        assert bench().wait(3600).reported() == []

    def test_a_lost_port_is_reported_once_and_the_session_starts_again(self) -> None:
        line = bench()
        line.do(lambda s, now: s.port_lost("unplugged", now)).do(lambda s, now: s.port_lost("unplugged", now))
        assert line.reported() == [LineLost("unplugged")]
        assert line.session.next_deadline() is None
        line.say("RING").do(HayesSession.start).wait(5)
        assert line.reported() == [LineReady("U.S. Robotics 5637 (5601)")]

    @pytest.mark.parametrize(
        "wrong",
        [{"profile": "acme"}, {"dial_prefix": "9;H"}, {"international_prefix": "\r"}, {"numberless_alarm_after": 0}],
    )
    def test_wrong_settings_are_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"profile|prefix|numberless"):
            replace(HayesSettings(), **wrong)  # type: ignore[arg-type]


class TestIncoming:
    def test_ring_number_ring_stopped(self) -> None:
        line = bench().say("RING").wait(2).say(f"DATE=0317\nTIME=1656\nNMBR={NUMBER}\nNAME=WANG")
        assert line.reported() == [Rang(), CallerIdentified(NUMBER, "WANG")]
        line.wait(3).say("RING").wait(5.9)
        assert line.reported() == [Rang()]
        assert line.wait(0.2).reported() == [RingingStopped()]

    def test_number_before_the_first_ring(self) -> None:
        line = bench().say(f"DATE=0317\nTIME=1656\nNMBR={NUMBER}").wait(1).say("RING 1").wait(10)
        assert line.reported() == [CallerIdentified(NUMBER), Rang("1"), RingingStopped()]

    def test_number_without_any_ring(self) -> None:
        assert bench().say(f"NMBR={NUMBER}").wait(10).reported() == [CallerIdentified(NUMBER), RingingStopped()]

    def test_a_name_that_comes_later_is_reported_with_the_number(self) -> None:
        line = bench().say("RING").say(f"NMBR={NUMBER}").say("NAME=WANG")
        assert line.reported()[1:] == [CallerIdentified(NUMBER), CallerIdentified(NUMBER, "WANG")]

    @pytest.mark.parametrize(
        ("value", "absent"),
        [
            ("P", AbsentReason.PRIVATE),
            ("Restricted", AbsentReason.PRIVATE),
            ("PrivDirOff", AbsentReason.PRIVATE),
            ("PRIVATE", AbsentReason.PRIVATE),
            ("O", AbsentReason.UNAVAILABLE),
            ("OUT OF AREA", AbsentReason.UNAVAILABLE),
            ("0000000000", AbsentReason.UNAVAILABLE),
            ("", AbsentReason.UNAVAILABLE),
            ("---", AbsentReason.UNAVAILABLE),
        ],
    )
    def test_absent_numbers(self, value: str, absent: AbsentReason) -> None:
        assert bench().say("RING").say(f"NMBR = {value}").reported()[1:] == [CallerIdentified("", "", absent)]

    def test_an_absent_name_is_no_name(self) -> None:
        assert bench().say("RING").say(f"NAME=O\nNMBR={NUMBER}").reported()[1:] == [CallerIdentified(NUMBER)]

    def test_a_number_masked_afterwards_is_kept(self) -> None:
        line = bench().say("RING").say(f"NMBR={NUMBER}").say("NMBR=P")
        assert line.reported()[1:] == [CallerIdentified(NUMBER)]

    def test_a_damaged_number_is_flagged_not_dropped(self) -> None:
        line = bench().say("RING").say(f"ERRM\nNMBR={NUMBER}")
        assert line.reported()[1:] == [CallerIdentified(NUMBER, verified=False)]

    def test_a_second_number_after_more_rings_is_a_second_call(self) -> None:
        line = bench().say("RING").say("NMBR=1111").wait(4).say("RING").wait(1).say("NMBR=2222")
        assert line.reported() == [
            *(Rang(), CallerIdentified("1111"), Rang(), RingingStopped()),
            *(Rang(), CallerIdentified("2222")),
        ]

    def test_nothing_of_one_call_is_left_in_the_next(self) -> None:
        line = bench().say("RING").say(f"NMBR={NUMBER}\nNAME=WANG").wait(10)
        line.reported()
        assert line.say("RING").say("NMBR=P").wait(10).reported() == [
            *(Rang(), CallerIdentified("", "", AbsentReason.PRIVATE), RingingStopped())
        ]

    def test_other_signs_of_the_same_ring_are_not_counted_twice(self) -> None:
        line = bench().say(b"\x10R\r\nRING\r\n\r\nDRON=20\r\n").wait(4).say("DROF=40").say("RING").say(b"\x10R")
        assert line.reported() == [Rang(), Rang()]

    def test_a_modem_that_reports_rings_only_as_events(self) -> None:
        assert bench().say(b"\x10R").wait(4).say(b"\x10R").wait(10).reported() == [Rang(), Rang(), RingingStopped()]

    def test_a_flood_of_rings_is_a_few_rings(self) -> None:
        line = bench()
        for _ in range(6000):
            line.say(b"\r\nRING\r\n" * 10).wait(0.01)
        rings = line.reported()
        assert set(rings) == {Rang()}
        assert 100 < len(rings) <= 151
        assert line.wait(10).reported() == [RingingStopped()]

    def test_handset_takes_the_call(self) -> None:
        line = bench().say("RING").say(f"NMBR={NUMBER}").say(b"\x10H").wait(60).say(b"\x10h")
        assert line.reported() == [Rang(), CallerIdentified(NUMBER), HandsetLifted(), HandsetReplaced()]

    def test_p_is_the_extension_lifted_on_conexant_and_replaced_elsewhere(self) -> None:
        assert bench(CONEXANT_ANSWERS).say("RING").say(b"\x10p").reported() == [Rang(), HandsetLifted()]
        assert bench().say(b"\x10P\x10p").reported() == [HandsetLifted(), HandsetReplaced()]

    def test_a_ring_shows_that_the_handset_was_put_back_unseen(self) -> None:
        line = bench().say("RING").say(b"\x10H").wait(100).say("RING")
        assert line.reported() == [Rang(), HandsetLifted(), HandsetReplaced(), Rang()]

    def test_rings_during_the_setup_are_not_lost(self) -> None:
        line = Bench()
        line.do(HayesSession.start).say("RING").wait(10)
        assert line.reported() == [LineReady("a modem that is being set up"), Rang(), RingingStopped()]

    def test_caller_id_missing_again_and_again_raises_an_alarm_and_a_new_setup(self) -> None:
        line = bench(settings=HayesSettings(numberless_alarm_after=3))
        for _ in range(3):
            line.say("RING").wait(10)
        assert line.reported()[-2:] == [RingingStopped(), NumberlessCalls(3)]
        assert line.wait(3).sent[-2:] == ["AT+VCID=1", "AT"]
        line.say("RING").say("NMBR=P").wait(10)
        for _ in range(2):
            line.say("RING").wait(10)
        assert not [signal for signal in line.reported() if isinstance(signal, NumberlessCalls)]


class TestAnswering:
    def test_answer_and_hang_up(self) -> None:
        line = talking()
        assert line.sent == ["AT+FCLASS=8", "AT+VLS=1"]
        line.do(HayesSession.hang_up).wait(1)
        assert line.reported() == [Ended(by_far_end=False)]
        assert "ATH0" in line.sent

    def test_a_second_click_changes_nothing(self) -> None:
        line = bench().say("RING")
        line.do(HayesSession.answer).do(HayesSession.answer).wait(1)
        assert line.reported() == [Rang(), Answered()]
        line.do(HayesSession.hang_up).do(HayesSession.hang_up).wait(1)
        assert line.reported() == [Ended(by_far_end=False)]

    @pytest.mark.parametrize(
        "goodbye", [b"\x10b", b"\x10l", b"\x10d", b"\x10h", b"\r\nNO CARRIER\r\n", b"\r\nBUSY\r\n"]
    )
    def test_the_far_end_hangs_up(self, goodbye: bytes) -> None:
        line = talking().say(goodbye).wait(1)
        assert line.reported() == [Ended(by_far_end=True)]
        assert "ATH0" in line.sent
        assert line.say("RING").reported() == [Rang()]

    def test_still_ringing_after_off_hook_is_a_failure(self) -> None:
        line = talking().wait(3).say("RING").wait(1)
        assert line.reported() == [
            CommandFailed("answer", "the line still rings: the modem did not go off hook"),
            Rang(),
        ]

    def test_a_ring_that_was_on_its_way_is_not(self) -> None:
        line = bench().say("RING").do(HayesSession.answer).wait(0.1).say("RING").wait(20)
        assert line.reported() == [Rang(), Answered()]

    def test_a_new_call_shows_that_the_old_one_is_over(self) -> None:
        line = talking().wait(60).say("RING").wait(1)
        assert line.reported() == [Ended(by_far_end=True), Rang()]

    @pytest.mark.parametrize("news", ["RING", f"NMBR={NUMBER}"])
    def test_a_new_call_while_hanging_up_comes_after_the_end_of_the_old_one(self, news: str) -> None:
        line = talking()
        line.answers = {**USR_ANSWERS, "ATH0": ""}
        line.do(HayesSession.hang_up).wait(0.2).say(news)
        told = line.reported()
        assert told[0] == Ended(by_far_end=False)
        assert told[1:] == [Rang() if news == "RING" else CallerIdentified(NUMBER)]
        line.say("OK").wait(1)
        assert line.reported() == []
        assert line.do(HayesSession.answer).wait(1).reported() == [Answered()]

    def test_a_waiting_callers_number_is_not_the_present_callers(self) -> None:
        assert talking().say(b"\x10w").say("NMBR=10010").wait(20).reported() == []

    def test_a_modem_that_refuses_to_go_off_hook(self) -> None:
        line = bench({**USR_ANSWERS, "AT+VLS=1": "ERROR"}).say("RING").do(HayesSession.answer).wait(1)
        assert line.reported() == [Rang(), CommandFailed("answer", "the modem did not go off hook")]
        assert line.wait(4).say("RING").wait(10).reported() == [Rang(), RingingStopped()]

    def test_a_modem_that_does_not_confirm_hanging_up_is_set_up_again(self) -> None:
        line = talking()
        line.answers = {**USR_ANSWERS, "ATH0": "", "AT+VLS=0": "", "+++": ""}
        line.do(HayesSession.hang_up).wait(15)
        assert line.reported() == [
            Ended(by_far_end=False),
            CommandFailed("hang_up", "the modem did not confirm that it went on hook"),
        ]
        assert "+++" in "".join(line.sent)
        assert "ATZ" in line.sent

    def test_digits_both_ways(self) -> None:
        line = talking().say(b"\x10/\x105\x105\x10~").do(lambda s, now: s.send_digits("1#", now)).wait(1)
        assert line.reported() == [DigitHeard("5")]
        assert line.sent[-1] == "AT+VTS=1,#"


def keys(text: str) -> bytes:
    return b"".join(b"\x10/\x10%c\x10%c\x10~" % (key, key) for key in text.encode())


class TestDtmfCallerId:
    def test_before_the_first_ring(self) -> None:
        line = bench().say(keys(f"D{NUMBER}C"))
        assert line.reported() == [CallerIdentified(NUMBER)]
        assert line.say("RING").wait(20).reported() == [Rang(), RingingStopped()]

    def test_without_an_end_it_is_read_after_a_second(self) -> None:
        line = bench().say(keys(f"A{NUMBER}")).wait(0.5)
        assert line.reported() == []
        assert line.wait(1).reported() == [CallerIdentified(NUMBER)]
        assert line.wait(20).reported() == [RingingStopped()]

    def test_without_an_end_it_is_read_when_the_line_rings(self) -> None:
        assert bench().say(keys(f"D{NUMBER}")).say("RING").reported() == [Rang(), CallerIdentified(NUMBER)]

    def test_between_rings(self) -> None:
        line = bench().say("RING").wait(1).say(keys(f"#{NUMBER}#"))
        assert line.reported() == [Rang(), CallerIdentified(NUMBER)]

    def test_a_number_dialled_in_the_house_is_none(self) -> None:
        line = bench().say(keys(NUMBER)).wait(10).say("RING").wait(20)
        assert line.reported() == [Rang(), RingingStopped()]

    def test_a_number_without_letters_counts_if_the_line_rings_at_once(self) -> None:
        assert bench().say(keys(NUMBER + "#")).wait(2).say("RING").reported() == [Rang(), CallerIdentified(NUMBER)]

    def test_no_number(self) -> None:
        assert bench().say(keys("B10C")).reported() == [CallerIdentified("", absent=AbsentReason.PRIVATE)]

    def test_fsk_counts_more(self) -> None:
        line = bench().say(keys(f"D{NUMBER}C")).say("RING").say(f"NMBR={NUMBER}\nNAME=LI SI")
        assert line.reported() == [CallerIdentified(NUMBER), Rang(), CallerIdentified(NUMBER, "LI SI")]
        line = bench().say(f"NMBR={NUMBER}").say(keys("D10086C"))
        assert line.reported() == [CallerIdentified(NUMBER)]

    def test_in_a_call_keys_are_keys(self) -> None:
        assert talking().say(keys("D1C")).reported() == [DigitHeard("D"), DigitHeard("1"), DigitHeard("C")]
        line = bench().say(b"\x10H").say(keys("10086#"))
        assert line.reported() == [HandsetLifted(), *(DigitHeard(key) for key in "10086#")]

    def test_a_numberless_alarm_is_not_raised_for_it(self) -> None:
        line = bench(settings=HayesSettings(numberless_alarm_after=1))
        line.say(keys(f"D{NUMBER}C")).say("RING").wait(20)
        assert not [signal for signal in line.reported() if isinstance(signal, NumberlessCalls)]


class TestDialling:
    def test_the_number_goes_out_with_its_prefixes(self) -> None:
        line = bench(settings=HayesSettings(dial_prefix="9,"))
        line.do(lambda s, now: s.dial("+8613800138000", now)).wait(1)
        assert line.sent == ["AT+FCLASS=8", "ATDT9,008613800138000"]

    @pytest.mark.parametrize(
        ("code", "failure"),
        [
            ("BUSY", DialFailure.BUSY),
            ("NO ANSWER", DialFailure.NO_ANSWER),
            ("NO DIALTONE", DialFailure.NO_DIAL_TONE),
            ("NO DIAL TONE", DialFailure.NO_DIAL_TONE),
            ("NO CARRIER", DialFailure.NO_CARRIER),
            ("ERROR", DialFailure.REJECTED),
            (b"\x10b", DialFailure.BUSY),
            (b"\x10K", DialFailure.BUSY),
            (b"\x10J", DialFailure.REJECTED),
        ],
    )
    def test_failures(self, code: str | bytes, failure: DialFailure) -> None:
        line = silent_dial().say("RINGING").say(code).wait(6)
        assert line.reported() == [FarEndRinging(), DialFailed(failure)]
        assert "ATH0" in line.sent
        assert line.say("RING").reported() == [Rang()]

    @pytest.mark.parametrize(
        ("code", "certainty"),
        [
            ("VCON", Certainty.PRESUMED),
            ("VOICE", Certainty.PRESUMED),
            ("CONNECT 33600", Certainty.SURE),
            (b"\x10a", Certainty.SURE),
        ],
    )
    def test_answers(self, code: str | bytes, certainty: Certainty) -> None:
        line = silent_dial().say("RINGING").wait(4).say("RINGING").say(code)
        assert line.reported() == [FarEndRinging(), Answered(certainty)]

    def test_ok_and_ringback_that_stops_is_presumed_answered(self) -> None:
        line = silent_dial().say("OK").wait(3).say(b"\x10r").wait(4).say(b"\x10r").wait(6.9)
        assert line.reported() == [FarEndRinging()]
        assert line.wait(0.2).reported() == [Answered(Certainty.PRESUMED)]

    def test_ok_and_no_ringback_at_all_is_presumed_answered(self) -> None:
        line = silent_dial().say("OK").wait(9.9)
        assert line.reported() == []
        assert line.wait(0.2).reported() == [Answered(Certainty.PRESUMED)]

    def test_voice_is_no_proof_because_ringback_may_be_music(self) -> None:
        assert silent_dial().say("OK").say(b"\x10v\x10V").wait(5).reported() == []

    def test_polarity_reversal_after_ringback_is_presumed_answered(self) -> None:
        line = silent_dial().say(b"\x10L").say("RINGING").say(b"\x10L")
        assert line.reported() == [FarEndRinging(), Answered(Certainty.PRESUMED)]

    def test_ringback_for_ever_times_out(self) -> None:
        line = silent_dial().say("OK")
        for _ in range(30):
            line.say(b"\x10r").wait(4)
        assert line.reported() == [FarEndRinging(), DialFailed(DialFailure.TIMED_OUT)]

    def test_a_modem_that_never_answers_the_dial_command_times_out(self) -> None:
        line = silent_dial().wait(100)
        assert line.reported() == [DialFailed(DialFailure.TIMED_OUT)]
        # A bare CR stops the dial command before the modem takes another.
        assert line.sent[1:4] == [f"ATDT{NUMBER}", "", "ATH0"]

    def test_hang_up_while_dialling(self) -> None:
        line = silent_dial().do(HayesSession.hang_up).wait(5)
        assert line.reported() == [Ended(by_far_end=False)]
        assert "ATH0" in line.sent

    def test_an_incoming_call_beats_dialling(self) -> None:
        line = silent_dial().say("RING").wait(5)
        assert line.reported() == [DialFailed(DialFailure.REJECTED), Rang()]

    def test_after_the_handset_was_lifted_dialling_is_allowed(self) -> None:
        line = bench({**USR_ANSWERS, f"ATDT{NUMBER}": ""}).say(b"\x10H").do(lambda s, now: s.dial(NUMBER, now))
        assert line.wait(1).say("VCON").reported() == [HandsetLifted(), Answered(Certainty.PRESUMED)]


class TestRefusals:
    def test_what_does_not_fit_is_refused_with_the_reason(self) -> None:
        line = bench()
        line.do(HayesSession.answer).do(HayesSession.hang_up).do(lambda s, now: s.send_digits("1", now))
        assert line.reported() == [
            CommandFailed("answer", "no call is ringing"),
            CommandFailed("hang_up", "no call"),
            CommandFailed("send_digits", "no call"),
        ]
        line.say("RING").do(lambda s, now: s.dial(NUMBER, now))
        assert line.reported() == [Rang(), CommandFailed("dial", "the line is ringing")]
        assert line.sent == []

    def test_a_second_dial_is_refused(self) -> None:
        line = silent_dial().do(lambda s, now: s.dial("10086", now))
        assert line.reported() == [CommandFailed("dial", "a number is being dialled")]

    def test_nothing_is_sent_for_a_number_that_is_not_one(self) -> None:
        line = bench()
        with pytest.raises(ValueError, match="cannot dial"):
            line.do(lambda s, now: s.dial("10086;ATH", now))
        with pytest.raises(ValueError, match="as tones"):
            line.do(lambda s, now: s.send_digits("1\rATH", now))
        assert line.wait(1).sent == []

    def test_before_the_setup(self) -> None:
        line = Bench(answers={"AT": ""})
        line.do(HayesSession.start).do(lambda s, now: s.dial(NUMBER, now))
        assert line.reported()[-1] == CommandFailed("dial", "the modem is being set up")


STEPS = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"\r\nRING\r\n",
                b"\r\nOK\r\n",
                b"\r\nBUSY\r\n",
                b"\x10H",
                b"\x10h",
                b"\x10b",
                b"\r\nNMBR=1\r\n",
                b"\r\nVCON\r\n",
            ]
        ),
        st.floats(0.001, 40),
        st.sampled_from(["dial", "answer", "hang_up", "send_digits", "port_lost", "start"]),
    ),
    max_size=40,
)


@given(steps=STEPS)
@settings(max_examples=400, deadline=None)
def test_whatever_happens_a_clean_call_is_recognised_afterwards(steps: list[bytes | float | str]) -> None:
    line = bench()
    commands = {
        "dial": lambda s, now: s.dial(NUMBER, now),
        "answer": HayesSession.answer,
        "hang_up": HayesSession.hang_up,
        "send_digits": lambda s, now: s.send_digits("1", now),
        "port_lost": lambda s, now: s.port_lost("unplugged", now),
        "start": HayesSession.start,
    }
    for step in steps:
        match step:
            case bytes():
                line.say(step)
            case str():
                line.do(commands[step])
            case _:
                line.wait(step)
    if line.session.next_deadline() is None:
        line.do(HayesSession.start)
    line.wait(200).reported()
    line.say(b"\x10~\r\n\r\n").say("RING").wait(1).say(f"NMBR={NUMBER}\nNAME=WANG").wait(30)
    heard = line.reported()
    assert Rang() in heard
    assert CallerIdentified(NUMBER, "WANG") in heard
    assert heard[-1] in (RingingStopped(), NumberlessCalls(5))
