from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.signals import AbsentReason
from protocols.whozz.codec import ASK_PARAMETERS, MAX_DATAGRAM, decode, parse_record
from protocols.whozz.messages import CallRecord, Detail, DetailKind, Packet
from tests.protocols.whozz.packets import HEADER, SERIAL, UNIT, call, detail, header

GOLDEN = HEADER + b"01 I E 0000 G A2 12/17 04:54 PM 770-263-7111   CALLERID.COM   "
RECORD = CallRecord(
    line=1, when="12/17 04:54 PM", incoming=True, ended=True, number="770-263-7111", name="CALLERID.COM",
    rings=2, ring_type="A",
)  # fmt: skip


def test_golden_bytes() -> None:
    assert len(GOLDEN) == 83
    assert decode(GOLDEN) == Packet(UNIT, SERIAL, RECORD)
    assert call("I E") == GOLDEN
    assert len(detail("F")) == 52
    assert decode(detail("F")) == Packet(UNIT, SERIAL, Detail(1, "11/07 17:45:04", DetailKind.OFF_HOOK))


def test_the_example_with_parted_columns() -> None:
    record = parse_record(b"01 I S 0276 G B3 09/26 11:28 AM 800-240-463799 CallerID.com\r\n")
    assert record == CallRecord(
        line=1, when="09/26 11:28 AM", incoming=True, ended=False, number="800-240-463799", name="CallerID.com",
        seconds=276, rings=3, ring_type="B",
    )  # fmt: skip


@pytest.mark.parametrize("between", [b"", b"$", b"$ ", b"\x00", b"$\r\n"])
def test_what_stands_between_header_and_record_varies(between: bytes) -> None:
    assert decode(HEADER[:-1] + between + GOLDEN[21:]) == Packet(UNIT, SERIAL, RECORD)


def test_the_numbers_of_the_box_may_be_any_bytes_and_digits_too() -> None:
    for raw in (b"$01 I S", b"\r\n<U>\x00", b"^^<S>$"):
        packet = decode(b"^^<U>" + raw[:6] + b"<S>" + raw[:6] + GOLDEN[20:])
        assert packet == Packet(int.from_bytes(raw[:6], "big"), int.from_bytes(raw[:6], "big"), RECORD)
    assert decode(b"^^<U>000007<S>012345$" + GOLDEN[21:]) == Packet(7, 12345, RECORD)


@pytest.mark.parametrize(
    ("rest", "number", "name", "absent"),
    [
        ("770-263-7111   CALLERID.COM   ", "770-263-7111", "CALLERID.COM", None),
        ("770-263-7111 CALLERID.COM", "770-263-7111", "CALLERID.COM", None),
        ("13800138000", "13800138000", "", None),
        ("770-263-7111   A              ", "770-263-7111", "A", None),
        ("(770) 263-7111 SMITH JOHN     ", "(770) 263-7111", "SMITH JOHN", None),
        ("PRIVATE        PRIVATE        ", "", "", AbsentReason.PRIVATE),
        ("Out-of-Area    Out-of-Area    ", "", "", AbsentReason.UNAVAILABLE),
        ("No-CallerID                   ", "", "", AbsentReason.UNAVAILABLE),
        ("               WANG           ", "", "WANG", AbsentReason.UNAVAILABLE),
        ("", "", "", AbsentReason.UNAVAILABLE),
    ],
)
def test_number_and_name(rest: str, number: str, name: str, absent: AbsentReason | None) -> None:
    packet = decode(HEADER + b"04 I S 0000 G A0 12/17 04:54 PM " + rest.encode())
    assert packet is not None
    assert isinstance(packet.record, CallRecord)
    assert (packet.record.number, packet.record.name, packet.record.absent) == (number, name, absent)


def test_an_outgoing_call_has_no_name_and_no_reason() -> None:
    packet = decode(call("O E", "9,10086", "1#", seconds=71, rings="00"))
    assert packet is not None
    assert packet.record == CallRecord(1, "12/17 04:54 PM", False, True, "9,10086", seconds=71, ring_type="0")


def test_a_wrong_checksum_is_flagged() -> None:
    packet = decode(call("I S", checksum="B"))
    assert packet is not None
    assert isinstance(packet.record, CallRecord)
    assert not packet.record.verified


def test_parameters_and_other_news_are_packets_without_a_record() -> None:
    for other in (b"", b"$<M>\x00\x01\x02\x03\x04\x05<I>\xc0\xa8\x00\x5a<D>\xff\xff\xff\xff", b"$V 3.10"):
        assert decode(HEADER[:-1] + other) == Packet(UNIT, SERIAL, None)


@pytest.mark.parametrize("noise", [b"", b"^^", ASK_PARAMETERS, b"^^<U>12345<S>123456$", GOLDEN[1:], b"x" * 60_000])
def test_what_is_no_packet(noise: bytes) -> None:
    assert decode(noise) is None


def test_a_datagram_that_is_too_long_is_none() -> None:
    assert decode(GOLDEN + b" " * MAX_DATAGRAM) is None


def test_each_byte_flipped_never_raises() -> None:
    for golden in (GOLDEN, detail("R")):
        for position in range(len(golden)):
            for bit in range(8):
                damaged = bytearray(golden)
                damaged[position] ^= 1 << bit
                packet = decode(bytes(damaged))
                assert packet is None or packet.record is None or packet.record.line <= 99


@given(data=st.binary(max_size=600))
@settings(max_examples=300)
def test_random_datagrams(data: bytes) -> None:
    assert decode(data) is None
    packet = decode(header() + data)
    assert packet is None or packet.unit == UNIT


@given(text=st.text(alphabet="01 ISEGBFNR/:AMP2-", max_size=90))
@settings(max_examples=300)
def test_almost_records(text: str) -> None:
    record = parse_record(text.encode())
    assert record is None or 0 <= record.line <= 99
