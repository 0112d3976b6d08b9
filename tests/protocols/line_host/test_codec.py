"""Messages between line host and server: golden bytes, every message there and back, and whatever else may come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import signals
from protocols.line_host.codec import (
    MAX_MESSAGE,
    LineHostError,
    decode_from_host,
    decode_from_server,
    decode_news,
    encode,
    encode_news,
)
from protocols.line_host.messages import (
    Abilities,
    CommandDone,
    Hello,
    Known,
    Order,
    OtherVersion,
    Ping,
    Pong,
    Refused,
    Report,
    Standing,
    Welcome,
    Written,
)
from protocols.sayings import Said, Saying, said
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DeviceWarns,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    FarEndRinging,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    ListenerChanged,
    NumberlessCalls,
    Parties,
    PartiesChanged,
    Rang,
    RingingStopped,
    TakenElsewhere,
    Transferred,
)

NEWS = (
    LineReady("USR 5637"),
    LineLost(Said(Saying.CANNOT_OPEN, port="/dev/ttyACM0", why=Said(Saying.NO_REASON))),
    Rang("A"),
    RingingStopped(),
    TakenElsewhere(),
    CallerIdentified("13800138000", "张三", None, verified=False, present=True),
    CallerIdentified("", absent=AbsentReason.PRIVATE),
    PartiesChanged(Parties.CONSULTING, "8005"),
    Transferred("8005", attended=True),
    ListenerChanged("7", on=False, why=Said(Saying.NO_CALL)),
    HandsetLifted(),
    HandsetReplaced(),
    HandsetDialled("10086"),
    Answered(Certainty.PRESUMED),
    FarEndRinging(),
    DialFailed(DialFailure.BUSY),
    Ended(by_far_end=True),
    DigitHeard("#"),
    CommandFailed("dial", Said(Saying.LINE_RINGS)),
    NumberlessCalls(5),
    DeviceWarns("battery"),
    CommandDone("a1"),
    CommandDone("a1", Said(Saying.ORDER_LATE)),
)
FROM_HOST = (
    Hello(1, "0.1.0", 1_800_000_000.5, 12.25, {"1": ("ring", "dial"), "门诊": ()}),
    Report("1", "run", 7, 12.5, Rang("A")),
    Standing("1", up=True, words="USR 5637"),
    Abilities("1", ("ring",)),
    Pong(1.5, 2.5),
)
FROM_SERVER = (
    Welcome(1, {"1": Known("run", 7, trace=True), "2": Known("", 0, trace=False)}),
    Refused(Said(Saying.HOST_ELSEWHERE)),
    Written("1", "run", 7),
    Ping(1.5),
    Order("1", "a1", "dial", "13800138000", 17.5),
)


def test_golden_bytes() -> None:
    assert encode(FROM_HOST[1]) == (
        b'{"op":"report","line":"1","source":"run","number":7,"at":12.5,"what":{"kind":"rang","cadence":"A"}}'
    )
    assert encode(FROM_HOST[0]) == (
        b'{"op":"hello","version":1,"program":"0.1.0","wall":1800000000.5,"at":12.25,'
        b'"lines":{"1":["ring","dial"],"\xe9\x97\xa8\xe8\xaf\x8a":[]}}'
    )
    assert encode(FROM_SERVER[4]) == (
        b'{"op":"order","line":"1","id":"a1","command":"dial","argument":"13800138000","until":17.5}'
    )
    assert encode(FROM_SERVER[1]) == (
        b'{"op":"refused","why":{"code":"host_elsewhere","values":{},'
        b'"text":"another connection with the same token took its place"}}'
    )


@pytest.mark.parametrize("message", FROM_HOST)
def test_what_the_host_says_is_read_as_it_was_meant(message: Any) -> None:
    assert decode_from_host(encode(message)) == message
    with pytest.raises(LineHostError, match="op: must be one of"):
        decode_from_server(encode(message))


@pytest.mark.parametrize("message", FROM_SERVER)
def test_what_the_server_says_is_read_as_it_was_meant(message: Any) -> None:
    assert decode_from_server(encode(message)) == message
    with pytest.raises(LineHostError, match="op: must be one of"):
        decode_from_host(encode(message))


@pytest.mark.parametrize("news", NEWS)
def test_news_are_kept_and_sent_as_they_were_meant(news: Any) -> None:
    assert decode_news(encode_news(news)) == news
    report = Report("1", "run", 7, 12.5, news)
    assert decode_from_host(encode(report)) == report


def test_every_signal_of_a_device_can_be_sent() -> None:
    told_by_the_server = {signals.OutOfReach, signals.CommandTaken}
    there = {one for one in vars(signals).values() if isinstance(one, type) and issubclass(one, LineSignal)}
    assert there - {LineSignal} - told_by_the_server == {type(one) for one in NEWS} - {CommandDone}


def test_sayings_keep_their_code_and_values_however_deep() -> None:
    deep = Said(Saying.BECAUSE, what=Said(Saying.UNAVAILABLE, line="1", why=Said(Saying.SILENT)), why="x")
    news = decode_news(encode_news(LineLost(deep)))
    assert isinstance(news, LineLost)
    assert said(news.reason) == said(deep)


@pytest.mark.parametrize(
    "words",
    [
        {"code": "of_a_newer_version", "values": {"a": "b"}, "text": "plain"},
        {"code": "cannot_open", "values": {"port": "x"}, "text": "plain"},
        {"code": ["cannot_open"], "values": {}, "text": "plain"},
        {"code": "cannot_open", "values": [], "text": "plain"},
        {"code": "starting", "text": "plain"},
    ],
)
def test_a_saying_that_is_not_known_here_is_said_in_english(words: Any) -> None:
    news = decode_news(json.dumps({"kind": "lost", "reason": words}).encode())
    assert news == LineLost("plain")
    assert isinstance(news, LineLost)
    assert said(news.reason) is None


def test_a_host_of_another_version_is_known_by_its_version_alone() -> None:
    assert decode_from_host(b'{"op":"hello","version":2,"all":"new"}') == OtherVersion(2)


def test_what_is_shown_to_people_is_cleaned() -> None:
    news = decode_news(b'{"kind":"warns","detail":"\\u202e\\u0000a\\ud800\\nb"}')
    assert news == DeviceWarns("ab")


def test_long_texts_of_devices_are_cut_where_they_are_sent() -> None:
    news = decode_news(encode_news(CallerIdentified("1" * 500, "n" * 500)))
    assert news == CallerIdentified("1" * 80, "n" * 80)


GARBAGE = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b'{"op":null}',
    b'{"op":["report"]}',
    b'{"op":"report"}',
    b'{"op":"hello"}',
    b'{"op":"hello","version":true}',
    b'{"op":"hello","version":1e999}',
    b'{"op":"pong","sent":NaN,"at":1}',
    b'{"op":"pong","sent":Infinity,"at":1}',
    b'{"op":"pong","sent":1e308,"at":1}',
    b'{"op":"pong","sent":' + b"9" * 5000 + b',"at":1}',
    b'{"op":"pong","sent":true,"at":1}',
    b'{"op":"report","line":"1","source":"r","number":-1,"at":1,"what":{"kind":"rang","cadence":""}}',
    b'{"op":"report","line":"1","source":"r","number":1.5,"at":1,"what":{"kind":"rang","cadence":""}}',
    b'{"op":"report","line":1,"source":"r","number":1,"at":1,"what":{"kind":"rang","cadence":""}}',
    b'{"op":"report","line":"1","source":"r","number":1,"at":1,"what":{"kind":"out_of_reach","reason":""}}',
    b'{"op":"report","line":"1","source":"r","number":1,"at":1,"what":{"kind":"answered","certainty":"maybe"}}',
    b'{"op":"report","line":"1","source":"r","number":1,"at":1,"what":{"kind":"ended","by_far_end":1}}',
    b'{"op":"report","line":"1","source":"r","number":1,"at":1,"what":[]}',
    b'{"op":"standing","line":"' + b"x" * 41 + b'","up":true,"words":""}',
    b'{"op":"standing","line":"1","up":true,"words":{"code":"starting","values":{}}}',
    b'{"op":"abilities","line":"1","can":[' + b",".join([b'"a"'] * 41) + b"]}",
    b'{"a":' * 30_000,
    b"[" * 60_000,
    b" " * (MAX_MESSAGE + 1),
)


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_is_refused_with_a_short_word(data: bytes) -> None:
    for decode in (decode_from_host, decode_from_server, decode_news):
        with pytest.raises(LineHostError) as caught:
            decode(data)
        assert len(str(caught.value)) < 600


def only_its_own_error(data: bytes) -> None:
    for decode in (decode_from_host, decode_from_server, decode_news):
        try:
            decode(data)
        except LineHostError:
            continue


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    only_its_own_error(data)


GOOD = [encode(message) for message in (*FROM_HOST, *FROM_SERVER, *(Report("1", "r", 1, 2.0, news) for news in NEWS))]


@given(st.sampled_from(GOOD), st.data())
def test_mutated_bytes_raise_nothing_else(good: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(good)))
    rest = data.draw(st.integers(place, len(good)))
    only_its_own_error(good[:place] + data.draw(st.binary(max_size=8)) + good[rest:])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(GOOD), st.data())
def test_other_values_in_the_fields_raise_nothing_else(good: bytes, data: st.DataObject) -> None:
    found = json.loads(good)
    where = found["what"] if "what" in found and data.draw(st.booleans()) else found
    where[data.draw(st.sampled_from(sorted(where)))] = data.draw(json_values)
    only_its_own_error(json.dumps(found).encode("utf-8", "replace"))
