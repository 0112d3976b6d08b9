from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hayes.messages import Digit, Message, Result, ResultCode, Text
from protocols.hayes.modem_input import ModemInput, StreamEnded
from protocols.hayes.session import HayesSession
from protocols.hayes.sound import Sound, SoundBegan, SoundEnded, SoundNews
from protocols.hayes.voice_stream import Audio
from protocols.signals import (
    Answered,
    CommandFailed,
    DeviceWarns,
    DigitHeard,
    Ended,
    LineLost,
    Rang,
)
from protocols.wav import WavFormat
from tests.peers.modem_bench import USR_ANSWERS, Bench

ENDS = "\x10\x03\r\nOK\r\n"
ANSWERS = {**USR_ANSWERS, "AT+VRX": "CONNECT", "\x10!": ENDS}
BEGAN = SoundBegan("a.wav", WavFormat(8000))


def record(session: HayesSession, now: float):  # type: ignore[no-untyped-def]
    return session.record("a.wav", now)


def talking(answers: dict[str, str] | None = None) -> Bench:
    line = Bench(answers=answers or ANSWERS).started().say("RING").do(HayesSession.answer).wait(1)
    assert line.reported() == [Rang(), Answered()]
    line.sent.clear()
    return line


def recording(answers: dict[str, str] | None = None) -> Bench:
    line = talking(answers).do(record).wait(1)
    assert line.sent == ["AT+VSM=128,8000", "AT+VRX"]
    line.sent.clear()
    return line


def samples(news: list[SoundNews]) -> bytes:
    return b"".join(one.samples for one in news if isinstance(one, Sound))


class TestInput:
    STREAM = b"\r\nCONNECT\r\n\n\x7f\x10\x10\r\nBUSY\r\n\x10/55~\x105\x10\x03\r\nOK\r\nCONNECT\r\n\x01"

    def read(self, *pieces: bytes) -> tuple[list[Message], bytes, ModemInput]:
        modem = ModemInput()
        modem.expect_stream()
        found = [message for piece in pieces for message in modem.feed(piece)]
        sound = b"".join(message.samples for message in found if isinstance(message, Audio))
        return [message for message in found if not isinstance(message, Audio)], sound, modem

    def test_golden_bytes(self) -> None:
        found, sound, modem = self.read(self.STREAM)
        # The first LF is of the line; words in the sound are sound; the second CONNECT was not asked for.
        assert sound == b"\n\x7f\x10\r\nBUSY\r\n55~"
        assert found == [
            ResultCode(Result.CONNECT),
            Digit("5"),
            StreamEnded(),
            ResultCode(Result.OK),
            ResultCode(Result.CONNECT),
        ]
        assert not modem.streaming
        assert modem.take_said() == b"\r\nCONNECT\r\x10\x03\r\nOK\r\nCONNECT\r\n\x01"

    @pytest.mark.parametrize("first", range(len(STREAM) + 1))
    def test_every_two_splits_give_the_same(self, first: int) -> None:
        whole, sound, _ = self.read(self.STREAM)
        for second in range(first, len(self.STREAM) + 1):
            pieces = self.STREAM[:first], self.STREAM[first:second], self.STREAM[second:]
            assert self.read(*pieces)[:2] == (whole, sound)

    @given(st.binary(max_size=200), st.lists(st.integers(0, 400), max_size=6))
    def test_whatever_is_said_comes_out_and_the_lines_around_it(self, said: bytes, cuts: list[int]) -> None:
        stream = b"noise\r\nCONNECT 8000\r\n" + said.replace(b"\x10", b"\x10\x10") + b"\x10\x03\r\nOK\r\n"
        edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        found, sound, modem = self.read(*[stream[start:end] for start, end in pairwise(edges)])
        assert sound == said
        assert found == [
            Text("noise"),
            ResultCode(Result.CONNECT, "8000"),
            StreamEnded(),
            ResultCode(Result.OK),
        ]
        assert said not in modem.take_said() or len(said) < 8

    @given(st.lists(st.binary(max_size=40), max_size=8))
    def test_anything_may_come(self, pieces: list[bytes]) -> None:
        assert self.read(*pieces)[:2] == self.read(b"".join(pieces))[:2]


def test_sound_of_a_stream_that_does_not_end_is_in_no_trace_until_the_modem_answers() -> None:
    modem = ModemInput()
    modem.expect_stream()
    list(modem.feed(b"\r\nCONNECT\r\n\x80"))
    modem.take_said()
    modem.leave()
    for said in (b"\x81\x82\r\n", b"\x83" * 300):
        list(modem.feed(said))
        assert modem.take_said() == b""
    list(modem.feed(b"\r\nOK\r\n"))
    list(modem.feed(b"\r\nRING\r\n"))
    assert modem.take_said() == b"\r\nRING\r\n"


class TestRecording:
    def test_sound_goes_to_the_file_until_we_hang_up(self) -> None:
        line = recording().say(b"\x01\x02").say(b"\x10").say(b"\x10\x03")
        assert line.sound == [BEGAN, Sound(b"\x01\x02"), Sound(b"\x10\x03")]
        line.do(HayesSession.hang_up).wait(1)
        assert line.sent == ["\x10!", "ATH0", "AT+FCLASS=8"]
        assert line.sound[-1] == SoundEnded()
        assert line.reported() == [Ended(by_far_end=False)]

    def test_events_and_keys_within_the_sound_reach_the_line(self) -> None:
        line = recording().say(b"\x01\x10/\x105\x105\x10~\x02")
        assert line.reported() == [DigitHeard("5")]
        line.say(b"\x03\x10b\x04").wait(1)
        assert line.sent == ["\x10!", "ATH0", "AT+FCLASS=8"]
        assert line.reported() == [Ended(by_far_end=True)]
        assert samples(line.sound) == b"\x01\x02\x03"

    def test_digits_leave_the_mode_and_enter_it_again(self) -> None:
        line = recording().say(b"\x01").do(lambda s, now: s.send_digits("12", now)).wait(2)
        assert line.sent == ["\x10!", "AT+VTS=1,2", "AT+VSM=128,8000", "AT+VRX"]
        line.say(b"\x02")
        assert line.sound == [BEGAN, Sound(b"\x01"), Sound(b"\x02")]
        assert line.reported() == []

    def test_the_modem_is_not_asked_whether_it_is_there(self) -> None:
        line = recording()
        for _ in range(40):
            line.say(b"\x80").wait(1)
        assert line.sent == []

    def test_a_stop_that_is_not_understood_is_followed_by_another(self) -> None:
        line = recording({**ANSWERS, "\x10!": "", "\x10\x1b": ENDS}).say(b"\x01").do(HayesSession.hang_up).wait(5)
        assert line.sent == ["\x10!", "\x10\x1b", "ATH0", "AT+FCLASS=8"]

    def test_a_modem_that_does_not_leave_the_mode_is_hung_up_all_the_same(self) -> None:
        deaf = {**ANSWERS, "\x10!": "", "\x10\x1b": ""}
        line = recording(deaf).say(b"\x01").do(HayesSession.hang_up).wait(10)
        assert line.sent[:3] == ["\x10!", "\x10\x1b", "ATH0"]
        assert line.reported() == [Ended(by_far_end=False)]

    def test_hanging_up_while_the_mode_is_being_entered(self) -> None:
        line = talking({**ANSWERS, "AT+VRX": ""}).do(record).wait(0.5).do(HayesSession.hang_up)
        line.say("CONNECT").say(b"\x01").wait(4)
        assert line.sent == ["AT+VSM=128,8000", "AT+VRX", "\x10!", "ATH0", "AT+FCLASS=8"]
        assert line.sound == []

    def test_sound_that_stops_coming_ends_the_recording_and_not_the_call(self) -> None:
        line = recording().say(b"\x01").wait(8)
        assert line.sent[0] == "\x10!"
        assert line.sound == [BEGAN, Sound(b"\x01"), SoundEnded()]
        assert line.reported() == [DeviceWarns("the recording ends before the call: the modem stopped sending sound")]
        assert line.session.holds_call

    def test_a_stream_that_the_modem_ends_goes_on_in_a_new_one(self) -> None:
        line = recording().say(bytes(8000)).say(ENDS.encode()).wait(1)
        assert line.sent == ["AT+VSM=128,8000", "AT+VRX"]
        line.say(b"\x02").do(HayesSession.hang_up).wait(1)
        assert samples(line.sound) == bytes(8000) + b"\x02"
        assert line.sound.count(SoundEnded()) == 1

    def test_a_stream_that_ends_at_once_is_not_begun_for_ever(self) -> None:
        line = recording().say(ENDS.encode()).wait(20)
        assert line.reported() == [CommandFailed("record", "the modem did not begin to send sound")]
        assert "AT+VRX" not in line.sent

    @pytest.mark.parametrize("answer", ["ERROR", ""])
    def test_a_modem_that_refuses(self, answer: str) -> None:
        line = talking({**ANSWERS, "AT+VRX": answer}).do(record).wait(5)
        assert line.reported() == [CommandFailed("record", "the modem did not begin to send sound")]
        line.say(b"\x10b").wait(1)
        assert line.reported() == [Ended(by_far_end=True)]

    def test_a_modem_that_is_lost_leaves_what_came(self) -> None:
        line = recording().say(b"\x01").do(lambda s, now: s.port_lost("unplugged", now))
        assert line.sound == [BEGAN, Sound(b"\x01"), SoundEnded()]
        assert line.reported() == [LineLost("unplugged")]
        line.do(HayesSession.start).wait(3)
        assert line.session.ready

    def test_without_a_call_or_the_ability_it_is_refused(self) -> None:
        assert Bench(answers=ANSWERS).started().do(record).reported() == [CommandFailed("record", "no call")]
        for answers in ({"ATI0": "33600\r\n\r\nOK"}, {**ANSWERS, "AT+VSM=128,8000": "ERROR"}):
            line = talking(answers)
            assert not line.session.can_record
            assert line.do(record).reported() == [CommandFailed("record", "the sound of this modem cannot be received")]

    def test_a_dialled_call_is_recorded_too(self) -> None:
        line = Bench(answers={**ANSWERS, "ATDT10086": "VCON"}).started()
        line.do(lambda s, now: s.dial("10086", now)).wait(1).do(record).wait(1).say(b"\x01")
        assert line.sound == [BEGAN, Sound(b"\x01")]

    def test_a_modem_left_in_receive_mode_is_brought_out_of_it(self) -> None:
        line = Bench(answers=ANSWERS)
        deaf = dict.fromkeys(("AT", "\x10!"), "")
        line.answers = {**ANSWERS, **deaf, "\x10\x1b": ENDS}
        line.do(HayesSession.start).say(b"\x7f" * 5000).wait(2.5)
        assert line.sent == ["AT", "\x10!", "AT", "\x10\x1b"][: len(line.sent)]
        line.answers = ANSWERS
        line.wait(5)
        assert line.session.ready

    @settings(max_examples=60)
    @given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from(["dial", "digits", "up", "record", "wait"]))))
    def test_whatever_comes_the_file_ends_with_the_call(self, story: list[bytes | str]) -> None:
        line = recording()
        deeds = {
            "dial": lambda: line.do(lambda s, now: s.dial("10086", now)),
            "digits": lambda: line.do(lambda s, now: s.send_digits("1", now)),
            "up": lambda: line.do(HayesSession.hang_up),
            "record": lambda: line.do(record),
            "wait": lambda: line.wait(1),
        }
        for step in story:
            if isinstance(step, bytes):
                line.say(step)
            else:
                deeds[step]()
        line.do(lambda s, now: s.port_lost("gone", now))
        began = sum(isinstance(one, SoundBegan) for one in line.sound)
        assert began == line.sound.count(SoundEnded())
