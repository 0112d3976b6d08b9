"""What documents call a gateway's answers is said in the language of the page; a gateway's own words stand."""

from __future__ import annotations

import pytest

from callcenter.text import translated
from protocols.cmpp.results import refusal
from protocols.documented import KNOWN, WORDS, said_in
from protocols.gsm_modem.answers import Answer, Outcome
from protocols.gsm_modem.refusals import meaning_of
from protocols.sayings import Said, Saying
from protocols.smpp.statuses import words
from web.catalogues import load_translations


def chinese(text: str) -> str:
    return str(load_translations("zh_CN").gettext(text))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("flow control", "流量控制错"),
        ("flow control (8)", "流量控制错 (8)"),
        ("CMS 42: congestion", "CMS 42: 网络拥塞"),
        ("The daemon ended before the answer came.", chinese(Saying.INTERRUPTED.value)),
        ("黑名单", "黑名单"),
        ("flow control, please", "flow control, please"),
        ("Ready", "Ready"),
        ("(8)", "(8)"),
        ("a\n(b)", "a\n(b)"),
        ("", ""),
    ],
)
def test_words_of_documents_alone_are_translated(words: str, said: str) -> None:
    assert said_in(chinese, words) == said


def test_every_word_of_a_document_has_another_in_chinese() -> None:
    assert {word for word in WORDS if chinese(word) == word} == set()
    told = {refusal(8)[1], words(0x58), meaning_of(Answer(Outcome.ERROR, "CMS", "42")).words}
    assert told <= WORDS < KNOWN


def test_a_reason_within_what_is_said_is_translated_too() -> None:
    said = translated(chinese, Said(Saying.GATEWAY_REFUSED, why="authentication"))
    assert "认证错" in said
    assert "authentication" not in said
