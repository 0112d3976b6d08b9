"""What lines and devices say: plain English to most, code and values to whoever speaks another language."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from protocols.sayings import Said, Saying, cleaned, said, said_again, words_of
from protocols.signals import LineLost

OPENED = Said(Saying.CANNOT_OPEN, port="/dev/ttyACM0", why="Permission denied")


def test_it_is_an_english_text() -> None:
    assert OPENED == "cannot open /dev/ttyACM0: Permission denied"
    assert LineLost(OPENED) == LineLost("cannot open /dev/ttyACM0: Permission denied")


def test_it_is_plain_data_for_records_and_events() -> None:
    whole = Said(Saying.UNAVAILABLE, line="1", why=OPENED)
    inner = {"code": "cannot_open", "values": {"port": "/dev/ttyACM0", "why": "Permission denied"}}
    assert said(whole) == {"code": "unavailable", "values": {"line": "1", "why": inner}}
    assert said(Said(Saying.NUMBERLESS, count=3)) == {"code": "numberless", "values": {"count": 3}}
    assert said("whatever the device says") is None


def test_a_value_that_is_missing_is_no_saying() -> None:
    with pytest.raises(KeyError):
        Said(Saying.CANNOT_OPEN, port="/dev/ttyACM0")


def test_what_came_from_a_device_is_cleaned_and_cut() -> None:
    hostile = Said(Saying.BECAUSE, what=Said(Saying.CANNOT_START, why="\x1b[2J\u202eevil\n"), why="x" * 1000)
    data = said(cleaned(hostile))
    assert data is not None
    assert data["values"]["what"]["values"]["why"] == "[2Jevil"
    assert len(data["values"]["why"]) == 200
    assert cleaned("a\x00b\u200bc") == "abc"


def test_an_error_says_what_it_was_raised_with() -> None:
    assert said(words_of(RuntimeError(OPENED))) == said(OPENED)
    for error in (RuntimeError("plain"), RuntimeError(), OSError(13, "Permission denied"), KeyError("x")):
        assert words_of(error) == str(error)


@pytest.mark.parametrize("saying", Saying)
def test_codes_and_values_have_plain_names(saying: Saying) -> None:
    assert re.fullmatch(r"[a-z_]+", saying.code)
    names = [name for _, name, spec, conversion in Formatter().parse(saying.value) if name is not None]
    assert all(re.fullmatch(r"[a-z]+", name) for name in names)
    assert len(set(Saying)) == len({one.value for one in Saying})


def test_what_was_made_plain_data_is_said_again() -> None:
    lost = Said(Saying.CANNOT_OPEN, port="/dev/ttyACM0", why=Said(Saying.NOT_STARTED))
    again = said_again(said(lost), "english")
    assert (again, said(again)) == (lost, said(lost))
    assert said_again(None, "as typed") == "as typed"
    for unknown in ({"code": "of_another_version", "values": {}}, {"code": "cannot_open", "values": {}}):
        assert said_again(unknown, "english") == "english"
