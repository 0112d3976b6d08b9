"""Whole texts that stop messages, and texts with placeholders in which nothing is ever worked out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.messaging.incoming.words import OPT_OUT_WORDS, is_opt_out, plain_word
from callcenter.messaging.texts.placeholders import PLACEHOLDERS, Gaps, fill, legible
from callcenter.placeholders import fault_in, unknown_in, used_in


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
        ("｛患者姓名｝", "患者姓名"), ("｛patient.name", "｛"), ("patient.name｝", "｝"), ("｛｛date｝｝", "｛"),
        ("｛｝", ""),
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


SIGNS = "{}｛｝﹛﹜︷︸"
"""Braces as keyboards, Chinese input methods and vertical forms write them."""
WRITTEN = st.sampled_from(
    (
        *SIGNS, *PLACEHOLDERS, "ｐａｔｉｅｎｔ．ｎａｍｅ", "patient。name", "\u3000date ", "x", "您好", "\n",
        "{patient.name}", "｛hospital｝", "｛date}",
    )
)  # fmt: skip


@given(st.text(st.sampled_from(SIGNS + "．。.apitencm x"), max_size=60))
def test_whatever_is_written_is_filled_or_named(text: str) -> None:
    filled, gaps = fill(text, VALUES)
    assert bool(gaps) == bool(unknown_in(text, PLACEHOLDERS))
    if not gaps:
        assert not set(SIGNS) & set(filled)


@given(st.lists(WRITTEN, max_size=12).map("".join), st.sets(st.sampled_from(sorted(PLACEHOLDERS))))
def test_no_text_without_gaps_has_a_placeholder_left(text: str, known: set[str]) -> None:
    filled, gaps = fill(text, {name: "甲" if name in known else "" for name in PLACEHOLDERS})
    if not gaps:
        assert not set(SIGNS) & set(filled)
        assert set(used_in(text)) <= known


@pytest.mark.parametrize(
    "written",
    [
        "｛patient.name｝", "{patient.name｝", "｛patient.name}", "｛ patient.name\u3000｝", "{patient．name}",
        "｛ｐａｔｉｅｎｔ．ｎａｍｅ｝", "｛patient。name｝", "﹛patient.name﹜", "︷patient.name︸",
    ],
)  # fmt: skip
def test_a_chinese_input_method_writes_the_same_placeholder(written: str) -> None:
    assert fill(f"{written}您好", {"patient.name": "张三"}) == ("张三您好", Gaps())
    assert used_in(written) == ("patient.name",)
    assert legible(written, str.upper) == "{PATIENT NAME}"


@pytest.mark.parametrize(("written", "shown"), [("{}", "{}"), ("｛姓名｝", "{姓名}"), ("您好{x}{", "{x}")])
def test_what_is_no_placeholder_is_shown_as_it_was_found(written: str, shown: str) -> None:
    fault = fault_in(written, PLACEHOLDERS)
    assert fault is not None
    assert (fault.unpaired, fault.words.startswith(f"{shown} is no placeholder.")) == (False, True)


@pytest.mark.parametrize(
    ("written", "sign", "around"),
    [
        ("{", "{", "{"), ("您好 {", "{", "您好 {"), ("｛姓名", "｛", "｛姓名"), ("date}", "}", "date}"),
        ("您好，明天上午八点请带病历来{，在门诊二楼等候", "{", "…午八点请带病历来{，在门诊二楼等候"),
        ("{date}}", "}", "{date}}"),
    ],
)  # fmt: skip
def test_a_brace_without_a_partner_is_told_with_its_place(written: str, sign: str, around: str) -> None:
    fault = fault_in(written, PLACEHOLDERS)
    assert fault is not None
    assert (fault.unpaired, fault.name, fault.around, fault.line) == (True, sign, around, 0)
    assert fault.words == f"The braces do not match: {sign} has no partner in “{around}”."
    with_line = fault_in("{hospital}您好\n" + written + "\n再见", PLACEHOLDERS)
    assert with_line is not None
    assert with_line.words == f"Line 2: {fault.words}"


@given(st.lists(WRITTEN, max_size=12).map("".join))
def test_there_is_a_fault_where_something_is_no_placeholder(text: str) -> None:
    fault, unknown = fault_in(text, PLACEHOLDERS), unknown_in(text, PLACEHOLDERS)
    assert (fault.name if fault else None) == (unknown[0] if unknown else None)
    assert fault is None or fault.around.strip("…") in text
