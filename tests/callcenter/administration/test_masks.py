"""Numbers in what people write are hidden; dates, amounts and record numbers are not; masks come back as numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.administration.masks import mask_text, restore_text

HIDDEN = {
    "电话13800138000，": "电话138****8000，",
    "tel:138 0013 8000": "tel:138****8000",
    "手机１３８００１３８０００。": "手机138****8000。",
    "13800138000/13900139000": "138****8000/139****9000",
    "+86 138-0013-8000": "138****8000",
    "8613800138000": "138****8000",
    "1795113800138000": "138****8000",
    "住院号13800138000": "住院号138****8000",
    "座机010-62345678转801": "座机010****5678转801",
    "（0571）8765 4321": "057****4321",
    "家里62345678": "家里****5678",
    "电话号码：62345678": "电话号码：****5678",
    "+1 212-555-0100": "+12****0100",
    "0085212345678": "85****5678",
    "身份证11010519491231002X": "身份证110****002X",
    "身份证110105 19491231 002x": "身份证110****002x",
    "旧身份证110105491231002": "旧身份证110****1002",
    "+0571 87654321": "+057****4321",
    "身份证11010519491231002X+86 138-0013-8000": "身份证110****002X138****8000",
    "138****8000，新号13911112222": "138****8000，新号139****2222",
}
KEPT = (
    "2026-03-15 10:30:00", "20260315手术", "2026年3月15日", "2023-2024", "¥5000000", "3456789.50元", "4800000U",
    "5000000单位", "每日500-1000ml", "血压138/92 136/88 心率72", "血糖 6.1 12 34567",
    "N0000123", "ZY62345678", "住院号：62345678",
    "病历号 2345678", "流水号是62345678", "202603150001", "A00.000x001", "10086", "95588", "400-800-1234", "4008001234",
    "+86 400-800-1234", "分机8001", "13.8001380", "1380013800013900139000", "", "没有数字",
)  # fmt: skip


@pytest.mark.parametrize("text", HIDDEN)
def test_what_looks_like_a_phone_or_id_number_is_hidden(text: str) -> None:
    assert mask_text(text) == HIDDEN[text]


@pytest.mark.parametrize("text", KEPT)
def test_dates_amounts_record_and_service_numbers_stay(text: str) -> None:
    assert mask_text(text) == text


_writing = st.lists(
    st.sampled_from([*HIDDEN, *KEPT, " ", "-", "*", "****", "1", "0", "8", "135", "号", "，"]) | st.text(max_size=3),
    max_size=12,
).map("".join)


@given(_writing)
def test_masking_again_hides_nothing_more(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


@given(_writing)
def test_what_is_sent_back_as_it_was_shown_is_what_it_was(text: str) -> None:
    assert restore_text(mask_text(text), text) == text


@given(st.text(), st.text())
def test_any_text_may_come_back(typed: str, present: str) -> None:
    restore_text(typed, present)


@given(st.from_regex(re.compile(r"1[3-9][0-9]{9}"), fullmatch=True))
def test_a_mobile_shows_at_most_seven_digits(number: str) -> None:
    shown = mask_text(f"请回电{number}，谢谢")
    assert number not in shown
    assert sum(sign.isdigit() for sign in shown) == 7


def test_masks_in_an_edited_text_are_undone_where_they_stand() -> None:
    present = "女儿13800138000，儿子13911112222"
    assert (
        restore_text("儿子139****2222，女儿138****8000，周五复查", present)
        == "儿子13911112222，女儿13800138000，周五复查"
    )
    assert restore_text("女儿138****8000", present) == "女儿13800138000"
    assert restore_text("都不对，新号13700001111", present) == "都不对，新号13700001111"


def test_masks_that_look_alike_are_undone_in_order_and_others_are_text() -> None:
    present = "13800138000或13811118000"
    assert restore_text("138****8000或138****8000？", present) == "13800138000或13811118000？"
    assert restore_text("137****0000", present) == "137****0000"
    assert restore_text("138****8000，138****8000，138****8000", present) == "13800138000，13811118000，138****8000"
