from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.hayes.messages import Digit, DleEvent, Message
from protocols.hayes.voice_stream import Audio, VoiceStreamDecoder

GOLDEN = b"\x7f\x80\x81\x10\x10\x82\x10\x1a\x83\x10R\x84\x10/\x105\x105\x10~\x85\x10\x03\r\nOK\r\n"
SAMPLES = b"\x7f\x80\x81\x10\x82\x10\x10\x83\x84\x85"


def samples_of(messages: list[Message]) -> bytes:
    return b"".join(message.samples for message in messages if isinstance(message, Audio))


def events_of(messages: list[Message]) -> list[Message]:
    return [message for message in messages if not isinstance(message, Audio)]


def shielded(samples: bytes) -> bytes:
    return samples.replace(b"\x10", b"\x10\x10")


def test_golden_bytes() -> None:
    decoder = VoiceStreamDecoder()
    assert decoder.feed(GOLDEN) == [
        Audio(b"\x7f\x80\x81\x10\x82\x10\x10\x83"),
        DleEvent("R"),
        Audio(b"\x84"),
        Digit("5"),
        Audio(b"\x85"),
    ]
    assert decoder.ended
    assert decoder.rest == b"\r\nOK\r\n"


@pytest.mark.parametrize("first", range(len(GOLDEN) + 1))
def test_any_two_splits_give_the_same(first: int) -> None:
    for second in range(first, len(GOLDEN) + 1):
        decoder = VoiceStreamDecoder()
        pieces = (GOLDEN[:first], GOLDEN[first:second], GOLDEN[second:])
        found = [message for piece in pieces for message in decoder.feed(piece)]
        assert samples_of(found) == SAMPLES
        assert events_of(found) == [DleEvent("R"), Digit("5")]
        assert decoder.ended
        assert decoder.rest == b"\r\nOK\r\n"


def test_an_etx_without_dle_is_a_sample_and_so_is_a_shielded_dle_before_it() -> None:
    decoder = VoiceStreamDecoder()
    assert decoder.feed(b"\x03\x10\x10\x03") == [Audio(b"\x03\x10\x03")]
    assert not decoder.ended
    assert decoder.rest == b""


def test_an_event_that_nobody_knows_is_no_sample() -> None:
    assert VoiceStreamDecoder().feed(b"a\x10\xffb") == [Audio(b"ab")]


@given(st.binary(max_size=300), st.lists(st.integers(0, 600), max_size=8))
def test_whatever_was_shielded_comes_out_again(samples: bytes, cuts: list[int]) -> None:
    stream = shielded(samples) + b"\x10\x03" + b"rest\x10\x03"
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = VoiceStreamDecoder()
    found = [message for start, end in itertools.pairwise(edges) for message in decoder.feed(stream[start:end])]
    assert samples_of(found) == samples
    assert events_of(found) == []
    assert decoder.rest == b"rest\x10\x03"


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_anything_may_come_and_never_more_comes_out_than_went_in(pieces: list[bytes]) -> None:
    whole, piecemeal = VoiceStreamDecoder(), VoiceStreamDecoder()
    found = [message for piece in pieces for message in piecemeal.feed(piece)]
    expected = whole.feed(b"".join(pieces))
    assert samples_of(found) == samples_of(expected)
    assert events_of(found) == events_of(expected)
    assert (piecemeal.ended, piecemeal.rest) == (whole.ended, whole.rest)
    assert len(samples_of(found)) + len(whole.rest) <= sum(map(len, pieces))
