"""What is wrong with a regular expression is said without a word of Python's, and where."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pattern_words import pattern_trouble
from protocols.patterns import check_pattern
from protocols.sayings import Saying, said


@pytest.mark.parametrize(
    ("pattern", "kind", "place"),
    [
        ("ab(c", Saying.PATTERN_UNCLOSED, 3),
        ("(?", Saying.PATTERN_UNCLOSED, 3),
        ("(?#", Saying.PATTERN_UNCLOSED, 1),
        ("a)", Saying.PATTERN_UNOPENED, 2),
        ("a[bc", Saying.PATTERN_BRACKET, 2),
        ("a{3,2}", Saying.PATTERN_COUNT, 3),
        ("*a", Saying.PATTERN_NOTHING_REPEATED, 1),
        ("a**", Saying.PATTERN_REPEATED_TWICE, 3),
        ("[b-a]", Saying.PATTERN_RANGE, 2),
        (r"[a-\d]", Saying.PATTERN_RANGE, 2),
        ("(?P<x", Saying.PATTERN_GROUP_NAME, 5),
        ("(?P=x)", Saying.PATTERN_GROUP_NAME, 5),
        (r"a\8", Saying.PATTERN_GROUP_NAME, 3),
        ("(?P<a>x)(?P<a>y)", Saying.PATTERN_GROUP_NAME, 13),
        ("\\", Saying.PATTERN_ESCAPE, 1),
        (r"\p{L}", Saying.PATTERN_ESCAPE, 1),
        (r"\u12", Saying.PATTERN_ESCAPE, 1),
        (r"\N{zz}", Saying.PATTERN_ESCAPE, 1),
        ("(?z)", Saying.PATTERN_EXTENSION, 2),
        ("a(?i)b", Saying.PATTERN_EXTENSION, 2),
        ("(?i", Saying.PATTERN_EXTENSION, 4),
    ],
)
def test_the_kind_of_mistake_and_its_place(pattern: str, kind: Saying, place: int) -> None:
    with pytest.raises(ValueError, match="is no regular expression") as caught:
        check_pattern(pattern)
    values = {"place": place, "why": {"code": kind.code, "values": {}}}
    told = said(caught.value.args[0])
    assert told is not None
    assert told["values"]["why"] == {"code": "pattern_at", "values": values}


def test_without_a_place_only_the_kind() -> None:
    with pytest.raises(ValueError, match="one length only") as caught:
        check_pattern("(?<=a+)b")
    assert "character" not in str(caught.value)


@pytest.mark.parametrize("pattern", ["(" * 5000, "a{99999999999}"])
def test_what_is_too_big_to_be_understood_is_said_to_be_so(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"not closed|cannot be understood"):
        check_pattern(pattern)


@given(st.text(alphabet="ab1()[]{}?*+|\\^$.-,:=!<>P#iL&", max_size=12))
def test_whatever_is_typed_the_kind_of_mistake_is_known(pattern: str) -> None:
    wrong: list[re.error] = []
    try:
        re.compile(pattern)
    except re.error as error:
        wrong.append(error)
    except OverflowError:
        pass
    for one in wrong:
        assert "cannot be understood" not in str(pattern_trouble(one.msg, one.pos)), one.msg
