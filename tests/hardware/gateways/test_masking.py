"""What a trace shows of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.gateways.masking import masked


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"\x0013800138000\x00", b"\x001380013****\x00"),
        (b"+8613800138000;1069", b"+861380013****;1069"),
        (b"123456", b"123456"),
        ("电话13800138000。".encode("utf-16-be"), "电话1380013****。".encode("utf-16-be")),
        (b"01088886666 and 13900139000", b"0108888**** and 1390013****"),
    ],
)
def test_the_last_digits_are_hidden(data: bytes, shown: bytes) -> None:
    assert masked(data) == shown


DIGITS = "0123456789"


@given(
    # Digits beside a number are part of it, and may then show its last four once more.
    st.binary(max_size=100).map(lambda around: around.translate(None, DIGITS.encode())),
    st.text(DIGITS, min_size=7, max_size=20),
)
def test_whatever_stands_around_it(around: bytes, number: str) -> None:
    shown = masked(around + number.encode() + around)
    assert len(shown) == 2 * len(around) + len(number)
    assert number.encode() not in shown
