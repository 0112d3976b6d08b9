from __future__ import annotations

import weakref

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import geocoder

from callcenter.numbers import LONGEST, NumberKind, format_number, mask, normalise, region_of

MOBILE = "+8613800138000"
LANDLINE = "+861062345678"


@pytest.mark.parametrize(
    "raw",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "138/0013/8000",
        "(138)00138000",
        "+86 138 0013 8000",
        "+8613800138000",
        "008613800138000",
        "08613800138000",
        "8613800138000",
        "013800138000",
        "1795113800138000",
        "12593 13800138000",
        "17951013800138000",
        "１３８００１３８０００",
        "＋８６１３８００１３８０００",
        "١٣٨٠٠١٣٨٠٠٠",
        "tel:13800138000",
        "13800138000/13900139000",
        "13800138000、010-62345678",
        "\u202d13800138000\u202c",
    ],
)
def test_every_way_to_write_a_mobile_number(raw: str) -> None:
    assert normalise(raw).number == MOBILE
    assert normalise(raw).kind is NumberKind.MOBILE


@pytest.mark.parametrize(
    ("raw", "area", "number"),
    [
        ("010-62345678", "", LANDLINE),
        ("(010)62345678", "", LANDLINE),
        ("010/62345678", "", LANDLINE),
        ("+86 10 6234 5678", "", LANDLINE),
        ("+86 (0)10 6234 5678", "", LANDLINE),
        ("0086-10-62345678", "", LANDLINE),
        ("86-10-62345678", "", LANDLINE),
        ("1062345678", "", LANDLINE),
        ("62345678", "010", LANDLINE),
        ("62345678", "10", LANDLINE),
        ("0755 2345 6789", "010", "+8675523456789"),
        ("0411-3456789", "", "+864113456789"),
        ("62345678", "", "62345678"),
        ("010-62345678转801", "", LANDLINE + ";ext=801"),
        ("010-62345678-801", "", LANDLINE + ";ext=801"),
        ("62345678 ext 801", "010", LANDLINE + ";ext=801"),
        ("010-62345678#801", "", LANDLINE + ";ext=801"),
        ("010-62345678 分机 801", "", LANDLINE + ";ext=801"),
    ],
)
def test_landlines(raw: str, area: str, number: str) -> None:
    assert normalise(raw, area).number == number
    assert normalise(raw, area).kind is NumberKind.LANDLINE


@pytest.mark.parametrize(
    ("raw", "number", "kind"),
    [
        ("10086", "10086", NumberKind.SERVICE),
        ("+8610086", "10086", NumberKind.SERVICE),
        ("95588", "95588", NumberKind.SERVICE),
        ("955-88", "95588", NumberKind.SERVICE),
        ("12345", "12345", NumberKind.SERVICE),
        ("110", "110", NumberKind.SERVICE),
        ("120", "120", NumberKind.SERVICE),
        ("400-800-1234", "4008001234", NumberKind.SERVICE),
        ("8008101234", "8008101234", NumberKind.SERVICE),
        ("106912345678", "106912345678", NumberKind.SERVICE),
        ("8001", "8001", NumberKind.EXTENSION),
        ("801", "801", NumberKind.EXTENSION),
        ("+1 (212) 555-0100", "+12125550100", NumberKind.FOREIGN),
        ("0012125550100", "+12125550100", NumberKind.FOREIGN),
        ("+85223456789", "+85223456789", NumberKind.FOREIGN),
        ("", "", NumberKind.ABSENT),
        ("P", "", NumberKind.ABSENT),
        ("Restricted", "", NumberKind.ABSENT),
        ("匿名", "", NumberKind.ABSENT),
    ],
)
def test_service_numbers_extensions_and_the_rest(raw: str, number: str, kind: NumberKind) -> None:
    assert (normalise(raw).number, normalise(raw).kind) == (number, kind)


def test_regions_in_both_languages() -> None:
    assert (normalise("13800138000").region, normalise("13800138000").region_en) == ("北京市", "Beijing")
    assert normalise("0755-23456789").region == "广东省深圳市"
    assert normalise("+12125550100").region == "美国"
    assert normalise("10086").region == ""


def test_masked_and_formatted() -> None:
    assert mask(MOBILE) == "138****8000"
    assert mask(LANDLINE + ";ext=801") == "010****5678"
    assert mask("62345678") == "****5678"
    assert mask("10086") == "10086"
    assert mask("") == ""
    assert format_number(MOBILE) == "138 0013 8000"
    assert format_number(LANDLINE + ";ext=801") == "010 6234 5678-801"
    assert format_number("+12125550100") == "+1 212-555-0100"
    assert format_number("8001") == "8001"


class _Field(str):
    """One that tells when nobody has it any more."""


@pytest.mark.parametrize("tail", ["x", "1;", "1 ", "/", "转"])
def test_of_a_field_without_end_the_beginning_is_read_and_nothing_is_kept(tail: str) -> None:
    field = _Field(f"{MOBILE} {tail * 50_000}")
    assert normalise(field) == normalise(str(field)[:LONGEST])
    kept = weakref.ref(field)
    del field
    assert kept() is None


_NUMBERISH = st.text(alphabet="0123456789+-*#,;/() .x转ext=１２３\u202e\r\nA", max_size=60)


@given(st.one_of(st.text(max_size=80), _NUMBERISH), st.sampled_from(["", "010", "0755", "x"]))
def test_never_raises_and_is_idempotent(raw: str, area: str) -> None:
    once = normalise(raw, area)
    assert normalise(once.number, area).number == once.number
    assert len(once.number) <= 48
    mask(once.number)
    format_number(once.number)
    assert isinstance(once.region, str)


@given(st.from_regex(r"\+861[3-9]\d{9}", fullmatch=True).filter(str.isascii), st.sampled_from(["zh", "en"]))
def test_mobiles_of_home_look_as_the_library_says(number: str, language: str) -> None:
    parsed = phonenumbers.parse(number, "CN")
    assert format_number(number) == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    country = geocoder.country_name_for_number(parsed, language)
    assert region_of(number, language) == geocoder.description_for_number(parsed, language).removesuffix(country)
