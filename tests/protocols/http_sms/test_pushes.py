from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http_sms.harvest import Receipt, Reply
from protocols.http_sms.pushes import MOST_SEEN, Pushed, PushError, Seen, read_push, verify
from protocols.sms import Fate

SECRET, NOW = "a secret of the hospital", 1_796_000_000.0
REPLY = {
    "nationcode": "86",
    "mobile": "13800138000",
    "text": "退订",
    "sign": "市一院",
    "time": 1457336869,
    "extend": "01",
}


def signed(body: bytes, at: str = "1796000000", secret: str = SECRET) -> dict[str, str]:
    signature = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"x-push-time": at, "x-push-signature": signature}


def test_a_secret_or_a_signature_shows_who_it_is() -> None:
    verify(SECRET, {"x-push-secret": SECRET}, b"x", NOW)
    verify(SECRET, signed(b"x"), b"x", NOW)
    verify(SECRET, signed(b"x", "1796000299"), b"x", NOW)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-push-secret": ""}, {"x-push-secret": "a"}, {"x-push-secret": "密"}, signed(b"y"),
     signed(b"x", secret="other"),
     signed(b"x", "1795999000"), signed(b"x", "1796000999"), signed(b"x", ""), signed(b"x", "²"),
     signed(b"x", "9" * 400),
     signed(b"x") | {"x-push-time": "1796000001"}, {"x-push-signature": "密", "x-push-secret": SECRET}],
)  # fmt: skip
def test_anybody_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(PushError) as caught:
        verify(SECRET, headers, b"x", NOW)
    assert caught.value.status == 403
    assert SECRET not in str(caught.value)


def test_without_a_secret_nobody_is_let_in() -> None:
    for headers in ({"x-push-secret": ""}, {}, signed(b"x", secret="")):
        with pytest.raises(PushError):
            verify("", headers, b"x", NOW)


def read(body: bytes) -> list[Pushed]:
    taken = read_push(body)
    assert taken.unread == 0
    return list(taken.pushed)


def test_a_reply_and_receipts() -> None:
    [reply] = read(json.dumps(REPLY).encode())
    assert reply.crop == Reply("13800138000", "退订", "01", datetime.fromtimestamp(1457336869, UTC))
    body = [{"user_receive_time": "2026-11-28 12:00:01", "mobile": "13800138000", "report_status": "SUCCESS",
             "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": "88"},
            {"mobile": "13800138001", "report_status": "FAIL", "errmsg": "MK:0001", "sid": "89"}]  # fmt: skip
    delivered, failed = (one.crop for one in read(json.dumps(body).encode()))
    at = datetime(2026, 11, 28, 4, 0, 1, tzinfo=UTC)
    assert delivered == Receipt("88", "13800138000", Fate.DELIVERED, "DELIVRD", "用户短信送达成功", at)
    assert failed == Receipt("89", "13800138001", Fate.FAILED, "MK:0001")


def test_the_same_is_recognised_however_it_is_written() -> None:
    first, other = json.dumps(REPLY), json.dumps(dict(reversed(REPLY.items())), indent=1, ensure_ascii=False)
    assert read(first.encode())[0].identity == read(other.encode())[0].identity
    later = json.dumps(REPLY | {"time": 1457336870})
    assert read(later.encode())[0].identity != read(first.encode())[0].identity
    named = [json.dumps(REPLY | {"id": "7", "retry": count}).encode() for count in (1, 2)]
    assert read(named[0])[0].identity == read(named[1])[0].identity


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"\xff", 400), (b"7", 400), (b'["x"]', 400), (b"[" * 100_000, 400), (b"{}", 400),
     (b"x" * 300_000, 413),
     (b'{"mobile": ["1"]}', 400), (json.dumps([{"mobile": "1"}] * 501).encode(), 400), (b"1" * 10_000, 400)],
)  # fmt: skip
def test_what_is_no_push_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(PushError) as caught:
        read(body)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "bad",
    [{"zzz": 1}, {"mobile": 5}, {"mobile": "13800138000"}, {"mobile": True, "text": "x"}, {"mobile": "  ", "text": "x"},
     {"mobile": "13800138000", "text": None}, {"mobile": "13800138000", "text": {}}, {"mobile": "1", "status": None},
     {"mobile": ["1"], "text": "x"}, 7, "x", None, [], [REPLY]],
)  # fmt: skip
def test_what_cannot_be_read_costs_nothing_that_can(bad: Any) -> None:
    other = REPLY | {"text": "好"}
    taken = read_push(json.dumps([REPLY, bad, other]).encode())
    assert [one.crop.text for one in taken.pushed if isinstance(one.crop, Reply)] == ["退订", "好"]
    assert taken.unread == 1
    with pytest.raises(PushError) as caught:
        read_push(json.dumps([bad]).encode())
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (json.dumps([REPLY], ensure_ascii=False).encode("gbk"), ["退订"]),
        (json.dumps([REPLY], ensure_ascii=False).encode("utf-8-sig"), ["退订"]),
        (json.dumps([REPLY], ensure_ascii=False).encode("utf-16"), ["退订"]),
        # A provider cut a character in two.
        (json.dumps([REPLY, REPLY | {"text": "伤口?"}], ensure_ascii=False).encode().replace(b"?", b"\xe7\x96"),
         ["退订", "伤口\N{REPLACEMENT CHARACTER}"]),
        (json.dumps([REPLY | {"text": "one@two@"}]).encode().replace(b"@", b"\n"), ["one\ntwo\n"]),
        (json.dumps([REPLY | {"text": "@"}]).encode().replace(b"@", b"\x00\t"), ["\0\t"]),
    ],
)  # fmt: skip
def test_a_wrong_charset_or_sign_costs_no_text(body: bytes, texts: list[str]) -> None:
    assert [one.crop.text for one in read(body) if isinstance(one.crop, Reply)] == texts


@pytest.mark.parametrize("time", [1764412345, "1764412345", 1764412345000, "1764412345000", "2025-11-29 18:32:25"])
def test_times_as_providers_write_them(time: object) -> None:
    [pushed] = read(json.dumps(REPLY | {"time": time}).encode())
    assert pushed.crop.at == datetime(2025, 11, 29, 10, 32, 25, tzinfo=UTC)


def test_what_has_neither_id_nor_time_may_be_said_again() -> None:
    plain = {"mobile": "13800138000", "text": "1"}
    receipt = {"mobile": "13800138000", "report_status": "SUCCESS", "sid": "88"}
    may_be_new = [plain, plain | {"time": ""}, plain | {"time": 0, "id": "0"}]
    known = [plain | {"time": 1457336869}, plain | {"time": "?"}, plain | {"id": 7}, receipt]
    assert [one.once for one in read(json.dumps(may_be_new + known).encode())] == [False] * 3 + [True] * 4
    assert read(json.dumps(plain | {"time": 0}).encode())[0].crop.at is None
    nameless = [plain | {"id": 0}, plain | {"id": 0, "text": "2"}]
    assert len({one.identity for one in read(json.dumps(nameless).encode())}) == 2


def test_an_empty_text_and_a_number_written_as_one_are_read() -> None:
    [reply] = read(b'{"mobile": 13800138000, "text": ""}')
    assert reply.crop == Reply("13800138000", "")
    assert read(b"[]") == []


def test_what_was_seen_is_forgotten_only_by_much_that_is_newer() -> None:
    seen = Seen()
    seen.add(["first"])
    seen.add(str(number) for number in range(MOST_SEEN - 1))
    assert "first" in seen
    seen.add(["one more"])
    assert "first" not in seen


# With half characters, which JSON can write.
words = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=20)
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
NAMES = ["mobile", "text", "time", "extend", "port", "id", "sid", "status", "report_status", "errmsg", "description",
         "user_receive_time"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), values))
def test_any_json_is_a_push_or_an_error(item: dict[str, Any]) -> None:
    with contextlib.suppress(PushError):
        [pushed] = read(json.dumps([item]).encode())
        assert pushed == read(json.dumps([item]).encode())[0]
        # Whatever is kept can be written down.
        repr(asdict(pushed)).encode()
        for value in asdict(pushed.crop).values():
            str(value).encode()


@pytest.mark.parametrize("name", NAMES)
def test_half_a_character_in_any_field_is_replaced(name: str) -> None:
    item = {"mobile": "13800138000", "text": "x", name: "a\ud800b\udfff\x00"}
    [pushed] = read(json.dumps(item).encode())
    assert "\ud800" not in "".join(map(str, asdict(pushed.crop).values()))
    [whole] = read(json.dumps({"mobile": "1", "text": "\U0001f600\ud83d"}).encode())
    assert isinstance(whole.crop, Reply)
    assert whole.crop.text == "\U0001f600\N{REPLACEMENT CHARACTER}"


def test_half_characters_do_not_make_two_pushes_one() -> None:
    ids = ["\ud800", "\ud801", "\ufffd", "7"]
    assert len({read(json.dumps(REPLY | {"id": own}).encode())[0].identity for own in ids}) == len(ids)


def test_an_id_is_one_of_replies_or_of_what_is_told_of_one_message() -> None:
    receipt: dict[str, object] = {
        "mobile": "13800138000",
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "sid": "880001",
    }
    told = [REPLY, receipt, receipt | {"errmsg": "ACCEPTD"}, receipt | {"mobile": "13800138001"}]
    assert len({read(json.dumps(item | {"id": 7}).encode())[0].identity for item in told}) == len(told)
    first, again = receipt | {"id": 7}, receipt | {"id": 7, "retry": 1}
    assert read(json.dumps(again).encode())[0].identity == read(json.dumps(first).encode())[0].identity


@pytest.mark.parametrize("name", ["x-push-secret", "x-push-signature", "x-push-time"])
def test_half_a_character_in_a_header_is_refused(name: str) -> None:
    headers = signed(b"x") if name == "x-push-time" else {}
    with pytest.raises(PushError):
        verify(SECRET, {**headers, name: "\ud800"}, b"x", NOW)


def test_however_deep_it_is_it_is_a_push_or_an_error() -> None:
    for depth in range(100, 1100):
        with contextlib.suppress(PushError):
            read(b'{"mobile":"1","text":"x","q":' + b"[" * depth + b"]" * depth + b"}")
