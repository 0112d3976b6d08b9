"""Texts divided: nothing lost, nothing too long, nothing torn, and the parts that are paid for."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.messaging.texts.segments import (
    Counting,
    Wording,
    can_carry,
    is_writable,
    lay_out,
    message_text,
    unwritable_signs,
)
from hardware.gateways.letters import letters_of, limits_of
from hardware.gateways.settings import GatewayKind
from protocols import gsm7
from protocols.cmpp import words as cmpp
from protocols.smpp import words as smpp
from protocols.smpp.settings import DefaultAlphabet, Joining
from protocols.sms import Part, TextEncoding

SIGNS = st.characters(codec="utf-8") | st.sampled_from("\u200d\u0301\ufe0f👩🏽🇨🇳")
LATIN = st.text("abc [{€^}]~|", max_size=600)
WORDINGS = st.builds(
    Wording,
    st.sampled_from(Counting),
    st.sampled_from(["", "仁和医院", "RH"]),
    st.booleans(),
    st.booleans(),
)


def units(text: str, encoding: TextEncoding) -> int:
    return gsm7.septets(text) if encoding is TextEncoding.GSM7 else len(text.encode("utf-16-be")) // 2


@given(st.one_of(st.text(SIGNS, max_size=600), LATIN), WORDINGS)
def test_joined_parts_are_the_text_and_none_is_too_long(text: str, wording: Wording) -> None:
    layout = lay_out(text, wording)
    mark = f"【{wording.signature}】" if wording.signature else ""
    body = text.removeprefix(mark)
    shown = "" if wording.adds_signature else mark
    added = mark if wording.adds_signature else ""
    single, part = (160, 153) if layout.encoding is TextEncoding.GSM7 else (70, 67)
    joins = wording.long_text and len(layout.parts) > 1
    if wording.long_text or len(layout.parts) == 1:
        assert "".join(layout.parts) == shown + body
    else:
        assert all(one.startswith(shown) for one in layout.parts)
        assert "".join(one.removeprefix(shown) for one in layout.parts) == body
    for place, one in enumerate(layout.parts):
        whole = one if joins and place else added + one
        assert units(whole, layout.encoding) <= (part if joins else single)
        one.encode("utf-16-be")


@pytest.mark.parametrize(
    ("text", "wording", "parts"),
    [
        ("a" * 160, Wording(), 1),
        ("a" * 161, Wording(), 2),
        ("a" * 306, Wording(), 2),
        ("a" * 307, Wording(), 3),
        ("€" * 80, Wording(), 1),
        ("€" * 81, Wording(), 2),
        ("a" * 70, Wording(Counting.CHINA), 1),
        ("a" * 71, Wording(Counting.CHINA), 2),
        ("好" * 134, Wording(Counting.CHINA), 2),
        ("好" * 135, Wording(Counting.CHINA), 3),
        ("好" * 64, Wording(Counting.CHINA, "仁和医院"), 1),
        ("好" * 65, Wording(Counting.CHINA, "仁和医院"), 2),
        ("好" * 65, Wording(Counting.CHINA, "仁和医院", adds_signature=True), 2),
        ("好" * 128, Wording(Counting.CHINA, "仁和医院", long_text=False), 2),
        ("好" * 129, Wording(Counting.CHINA, "仁和医院", long_text=False), 3),
    ],
)
def test_the_parts_that_are_paid_for(text: str, wording: Wording, parts: int) -> None:
    assert len(lay_out(text, wording).parts) == parts


def test_the_signature_stands_once() -> None:
    assert lay_out("您好", Wording(signature="仁和")).parts == ("【仁和】您好",)
    assert lay_out("【仁和】您好", Wording(signature="仁和")).parts == ("【仁和】您好",)
    assert lay_out("【仁和】您好", Wording(signature="仁和", adds_signature=True)).parts == ("您好",)
    assert lay_out("【其他】您好", Wording(signature="仁和")).parts == ("【仁和】【其他】您好",)


def test_two_units_are_not_torn() -> None:
    assert [len(one) for one in lay_out("a" * 66 + "😀" * 10, Wording(Counting.CHINA)).parts] == [66, 10]
    assert lay_out("a" * 152 + "€" * 10, Wording()).parts[0] == "a" * 152


FAMILY, WAVING, HEART, KEY, FLAGS = "👨\u200d👩\u200d👧", "👋🏽", "❤\ufe0f", "1\ufe0f\u20e3", "🇨🇳🇭🇰"
APART = Wording(Counting.CHINA, "仁和", long_text=False)


@pytest.mark.parametrize("sign", [FAMILY, WAVING, HEART, KEY, "e\u0301", FLAGS[:2], FLAGS[2:]])
def test_signs_of_several_characters_are_not_torn_where_no_phone_joins_the_parts(sign: str) -> None:
    for length in range(55, 75):
        parts = [one.removeprefix("【仁和】") for one in lay_out("好" * length + sign + "好" * 66, APART).parts]
        assert sum(sign in one for one in parts) == 1, length
    assert len(lay_out("好" * 64 + sign * 2, Wording(Counting.CHINA)).parts[0].encode("utf-16-be")) // 2 >= 66


def test_two_flags_are_parted_between_them() -> None:
    parts = lay_out("好" * 62 + FLAGS + "好", APART).parts
    assert [one.removeprefix("【仁和】") for one in parts] == ["好" * 62 + FLAGS[:2], FLAGS[2:] + "好"]


def test_a_sign_that_is_longer_than_a_part_is_torn() -> None:
    parts = [one.removeprefix("【仁和】") for one in lay_out("e" + "\u0301" * 200, APART).parts]
    assert ("".join(parts), max(map(len, parts))) == ("e" + "\u0301" * 200, 66)


def test_what_deceives_is_taken_out() -> None:
    assert message_text("您好\r\n\u202e再见\x00\ud800\u200d\u2028。") == "您好\n再见\u200d。"


def test_nothing_that_is_dropped_can_be_printed() -> None:
    printable = filter(str.isprintable, map(chr, range(sys.maxunicode + 1)))
    assert {unicodedata.category(sign) for sign in printable}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


GSM_SIGNS = st.text(st.sampled_from("aé€Δ{[à"), min_size=1, max_size=400) | LATIN


def parts_of(text: str, kind: GatewayKind, **options: Any) -> list[Part]:
    layout = lay_out(text, Wording(Counting.GSM, letters=letters_of(kind, options)))
    number, total = "+8613800138000", len(layout.parts)
    return [
        Part("1", number, words, layout.encoding, 60.0, position=at, total=total)
        for at, words in enumerate(layout.parts, 1)
    ]


@given(GSM_SIGNS, st.booleans())
def test_each_part_can_be_written_without_a_gsm_alphabet(text: str, gbk: bool) -> None:
    for part in parts_of(text, GatewayKind.CMPP3):
        cmpp.write_words(part, gbk=gbk)


@given(GSM_SIGNS, st.sampled_from(DefaultAlphabet))
def test_and_with_any_default_alphabet(text: str, alphabet: DefaultAlphabet) -> None:
    for part in parts_of(text, GatewayKind.SMPP, alphabet=alphabet.value):
        smpp.write_words(part, alphabet, Joining.UDH)


@pytest.mark.parametrize(
    ("text", "letters", "parts"),
    [
        ("é" * 100, "", 1),
        ("é" * 100, "latin-1", 1),
        ("é" * 100, "ascii", 2),
        ("€" * 75, "latin-1", 2),
        ("x" * 160, "ascii", 1),
    ],
)
def test_what_the_gateways_alphabet_lacks_is_counted_as_it_goes(text: str, letters: str, parts: int) -> None:
    assert len(lay_out(text, Wording(Counting.GSM, letters=letters)).parts) == parts


GBK = Wording(Counting.CHINA, charset="gbk")


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("好的，按时服药。", ()),
        ("好的🙏按时服药🙏", ("🙏",)),
        (f"䶮{FAMILY}{WAVING}㛃", ("䶮", FAMILY, WAVING, "㛃")),
        (f"{FLAGS}{HEART}1{KEY}", (FLAGS[:2], FLAGS[2:], HEART, KEY)),
    ],
)
def test_what_a_gateway_cannot_write_is_named_as_a_reader_sees_it(text: str, signs: tuple[str, ...]) -> None:
    assert unwritable_signs(text, GBK) == signs
    assert is_writable(text, GBK) == (not signs)
    assert unwritable_signs(text, Wording()) == ()


def test_the_signature_that_we_write_counts_too() -> None:
    assert unwritable_signs("您好", Wording(signature="䶮氏", charset="gbk")) == ("䶮",)
    assert is_writable("您好", Wording(signature="䶮氏", adds_signature=True, charset="gbk"))


@given(st.text(SIGNS, max_size=200), WORDINGS)
def test_what_is_writable_can_be_written_in_all_its_parts(text: str, wording: Wording) -> None:
    bound = replace(wording, charset="gbk")
    try:
        "".join(lay_out(text, bound).parts).encode("gbk")
    except UnicodeEncodeError:
        assert not is_writable(text, bound)
        assert "".join(unwritable_signs(text, bound))
    else:
        assert is_writable(text, bound)
        assert unwritable_signs(text, bound) == ()


@pytest.mark.parametrize(
    ("kind", "options", "limits"),
    [
        (GatewayKind.HTTP, {"preset": "sms56_a"}, ("gbk", 70, False)),
        (GatewayKind.HTTP, {"preset": "linkws"}, ("gbk", 300, True)),
        (GatewayKind.HTTP, {"preset": "sms_aspx"}, ("", 500, True)),
        (GatewayKind.HTTP, {"preset": "sms_aspx_gbk"}, ("gbk", 500, True)),
        (GatewayKind.HTTP, {"preset": "custom", "own": {"charset": "gbk", "longest": 350}}, ("gbk", 350, False)),
        (GatewayKind.HTTP, {"preset": "custom", "own": {"fields": {}, "joins": True}}, ("", 70, True)),
        (GatewayKind.CMPP3, {"gbk": True}, ("", 0, True)),
        (GatewayKind.SMPP, {"alphabet": "ascii"}, ("", 0, True)),
        (GatewayKind.GSM, {}, ("", 0, True)),
    ],
)
def test_who_is_bound_to_a_charset_or_a_length(
    kind: GatewayKind, options: dict[str, Any], limits: tuple[str, int, bool]
) -> None:
    assert limits_of(kind, options) == limits


JOINS = Wording(Counting.CHINA, "市一院", longest=300)


@pytest.mark.parametrize(
    ("text", "wording", "carried"),
    [
        ("字" * 295, JOINS, True),
        # The signature that we write is counted, once.
        ("字" * 296, JOINS, False),
        ("【市一院】" + "字" * 295, JOINS, True),
        ("字" * 300, replace(JOINS, adds_signature=True), True),
        ("字" * 301, replace(JOINS, adds_signature=True), False),
        # Characters are counted, whatever room they take on the air.
        ("🙏" * 295, JOINS, True),
        ("🙏", replace(JOINS, charset="gbk"), False),
        ("字" * 1000, replace(JOINS, long_text=False), True),
        ("字" * 1000, replace(JOINS, longest=0), True),
    ],
)
def test_a_gateway_carries_what_it_can_write_and_is_no_longer_than_it_takes(
    text: str, wording: Wording, carried: bool
) -> None:
    assert can_carry(text, wording) is carried


@given(st.one_of(st.text(SIGNS, max_size=600), LATIN), WORDINGS, st.integers(25, 200))
def test_what_a_gateway_can_carry_is_given_to_it_no_longer_than_it_takes(
    text: str, wording: Wording, longest: int
) -> None:
    bound = replace(wording, longest=longest)
    parts = lay_out(text, bound).parts
    given = ["".join(parts)] if bound.long_text else parts
    assert can_carry(text, bound) == all(len(one) <= longest for one in given)


@pytest.mark.parametrize(
    ("text", "wording", "lengths"),
    [
        ("a" * 160, Wording(long_text=False, longest=70), [70, 70, 20]),
        ("好" * 60, Wording(Counting.CHINA, "市一院", long_text=False, longest=50), [50, 20]),
        # What the provider adds by itself has room on the air, and is not counted in what it is given.
        ("好" * 60, Wording(Counting.CHINA, "市一院", adds_signature=True, long_text=False, longest=50), [50, 10]),
        ("好" * 70, Wording(Counting.CHINA, "市一院", adds_signature=True, long_text=False, longest=70), [65, 5]),
        ("好" * 100, Wording(Counting.CHINA, long_text=False, longest=500), [70, 30]),
    ],
)
def test_parts_that_are_not_joined_are_no_longer_than_the_provider_takes(
    text: str, wording: Wording, lengths: list[int]
) -> None:
    assert [len(part) for part in lay_out(text, wording).parts] == lengths
