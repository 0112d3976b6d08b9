from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.signals import AbsentReason
from protocols.tci.codec import MAX_LINE, RecordLines
from protocols.whozz.messages import CallRecord, Detail, DetailKind, Record

GOLDEN = b"01      9/05     11:17 AM       702-555-1145           CARD SERVICES  \r\n"
CALLER = CallRecord(1, "9/05 11:17 AM", incoming=True, ended=False, number="702-555-1145", name="CARD SERVICES")


def decode(*chunks: bytes) -> list[Record]:
    lines = RecordLines()
    return [record for chunk in chunks for record in lines.feed(chunk)] + lines.gap()


def test_golden_bytes() -> None:
    assert len(GOLDEN) == 72
    assert decode(GOLDEN) == [CALLER]
    assert decode(GOLDEN.strip()) == [CALLER]
    assert decode(b"\xff\x00 " + GOLDEN, GOLDEN.replace(b"01 ", b"02 ")) == [CALLER, replace(CALLER, line=2)]


def test_every_split() -> None:
    for first in range(len(GOLDEN) + 1):
        for second in range(first, len(GOLDEN) + 1, 3):
            assert decode(GOLDEN[:first], GOLDEN[first:second], GOLDEN[second:]) == [CALLER]


@pytest.mark.parametrize(
    ("line", "number", "name", "absent"),
    [
        (b"03     10/31      1:07 PM           PRIVATE                          ", "", "", AbsentReason.PRIVATE),
        (b"03     10/31      1:07 PM       OUT OF AREA                          ", "", "", AbsentReason.UNAVAILABLE),
        (
            b"03     10/31      1:07 PM                              WANG           ",
            "",
            "WANG",
            AbsentReason.UNAVAILABLE,
        ),
        (b"03     10/31      1:07 PM       13800138000", "13800138000", "", None),
        ("03     10/31      1:07 PM       13800138000           张三".encode("gbk"), "13800138000", "张三", None),
        (
            b"$03     10/31     01:07 PM     8002404637         I     CallerID.com   ",
            "8002404637",
            "CallerID.com",
            None,
        ),
    ],
)
def test_callers(line: bytes, number: str, name: str, absent: AbsentReason | None) -> None:
    (record,) = decode(line + b"\r\n")
    assert isinstance(record, CallRecord)
    assert (record.line, record.incoming, record.ended) == (3, True, False)
    assert (record.number, record.name, record.absent) == (number, name, absent)


def test_an_outgoing_call_in_limited_format() -> None:
    (record,) = decode(b"$01     09/26     02:30 PM     10086              O     \r\n")
    assert record == CallRecord(1, "09/26 02:30 PM", incoming=False, ended=False, number="10086")


def test_the_records_of_a_full_featured_unit() -> None:
    assert decode(b"01 F             11/07 17:45:04\r\n") == [Detail(1, "11/07 17:45:04", DetailKind.OFF_HOOK)]
    (record,) = decode(b"01 I E 0276 G B3 09/26 11:28 AM 800-240-4637   CallerID.com   \r\n")
    assert isinstance(record, CallRecord)
    assert (record.ended, record.seconds, record.number) == (True, 276, "800-240-4637")


@pytest.mark.parametrize("position", range(len(GOLDEN)))
def test_each_byte_flipped_leaves_the_next_line_whole(position: int) -> None:
    for bit in range(8):
        damaged = bytearray(GOLDEN)
        damaged[position] ^= 1 << bit
        assert decode(bytes(damaged), b"\r\n", GOLDEN)[-1] == CALLER


@given(noise=st.binary(max_size=400))
@settings(max_examples=300)
def test_a_line_is_read_after_any_noise(noise: bytes) -> None:
    assert decode(noise, b"\r\n", GOLDEN)[-1] == CALLER


def test_a_line_that_never_ends_is_bounded() -> None:
    source = random.Random(5)
    lines = RecordLines()
    for _ in range(500):
        lines.feed(source.randbytes(400).replace(b"\r", b"x").replace(b"\n", b"y"))
        assert len(lines._line) <= MAX_LINE
    lines.feed(b"\n")
    assert lines.feed(GOLDEN) == [CALLER]
