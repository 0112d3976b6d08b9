from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from hardware.gateways.gsm_trace import GsmTrace, masked
from hardware.trace import TraceEntry, Way
from protocols import gsm7
from protocols.gsm_modem.codec import decode_incoming, decode_submit, encode_deliver, encode_submit, from_line, to_line
from protocols.gsm_modem.messages import Coding, Deliver, Joint, Submit, UserData

SUBMIT = b"0011000D91683108108300F00008FF0E60A8597DFF0C98847EA663D09192"
HIDDEN = b"0011000D916831******00F00008FF0E60A8597DFF0C98847EA663D09192"
DELIVER = b"07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
SEEN = b"07911326040000F0040B911346****89F60000208062917314080CC8F71D14969741F977FD07"


def ussd(words: str) -> bytes:
    return words.encode("utf-16-be").hex().upper().encode()


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (SUBMIT + b"\x1a", HIDDEN + b"\x1a"),
        (b"+CMGR: 0,,24\r\n" + DELIVER + b"\r\n", b"+CMGR: 0,,24\r\n" + SEEN + b"\r\n"),
        (b'AT+CPIN="2468"\r', b'AT+CPIN="****"\r'), (b"FFFFFFFFFFFFFFFFFFFFFFFF", b"FFFFFFFFFFFFFFFFFFFFFFFF"),
        (b"AT+CMGS=29\r", b"AT+CMGS=29\r"),
        (b'+CSCA: "+8613800100500",145\r\n', b'+CSCA: "+861380010****",145\r\n'),
        (b'AT+CMGS="13800138000"\r', b'AT+CMGS="1380013****"\r'),
        (b'+CMT: "+8613800138000",,"26/03/02,08:00:00+32"\r\n', b'+CMT: "+861380013****",,"26/03/02,08:00:00+32"\r\n'),
        (b'+CUSD: 0,"13800138000, 12.50 yuan",15\r\n', b'+CUSD: 0,"1380013****, 12.50 yuan",15\r\n'),
        (b'+CUSD: 0,"' + ussd("号码13800138000") + b'",72\r\n', b'+CUSD: 0,"' + ussd("号码1380013****") + b'",72\r\n'),
        (b'+CNUM: "","18911112222333344445555",129\r\n', b'+CNUM: "","1891111222233334444****",129\r\n'),
        # What is no PDU may have a number in it all the same.
        (b"0011000D91683108108300F0000\x1a", b"0011000D9168******8300F0000\x1a"),
    ],
)  # fmt: skip
def test_neither_pin_nor_number_is_shown(data: bytes, shown: bytes) -> None:
    assert masked(data) == shown


def test_a_pdu_that_comes_in_pieces_is_held_back_and_nothing_is_lost(tmp_path: Path) -> None:
    stream = b"\r\n+CMGR: 0,,24\r\n" + DELIVER + b"\r\n\r\nOK\r\n> "
    for size in (1, 7, 20, 200):
        trace = GsmTrace(tmp_path / "trace", Clock(), lambda _, __: None)
        entries: list[TraceEntry] = []
        trace.watch(entries.append)
        for place in range(0, len(stream), size):
            trace.received(stream[place : place + size])
        assert b"".join(entry.data for entry in entries if entry.way is Way.RECEIVED) == stream.replace(DELIVER, SEEN)


AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
BODIES = [
    UserData(Coding.UCS2, text="请联系13912345678，谢谢"),
    UserData(Coding.GSM7, text="call 13912345678 {now}"),
    UserData(Coding.GSM7, text="13912345678", joint=Joint(7, 2, 1)),
    UserData(Coding.GSM7, text="x 13912345678", joint=Joint(700, 2, 1, wide=True)),
    UserData(Coding.UCS2, text="电话13912345678", joint=Joint(7, 2, 1)),
    UserData(Coding.DATA, data=b"\x01tel 13912345678"),
]


@pytest.mark.parametrize("body", BODIES)
def test_a_number_in_the_words_of_a_message_is_not_shown_and_nothing_else_is_hidden(body: UserData) -> None:
    for tpdu, decode in (
        (encode_deliver(Deliver("+8613800138000", body, AT)), decode_incoming),
        (encode_submit(Submit("+8613800138000", body, receipt=True)), decode_submit),
    ):
        line = to_line(tpdu).encode()
        shown = masked(line + b"\r\n").removesuffix(b"\r\n")
        assert len(shown) == len(line)
        there = decode(from_line(shown.replace(b"*", b"0").decode())).body  # type: ignore[operator]
        assert there.text == body.text.replace("13912345678", "1391234****")
        assert there.data == body.data.replace(b"13912345678", b"1391234****")
        assert b"******" in shown


def test_whoever_writes_under_a_name_is_shown_and_the_number_in_the_words_is_not() -> None:
    tpdu = encode_deliver(Deliver("+8613800138000", BODIES[0], AT))
    # An alphanumeric address (3GPP TS 23.040, section 9.1.2.5): seven letters in seven octets.
    name = bytes([tpdu[0], 13, 0xD0]) + gsm7.pack(gsm7.encode("HOSPTAL")) + tpdu[10:]
    shown = masked(to_line(name).encode())
    there = decode_incoming(from_line(shown.decode()))
    assert there.sender == "HOSPTAL"
    assert there.body.text == "请联系1391234****，谢谢"


def test_words_that_we_would_write_otherwise_are_hidden_whole() -> None:
    # An escape that stands for nothing (3GPP TS 23.038, section 6.2.1.1) cannot be written again.
    septets = gsm7.encode("13912345678") + b"\x1b\x1b"
    tpdu = encode_submit(Submit("+8613800138000", UserData(Coding.GSM7, text="a" * len(septets))))
    tpdu = tpdu[: -len(gsm7.pack(septets))] + gsm7.pack(septets)
    shown = masked(to_line(tpdu).encode())
    assert shown.endswith(b"*" * 20)


def test_a_number_that_comes_in_pieces_is_not_shown_either(tmp_path: Path) -> None:
    stream = b'\r\n+CUSD: 0,"tel 13800138000.",15\r\n'
    for size in range(1, len(stream)):
        trace = GsmTrace(tmp_path / "trace", Clock(), lambda _, __: None)
        entries: list[TraceEntry] = []
        trace.watch(entries.append)
        for place in range(0, len(stream), size):
            trace.received(stream[place : place + size])
        assert b"".join(one.data for one in entries) == stream.replace(b"13800138000", b"1380013****")


@given(st.binary(max_size=200))
def test_whatever_comes_is_shown_as_long_as_it_was(data: bytes) -> None:
    assert len(masked(data)) == len(data)
    assert len(masked(data.hex().upper().encode())) == 2 * len(data)
