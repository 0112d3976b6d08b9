from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.dial_strings import checked_number
from protocols.hayes import commands


@given(st.text())
def test_what_passes_can_never_start_a_second_command(text: str) -> None:
    try:
        line = commands.encode(commands.dial(checked_number(text).removeprefix("+")))
    except ValueError:
        return
    assert line.count(b"\r") == 1
    assert set(line[4:-1]) <= set(b"0123456789*#,")


@pytest.mark.parametrize("line", ["AT\rATH", "AT\n", "AT\0", "ATDT１"])
def test_a_command_is_one_line_of_ascii(line: str) -> None:
    with pytest.raises(ValueError, match="not a modem command"):
        commands.encode(line)
