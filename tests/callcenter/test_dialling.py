from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialling import dial_string
from callcenter.errors import InvalidError


@pytest.mark.parametrize(
    ("raw", "area", "dialled"),
    [
        ("+86 138 0013 8000", "", "13800138000"),
        ("010-62345678", "010", "62345678"),
        ("010-62345678", "021", "01062345678"),
        ("010-62345678转801", "010", "62345678,,,801"),
        ("+1 212 555 0100", "", "0012125550100"),
        ("9,10086", "", "9,10086"),
        ("120", "", "120"),
        ("8001", "", "8001"),
        ("13800138000,1*2#", "", "13800138000,1*2#"),
    ],
)
def test_what_is_dialled(raw: str, area: str, dialled: str) -> None:
    assert dial_string(raw, area) == dialled


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "abc",
        "138\r\nATH",
        "10086\r",
        "13800138000;ATDT999",
        "13800138000&F",
        "13800138000\x00",
        "ATDT13800138000",
        "*21*13800138000#",
        "##002#",
        "2" * 200,
        "1" * 33,
        "16812345",
        "010-16812345",
        "+19005550100",
        "9,16812345",
        "9,0019005550100",
        "13800138000|13900139000",
        "{number}",
        "－－",
    ],
)
def test_what_is_not_dialled(raw: str) -> None:
    with pytest.raises(InvalidError) as refused:
        dial_string(raw)
    assert "number" in refused.value.fields


_NUMBERISH = st.text(alphabet="0123456789+-*#,;/() .x转ext=１２３\u202e\r\nA", max_size=60)


@given(st.one_of(st.text(max_size=80), _NUMBERISH))
def test_a_dial_string_is_refused_or_harmless(raw: str) -> None:
    try:
        dialled = dial_string(raw)
    except InvalidError:
        return
    assert 1 <= len(dialled) <= 32
    assert set(dialled) <= set("0123456789*#,")
    assert dialled[0] not in "*#"
