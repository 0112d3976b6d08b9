"""SMPP: the bytes of the specification, bytes cut anywhere, and bytes that are none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pdu_frames import PduError, PduSplitter
from protocols.smpp.codec import HEADER, decode, encode, plain
from protocols.smpp.messages import (
    RESPONSE,
    Address,
    Bind,
    BindAnswer,
    Command,
    Message,
    MessageAnswer,
    Plain,
    ShortMessage,
    Status,
    Tag,
)

# Specification v3.4, section 3.2.4: the example of a bind_transmitter.
BIND = bytes.fromhex(
    "0000002f 00000002 00000000 00000001 534d50503354455354 00 7365637265743038 00 5355424d495431 00 00 01 01 00"
)
SUBMIT = bytes.fromhex(
    "0000004a 00000004 00000000 00000007"
    "00 05 00 486f73706974616c 00 01 01 38363133383030313338303030 00 40 00 00 00 00 01 00 08 00"
    "0e 0500037a0201 60a8 597d ff0c 0041"
    "020c 0002 007a"
)


def read(data: bytes) -> list[tuple[int, int, int, Message]]:
    return [
        (command, status, sequence, decode(command, body))
        for (_, command, status, sequence), body in PduSplitter(HEADER).feed(data)
    ]


def test_the_bind_of_the_specification() -> None:
    message = Bind(b"SMPP3TEST", b"secret08", b"SUBMIT1", 0, Address(b"", 1, 1))
    assert read(BIND) == [(Command.BIND_TRANSMITTER, 0, 1, message)]
    assert encode(Command.BIND_TRANSMITTER, 1, message) == BIND


def test_a_submit() -> None:
    message = ShortMessage(
        Address(b"Hospital", 5, 0), Address(b"8613800138000", 1, 1),
        bytes.fromhex("0500037a0201") + "您好，A".encode("utf-16-be"), 8, 0x40, 1, options={Tag.SAR_REFERENCE: b"\0z"},
    )  # fmt: skip
    assert encode(Command.SUBMIT_SM, 7, message) == SUBMIT
    assert read(SUBMIT) == [(Command.SUBMIT_SM, 0, 7, message)]


def test_answers_without_a_body() -> None:
    kind = Command.SUBMIT_SM | RESPONSE
    assert read(plain(kind, 3, Status.THROTTLED)) == [(kind, 0x58, 3, MessageAnswer())]
    bound = Command.BIND_TRANSCEIVER | RESPONSE
    assert read(plain(bound, 3, Status.BAD_PASSWORD)) == [(bound, 0x0E, 3, BindAnswer())]
    assert decode(kind, b"4f2a") == MessageAnswer(b"4f2a")
    assert decode(bound, b"smsc") == decode(bound, b"smsc\0\x02\x10\x00") == BindAnswer(b"smsc")
    assert decode(bound, b"smsc\0\x02\x10\x00\x01\x34") == BindAnswer(b"smsc", {0x0210: b"\x34"})
    assert plain(Command.ENQUIRE_LINK, 9).hex() == "00000010000000150000000000000009"


@pytest.mark.parametrize("tail", ["00", "0424", "0427", "04270001", "001e000a3132", "ffffffff"])
def test_what_is_left_behind_a_message_does_not_cost_the_message(tail: str) -> None:
    message = ShortMessage(Address(b"1"), Address(b"2"), b"T", options={Tag.MESSAGE_STATE: b"\2"})
    body = encode(Command.DELIVER_SM, 1, message)[HEADER.size :]
    assert decode(Command.DELIVER_SM, body + bytes.fromhex(tail)) == message


def test_words_that_are_cut_off_are_not_taken_for_a_message_without_any() -> None:
    message = ShortMessage(
        Address(b"1"), Address(b"2"), b"", options={Tag.SAR_TOTAL: b"\1", Tag.MESSAGE_PAYLOAD: b"TD"}
    )
    body = encode(Command.DELIVER_SM, 1, message)[HEADER.size :]
    assert decode(Command.DELIVER_SM, body) == message
    for end in range(1, 5):
        with pytest.raises(PduError):
            decode(Command.DELIVER_SM, body[:-end])


def test_the_words_may_be_in_an_option() -> None:
    long = ShortMessage(Address(), Address(), b"", options={Tag.MESSAGE_PAYLOAD: b"x" * 3000})
    [(_, _, _, message)] = read(encode(Command.DELIVER_SM, 1, long))
    assert isinstance(message, ShortMessage)
    assert message.words == b"x" * 3000


@pytest.mark.parametrize(
    "message",
    [
        Bind(b"x" * 16, b""),
        Bind(b"x", b"1" * 33),
        ShortMessage(Address(b"1" * 21), Address(), b""),
        ShortMessage(Address(), Address(b"1\x002"), b""),
        ShortMessage(Address(), Address(), bytes(255)),
        ShortMessage(Address(), Address(), b"", coding=256),
        ShortMessage(Address(), Address(), b"", validity=b"1" * 17),
        ShortMessage(Address(), Address(), b"", options={70000: b""}),
        MessageAnswer(b"x" * 65),
    ],
)
def test_what_does_not_fit_is_refused_and_not_cut(message: Message) -> None:
    with pytest.raises(PduError):
        encode(Command.SUBMIT_SM, 1, message)


def test_commands_that_are_none() -> None:
    for command in (0, 0x103, 0xFFFFFFFF):
        with pytest.raises(PduError, match="no SMPP command"):
            decode(command, b"")


@pytest.mark.parametrize("length", [0, 11, 15, 2**31])
def test_lengths_that_cannot_be(length: int) -> None:
    with pytest.raises(PduError, match=f"a PDU of {length} octets"):
        list(PduSplitter(HEADER).feed(HEADER.pack(length, 1, 0, 1)))


words = st.binary(max_size=5).filter(lambda text: b"\0" not in text)
octet = st.integers(0, 255)
addresses = st.builds(Address, words, octet, octet)
options = st.dictionaries(st.integers(0, 65535), st.binary(max_size=20), max_size=3)
short_messages = st.builds(
    ShortMessage, addresses, addresses, st.binary(max_size=254), octet, octet, octet, words, words, octet, octet,
    words, options,
)  # fmt: skip
binds = st.builds(Bind, words, words, words, octet, addresses)


def commands() -> st.SearchStrategy[tuple[int, Message]]:
    return st.one_of(
        st.tuples(st.sampled_from([int(Command.SUBMIT_SM), int(Command.DELIVER_SM)]), short_messages),
        st.tuples(st.just(int(Command.BIND_TRANSCEIVER)), binds),
        st.tuples(st.just(Command.BIND_RECEIVER | RESPONSE), st.builds(BindAnswer, words, options)),
        st.tuples(st.just(Command.SUBMIT_SM | RESPONSE), st.builds(MessageAnswer, words)),
        st.tuples(st.just(int(Command.GENERIC_NACK)), st.just(Plain())),
    )


@given(st.lists(st.tuples(commands(), st.integers(0, 2**32 - 1)), max_size=4), st.data())
def test_whatever_is_written_is_read_however_it_is_cut(
    messages: list[tuple[tuple[int, Message], int]], data: st.DataObject
) -> None:
    rest = b"".join(encode(command, sequence, message) for (command, message), sequence in messages)
    splitter, found = PduSplitter(HEADER), []
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        for (_, command, _, sequence), body in splitter.feed(rest[:size]):
            found.append(((command, decode(command, body)), sequence))
        rest = rest[size:]
    assert found == messages


known = st.sampled_from([each | bit for each in Command for bit in (0, RESPONSE)])


@given(st.one_of(known, st.integers(0, 2**32 - 1)), st.binary(max_size=300))
def test_noise_is_an_error_of_its_own_or_a_message(command: int, body: bytes) -> None:
    with suppress(PduError):
        assert decode(command, body) is not None


@given(commands(), st.data())
def test_a_changed_or_cut_pdu_breaks_nothing(message: tuple[int, Message], data: st.DataObject) -> None:
    body = bytearray(encode(message[0], 1, message[1])[HEADER.size :])
    for _ in range(data.draw(st.integers(0, min(4, len(body))))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(octet)
    del body[data.draw(st.integers(0, len(body))) :]
    with suppress(PduError):
        assert decode(message[0], bytes(body)) is not None
