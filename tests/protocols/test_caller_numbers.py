from __future__ import annotations

import pytest

from protocols.caller_numbers import MAX_NUMBER, absent_reason, read_number
from protocols.signals import AbsentReason


@pytest.mark.parametrize("word", ["P", "Private", "Priv-Dir-Off", "restricted", "BLOCKED"])
def test_withheld(word: str) -> None:
    assert read_number(word) == ("", AbsentReason.PRIVATE)


@pytest.mark.parametrize("word", ["", "O", "Out-Of-Area", "No-CallerID", "UNKNOWN", "0000000000", "caller"])
def test_not_known(word: str) -> None:
    assert read_number(word) == ("", AbsentReason.UNAVAILABLE)


@pytest.mark.parametrize("number", ["10086", "+86 138 0013 8000", "800-240-4637", "00861"])
def test_a_number_is_passed_on_as_it_is(number: str) -> None:
    assert read_number(number) == (number, None)
    assert absent_reason(number) is None


def test_a_number_has_a_limit() -> None:
    assert read_number("1" * 100) == ("1" * MAX_NUMBER, None)
