from __future__ import annotations

import random
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.tp_hid.codec import (
    MAX_LENGTH,
    MAX_OPEN,
    MAX_PIECE,
    TpHidDecoder,
    acknowledgement,
    clock,
    encode,
    tones,
)
from protocols.tp_hid.messages import (
    Acknowledged,
    BatteryLow,
    BusyTone,
    CallerId,
    Command,
    Dialled,
    Digits,
    Hook,
    HookMoved,
    Identity,
    LocalDigit,
    Message,
    Rang,
    Restarted,
    StateIs,
)

CALLER_ID = bytes.fromhex("FF 0D D1 00 00 05 1A 10 39 13 80 01 38 00 0F")
CALLER = CallerId("13800138000")


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def report(piece: bytes) -> bytes:
    return (bytes((3, len(piece))) + piece + b"\5\6\7\7\7\7")[:8]


def reports(pdu: bytes, size: int = MAX_PIECE) -> list[bytes]:
    return [report(pdu[start : start + size]) for start in range(0, len(pdu), size)]


def decode(*received: bytes) -> list[Message]:
    decoder = TpHidDecoder()
    return [message for each in received for message in decoder.feed(each)]


@pytest.mark.parametrize(
    ("command", "parameters", "expected"),
    [
        (Command.KEEP_ALIVE, b"", ["03 03 FF 01 6A 05 06 07"]),
        (Command.OFF_HOOK, b"", ["03 03 FF 01 61 05 06 07"]),
        (Command.DIAL, tones("10086"), ["03 06 FF 07 11 64 01 00", "03 03 00 08 06 05 06 07"]),
        (Command.DIAL, tones("8"), ["03 05 FF 03 11 64 08 07"]),
        (Command.DIAL, tones("*#,"), ["03 06 FF 05 11 64 0A 0B", "03 01 0C 03 04 05 06 07"]),
        (
            Command.SET_TIME,
            clock(datetime(2012, 5, 26, 16, 57, 41)),  # noqa: DTZ001 - the box knows no zone
            ["03 06 FF 07 22 0C 05 1A", "03 03 10 39 29 05 06 07"],
        ),
    ],
)
def test_golden_commands(command: Command, parameters: bytes, expected: list[str]) -> None:
    assert encode(command, parameters) == tuple(raw(each) for each in expected)


def test_golden_acknowledgement() -> None:
    sent = raw("03 05 FF 03 11 64 08 07")
    assert acknowledgement(sent) == raw("03 80 FF 03 11 64 08 07")
    assert decode(acknowledgement(sent)) == decode(raw("03 85 FF 03 11 64 08 07")) == [Acknowledged(sent[2:])]


def test_golden_event_inside_another() -> None:
    """Recorded by the upil project: "dialled" is interrupted by a digit that has lost its FF."""
    trace = ["03 80 FF 03 11 64 08 07", "03 02 FF 01 08 64 08 07", "03 03 02 EC 08 64 08 07", "03 01 D3 01 08 64 08 07"]
    assert decode(*map(raw, trace)) == [Acknowledged(raw("FF 03 11 64 08 07")), LocalDigit(), Dialled()]


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        ("FF 01 E5", Rang()),
        ("FF 01 E3", HookMoved(Hook.HANDS_FREE, up=True)),
        ("FF 01 E4", HookMoved(Hook.HANDS_FREE, up=False)),
        ("FF 01 E7", HookMoved(Hook.HANDSET, up=True)),
        ("FF 01 E8", HookMoved(Hook.HANDSET, up=False)),
        ("FF 01 E9", HookMoved(Hook.PARALLEL, up=True)),
        ("FF 01 EA", HookMoved(Hook.PARALLEL, up=False)),
        ("FF 02 AB 00", StateIs(None)),
        ("FF 02 AB 03", StateIs(Hook.HANDSET)),
        ("FF 03 D2 01 0B", Digits("1#")),
        ("FF 02 D9 0A", Digits("*")),
        ("FF 01 D3", Dialled()),
        ("FF 01 E6", Restarted()),
        ("FF 01 EB", BusyTone()),
        ("FF 02 EC 08", LocalDigit()),
        ("FF 01 ED", BatteryLow()),
        ("FF 02 81 12", Identity("version", "12")),
        ("FF 09 84 01 02 03 04 05 06 07 08", Identity("serial number", "0102030405060708")),
        ("FF 02 85 02", Identity("type", "02")),
    ],
)
def test_events(pdu: str, expected: Message) -> None:
    assert decode(*reports(raw(pdu))) == [expected]


@pytest.mark.parametrize("pdu", ["FF 02 E1 05", "FF 01 D7", "FF 0A D4 01 02 03 04 05 06 07 08 09", "FF 02 AB 07",
                                 "FF 01 AB", "FF 02 D2 0D", "FF 01 7F", "FF 01 81"])  # fmt: skip
def test_what_tells_nothing_of_the_line_is_passed_over(pdu: str) -> None:
    assert decode(*reports(raw(pdu)), report(raw("FF 01 E5"))) == [Rang()]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("00 00 05 1A 10 39 13 80 01 38 00 0F", CALLER),
        ("00 00 05 26 16 57 13 80 01 38 00 0F", CALLER),
        ("01 0B 12 31 23 59 13 80 01 38 00 0F 00 00", CALLER),
        ("01 0B 12 31 23 59 05 71 88 FF", CallerId("057188")),
        ("01 0B 12 31 23 59 05 71 88", CallerId("057188")),
        ("01 00 05 1A 10 39 F0", CallerId("")),
        ("01 00 05 1A 10 39", CallerId("")),
        ("01 00 0D 1A 10 39 12 3F", CallerId("123", plausible=False)),
        ("01 00 05 1A 1A 6A 12 3F", CallerId("123", plausible=False)),
        ("01", CallerId("", plausible=False)),
        ("01 00 05 1A 10 39" + "12" * 17, CallerId("12" * 16, plausible=False)),
    ],
)
def test_caller_id_with_raw_or_bcd_date(parameters: str, expected: CallerId) -> None:
    body = raw(parameters)
    assert decode(*reports(bytes((0xFF, 1 + len(body), 0xD1)) + body)) == [expected]


@given(st.data())
def test_every_way_to_cut_a_pdu_into_reports(data: st.DataObject) -> None:
    left, pieces = CALLER_ID, []
    while left:
        size = data.draw(st.integers(1, MAX_PIECE))
        pieces.append(report(left[:size]))
        left = left[size:]
    assert decode(*pieces) == [CALLER]


@pytest.mark.parametrize("before", ["", "00", "02 E5", "FF", "FF FF", "FF 00", "FF 41", "12 FF 00 34"])
def test_it_comes_to_itself_at_the_next_beginning(before: str) -> None:
    noise = reports(raw(before)) if before else []
    assert decode(*noise, *reports(CALLER_ID))[-1] == CALLER


def test_several_events_in_one_report() -> None:
    assert decode(report(raw("FF 01 E5 FF 01 E7"))) == [Rang(), HookMoved(Hook.HANDSET, up=True)]
    assert decode(report(raw("FF 01")), report(raw("E5 FF 01 E7"))) == [Rang(), HookMoved(Hook.HANDSET, up=True)]


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("inner", ["FF 01 E5", "02 EC 08", "FF 02 AB 03"])
def test_an_event_inside_another_harms_neither(place: int, inner: str) -> None:
    outer = reports(CALLER_ID, 5)
    received = decode(*outer[:place], report(raw(inner)), *outer[place:])
    assert received == [*decode(report(raw(("FF " if inner[:2] != "FF" else "") + inner))), CALLER]


def test_a_long_event_inside_a_short_one() -> None:
    assert decode(report(raw("FF 01")), *reports(CALLER_ID), report(raw("E5"))) == [CALLER, Rang()]


def test_an_acknowledgement_drops_what_was_under_way() -> None:
    first, *rest = reports(CALLER_ID)
    acknowledged = acknowledgement(encode(Command.KEEP_ALIVE)[0])
    assert decode(first, acknowledged, *rest, report(raw("FF 01 E5")))[1:] == [Rang()]


def test_the_terminator_of_a_number_is_not_a_beginning() -> None:
    pdu = raw("FF 0B D1 00 00 05 1A 10 39 05 71 88 FF")
    for size in range(1, MAX_PIECE + 1):
        assert decode(*reports(pdu, size)) == [CallerId("057188")]


@pytest.mark.parametrize(
    "wrong", ["", "03", "03 03", "03 03 FF 01", "04 03 FF 01 E5 05 06 07", "03 00 FF 01 E5 05 06 07",
              "03 07 FF 01 E5 05 06 07"]
)  # fmt: skip
def test_reports_that_are_none(wrong: str) -> None:
    assert decode(raw(wrong)) == []


def test_short_and_long_reports() -> None:
    assert decode(raw("03 03 FF 01 E5")) == [Rang()]
    assert decode(raw("03 03 FF 01 E5") + bytes(59)) == [Rang()]


@pytest.mark.parametrize("position", range(3 * 8))
def test_each_byte_flipped_leaves_the_next_events_whole(position: int) -> None:
    stream = b"".join(reports(CALLER_ID))
    for bit in range(8):
        damaged = bytearray(stream)
        damaged[position] ^= 1 << bit
        decoder = TpHidDecoder()
        for start in range(0, len(damaged), 8):
            decoder.feed(bytes(damaged[start : start + 8]))
        assert decoder.feed(report(raw("FF 01 E5"))) == [Rang()], bit
        decoder.feed(acknowledgement(encode(Command.KEEP_ALIVE)[0]))
        assert [each for part in reports(CALLER_ID) for each in decoder.feed(part)] == [CALLER], bit


@given(st.lists(st.binary(max_size=70) | st.binary(min_size=6, max_size=6).map(report), max_size=60))
@settings(max_examples=400)
def test_random_reports_are_survived_and_bounded(received: list[bytes]) -> None:
    decoder = TpHidDecoder()
    for each in received:
        decoder.feed(each)
        assert len(decoder._open) <= MAX_OPEN
        assert all(len(pdu) <= 2 + MAX_LENGTH for pdu in decoder._open)
    decoder.feed(acknowledgement(encode(Command.KEEP_ALIVE)[0]))
    assert [message for part in reports(CALLER_ID) for message in decoder.feed(part)] == [CALLER]


def test_noise_for_minutes_makes_few_calls() -> None:
    """Nothing but structure protects this protocol; most random reports must still say nothing."""
    source, decoder = random.Random(5), TpHidDecoder()
    heard = [message for _ in range(20_000) for message in decoder.feed(source.randbytes(8))]
    assert sum(not isinstance(message, Acknowledged) for message in heard) < 20


@pytest.mark.parametrize("digits", ["1A", "+1", "1;2", "１"])
def test_tones_the_box_does_not_know(digits: str) -> None:
    with pytest.raises(ValueError, match="cannot send"):
        tones(digits)


def test_too_much_for_one_command() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        encode(Command.DIAL, bytes(MAX_LENGTH))
