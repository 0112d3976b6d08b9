"""CMPP: the bytes of the document, bytes cut anywhere, and bytes that are none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.cmpp.codec import (
    HEADER,
    V2,
    V3,
    Dialect,
    answer_digest,
    connect_digest,
    decode,
    decode_report,
    encode,
    encode_report,
    plain,
)
from protocols.cmpp.messages import (
    RESPONSE,
    Command,
    Connect,
    ConnectAnswer,
    Deliver,
    DeliverAnswer,
    Message,
    Plain,
    Report,
    Submit,
    SubmitAnswer,
    Terms,
)
from protocols.pdu_frames import PduError, PduSplitter

CONNECT = "00000027000000010000001739303030303190d00c1d517abd0b4f65f6bcf8535d16{version}3cdc73be"
ANSWER_V2 = bytes.fromhex("0000001e8000000100000017006c0b846e25bab6daa4ed1c466e0f4bd820")
ANSWER_V3 = bytes.fromhex("000000218000000100000017000000007942977274098cf210ab0c16c367bc8d30")
BOTH = pytest.mark.parametrize("dialect", [V2, V3], ids=["cmpp2", "cmpp3"])
DIGEST = bytes.fromhex("90d00c1d517abd0b4f65f6bcf8535d16")


def read(data: bytes, dialect: Dialect) -> list[tuple[int, int, Message]]:
    return [(header[1], header[2], decode(header[1], body, dialect)) for header, body in PduSplitter(HEADER).feed(data)]


@BOTH
def test_the_sign_in_of_the_document(dialect: Dialect) -> None:
    whole = bytes.fromhex(CONNECT.format(version=f"{dialect.version:x}"))
    message = Connect("900001", connect_digest("900001", "888888", 1021080510), dialect.version, 1021080510)
    assert message.digest == DIGEST
    assert encode(Command.CONNECT, 0x17, message, dialect) == whole
    assert read(whole, dialect) == [(Command.CONNECT, 0x17, message)]


@pytest.mark.parametrize(("dialect", "whole"), [(V2, ANSWER_V2), (V3, ANSWER_V3)])
def test_the_answer_of_the_document(dialect: Dialect, whole: bytes) -> None:
    [(command, sequence, message)] = read(whole, dialect)
    assert (command, sequence) == (Command.CONNECT | RESPONSE, 0x17)
    assert isinstance(message, ConnectAnswer)
    assert (message.status, message.version) == (0, dialect.version)
    assert encode(command, sequence, message, dialect) == whole


@pytest.mark.parametrize(("dialect", "whole"), [(V2, ANSWER_V2), (V3, ANSWER_V3)])
def test_the_digest_of_the_answer(dialect: Dialect, whole: bytes) -> None:
    [(_, _, message)] = read(whole, dialect)
    assert isinstance(message, ConnectAnswer)
    assert message.digest == answer_digest(0, DIGEST, "888888", dialect)


def test_an_answer_in_the_other_version_is_understood() -> None:
    [(_, _, message)] = read(ANSWER_V2, V3)
    assert isinstance(message, ConnectAnswer)
    assert message.version == 0x20
    answer = encode(Command.SUBMIT | RESPONSE, 1, SubmitAnswer(7, 8), V3)
    assert read(answer, V2) == [(Command.SUBMIT | RESPONSE, 1, SubmitAnswer(7, 8))]


TERMS = Terms(b"HELP", 2, b"", 0, 1, 0, b"900001", b"02", b"10")
SUBMIT = Submit(
    TERMS, b"10690001", (b"13800138000",), "您好，预约提醒".encode("utf-16-be"), 8, valid=b"251105142942032+"
)  # fmt: skip


@pytest.mark.parametrize(("dialect", "fixed"), [(V2, 138 + 21), (V3, 163 + 32)])
def test_a_submit_has_the_size_of_the_document(dialect: Dialect, fixed: int) -> None:
    whole = encode(Command.SUBMIT, 9, SUBMIT, dialect)
    assert len(whole) == fixed + len(SUBMIT.content)
    assert read(whole, dialect) == [(Command.SUBMIT, 9, SUBMIT)]


@BOTH
def test_several_recipients(dialect: Dialect) -> None:
    many = Submit(TERMS, b"1", tuple(b"1380013%04d" % each for each in range(100)), b"", 0)
    assert read(encode(Command.SUBMIT, 1, many, dialect), dialect)[0][2] == many


@BOTH
def test_reports_by_their_length(dialect: Dialect) -> None:
    report = Report(0xB2B9DA8000010000, "DELIVRD", "2511051429", "2511051430", "13800138000", 5)
    content = encode_report(report, dialect)
    assert len(content) == (71 if dialect is V3 else 60)
    assert decode_report(content) == report
    with pytest.raises(PduError, match="no report, of 59 octets"):
        decode_report(content[:59])


def test_an_answer_to_a_heartbeat_may_lack_its_octet() -> None:
    kind = Command.ACTIVE_TEST | RESPONSE
    assert plain(kind, 5).hex() == "0000000d800000080000000500"
    assert plain(Command.TERMINATE, 5).hex() == "0000000c0000000200000005"
    for data in (plain(kind, 5), HEADER.pack(12, kind, 5)):
        assert read(data, V2) == [(kind, 5, Plain())]


@pytest.mark.parametrize(
    "message",
    [
        Submit(TERMS, b"1" * 22, (b"1",), b"", 0),
        Submit(TERMS, b"1", (b"1" * 33,), b"", 0),
        Submit(TERMS, b"1", (b"1",), bytes(256), 0),
        Submit(Terms(b"x" * 11), b"1", (b"1",), b"", 0),
        Submit(TERMS, b"1", (b"1",) * 256, b"", 0),
        Submit(TERMS, b"1", (b"1",), b"", 256),
        Connect("1234567", bytes(16), 0x20, 0),
        Connect("中", bytes(16), 0x20, -1),
    ],
)
def test_what_does_not_fit_is_refused_and_not_cut(message: Message) -> None:
    with pytest.raises(PduError):
        encode(Command.SUBMIT, 1, message, V3)


def test_commands_that_are_none() -> None:
    for command in (0, 3, 0x80000000, 0xFFFFFFFF):
        with pytest.raises(PduError, match="no CMPP command"):
            decode(command, b"", V2)


def test_the_error_of_a_stream_that_lost_its_step_shows_no_number() -> None:
    with pytest.raises(PduError) as caught:
        list(PduSplitter(HEADER).feed(bytes.fromhex("00000000 00000005") + b"13800138000 hello"))
    assert str(caught.value) == "a PDU of 0 octets: 00 00 00 00 00 00 00 05"


@pytest.mark.parametrize("length", [0, 11, 70_001, 2**31, 2**32 - 1])
def test_lengths_that_cannot_be(length: int) -> None:
    splitter = PduSplitter(HEADER)
    good, bad = plain(Command.ACTIVE_TEST, 1), HEADER.pack(length, 1, 1)
    frames = splitter.feed(good + bad + good)
    assert next(frames) == ((12, 8, 1), b"")
    with pytest.raises(PduError, match=f"a PDU of {length} octets"):
        next(frames)


texts = st.binary(max_size=6).filter(lambda text: b"\0" not in text)
digits = st.text("0123456789", max_size=20)
submits = st.builds(
    Submit,
    terms=st.builds(Terms, texts, st.integers(0, 255), texts, st.just(0), source=texts),
    sender=texts,
    recipients=st.lists(texts, max_size=3).map(tuple),
    content=st.binary(max_size=255),
    format=st.integers(0, 255),
    has_header=st.booleans(),
    total=st.integers(0, 255),
    position=st.integers(0, 255),
    receipt=st.booleans(),
    valid=texts,
    at=texts,
    # Version 2.0 has none.
    recipient_type=st.just(0),
    link_id=st.just(b""),
)
delivers = st.builds(
    Deliver,
    st.integers(0, 2**64 - 1),
    digits,
    digits,
    st.binary(max_size=255),
    st.integers(0, 255),
    st.booleans(),
    st.booleans(),
    texts,
    st.just(b""),
)
answers = st.builds(DeliverAnswer, st.integers(0, 2**64 - 1), st.integers(0, 255))
sequences = st.integers(0, 2**32 - 1)
both = st.sampled_from([V2, V3])


def commands() -> st.SearchStrategy[tuple[int, Message]]:
    return st.one_of(
        st.tuples(st.just(int(Command.SUBMIT)), submits),
        st.tuples(st.just(int(Command.DELIVER)), delivers),
        st.tuples(st.just(Command.DELIVER | RESPONSE), answers),
    )


@given(both, st.lists(st.tuples(commands(), sequences), max_size=4), st.data())
def test_whatever_is_written_is_read_however_it_is_cut(
    dialect: Dialect, messages: list[tuple[tuple[int, Message], int]], data: st.DataObject
) -> None:
    stream = b"".join(encode(command, sequence, message, dialect) for (command, message), sequence in messages)
    splitter, found, rest = PduSplitter(HEADER), [], stream
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        for header, body in splitter.feed(rest[:size]):
            found.append(((header[1], decode(header[1], body, dialect)), header[2]))
        rest = rest[size:]
    assert found == messages


known = st.sampled_from([each | bit for each in Command for bit in (0, RESPONSE)])


def only_its_own_error(command: int, body: bytes, dialect: Dialect) -> None:
    with suppress(PduError):
        assert decode(command, body, dialect) is not None


@given(both, st.one_of(known, st.integers(0, 2**32 - 1)), st.binary(max_size=300))
def test_noise_is_an_error_of_its_own_or_a_message(dialect: Dialect, command: int, body: bytes) -> None:
    only_its_own_error(command, body, dialect)


@given(both, commands(), st.data())
def test_a_changed_or_cut_pdu_breaks_nothing(
    dialect: Dialect, message: tuple[int, Message], data: st.DataObject
) -> None:
    body = bytearray(encode(message[0], 1, message[1], dialect)[HEADER.size :])
    for _ in range(data.draw(st.integers(0, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    del body[data.draw(st.integers(0, len(body))) :]
    only_its_own_error(message[0], bytes(body), dialect)


@given(st.binary(max_size=80))
def test_a_report_of_noise(content: bytes) -> None:
    try:
        assert isinstance(decode_report(content), Report)
    except PduError:
        assert len(content) not in (60, 71)
