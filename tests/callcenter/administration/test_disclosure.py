"""Numbers are masked however deep they stand, once and for all; records of looking at them stay readable."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.administration.disclosure import RecentViews, disclose, masked, restored
from callcenter.administration.masks import mask_document, mask_number
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal

SEES = Principal(1, "a", "A", grants={"patients.unmask": Scope.ALL})
DOES_NOT = Principal(2, "b", "B")

CALL: dict[str, Any] = {
    "number": "+8613800138000",
    "number_formatted": "138 0013 8000",
    "numbers": ["+8613800138000", "10086"],
    "patient": {
        "phones": [{"number": "+861062345678;ext=801", "label": "13800138000"}],
        "id_document": "110101199003071234",
    },
    "before": {"phones": [{"number": "13800138000"}]},
    "name": "ZHANG 13911112222",
    "notes": "女儿电话13911112222，2026-03-15复查",
    "line": {"name": "line 1"},
    "pause_reason": "too many to 13911112222 (8)",
    "refuses": "no such number 13911112222 (10)",
    "title": "复诊提醒 13911112222",
    "history": [{"code": "13911112222", "words": "13911112222"}, {"code": "MA:0001", "words": ""}],
    "number_absent": "",
}  # fmt: skip


def test_whoever_may_see_numbers_gets_the_data_itself() -> None:
    assert disclose(CALL, SEES) is CALL


def test_everybody_else_gets_masks_at_every_depth_and_the_rest_untouched() -> None:
    shown = disclose(CALL, DOES_NOT)
    text = json.dumps(shown)
    for digits in ("00138000", "0013 8000", "62345678", "19900307", "11112222"):
        assert digits not in text
    assert shown["number"] == shown["number_formatted"] == "138****8000"
    assert shown["numbers"] == ["138****8000", "10086"]
    assert shown["patient"]["phones"][0]["number"].endswith("****5678")
    assert shown["patient"]["id_document"] == "110****1234"
    assert shown["before"]["phones"] == [{"number": "138****8000"}]
    assert shown["patient"]["phones"][0]["label"] == "138****8000"
    assert (shown["name"], shown["notes"]) == ("ZHANG 139****2222", "女儿电话139****2222，2026-03-15复查")
    assert shown["line"] == {"name": "line 1"}
    assert shown["pause_reason"] == "too many to 139****2222 (8)"
    assert (shown["refuses"], shown["title"]) == ("no such number 139****2222 (10)", "复诊提醒 139****2222")
    assert shown["history"] == [{"code": "139****2222", "words": "139****2222"}, {"code": "MA:0001", "words": ""}]
    assert CALL["number"] == "+8613800138000"


def test_texts_that_come_back_masked_are_what_they_were_and_other_values_are_not_touched() -> None:
    sent = {"notes": f"{masked(CALL)['notes']}！", "number": "138****8000", "name": None, "address": "新"}
    assert restored(sent, CALL) == {"notes": "女儿电话13911112222，2026-03-15复查！", "address": "新"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["number", "phones", "id_document", "numbers", "name", "notes", "x"]), inner)
    ),
)


@given(_json)
def test_masking_takes_any_json_and_masking_twice_is_masking_once(data: Any) -> None:
    once = masked(data)
    assert masked(once) == once
    json.dumps(once)


@pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "010-62345678", "+12125550100", "62345678"])
def test_a_mask_leaves_at_most_seven_digits(number: str) -> None:
    assert sum(sign.isdigit() for sign in mask_number(number)) <= 7


@given(st.text(alphabet="0123456789X", max_size=30))
def test_an_id_document_shows_at_most_seven_signs(document: str) -> None:
    hidden = mask_document(document)
    assert len(hidden.replace("*", "")) <= 7
    assert hidden == mask_document(hidden)


def test_looking_is_logged_once_an_hour_for_each_person_and_record() -> None:
    views, now = RecentViews(remembered=3), datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert views.is_due(SEES, "patient", 1, now)
    views.logged(SEES, "patient", 1, now)
    assert not views.is_due(SEES, "patient", 1, now + timedelta(minutes=59))
    assert views.is_due(SEES, "patient", 1, now + timedelta(minutes=60))
    assert views.is_due(DOES_NOT, "patient", 1, now)
    assert views.is_due(SEES, "patient", 2, now)
    for key in range(2, 6):
        views.logged(SEES, "patient", key, now)
    assert views.is_due(SEES, "patient", 1, now)
