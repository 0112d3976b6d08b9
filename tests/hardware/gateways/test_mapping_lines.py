"""Mappings as lines: read as they were written, and what is no line is said with its number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.gateways.mapping_lines import lines_of, mapping_of, writable

VALUES = st.text(max_size=20).filter(writable)
NAMES = VALUES.filter(lambda name: name != "" and "=" not in name)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_what_is_written_is_read(mapping: dict[str, str]) -> None:
    assert mapping_of(lines_of(mapping)) == mapping


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        found = mapping_of(text)
    except ValueError:
        return
    assert mapping_of(lines_of(found)) == found


def test_blanks_and_empty_lines_say_nothing() -> None:
    assert mapping_of("\n to={numbers} \r\n\r\nq = a=b\nempty =\n") == {"to": "{numbers}", "q": "a=b", "empty": ""}


def test_what_codes_mean_stands_in_a_row() -> None:
    codes = {"7": {"refusal": "never"}, "102": {"words": "no credit", "refusal": "gateway"}}
    assert lines_of(codes) == "7 = never\n102 = gateway no credit"


@pytest.mark.parametrize(
    ("lines", "says"),
    [("a = 1\nb", "line 2"), ("= 1", "line 1"), ("a = 1\na = 2", "line 2: a comes twice")],
)
def test_what_is_no_line_is_said(lines: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        mapping_of(lines)
