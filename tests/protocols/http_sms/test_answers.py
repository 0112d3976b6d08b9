from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http_sms.answers import (
    HttpAnswer,
    NotTaken,
    Taken,
    Unclear,
    Verdict,
    legible_text_of,
    read_answer,
    read_number,
)
from protocols.http_sms.presets import PRESETS, Preset
from protocols.http_sms.provider import AnswerRules, Charset
from protocols.sayings import Saying
from protocols.sms import Refusal

XML = '<?xml version="1.0" encoding="utf-8" ?><returnsms>\n'


def read(preset: Preset, body: bytes | str, status: int = 200, content_type: str = "text/html") -> Verdict:
    provider = PRESETS[preset]
    raw = body if isinstance(body, bytes) else body.encode(provider.charset)
    return read_answer(provider.answer, HttpAnswer(status, content_type, raw), provider.charset)


@pytest.mark.parametrize(
    ("preset", "body", "gateway_id"),
    [
        (Preset.SMS56_A, "1", ""), (Preset.SMS56_B, " 1\r\n", ""), (Preset.SMS56_MD5_A, b"\xef\xbb\xbf1", ""),
        (Preset.SMS_ASPX, XML + "<returnstatus>Success</returnstatus><taskID>123456</taskID></returnsms>", "123456"),
        (Preset.SMS_ASPX_GBK, "<returnstatus>Success</returnstatus><message>成功</message><taskID>9</taskID>", "9"),
        (Preset.LINKWS, "1", ""), (Preset.LINKWS, '<?xml version="1.0"?>\r\n<int xmlns="http://x/">20</int>', ""),
    ],
)  # fmt: skip
def test_taken(preset: Preset, body: bytes | str, gateway_id: str) -> None:
    content_type = "text/html; charset=utf-8" if isinstance(body, bytes) else "text/html"
    assert read(preset, body, content_type=content_type) == Taken(gateway_id)


@pytest.mark.parametrize(
    ("preset", "body", "refusal", "account"),
    [
        (Preset.SMS56_A, "-1", Refusal.NEVER, False), (Preset.SMS56_B, "-1", Refusal.GATEWAY, True),
        (Preset.SMS56_A, "-3", Refusal.GATEWAY, True), (Preset.SMS56_B, "-22", Refusal.NEVER, False),
        (Preset.SMS56_A, "-10", Refusal.LATER, False), (Preset.SMS56_A, "-99", Refusal.GATEWAY, False),
        (Preset.SMS_ASPX, "<returnstatus>Faild</returnstatus><message>余额不足</message>", Refusal.GATEWAY, False),
        (Preset.SMS_ASPX, "<returnstatus>Faild</returnstatus><message>包含非法字符</message>", Refusal.NEVER, False),
        (Preset.SMS_ASPX, "<returnstatus>Faild</returnstatus><message>密码错误</message>", Refusal.GATEWAY, True),
        (Preset.LINKWS, "-7", Refusal.NEVER, False), (Preset.LINKWS, "<int>-101</int>", Refusal.LATER, False),
    ],
)  # fmt: skip
def test_not_taken(preset: Preset, body: str, refusal: Refusal, account: bool) -> None:
    verdict = read(preset, body)
    assert isinstance(verdict, NotTaken)
    assert (verdict.meaning.refusal, verdict.meaning.account) == (refusal, account)
    assert verdict.code


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    ("status", "refusal", "account"),
    [(404, Refusal.GATEWAY, False), (400, Refusal.GATEWAY, False), (403, Refusal.GATEWAY, True),
     (401, Refusal.GATEWAY, True), (408, Refusal.LATER, False), (425, Refusal.LATER, False),
     (429, Refusal.LATER, False)],
)  # fmt: skip
def test_a_request_that_is_refused_is_not_taken(preset: Preset, status: int, refusal: Refusal, account: bool) -> None:
    verdict = read(preset, "1", status)
    assert isinstance(verdict, NotTaken)
    assert (verdict.meaning.refusal, verdict.meaning.account) == (refusal, account)
    assert verdict.code == f"HTTP {status}"
    assert verdict.slower == (status == 429)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("status", [100, 301, 302, 307, 500, 502, 503, 504, 520, 600])
def test_after_an_error_or_a_redirect_the_provider_may_have_taken_it(preset: Preset, status: int) -> None:
    for body in ("1", "-9", "<html>Gateway Time-out</html>"):
        verdict = read(preset, body, status)
        assert isinstance(verdict, Unclear)
        assert f"HTTP {status}" in verdict.words


@pytest.mark.parametrize("preset", PRESETS)
def test_a_provider_that_says_when_to_come_again_has_not_taken_it(preset: Preset) -> None:
    provider = PRESETS[preset]
    verdict = read_answer(provider.answer, HttpAnswer(503, "text/html", b"", comes_again=True), provider.charset)
    assert isinstance(verdict, NotTaken)
    assert (verdict.meaning.refusal, verdict.code, verdict.slower) == (Refusal.LATER, "HTTP 503", True)
    for status in (500, 502, 504, 302):
        answer = HttpAnswer(status, "text/html", b"", comes_again=True)
        assert isinstance(read_answer(provider.answer, answer, provider.charset), Unclear)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "page", ["<!DOCTYPE html><p>1</p>", "<html>\n1\n</html>", " <HTML><b>404</b> <i>-5</i></HTML>"]
)
def test_a_web_page_does_not_say_that_it_was_not_taken(preset: Preset, page: str) -> None:
    assert read(preset, page) == Unclear("a web page instead of an answer")


@pytest.mark.parametrize("body", [b"", b"2", b"\xff\xff\x00", b"11", b"1 row", b"0", b"null"])
def test_what_is_not_understood_is_a_doubt(body: bytes) -> None:
    assert isinstance(read(Preset.SMS56_A, body), Unclear)


def test_another_charset_than_the_one_that_is_named() -> None:
    body = "<returnstatus>Faild</returnstatus><message>余额不足</message>".encode("gbk")
    verdict = read(Preset.SMS_ASPX_GBK, body, content_type="text/xml; charset=utf-8")
    assert isinstance(verdict, NotTaken)
    assert verdict.words == "余额不足"
    assert read(Preset.SMS_ASPX, body) == Unclear("the answer is in another charset")


@pytest.mark.parametrize("named", ["text/xml", "text/xml; charset=utf-8", "text/xml; charset=gb2312", "x; charset=y"])
def test_one_wrong_byte_leaves_the_rest_of_the_text(named: str) -> None:
    for charset in Charset:
        words = "好，退订".encode(charset)
        read = legible_text_of(HttpAnswer(200, named, words + b"\xff#" + words), charset)
        assert read == "好，退订\ufffd#好，退订"
        assert legible_text_of(HttpAnswer(200, named, words), charset) == "好，退订"


@pytest.mark.parametrize(
    ("preset", "body", "messages"),
    [
        (Preset.SMS56_A, "1234", 1234), (Preset.SMS56_A, "88#3#", 88), (Preset.SMS56_A, "-1", None),
        (Preset.SMS_ASPX, "<returnsms><overage>17</overage></returnsms>", 17), (Preset.SMS_ASPX, "", None),
        (Preset.SMS56_A, "9" * 40, None), (Preset.SMS56_A, "<html>", None),
    ],
)  # fmt: skip
def test_balance(preset: Preset, body: str, messages: int | None) -> None:
    provider = PRESETS[preset]
    assert provider.balance is not None
    answer = HttpAnswer(200, "", body.encode())
    assert read_number(provider.balance.pattern, answer, provider.charset) == messages
    assert read_number(provider.balance.pattern, HttpAnswer(500, "", body.encode()), provider.charset) is None


@given(st.sampled_from(list(PRESETS)), st.binary(max_size=300) | st.text(max_size=200).map(str.encode),
       st.integers(100, 999), st.text(max_size=40))  # fmt: skip
def test_rubbish_is_read_without_an_error(preset: Preset, body: bytes, status: int, content_type: str) -> None:
    provider = PRESETS[preset]
    answer = HttpAnswer(status, content_type, body)
    assert isinstance(read_answer(provider.answer, answer, provider.charset), Taken | NotTaken | Unclear)
    legible_text_of(answer, provider.charset)
    read_number(r"(.*)", answer, Charset.GBK)


@pytest.mark.parametrize("slow", ["accepted", "gateway_id", "code", "words"])
def test_an_answer_that_a_pattern_does_not_get_through_leaves_a_doubt(slow: str) -> None:
    rules = AnswerRules("^never" if slow in ("code", "words") else "^a")
    answer = HttpAnswer(200, "text/html", b"a" * 250_000 + b"!")
    verdict = read_answer(replace(rules, **{slow: "(a+)+$"}), answer, Charset.UTF8)
    assert isinstance(verdict, Unclear)
    assert verdict.words.saying is Saying.ANSWER_TAKES_TOO_LONG
    assert verdict.heard.startswith("aaa")
    assert read_number("(a+)+$", answer, Charset.UTF8) is None


@pytest.mark.parametrize("preset", PRESETS)
def test_an_answer_of_blanks_ends_in_time(preset: Preset) -> None:
    assert isinstance(read(preset, b" " * 250_000), Unclear)
