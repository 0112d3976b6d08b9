from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.hayes import commands


@pytest.mark.parametrize("number", ["1", "13800138000", "+8613800138000", "9,01012345678", "*21#", "0" * 32])
def test_dialable(number: str) -> None:
    assert commands.checked_number(number) == number


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
        commands.checked_number(number)


@given(st.text())
def test_what_passes_can_never_start_a_second_command(text: str) -> None:
    try:
        line = commands.encode(commands.dial(commands.checked_number(text).removeprefix("+")))
    except ValueError:
        return
    assert line.count(b"\r") == 1
    assert set(line[4:-1]) <= set(b"0123456789*#,")


@pytest.mark.parametrize("digits", ["", "12,3", "E", "1;2", "1\r", "0" * 33])
def test_tones_are_checked(digits: str) -> None:
    with pytest.raises(ValueError, match="as tones"):
        commands.checked_digits(digits)


@pytest.mark.parametrize("line", ["AT\rATH", "AT\n", "AT\0", "ATDT１"])
def test_a_command_is_one_line_of_ascii(line: str) -> None:
    with pytest.raises(ValueError, match="not a modem command"):
        commands.encode(line)
