from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http_sms.letters import letters_of
from protocols.http_sms.presets import PRESETS, Preset
from protocols.http_sms.provider import Charset, Form, Method, NumberStyle
from protocols.http_sms.requests import (
    Account,
    UnwritableAccountError,
    UnwritableError,
    build,
    places_in,
    values_of_account,
    values_of_message,
    written_number,
)
from tests.peers.gsm_bench import part

ACCOUNT = Account("hospital", "se&cret=1", "8")
WHO = values_of_account(ACCOUNT, 1_796_000_000.0)
MESSAGE = values_of_message(["13800138000"], "【市一院】您好", "01", "k1")


def test_56_in_percent_encoded_gbk() -> None:
    provider = PRESETS[Preset.SMS56_A]
    request = build(provider.send, WHO | MESSAGE, provider.charset)
    assert (request.method, request.path, request.query) == (Method.POST, "HttpInterface.aspx", "")
    assert request.body == (
        b"comid=8&username=hospital&userpwd=se%26cret%3D1&handtel=13800138000"
        b"&sendcontent=%A1%BE%CA%D0%D2%BB%D4%BA%A1%BF%C4%FA%BA%C3&sendtime=&smsnumber=01"
    )
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_password_as_md5() -> None:
    provider = PRESETS[Preset.SMS56_MD5_B]
    body = build(provider.send, WHO | MESSAGE, provider.charset).body.decode()
    assert dict(parse_qsl(body))["userpwd"] == hashlib.md5(b"se&cret=1", usedforsecurity=False).hexdigest()
    assert "cret" not in body.replace("secret", "")


def test_a_get_has_its_fields_in_the_query() -> None:
    form = Form("send", {"to": "{numbers}", "text": "{text}!", "n": "{count}"}, Method.GET)
    request = build(form, values_of_message(["1", "2"], "好", "", ""), Charset.UTF8)
    assert (request.query, request.body, request.headers) == ("to=1%2C2&text=%E5%A5%BD%21&n=2", b"", {})


@pytest.mark.parametrize("text", ["😀", "ಕ", "\ud83d"])
def test_a_sign_that_the_charset_lacks_is_named(text: str) -> None:
    with pytest.raises(UnwritableError, match="gbk has no"):
        build(PRESETS[Preset.SMS56_A].send, values_of_message(["1"], text, "", ""), Charset.GBK)


def test_what_stands_in_every_request_is_not_the_fault_of_a_text() -> None:
    form = PRESETS[Preset.SMS56_A].send
    with pytest.raises(UnwritableAccountError) as error:
        build(form, WHO | {"password": "secré😀"} | values_of_message(["1"], "好", "", ""), Charset.GBK)
    assert error.value.args == ("the account cannot be written in the provider's charset (GBK)",)


def test_a_place_that_does_not_exist_is_said() -> None:
    assert places_in("{account}-{text}") == ["account", "text"]
    assert places_in("{0.__class__} {text!r} { text }") == []
    with pytest.raises(ValueError, match=r"\{pasword\} is not known"):
        places_in("{pasword}")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_text_becomes_another_field_or_place(text: str) -> None:
    provider = PRESETS[Preset.SMS_ASPX]
    body = build(provider.send, WHO | values_of_message(["1"], text, "", ""), provider.charset).body.decode("ascii")
    fields = parse_qsl(body, keep_blank_values=True)
    assert [name for name, _ in fields] == list(provider.send.fields)
    assert dict(fields)["content"] == text


@pytest.mark.parametrize(
    ("number", "style", "written"),
    [
        ("+8613800138000", NumberStyle.NATIONAL, "13800138000"),
        ("+8613800138000", NumberStyle.DIGITS, "8613800138000"),
        ("+8613800138000", NumberStyle.PLUS, "+8613800138000"), ("+85212345678", NumberStyle.NATIONAL, "85212345678"),
        ("10086", NumberStyle.DIGITS, "10086"),
    ],
)  # fmt: skip
def test_how_numbers_are_written(number: str, style: NumberStyle, written: str) -> None:
    assert written_number(number, style) == written


def test_all_parts_of_a_text_make_one_letter() -> None:
    long = [part(f"l{at}", "字" * 60, position=at, total=3, reference=5) for at in (1, 2, 3)]
    single = part("s")
    joined = letters_of([single, *long, single], joins=True)
    assert [letter.keys for letter in joined] == [("s",), ("l1", "l2", "l3"), ("s",)]
    assert joined[1].text == "字" * 180
    apart = [("l1",), ("l2",), ("l3",)]
    assert [letter.keys for letter in letters_of(long, joins=False)] == apart
    assert [letter.keys for letter in letters_of(long[1:], joins=True)] == apart[1:]
    assert [letter.keys for letter in letters_of(long[:2], joins=True)] == apart[:2]
    mixed = [long[0], part("x", position=2, total=3, reference=6), long[2]]
    assert len(letters_of(mixed, joins=True)) == 3
