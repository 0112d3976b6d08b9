"""PDUs: golden ones of a second implementation (python-gsmmodem 0.13) and of handsets, round trips, and rubbish."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols import gsm7
from protocols.gsm_modem.codec import (
    decode_incoming,
    decode_submit,
    encode_deliver,
    encode_report,
    encode_submit,
    from_line,
    to_line,
)
from protocols.gsm_modem.messages import Coding, Deliver, Joint, PduError, StatusReport, Submit, UserData
from protocols.gsm_modem.times import decode_validity, encode_validity

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
NUMBER = "+8613800138000"
REMINDER = UserData(Coding.UCS2, "您好，预约提醒")
LONG = ["a" * 153, "a" * 47]

SUBMITS = [
    (Submit(NUMBER, REMINDER, 63 * WEEK), "0011000D91683108108300F00008FF0E60A8597DFF0C98847EA663D09192"),
    (Submit(NUMBER, REMINDER, 63 * WEEK, receipt=True), "0031000D91683108108300F00008FF0E60A8597DFF0C98847EA663D09192"),
    (
        Submit("+447700900123", UserData(Coding.GSM7, "Price {5} € [a|b]~^\\ "), 1800.0, reference=7),
        "0011070C914477000910320000051E50797A5C066D50B54D0AB4298336BCF00628DEF836BD0D65F30201",
    ),
    (
        Submit(NUMBER, UserData(Coding.GSM7, LONG[1], joint=Joint(5, 2, 2)), 3 * DAY, receipt=True, reference=5),
        f"0071050D91683108108300F00000A936050003050202C2E170381C0E87{'C3E170381C0E87' * 4}C3E170381C0E03",
    ),
    (
        Submit(NUMBER, UserData(Coding.UCS2, "请" * 13, joint=Joint(5, 2, 2)), 3 * DAY, receipt=True, reference=5),
        "0071050D91683108108300F00008A9200500030502028BF78BF78BF78BF78BF78BF78BF78BF78BF78BF78BF78BF78BF7",
    ),
]


@pytest.mark.parametrize(("message", "line"), SUBMITS)
def test_what_goes_out_is_what_another_implementation_writes(message: Submit, line: str) -> None:
    assert to_line(encode_submit(message)) == line
    assert decode_submit(from_line(line)) == message


def test_a_part_of_153_septets_fills_the_whole_message() -> None:
    message = Submit(NUMBER, UserData(Coding.GSM7, LONG[0], joint=Joint(5, 2, 1)))
    assert len(encode_submit(message)) == 1 + 1 + 9 + 2 + 1 + 140
    with pytest.raises(PduError, match="161 septets"):
        encode_submit(Submit(NUMBER, UserData(Coding.GSM7, LONG[0] + "a", joint=Joint(5, 2, 1))))


def test_what_comes_in() -> None:
    line = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
    at = datetime(2002, 8, 26, 19, 37, 41, tzinfo=UTC)
    assert decode_incoming(from_line(line)) == Deliver("+31641600986", UserData(Coding.GSM7, "How are you?"), at)


def test_what_became_of_one() -> None:
    tpdu = bytes.fromhex("06D60B911326880736F4111011719551401110117195714000")
    zone = timezone(timedelta(hours=1))
    sent, done = (datetime(2011, 1, 11, 17, 59, second, tzinfo=zone) for second in (15, 17))
    assert decode_incoming(tpdu) == StatusReport(0xD6, "+31628870634", sent, done, 0)


def test_a_sender_with_a_name_and_the_hours_west_of_greenwich() -> None:
    at = datetime(2026, 3, 1, 8, 0, tzinfo=timezone(-timedelta(hours=3, minutes=30)))
    message = Deliver("Hospital 9", UserData(Coding.UCS2, "1"), at)
    decoded = decode_incoming(encode_deliver(message))
    assert decoded == message
    assert isinstance(decoded, Deliver)
    assert decoded.at is not None
    assert decoded.at.astimezone(UTC).hour == 11


@pytest.mark.parametrize(
    "stamp", ["00000000000000", "62130121436500", "FFFFFFFFFFFFFF", "629231214365FF", "62B01021436500"]
)
def test_a_service_centre_without_a_clock_loses_no_message(stamp: str) -> None:
    decoded = decode_incoming(bytes.fromhex("0405810180F60000" + stamp + "0131"))
    assert decoded == Deliver("10086", UserData(Coding.GSM7, "1"), None)


@pytest.mark.parametrize(
    ("scheme", "coding"),
    [
        (0x00, Coding.GSM7), (0x04, Coding.DATA), (0x08, Coding.UCS2), (0x0C, Coding.GSM7), (0x11, Coding.GSM7),
        (0x18, Coding.UCS2), (0x48, Coding.UCS2), (0x84, Coding.GSM7), (0xC0, Coding.GSM7), (0xD0, Coding.GSM7),
        (0xE0, Coding.UCS2), (0xF0, Coding.GSM7), (0xF1, Coding.GSM7), (0xF5, Coding.DATA),
    ],
)  # fmt: skip
def test_every_group_of_data_coding_schemes(scheme: int, coding: Coding) -> None:
    decoded = decode_incoming(bytes.fromhex(f"0405810180F600{scheme:02X}62302121436500023100"))
    assert isinstance(decoded, Deliver)
    assert decoded.body.coding is coding


@pytest.mark.parametrize(
    ("header", "joint"),
    [
        ("0003420201", Joint(0x42, 2, 1)),
        ("080412340302", Joint(0x1234, 3, 2, wide=True)),
        ("05040B8423F0" + "0003420201", Joint(0x42, 2, 1)),
        ("0003420203", None),
        ("0003420000", None),
        ("00024202", None),
        ("0003420201" + "0A", Joint(0x42, 2, 1)),
        ("0003420201" + "0A04", Joint(0x42, 2, 1)),
        ("00034202", None),
        ("000442020100", None),
        ("", None),
    ],
)
def test_the_header_of_a_part(header: str, joint: Joint | None) -> None:
    data = bytes([len(header) // 2]) + bytes.fromhex(header) + "字".encode("utf-16-be")
    decoded = decode_incoming(bytes.fromhex("4405810180F6000862302121436500") + bytes([len(data)]) + data)
    assert isinstance(decoded, Deliver)
    assert decoded.body == UserData(Coding.UCS2, "字", joint=joint)


@pytest.mark.parametrize(
    ("body", "coding", "text"),
    [
        ("0008" + "040500" + "5B57", Coding.UCS2, "\u0500字"),
        ("0008" + "020500", Coding.UCS2, "\u0500"),
        ("0008" + "00", Coding.UCS2, ""),
        ("0008" + "03020A00", Coding.UCS2, ""),
        ("0000" + "00", Coding.GSM7, ""),
        ("0000" + "03020A00", Coding.GSM7, ""),
        ("0000" + "05C8329BFD06", Coding.GSM7, "Hello"),
    ],
)
def test_a_header_that_is_longer_than_its_message_keeps_nobodys_words_on_the_sim(
    body: str, coding: Coding, text: str
) -> None:
    decoded = decode_incoming(bytes.fromhex("4405810180F6" + body[:4] + "62302121436500" + body[4:]))
    assert isinstance(decoded, Deliver)
    assert decoded.body == UserData(coding, text)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "early"), ("zz", "hexadecimal"), ("0", "hexadecimal"), ("00", "early"), ("0003", "neither"),
        ("0001", "neither"), ("07911326", "early"), ("0104", "early"), ("000415918181", "21 semi-octets"),
        ("000405810180F6000062302121436500A1", "161 signs"), ("000405810180F60008623021214365008D", "141 signs"),
        ("000405810180F600006230212143650005C8F7", "early"), ("0004058101F0F600006230212143650000", "no digits"),
    ],
)  # fmt: skip
def test_what_is_no_pdu_is_said(line: str, why: str) -> None:
    with pytest.raises(PduError, match=why):
        decode_incoming(from_line(line))


@pytest.mark.parametrize(
    "message",
    [
        Submit("", REMINDER), Submit("1" * 21, REMINDER), Submit("12;34", REMINDER), Submit("+1\r\n", REMINDER),
        Submit("٣٤", REMINDER), Submit(NUMBER, REMINDER, reference=256), Submit(NUMBER, UserData(Coding.GSM7, "字")),
        Submit(NUMBER, UserData(Coding.UCS2, "字" * 71)), Submit(NUMBER, UserData(Coding.UCS2, "\ud83d")),
        Submit(NUMBER, UserData(Coding.DATA, data=bytes(141))),
        Submit(NUMBER, UserData(Coding.UCS2, "x", joint=Joint(256, 2, 1))),
        Submit(NUMBER, UserData(Coding.UCS2, "x", joint=Joint(1, 2, 3))),
    ],
)  # fmt: skip
def test_what_no_pdu_can_carry_is_refused(message: Submit) -> None:
    with pytest.raises(PduError):
        encode_submit(message)


@pytest.mark.parametrize(
    "encode",
    [
        lambda: encode_deliver(Deliver("a name far too long", REMINDER, None)),
        lambda: encode_deliver(Deliver("张三", REMINDER, None)),
        lambda: encode_deliver(Deliver("1", REMINDER, datetime(2026, 1, 1))),  # noqa: DTZ001
        lambda: encode_deliver(Deliver("1", REMINDER, datetime(2026, 1, 1, tzinfo=timezone(timedelta(minutes=1))))),
        lambda: encode_report(StatusReport(300, "1", None, None, 0)),
    ],
)
def test_what_no_service_centre_could_say_is_refused(encode: Any) -> None:
    with pytest.raises(PduError):
        encode()


@given(seconds=st.floats(300, 63 * WEEK))
@example(seconds=12 * HOUR)
@example(seconds=DAY)
@example(seconds=DAY + 1800)
@example(seconds=30 * DAY)
def test_a_message_is_never_valid_for_longer_than_was_said(seconds: float) -> None:
    valid = decode_validity(encode_validity(seconds))
    assert valid <= seconds
    assert valid > seconds - max(7 * DAY, 1)


@pytest.mark.parametrize("value", range(256))
def test_each_validity_is_written_as_itself(value: int) -> None:
    assert decode_validity(encode_validity(decode_validity(value))) == decode_validity(value)


joints = st.builds(
    lambda wide, number, total, place: Joint(number if wide else number & 0xFF, total, 1 + place % total, wide),
    st.booleans(), st.integers(0, 0xFFFF), st.integers(1, 255), st.integers(0, 254),
)  # fmt: skip
GSM_SIGNS = "".join(sign for sign in map(chr, range(0x2100)) if gsm7.fits(sign))
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
bodies = st.one_of(
    st.builds(UserData, st.just(Coding.UCS2), words, joint=st.none() | joints),
    st.builds(UserData, st.just(Coding.GSM7), st.text(GSM_SIGNS, max_size=70), joint=st.none() | joints),
    st.builds(UserData, st.just(Coding.DATA), data=st.binary(max_size=100), joint=st.none() | joints),
)
numbers = st.from_regex(r"\A\+?[0-9*#abc]{1,20}\Z")
zones = st.integers(-79, 79).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
seconds = st.integers(631_238_400, 3_786_825_600)
moments = st.none() | st.builds(datetime.fromtimestamp, seconds, zones)
octets = st.integers(0, 255)


@given(st.builds(Submit, numbers, bodies, st.none() | octets.map(decode_validity), st.booleans(), octets))
def test_every_submit_comes_back(message: Submit) -> None:
    assert decode_submit(from_line(to_line(encode_submit(message)))) == message


@given(
    st.builds(Deliver, numbers, bodies, moments) | st.builds(StatusReport, octets, numbers, moments, moments, octets)
)
def test_every_message_to_us_comes_back(message: Deliver | StatusReport) -> None:
    assert decode_incoming(encoded(message)) == message


def encoded(message: Deliver | StatusReport) -> bytes:
    return encode_deliver(message) if isinstance(message, Deliver) else encode_report(message)


@given(st.binary(max_size=200))
def test_rubbish_is_a_pdu_error_or_a_message(data: bytes) -> None:
    for decode in (decode_incoming, decode_submit):
        with contextlib.suppress(PduError):
            decode(data)
    with contextlib.suppress(PduError):
        from_line(data.decode("latin-1"))


@given(
    st.builds(Deliver, numbers, bodies, moments), st.lists(st.tuples(st.integers(0, 300), octets), max_size=4), octets
)
def test_a_damaged_message_is_a_pdu_error_or_a_message(
    message: Deliver, damage: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(encode_deliver(message))
    for place, octet in damage:
        data[place % len(data)] = octet
    for kept in (bytes(data), bytes(data[:cut])):
        with contextlib.suppress(PduError):
            decode_incoming(kept)
