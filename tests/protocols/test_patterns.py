"""With ``re`` instead, the slow ones here would not end while anybody waits."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.patterns import SlowPatternError, check_pattern, search

SLOW = [r"^(a+)+$", r"(a|aa)+$", r"^(\w+\s?)*$", r"(?:a?){100}a{100}b", r"(?:a+)+?b", r"(a+)\1+$", r"^(?:(a|b)*c?)*$"]


@pytest.mark.parametrize("pattern", SLOW)
def test_a_search_that_would_not_end_is_given_up(pattern: str) -> None:
    with pytest.raises(SlowPatternError):
        search(pattern, "a" * 250_000 + "!")


@pytest.mark.parametrize("pattern", [r"(a|aa)+$", r"^(a|aa)+$", r"(?:a?){100}a{100}b", r"(?:(a|b)*c?)*$"])
def test_such_a_pattern_is_not_let_through(pattern: str) -> None:
    with pytest.raises(ValueError, match="takes too long"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["(", "[b-a]", "a{99999999999}", "(" * 5000, "(?R)", "((a{1000}){1000}){10}", "a**", "(?P<n>a)(?P<n>b)",
     "((a{,1000}){1000,})", r"\p{Lu}"],
)  # fmt: skip
def test_what_is_no_pattern_or_too_big_is_not_let_through(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"is no regular expression|repeats more than"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "groups", "found"),
    [
        (r'"code":\s*0', '{"code": 0}', 0, '"code": 0'), (r'"id":\s*"(\w+)"', '{"id":"a7"}', 1, '"id":"a7"'),
        (r'(?i)"msg":\s*"([^"]*)"', '{"MSG":"余额不足"}', 1, '"MSG":"余额不足"'),
        (r"^(-?\d+)(?:,(\d+))?$", "-1", 2, "-1"),
        (r"(?<=ok)\s(?!no)\w", "ok yes", 0, " y"), (r"\d{1,20}", "x12", 0, "12"), (r"(.|\n)*\Z", "a\nb", 1, "a\nb"),
        (r"^(?:<x>)?(.*?)$", "<x>1", 1, "<x>1"), (r"(-?\d+)\s*$", "code -17 ", 1, "-17 "),
    ],
)  # fmt: skip
def test_what_providers_need_is_let_through(pattern: str, text: str, groups: int, found: str) -> None:
    assert check_pattern(pattern) == groups
    match = search(pattern, text)
    assert match is not None
    assert match[0] == found


@settings(max_examples=60, deadline=None)
@given(st.text("ab(|)*+?{},12[]^$\\w.<=!:P", max_size=25), st.text("ab12\n ", max_size=300))
def test_whatever_is_let_through_is_searched_or_given_up(pattern: str, text: str) -> None:
    try:
        check_pattern(pattern)
    except ValueError:
        return
    with contextlib.suppress(SlowPatternError):
        search(pattern, text * 300)
