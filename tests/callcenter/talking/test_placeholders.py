from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.talking.placeholders import NAMES, Part, fill

VALUES = {"patient.name": "张三", "agent.name": "李四", "hospital": "示范医院"}


def test_values_stand_in_parts_of_their_own() -> None:
    assert fill("{patient.name}您好，我是{hospital}的{agent.name}。", VALUES) == [
        Part("张三", "patient.name"),
        Part("您好，我是"),
        Part("示范医院", "hospital"),
        Part("的"),
        Part("李四", "agent.name"),
        Part("。"),
    ]


def test_what_is_not_known_stays_open() -> None:
    assert fill("{patient.name}?", {}) == [Part("", "patient.name"), Part("?")]


@pytest.mark.parametrize(
    "text",
    ["{agent.name.__class__}", "{0}", "{}", "{patient.name!r}", "{hospital:>99999999}", "{{hospital", "%(hospital)s"],
)
def test_nothing_is_evaluated(text: str) -> None:
    shown = "".join(part.text for part in fill(text, VALUES))
    assert shown == text


def test_a_value_is_not_looked_at_again() -> None:
    assert fill("{patient.name}", {"patient.name": "{agent.name}"}) == [Part("{agent.name}", "patient.name")]


@pytest.mark.parametrize(
    "written", ["｛patient.name｝", "{patient．name｝", "﹛ patient。name\u3000﹜", "︷patient.name︸"]
)
def test_a_chinese_input_method_writes_the_same_placeholder(written: str) -> None:
    assert fill(f"{written}您好", VALUES) == [Part("张三", "patient.name"), Part("您好")]


_SIGNS = re.compile("[{}｛｝﹛﹜︷︸]")


@given(st.text(), st.sampled_from(sorted(NAMES)), st.text())
def test_any_text_comes_out_with_its_values(before: str, name: str, after: str) -> None:
    text = _SIGNS.sub("", before) + "{" + name + "}" + _SIGNS.sub("", after)
    parts = fill(text, dict.fromkeys(NAMES, "V"))
    assert "".join(f"{{{part.placeholder}}}" if part.placeholder else part.text for part in parts) == text
