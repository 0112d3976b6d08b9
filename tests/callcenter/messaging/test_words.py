"""Whole texts that stop messages, and texts with placeholders in which nothing is ever worked out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.messaging.placeholders import PLACEHOLDERS, fill, unknown_in
from callcenter.messaging.words import OPT_OUT_WORDS, is_opt_out, plain_word


@pytest.mark.parametrize(
    "text",
    [
        "T",
        "Ｔ",
        " t。",
        "ＴＤ！",
        "【退订】",
        "退订",
        "“N”",
        "r\r\n",
        "STOP.",
        "\u200bstop\u200b",
        "\u3000Ｑｕｉｔ\u3000",
        "Unsubscribe!!",
    ],
)
def test_the_whole_text_says_stop(text: str) -> None:
    assert is_opt_out(text)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "。", "got to STOP this", "退订了吗", "不退订", "T恤到了吗", "TT", "Rn", "end of story", "1", "t" * 500],
)
def test_a_part_of_it_does_not(text: str) -> None:
    assert not is_opt_out(text)


@given(
    st.sampled_from(sorted(OPT_OUT_WORDS)),
    st.text(" \t\n。，！？!?.,【】“”\u3000", max_size=20),
    st.text(" \n。.!、\u200b", max_size=20),
    st.booleans(),
)
def test_signs_around_and_case_do_not_matter(word: str, before: str, after: str, upper: bool) -> None:
    assert is_opt_out(before + (word.upper() if upper else word) + after)


@given(st.text(max_size=60))
def test_any_text_has_a_plain_word(text: str) -> None:
    assert plain_word(plain_word(text)) == plain_word(text)


VALUES = dict.fromkeys(PLACEHOLDERS, "X")


def test_what_is_put_in_is_not_looked_at_again() -> None:
    text, gaps = fill("{patient.name}，{hospital}", {"patient.name": "{hospital}{0.__class__}", "hospital": "仁爱"})
    assert (text, bool(gaps)) == ("{hospital}{0.__class__}，仁爱", False)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("{{7*7}}", "7*7"), ("{0.__class__}", "0.__class__"), ("{patient.name.__class__}", "patient.name.__class__"),
        ("{patient.name!r}", "patient.name!r"), ("{patient.name:>99999999}", "patient.name:>99999999"), ("{}", ""),
        ("{patient.phone}", "patient.phone"), ("{", "{"), ("}", "}"), ("{patient.name", "{"), ("${x}", "x"),
    ],
)  # fmt: skip
def test_only_the_names_of_the_table_are_placeholders(text: str, unknown: str) -> None:
    filled, gaps = fill(text, VALUES)
    assert unknown in gaps.unknown
    assert "<class" not in filled
    assert "49" not in filled


def test_a_placeholder_without_a_value_is_named_and_stays() -> None:
    text, gaps = fill("{ patient.name }您好，{doctor.name}", {"patient.name": "张三", "doctor.name": ""})
    assert (text, gaps.empty, gaps.unknown) == ("张三您好，{doctor.name}", ("doctor.name",), ())


@given(st.text(st.sampled_from("{}.apitencm x"), max_size=60))
def test_whatever_is_written_is_filled_or_named(text: str) -> None:
    filled, gaps = fill(text, VALUES)
    assert bool(gaps) == bool(unknown_in(text))
    if not gaps:
        assert "{" not in filled
