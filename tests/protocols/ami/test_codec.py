from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.ami.codec import MAX_FIELDS, MAX_LINE, AmiDecoder, AmiError, encode
from protocols.ami.messages import Banner, Block, Message

GREETING = b"Asterisk Call Manager/5.0.2\r\n"
CHALLENGE = b"Response: Success\r\nActionID: h-1\r\nChallenge: 840415273\r\n\r\n"
NEW_CHANNEL = (
    b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/telecom-00000007\r\nChannelState: 4\r\n"
    b"ChannelStateDesc: Ring\r\nCallerIDNum: 13800138000\r\nCallerIDName: <unknown>\r\nLanguage: \r\n"
    b"Exten: 8000\r\nUniqueid: 1772440000.7\r\nLinkedid: 1772440000.7\r\n\r\n"
)
VARIABLES = b"Event: Dial\r\nVariable: A=1\r\nvariable: B=x: y\r\n\r\n"
OLD_OUTPUT = (
    b"Response: Follows\r\nPrivilege: Command\r\nActionID: h-2\r\n"
    b"Channel   Location\nName: not a field\n\n2 active calls\n--END COMMAND--\r\n\r\n"
)
NEW_OUTPUT = b"Response: Success\r\nActionID: h-2\r\nOutput: one\r\nOutput: \r\nOutput: two\r\n\r\n"
STREAM = GREETING + CHALLENGE + NEW_CHANNEL + VARIABLES + OLD_OUTPUT + NEW_OUTPUT


def decode(*chunks: bytes) -> list[Message]:
    decoder = AmiDecoder()
    return [message for chunk in chunks for message in decoder.feed(chunk)]


def blocks(data: bytes) -> list[Block]:
    return [message for message in decode(GREETING + data) if isinstance(message, Block)]


EXPECTED = decode(STREAM)


def test_golden_blocks() -> None:
    banner, challenge, channel, variables, old, new = EXPECTED
    assert banner == Banner("5.0.2")
    assert challenge == Block((("Response", "Success"), ("ActionID", "h-1"), ("Challenge", "840415273")))
    assert isinstance(channel, Block)
    assert (channel.event, channel.response) == ("Newchannel", "")
    assert channel.get("uniqueID") == "1772440000.7"
    assert channel.get("Language") == ""
    assert channel.get("CallerIDName") == "<unknown>"
    assert isinstance(variables, Block)
    assert variables.all("Variable") == ("A=1", "B=x: y")
    assert variables.get("Variable") == "A=1"
    assert isinstance(old, Block)
    assert old.all("Output") == ("Channel   Location", "Name: not a field", "", "2 active calls")
    assert old.get("ActionID") == "h-2"
    assert isinstance(new, Block)
    assert new.all("Output") == ("one", "", "two")


def test_every_split() -> None:
    for first in range(len(STREAM) + 1):
        assert decode(STREAM[:first], STREAM[first:]) == EXPECTED
    assert decode(*(bytes([byte]) for byte in STREAM)) == EXPECTED


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=20).map(sorted))
def test_any_split(cuts: list[int]) -> None:
    edges = [0, *cuts, len(STREAM)]
    assert decode(*(STREAM[a:b] for a, b in itertools.pairwise(edges))) == EXPECTED


@pytest.mark.parametrize("banner", [b"Asterisk Call Manager/1.1\r\n", b"Asterisk Call Manager/11.0.0\n"])
def test_banners(banner: bytes) -> None:
    assert decode(banner) == [Banner(banner.split(b"/")[1].strip().decode())]


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-OpenSSH_9.2p1", b"\x16\x03\x01", b"\r\n", b"Asterisk Call Manager\r\n"],
)
def test_another_protocol_is_refused_with_its_bytes(beginning: bytes) -> None:
    with pytest.raises(AmiError) as caught:
        decode(*(bytes([byte]) for byte in beginning))
    assert "not an Asterisk manager" in str(caught.value)
    with pytest.raises(AmiError):
        decode(beginning)


def test_a_banner_that_never_ends_is_refused() -> None:
    with pytest.raises(AmiError):
        decode(b"Asterisk Call Manager", *(b" and so on" for _ in range(1000)))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("张三".encode(), "张三"),
        ("张三".encode("gbk"), "张三"),
        (b"\xff\xff", "??"),
        ("门诊: 一".encode("gb18030"), "门诊: 一"),
    ],
)
def test_values_in_utf8_and_gbk_each_for_itself(raw: bytes, text: str) -> None:
    (block,) = blocks(b"Event: X\r\nA: " + raw + b"\r\nB: " + "李四".encode() + b"\r\n\r\n")
    assert (block.get("A"), block.get("B")) == (text, "李四")


def test_rubbish_costs_its_own_lines_only() -> None:
    (block,) = blocks(b"\r\n\r\n: no key\r\nno colon\r\nEvent: X\r\n\xd5\xc5: 1\r\n\x00\x01\r\nA:1\r\nB:\r\n\r\n")
    assert block.fields == (("Event", "X"), ("A", "1"), ("B", ""))


def test_a_line_or_block_without_end_is_cut_and_the_next_one_whole() -> None:
    decoder = AmiDecoder()
    decoder.feed(GREETING + b"Event: X\r\nA: ")
    for _ in range(100):
        decoder.feed(b"y" * 1000)
        assert len(decoder._line) <= MAX_LINE + 1000
    (block,) = decoder.feed(b"\r\nB: 1\r\n\r\n")
    assert isinstance(block, Block)
    assert len(block.get("A")) == MAX_LINE - 3
    assert block.get("B") == "1"
    (block, following) = decoder.feed(b"Event: Y\r\n" + b"A: 1\r\n" * 10_000 + b"\r\n" + VARIABLES)
    assert isinstance(block, Block)
    assert len(block.fields) == MAX_FIELDS
    assert following == EXPECTED[3]


NOISE = st.one_of(st.binary(max_size=80), st.sampled_from([CHALLENGE, OLD_OUTPUT, b"\r\n", b": "]))


@given(st.lists(NOISE, max_size=20))
@settings(max_examples=300)
def test_noise_never_raises_and_hides_no_later_block(noise: list[bytes]) -> None:
    decoder = AmiDecoder()
    decoder.feed(GREETING)
    for piece in noise:
        decoder.feed(piece)
    # The end of whatever the noise began.
    decoder.feed(b"\r\n--END COMMAND--\r\n\r\n")
    assert decoder.feed(NEW_CHANNEL) == [EXPECTED[2]]


def test_each_byte_flipped_leaves_the_next_block_whole() -> None:
    source = random.Random(5)
    for position in range(len(NEW_CHANNEL)):
        damaged = bytearray(NEW_CHANNEL)
        damaged[position] ^= 1 << source.randrange(8)
        assert EXPECTED[1] in blocks(bytes(damaged) + b"\r\n\r\n" + CHALLENGE)


def test_actions() -> None:
    assert encode("Ping", ("ActionID", "h-3")) == b"Action: Ping\r\nActionID: h-3\r\n\r\n"
    assert encode("Login", ("Username", "回访"), ("Secret", "a: b"), ("Events", "on")) == (
        "Action: Login\r\nUsername: 回访\r\nSecret: a: b\r\nEvents: on\r\n\r\n".encode()
    )
    dial = encode("Originate", ("Channel", "PJSIP/8001"), ("Context", "from-internal"), ("Exten", "13800138000"))
    assert dial.endswith(b"\r\nExten: 13800138000\r\n\r\n")


@pytest.mark.parametrize(
    ("action", "key", "value"),
    [
        ("Command", "ActionID", "1"),
        ("Originate", "Application", "System"),
        ("Originate", "Data", "rm"),
        ("Originate", "Variable", "A=1"),
        ("Originate", "Exten", "1\r\nApplication: System"),
        ("Originate", "Exten", "1\n"),
        ("Originate", "Exten", "1,2"),
        ("Originate", "Exten", "１２"),
        ("Originate", "Exten", "s"),
        ("Originate", "Exten", ""),
        ("Originate", "Exten", "1" * 41),
        ("Originate", "Channel", "PJSIP/1\r\nData: x"),
        ("Originate", "Channel", "/PJSIP/"),
        ("Originate", "Channel", "PJSIP/8001&PJSIP/8002"),
        ("Originate", "Context", "a b"),
        ("Hangup", "Channel", "/^PJSIP.*/"),
        ("Hangup", "Channel", "PJSIP/1\x00"),
        ("Hangup", "Exten", "1"),
        ("Login", "Secret", "a\r\nb"),
        ("Login", "Secret", "a\x00b"),
        ("Login", "Username", "a\u2028b"),
        ("Login", "Username", "a\x85b"),
        ("Ping", "action", "x"),
        ("Ping", "ActionID", "a b"),
    ],
)
def test_nothing_else_is_ever_sent_and_an_error_shows_no_value(action: str, key: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"not an action|may not have|not allowed") as caught:
        encode(action, (key, value))
    assert len(value) < 2 or value not in str(caught.value)


@given(st.text(max_size=60), st.sampled_from(["Exten", "Channel", "Context", "ChannelId"]))
def test_whatever_the_value_one_field_stays_one_line(value: str, key: str) -> None:
    try:
        data = encode("Originate", (key, value))
    except ValueError:
        return
    assert data.split(b"\r\n") == [b"Action: Originate", f"{key}: {value}".encode(), b"", b""]
    assert data.count(b"\n") == data.count(b"\r") == 3
