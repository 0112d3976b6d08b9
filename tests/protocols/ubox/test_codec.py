from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.ubox.codec import MAX_CHANNELS, MAX_MESSAGE, decode, encode
from protocols.ubox.messages import (
    Alarm,
    BusyTone,
    CallerNumber,
    Channels,
    Dialled,
    Joined,
    Key,
    Message,
    NoLine,
    OffHook,
    OnHook,
    OutOfOrder,
    PluggedIn,
    PluggedOut,
    Product,
    ProductIs,
    Rang,
    Refused,
    RingingStopped,
)
from protocols.ubox.places import arranged

GOLDEN: list[tuple[str, Message]] = [
    ('{"event":"joined"}', Joined()),
    ('{"event":"getinfo","channels":[]}', Channels(frozenset())),
    (
        '{"event":"getinfo","channels":[{"handle":0},{"handle":"1","deviceError":1,"deviceAlarm":1}]}',
        Channels(frozenset({0, 1}), frozenset({1})),
    ),
    ('{"event":"plugin","handle":0}', PluggedIn(0)),
    ('{"event":"plugout","handle":0}', PluggedOut(0)),
    ('{"event":"answer","type":"GetProductID","handle":0,"result":"1"}', ProductIs(0, Product.FI3102A)),
    ('{"event":"answer","type":"GetProductID","handle":0,"result":4}', ProductIs(0, Product.FI3101A)),
    ('{"event":"answer","type":"GetProductID","handle":0,"result":"77"}', ProductIs(0, None)),
    ('{"event":"notify","errorType":"SoftHookoff","handle":0,"result":-6}', Refused(0, -6)),
    ('{"event":"ring","handle":3}', Rang(3)),
    ('{"event":"ringCancel","handle":3}', RingingStopped(3)),
    ('{"event":"callerId","handle":3,"callernumber":"13800138000"}', CallerNumber(3, "13800138000")),
    ('{"event":"callerId","handle":3,"callernumber":13800138000}', CallerNumber(3, "13800138000")),
    ('{"event":"callerId","handle":3,"callernumber":"10\\u202e086\\u0007"}', CallerNumber(3, "10086")),
    ('{"event":"callerId","handle":3}', CallerNumber(3, "")),
    ('{"event":"callerId","handle":3,"callernumber":["1"]}', CallerNumber(3, "")),
    ('{"event":"hookoff","handle":3}', OffHook(3)),
    ('{"event":"hookoff","handle":3,"type":3}', OffHook(3, by_software=False)),
    ('{"event":"hookoff","handle":3,"type":6}', OffHook(3, by_software=True)),
    ('{"event":"hookoff","handle":3,"type":"7"}', OffHook(3, by_software=True)),
    ('{"event":"hookup","handle":3}', OnHook(3)),
    ('{"event":"hang","handle":3}', NoLine(3)),
    ('{"event":"dtmfdown","handle":3,"dtmfkey":53}', Key(3, "5")),
    ('{"event":"dtmfdown","handle":3,"dtmfkey":"#"}', Key(3, "#")),
    ('{"event":"dtmfdown","handle":3,"dtmfkey":"5"}', Key(3, "5")),
    ('{"event":"busyTone","handle":3}', BusyTone(3)),
    ('{"event":"CallOutFinish","handle":3}', Dialled(3)),
    ('{"event":"deviceAlarm","handle":3}', Alarm(3)),
    ('{"event":"deviceError","handle":3}', OutOfOrder(3)),
]


@pytest.mark.parametrize(("text", "expected"), GOLDEN)
def test_golden_messages(text: str, expected: Message) -> None:
    assert decode(text.encode()) == expected


def test_commands() -> None:
    assert json.loads(encode("getinfo")) == {"event": "getinfo"}
    assert json.loads(encode("SendDtmf", 3, dtmf="1#")) == {"event": "SendDtmf", "handle": 3, "dtmf": "1#"}
    assert b"\n" not in encode("SendDtmf", 3, dtmf="\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{}",
        b"\xff\xfe\x00",
        b'{"event":1}',
        b'{"event":["ring"],"handle":1}',
        b'{"event":"ring"}',
        b'{"event":"ring","handle":true}',
        b'{"event":"ring","handle":1.5}',
        b'{"event":"ring","handle":NaN}',
        b'{"event":"ring","handle":"one"}',
        b'{"event":"ring","handle":' + b"9" * 5000 + b"}",
        b'{"event":"ring","handle":99999999999999999999}',
        b'{"event":"getinfo","channels":7}',
        b'{"event":"dtmfdown","handle":1,"dtmfkey":7}',
        b'{"event":"dtmfdown","handle":1,"dtmfkey":"12"}',
        b'{"event":"dtmfdown","handle":1,"dtmfkey":33}',
        b'{"event":"dtmfdown","handle":1}',
        b'{"event":"answer","type":"GetUsernum","handle":1,"result":"5"}',
        b'{"event":"notify","handle":1,"result":0}',
        b'{"event":"notify","errorType":"RecordFile","handle":1,"result":-11}',
        b'{"event":"voltage","handle":1,"vol":48}',
        b'{"event":"short_msg","from":"1"}',
        b"[" * 60_000,
        b'{"event":' * 6000,
        b'{"event":"ring","handle":1,"x":"' + b"x" * MAX_MESSAGE + b'"}',
    ],
)
def test_anything_else_is_nothing(data: bytes) -> None:
    assert decode(data) is None


def test_text_of_a_chinese_windows() -> None:
    assert decode('{"event":"ring","handle":1,"name":"总机"}'.encode("gbk")) == Rang(1)


def test_the_list_of_channels_is_bounded() -> None:
    listed = [{"handle": handle} for handle in range(1000)]
    message = decode(json.dumps({"event": "getinfo", "channels": listed}).encode())
    assert isinstance(message, Channels)
    assert len(message.handles) == MAX_CHANNELS


@pytest.mark.parametrize(("text", "_expected"), GOLDEN)
def test_each_byte_flipped_raises_nothing(text: str, _expected: Message) -> None:
    for position in range(len(text)):
        for bit in range(8):
            damaged = bytearray(text.encode())
            damaged[position] ^= 1 << bit
            decode(bytes(damaged))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
EVENTS = ["joined", "getinfo", "plugin", "plugout", "answer", "notify", "ring", "ringCancel", "callerId", "hookoff",
          "hookup", "hang", "dtmfdown", "busyTone", "CallOutFinish", "deviceAlarm", "deviceError"]  # fmt: skip
FIELDS = ["handle", "type", "result", "channels", "callernumber", "dtmfkey"]


@given(st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(FIELDS), JSON))
@settings(max_examples=150)
def test_whatever_the_fields_hold(event: str, fields: dict[str, Any]) -> None:
    message = decode(json.dumps({**fields, "event": event}).encode())
    assert message is None or isinstance(message, Message)


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_whatever_comes(data: bytes) -> None:
    decode(data)


@pytest.mark.parametrize(
    ("places", "handles", "expected"),
    [
        ((), {7, 3}, (3, 7)),
        ((3, 7), {7}, (3, 7)),
        ((3, 7), set(), (3, 7)),
        ((3, 7), {3, 7, 1}, (3, 7, 1)),
        ((3, 7), {7, 9}, (9, 7)),
        ((3, 7), {8, 9}, (8, 9)),
        ((1, 2, 3), {3, 9}, (1, 2, 3)),
        ((1, 2, 3), {3, 9, 8}, (8, 9, 3)),
    ],
)
def test_which_channel_is_which(places: tuple[int, ...], handles: set[int], expected: tuple[int, ...]) -> None:
    assert arranged(places, handles) == expected
