from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.monitor_session import MonitorSettings
from protocols.netcallerid.codec import MAX_MESSAGE, NetCallerIdDecoder
from protocols.netcallerid.session import NetCallerIdSession
from protocols.signals import AbsentReason, CallerIdentified, LineReady, RingingStopped

GOLDEN = b"###DATE08082225...NMBR14075551212...NAMEJOHN+++\r"
CALLER = CallerIdentified("14075551212", "JOHN")


def decode(*chunks: bytes) -> list[CallerIdentified]:
    decoder = NetCallerIdDecoder()
    return [caller for chunk in chunks for caller in decoder.feed(chunk)] + decoder.gap()


@pytest.mark.parametrize("before", [b"", b"\r\n", b"\xff#", b"##", b"####", b"###DATE0808", b"+++\r"])
def test_golden_bytes(before: bytes) -> None:
    assert decode(before + GOLDEN + b"\x00") == [CALLER]


def test_every_split() -> None:
    for first in range(len(GOLDEN) + 1):
        for second in range(first, len(GOLDEN) + 1):
            assert decode(GOLDEN[:first], GOLDEN[first:second], GOLDEN[second:]) == [CALLER]


@pytest.mark.parametrize(
    ("message", "caller"),
    [
        (b"NMBR4075551212...NAMEWIRELESS CALL", CallerIdentified("4075551212", "WIRELESS CALL")),
        (b"NMBR...NAME-UNKNOWN CALLER-", CallerIdentified("", absent=AbsentReason.UNAVAILABLE)),
        (b"NMBR...NAME-PRIVATE CALLER-", CallerIdentified("", absent=AbsentReason.PRIVATE)),
        (b"NMBR...NAME", CallerIdentified("", absent=AbsentReason.UNAVAILABLE)),
        (b"NMBRPRIVATE...NAME", CallerIdentified("", absent=AbsentReason.PRIVATE)),
        (b"NMBR10086...NAMEST. JOHN", CallerIdentified("10086", "ST. JOHN")),
        ("NMBR10086...NAME张三".encode("gbk"), CallerIdentified("10086", "张三")),
        (b"NMBR10086...NAME\x1b[2J", CallerIdentified("10086", "[2J")),
    ],
)
def test_callers(message: bytes, caller: CallerIdentified) -> None:
    assert decode(b"###DATE03301423..." + message + b"+++\r") == [caller]
    # As one firmware writes it.
    assert decode(b"###DATE03301423.." + message + b"+++\r") == [caller]


@pytest.mark.parametrize("name", [b"   -MSG OFF-", b"-MSG ON-"])
def test_voice_mail_is_not_a_call(name: bytes) -> None:
    assert decode(b"###DATE...NMBR...NAME" + name + b"+++\r") == []


def test_a_message_that_breaks_off_is_flagged() -> None:
    assert decode(GOLDEN[:-8]) == [CallerIdentified("14075551212", verified=False)]
    assert decode(GOLDEN[:16]) == []


def test_two_at_once() -> None:
    assert decode(GOLDEN + GOLDEN.replace(b"1407", b"1408")) == [CALLER, CallerIdentified("14085551212", "JOHN")]


@pytest.mark.parametrize("position", range(len(GOLDEN)))
def test_each_byte_flipped_leaves_the_next_message_whole(position: int) -> None:
    for bit in range(8):
        damaged = bytearray(GOLDEN)
        damaged[position] ^= 1 << bit
        assert decode(bytes(damaged), b"\r", GOLDEN)[-1] == CALLER


@given(noise=st.binary(max_size=900))
@settings(max_examples=300)
def test_a_message_is_read_after_any_noise(noise: bytes) -> None:
    assert decode(noise, GOLDEN)[-1] == CALLER


def test_endless_noise_is_bounded() -> None:
    source = random.Random(5)
    decoder = NetCallerIdDecoder()
    for _ in range(500):
        decoder.feed(source.choice([b"###", b"#" * 100, b"###DATE" + b"9" * 999, source.randbytes(500)]))
        assert len(decoder._buffer) <= 2 * MAX_MESSAGE
    assert decoder.feed(GOLDEN)[-1] == CALLER


def test_session() -> None:
    session = NetCallerIdSession(MonitorSettings())
    assert session.start(0.0).signals == (LineReady("NetCallerID box (listens only)"),)
    assert session.receive(GOLDEN, 1.0).signals == (CALLER,)
    assert session.receive(GOLDEN, 2.0).signals == ()
    assert session.tick(31.0).signals == (RingingStopped(),)
