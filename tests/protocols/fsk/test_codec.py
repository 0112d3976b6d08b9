from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.fsk.codec import MAX_MESSAGE, MDMF, SDMF, FskDecoder, checksum, frame
from protocols.fsk.messages import CallSetup
from protocols.signals import AbsentReason

MDMF_VECTOR = b"\x80\x16\x01\x0803171656\x02\x0a2156430144\xba"
SDMF_VECTOR = b"\x04\x12031716562156430144\x4f"
SEIZURE = b"\x55" * 30 + b"\xff" * 9
MESSAGE = CallSetup("03171656", "2156430144")


def parameter(kind: int, data: bytes) -> bytes:
    return bytes((kind, len(data))) + data


def decode(*chunks: bytes) -> list[CallSetup]:
    decoder = FskDecoder()
    return [message for chunk in chunks for message in decoder.feed(chunk)] + decoder.gap()


@pytest.mark.parametrize("vector", [MDMF_VECTOR, SDMF_VECTOR])
@pytest.mark.parametrize("before", [b"", SEIZURE, b"\x00\x12\xfe", b"\x80", b"\x04\x80\x80", b"\x55\x55\x80\xff"])
def test_golden_bytes(vector: bytes, before: bytes) -> None:
    assert decode(before + vector) == [MESSAGE]
    assert decode(before, vector, b"\x00\xff\x13") == [MESSAGE]


def test_checksums_of_the_golden_bytes() -> None:
    assert checksum(MDMF_VECTOR[:-1]) == 0xBA
    assert checksum(SDMF_VECTOR[:-1]) == 0x4F
    assert frame(SDMF, SDMF_VECTOR[2:-1]) == SDMF_VECTOR


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([(7, b"WANG"), (2, b"10086"), (1, b"03171656")], CallSetup("03171656", "10086", name="WANG")),
        ([(1, b"03171656"), (4, b"P"), (8, b"P")], CallSetup("03171656", absent=AbsentReason.PRIVATE)),
        ([(1, b"03171656"), (4, b"O")], CallSetup("03171656", absent=AbsentReason.UNAVAILABLE)),
        ([(1, b"03171656"), (7, b"WANG")], CallSetup("03171656", name="WANG", absent=AbsentReason.UNAVAILABLE)),
        ([(2, b"10086"), (7, "张三".encode("gbk"))], CallSetup(number="10086", name="张三")),
        ([(2, b"10086"), (3, b"8001"), (6, b"\x01"), (0x22, b"x")], CallSetup(number="10086")),
        ([(2, b"10086"), (7, b"\xff\xff\x1b[2J")], CallSetup(number="10086", name="??[2J")),
    ],
)
def test_parameters_in_any_order(parameters: list[tuple[int, bytes]], expected: CallSetup) -> None:
    for order in itertools.permutations(parameters):
        assert decode(frame(MDMF, b"".join(parameter(*each) for each in order))) == [expected]


@pytest.mark.parametrize(
    ("reason", "absent"),
    [(b"P", AbsentReason.PRIVATE), (b"O", AbsentReason.UNAVAILABLE), (b"", AbsentReason.UNAVAILABLE)],
)
def test_sdmf_without_number(reason: bytes, absent: AbsentReason) -> None:
    assert decode(frame(SDMF, b"03171656" + reason)) == [CallSetup("03171656", absent=absent)]


@pytest.mark.parametrize("vector", [MDMF_VECTOR, SDMF_VECTOR, SEIZURE + MDMF_VECTOR + b"\x00"])
def test_every_split(vector: bytes) -> None:
    for first in range(len(vector) + 1):
        for second in range(first, len(vector) + 1):
            assert decode(vector[:first], vector[first:second], vector[second:]) == [MESSAGE]


@pytest.mark.parametrize("vector", [MDMF_VECTOR, SDMF_VECTOR])
def test_each_byte_flipped_after_seizure_is_flagged_not_dropped(vector: bytes) -> None:
    for position in range(1, len(vector)):
        for bit in range(8):
            damaged = bytearray(vector)
            damaged[position] ^= 1 << bit
            messages = decode(SEIZURE + bytes(damaged))
            assert messages, (position, bit)
            assert not any(message.verified for message in messages), (position, bit)


def test_a_wrong_sum_alone_is_flagged_even_without_seizure() -> None:
    assert decode(MDMF_VECTOR[:-1] + b"\x00") == [CallSetup("03171656", "2156430144", verified=False)]
    assert decode(MDMF_VECTOR.replace(b"215", b"216")) == [CallSetup("03171656", "2166430144", verified=False)]


@pytest.mark.parametrize("position", range(len(MDMF_VECTOR)))
def test_each_byte_flipped_leaves_the_next_message_whole(position: int) -> None:
    for bit in range(8):
        damaged = bytearray(MDMF_VECTOR)
        damaged[position] ^= 1 << bit
        decoder = FskDecoder()
        decoder.feed(SEIZURE + bytes(damaged))
        assert MESSAGE in decoder.feed(SEIZURE + SDMF_VECTOR) + decoder.gap()


def test_a_transmission_that_breaks_off_is_flagged() -> None:
    assert decode(SEIZURE + MDMF_VECTOR[:-5]) == [CallSetup(number="215643", verified=False)]


@given(noise=st.binary(max_size=600))
@settings(max_examples=500)
def test_a_clean_message_is_read_after_any_noise(noise: bytes) -> None:
    decoder = FskDecoder()
    decoder.feed(noise)
    assert MESSAGE in decoder.feed(SEIZURE + MDMF_VECTOR) + decoder.gap()


def test_noise_makes_no_verified_call_and_is_bounded() -> None:
    source = random.Random(3)
    decoder = FskDecoder()
    for _ in range(2000):
        assert not [message for message in decoder.feed(source.randbytes(100)) if message.verified]
        assert len(decoder._buffer) <= 2 * MAX_MESSAGE


def test_two_messages_at_once_both_count() -> None:
    broken = MDMF_VECTOR[:-1] + b"\x00"
    assert [message.verified for message in decode(broken + SDMF_VECTOR)] == [False, True]


def test_too_much_for_one_message() -> None:
    with pytest.raises(ValueError, match="256 bytes"):
        frame(MDMF, b"x" * 256)
