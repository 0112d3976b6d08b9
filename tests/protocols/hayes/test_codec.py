from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hayes.codec import MAX_LINE, HayesDecoder
from protocols.hayes.messages import (
    CallerIdDamaged,
    CallerIdField,
    CallerIdKey,
    Digit,
    DleEvent,
    Message,
    Result,
    ResultCode,
    Ring,
    RingCadence,
    Text,
)

KEY = CallerIdKey


def field(key: CallerIdKey, value: str) -> CallerIdField:
    return CallerIdField(key, value)


def decode(*chunks: bytes) -> list[Message]:
    decoder = HayesDecoder()
    return [message for chunk in chunks for message in decoder.feed(chunk)]


CALL = (
    b"\r\nRING\r\n\r\nDATE=0317\r\nTIME=1656\r\nNMBR=13800138000\r\nNAME=\xe5\xbc\xa0\xe4\xb8\x89\r\n"
    b"\x10R\r\nRING A\r\n\x10/\x105\x105\x105\x10~\x10b\r\nDRON=20\r\n\r\nERRM\r\n\r\nNO DIALTONE\r\n"
)
CALL_MESSAGES = [
    Ring(),
    field(KEY.DATE, "0317"),
    field(KEY.TIME, "1656"),
    field(KEY.NUMBER, "13800138000"),
    field(KEY.NAME, "张三"),
    DleEvent("R"),
    Ring("A"),
    Digit("5"),
    DleEvent("b"),
    RingCadence(on=True, tenths=20),
    CallerIdDamaged(),
    ResultCode(Result.NO_DIAL_TONE),
]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"RING", Ring()),
        (b"RING 1", Ring("1")),
        (b"RING 5", Ring("5")),
        (b"RING E", Ring("E")),
        (b"RINGING", ResultCode(Result.RINGING)),
        (b"DROF=40", RingCadence(on=False, tenths=40)),
        (b"ERRM", CallerIdDamaged()),
        (b"DATE = 0317", field(KEY.DATE, "0317")),
        (b"TIME = 12541", field(KEY.TIME, "12541")),
        (b"NMBR = 02161234567", field(KEY.NUMBER, "02161234567")),
        (b"NMBR=", field(KEY.NUMBER, "")),
        (b"NMBR = P", field(KEY.NUMBER, "P")),
        (b"DDN_NMBR= 9196278340", field(KEY.NUMBER, "9196278340")),
        (b"FM:0765628300 TO:8673300", field(KEY.NUMBER, "0765628300")),
        (b"NAME=JOHN DOE", field(KEY.NAME, "JOHN DOE")),
        ("NAME=李医生".encode("gbk"), field(KEY.NAME, "李医生")),
        (b"NAME=\xff\xff\xffX", field(KEY.NAME, "???X")),
        ("NAME=\u202eevil\u200b\u0007 x".encode(), field(KEY.NAME, "evil x")),
        (b"NAME=<script>alert(1)</script>", field(KEY.NAME, "<script>alert(1)</script>")),
        (b"MESG=0B01", field(KEY.MESSAGE, "0B01")),
        (b"OK", ResultCode(Result.OK)),
        (b"VCON", ResultCode(Result.VOICE_CONNECT)),
        (b"CONNECT 33600", ResultCode(Result.CONNECT, "33600")),
        (b"CONNECT", ResultCode(Result.CONNECT)),
        (b"BUSY", ResultCode(Result.BUSY)),
        (b"NO ANSWER", ResultCode(Result.NO_ANSWER)),
        (b"NO DIAL TONE", ResultCode(Result.NO_DIAL_TONE)),
        (b"NO CARRIER", ResultCode(Result.NO_CARRIER)),
        (b"ERROR", ResultCode(Result.ERROR)),
        (b"AT+VCID=1", Text("AT+VCID=1")),
        (b"5601", Text("5601")),
        (b"RINGMASTER", Text("RINGMASTER")),
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n", b"\r\r\n", b"\n\r"])
def test_each_line_with_each_end(line: bytes, expected: Message, end: bytes) -> None:
    assert decode(line + end) == [expected]
    assert decode(end + line + end) == [expected]


def test_two_fields_on_one_line() -> None:
    assert decode(b"NAME=ARCHER L       NMBR=5071234567\r\n") == [
        field(KEY.NAME, "ARCHER L"),
        field(KEY.NUMBER, "5071234567"),
    ]
    assert decode(b"RING RING DATE=0224 NAME=ONMBR=5072884388\r\n") == [
        Ring(),
        Ring(),
        field(KEY.DATE, "0224"),
        field(KEY.NAME, "O"),
        field(KEY.NUMBER, "5072884388"),
    ]


def test_every_split_in_two_and_three() -> None:
    assert decode(CALL) == CALL_MESSAGES
    assert decode(*(bytes([byte]) for byte in CALL)) == CALL_MESSAGES
    for first in range(len(CALL) + 1):
        assert decode(CALL[:first], CALL[first:]) == CALL_MESSAGES
        for second in range(first, len(CALL) + 1, 7):
            assert decode(CALL[:first], CALL[first:second], CALL[second:]) == CALL_MESSAGES


@given(st.lists(st.integers(0, len(CALL)), max_size=20))
def test_any_split(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(CALL)]
    assert decode(*(CALL[a:b] for a, b in itertools.pairwise(places))) == CALL_MESSAGES


@given(noise=st.binary(max_size=2000))
@settings(max_examples=300)
def test_a_clean_call_is_read_after_any_noise(noise: bytes) -> None:
    decoder = HayesDecoder()
    decoder.feed(noise)
    # A shield left open by noise may swallow a repeat of its own digit, nothing else.
    assert [message for message in decoder.feed(CALL) if message != Digit("5")][-11:] == [
        message for message in CALL_MESSAGES if message != Digit("5")
    ]


@given(noise=st.binary(max_size=300).filter(lambda noise: b"=" not in noise and b"FM:" not in noise))
def test_noise_after_a_call_adds_nothing_to_it(noise: bytes) -> None:
    assert decode(CALL, noise)[: len(CALL_MESSAGES)] == CALL_MESSAGES


@pytest.mark.parametrize("noise", [b"\x00\x00", b"\xff\x80\x01", b"\x07", bytes(range(0x80, 0x100))])
def test_noise_on_the_same_line_does_not_hide_a_ring_or_a_number(noise: bytes) -> None:
    assert decode(noise + b"RING\r\n") == [Ring()]
    assert decode(noise + b"NMBR=10086\r\n") == [field(KEY.NUMBER, "10086")]


def test_each_byte_flipped_leaves_the_next_call_whole() -> None:
    for position in range(len(CALL)):
        for bit in range(8):
            damaged = bytearray(CALL)
            damaged[position] ^= 1 << bit
            messages = decode(bytes(damaged), b"\r\n\x10~", CALL)
            assert messages[-len(CALL_MESSAGES) :] == CALL_MESSAGES, (position, bit)


def test_a_line_that_never_ends_is_bounded_and_its_last_message_is_read() -> None:
    decoder = HayesDecoder()
    for _ in range(1000):
        assert decoder.feed(b"\xaa" * 1000) == []
        assert len(decoder._line) <= MAX_LINE
    assert decoder.feed(b"RING\r\n") == [Ring()]
    assert decoder.feed(b"RING\r\n") == [Ring()]


def test_a_megabyte_of_random_bytes_raises_nothing() -> None:
    source = random.Random(5)
    decoder = HayesDecoder()
    for _ in range(256):
        decoder.feed(source.randbytes(4096))
    assert decoder.feed(b"\r\n\r\nRING\r\n")[-1] == Ring()


@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        (b"\x101\x102\x103", "123"),
        (b"\x10/\x101\x101\x101\x10~", "1"),
        (b"\x10/\x101\x101\x10~\x10/\x101\x10~", "11"),
        (b"\x10/\x101\x102\x10~", "12"),
        # The closing shield was lost: the next opening starts a new key press.
        (b"\x10/\x10#\x10#\x10/\x10#\x10#\x10~", "##"),
        (b"\x10*\x10A\x10D", "*AD"),
    ],
)
def test_digits_count_once_per_key_press(raw: bytes, digits: str) -> None:
    assert decode(raw) == [Digit(digit) for digit in digits]


def test_events_inside_a_line_do_not_break_it() -> None:
    assert decode(b"NMBR=138\x10r00138000\r\n") == [DleEvent("r"), field(KEY.NUMBER, "13800138000")]


def test_a_shield_before_a_line_end_is_noise() -> None:
    assert decode(b"RING\x10\r\nRING\x10\x10\r\n") == [Ring(), Ring()]
