from __future__ import annotations

import pytest

from protocols.dial_strings import checked_digits, checked_number, checked_prefix, on_wire


@pytest.mark.parametrize("number", ["1", "13800138000", "+8613800138000", "9,01012345678", "*21#", "0" * 32])
def test_dialable(number: str) -> None:
    assert checked_number(number) == number


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "0" * 33,
        "0" * 200,
        "1\r",
        "1\n",
        "1\r\nATH",
        "1;H0",
        "1&F",
        "1/2",
        "ATH0",
        "1 2",
        "1-2",
        "１２",
        "1+2",
        "10086\0",
        "²",
    ],
)
def test_anything_else_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="cannot dial"):
        checked_number(number)


@pytest.mark.parametrize("digits", ["", "12,3", "E", "1;2", "1\r", "0" * 33])
def test_tones_are_checked(digits: str) -> None:
    with pytest.raises(ValueError, match="as tones"):
        checked_digits(digits)


@pytest.mark.parametrize("prefix", ["9;", "0" * 9, "+"])
def test_prefixes_are_checked(prefix: str) -> None:
    assert checked_prefix("9,") == "9,"
    with pytest.raises(ValueError, match="not a dialling prefix"):
        checked_prefix(prefix)


def test_what_goes_to_the_exchange() -> None:
    assert on_wire("10086", "9,", "00") == "9,10086"
    assert on_wire("+8610086", "9,", "00") == "9,008610086"
    with pytest.raises(ValueError, match="cannot dial"):
        on_wire("10086;", "9,", "00")
