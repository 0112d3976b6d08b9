"""What is CMPP's own in a session: the fields of SUBMIT, versions, reports, content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from protocols.cmpp.codec import HEADER, V2, V3, Dialect, answer_digest, decode, encode, encode_report
from protocols.cmpp.messages import (
    RESPONSE,
    Command,
    Connect,
    ConnectAnswer,
    Deliver,
    DeliverAnswer,
    Message,
    Report,
    Submit,
    SubmitAnswer,
)
from protocols.cmpp.session import CmppTongue
from protocols.cmpp.settings import CmppAccount
from protocols.pdu_account import NumberForm, Validity, Writing
from protocols.pdu_frames import PduSplitter
from protocols.sms import Fate, GatewayLost, GatewayReady, PartAccepted, ReceiptArrived, TextArrived, TextEncoding
from protocols.user_data import place_header
from tests.peers.sms_session import NOON, Driven, part

MSG_ID = 0xB2B9DA8000010000
BOTH = pytest.mark.parametrize("dialect", [V2, V3], ids=["cmpp2", "cmpp3"])


def account(**fields: Any) -> CmppAccount:
    return CmppAccount(**{"sp_id": "900001", "secret": "888888", "sp_number": "10690001", **fields})


def read(driven: Driven, dialect: Dialect) -> list[tuple[int, int, Message]]:
    frames = PduSplitter(HEADER).feed(driven.take_written())
    return [(header[1], header[2], decode(header[1], body, dialect)) for header, body in frames]


def signed_in(dialect: Dialect = V2, **fields: Any) -> Driven:
    version = dialect.version >> 4
    driven = Driven(CmppTongue(account(version=version, **fields), lambda: NOON))
    driven.start()
    [(_, _, connect)] = read(driven, dialect)
    assert isinstance(connect, Connect)
    answer = ConnectAnswer(0, answer_digest(0, connect.digest, "888888", dialect), dialect.version)
    driven.hear(encode(Command.CONNECT | RESPONSE, 1, answer, dialect))
    assert driven.take_signals() == [GatewayReady()]
    assert driven.doubts == []
    return driven


def submitted(dialect: Dialect = V2, /, sent: Any = None, **fields: Any) -> Submit:
    driven = signed_in(dialect, **fields)
    driven.submit(sent or part())
    [(command, _, message)] = read(driven, dialect)
    assert command == Command.SUBMIT
    assert isinstance(message, Submit)
    return message


@BOTH
def test_the_fields_of_a_message(dialect: Dialect) -> None:
    message = submitted(dialect, service_id="HELP", fee_code="10", level=1)
    assert (message.sender, message.recipients) == (b"10690001", (b"13800138000",))
    assert (message.format, message.content) == (8, "您好，预约提醒".encode("utf-16-be"))
    assert (message.terms.service_id, message.terms.source, message.terms.fee_code) == (b"HELP", b"900001", b"10")
    # An hour after 14:29:42 in China, which is 32 quarters of an hour ahead.
    assert message.valid == b"251105152942032+"
    assert message.receipt


def test_the_timestamp_is_that_of_the_gateways_clock() -> None:
    driven = Driven(CmppTongue(account(version=2), lambda: NOON))
    driven.start()
    [(_, _, connect)] = read(driven, V2)
    assert isinstance(connect, Connect)
    assert connect.timestamp == 1105142942


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("", b"10690001"),
        ("88", b"1069000188"),
        ("1069000177", b"1069000177"),
        # What the patient wrote to, as gateways write it too.
        ("861069000177", b"1069000177"),
        ("+8610690001", b"10690001"),
        # No extension: a number that the account had once.
        ("10691234567890", b"10690001"),
        ("8" * 13, b"10690001" + b"8" * 13),
    ],
)
def test_the_extension_follows_the_number_of_the_provider(sender: str, shown: bytes) -> None:
    assert submitted(V2, part(sender=sender)).sender == shown


def test_without_a_number_of_the_provider_the_sender_is_written_as_it_is() -> None:
    assert submitted(V2, part(sender="8610690001"), sp_number="").sender == b"8610690001"


def test_a_full_part_of_a_long_text() -> None:
    message = submitted(V3, part(text="二" * 67, reference=0x7A, position=2, total=3))
    assert message.content == bytes.fromhex("0500037a0302") + ("二" * 67).encode("utf-16-be")
    assert (message.has_header, message.position, message.total) == (True, 2, 3)
    latin = submitted(V3, part(text="x" * 153, reference=1, position=1, total=2))
    assert (len(latin.content), latin.format) == (159, 0)


@pytest.mark.parametrize(
    ("text", "gbk", "form", "encoding"),
    [
        ("Hello", False, 0, "ascii"),
        ("您好", False, 8, "utf-16-be"),
        ("您好", True, 15, "gbk"),
        ("您好😀", True, 8, "utf-16-be"),
    ],
)
def test_how_words_are_written(text: str, gbk: bool, form: int, encoding: str) -> None:
    message = submitted(V2, part(text=text), gbk=gbk)
    assert (message.format, message.content) == (form, text.encode(encoding))


def test_signs_of_the_gsm_alphabet_that_are_not_ascii() -> None:
    short = part(text="caf\u00e9", encoding=TextEncoding.GSM7)
    assert submitted(V2, short).format == 8
    long = part(text="\u00e9" * 71, encoding=TextEncoding.GSM7)
    driven = signed_in()
    driven.submit(long)
    assert "does not fit" in str(driven.take_signals()[0])


@pytest.mark.parametrize(
    ("form", "number"),
    [
        (NumberForm.NATIONAL, b"13800138000"),
        (NumberForm.INTERNATIONAL, b"8613800138000"),
        (NumberForm.PLUS, b"+8613800138000"),
    ],
)
def test_how_numbers_are_written(form: NumberForm, number: bytes) -> None:
    assert submitted(V2, writing=Writing(numbers=form)).recipients == (number,)


def test_how_long_a_message_is_valid() -> None:
    relative = Writing(validity=Validity.RELATIVE)
    assert submitted(V2, part(validity=26 * 3600 + 61.0), writing=relative).valid == b"000001020101000R"
    assert submitted(V2, writing=Writing(validity=Validity.NONE)).valid == b""


def report(dialect: Dialect, state: str = "DELIVRD", done: str = "2511051430") -> bytes:
    told = Report(MSG_ID, state, "2511051429", done, "13800138000", 5)
    message = Deliver(1, "10690001", "13800138000", encode_report(told, dialect), is_report=True)
    return encode(Command.DELIVER, 9, message, dialect)


@BOTH
def test_a_report_is_matched_by_the_id_of_the_answer(dialect: Dialect) -> None:
    driven = signed_in(dialect)
    driven.submit(part("k"))
    sequence = read(driven, dialect)[0][1]
    driven.hear(encode(Command.SUBMIT | RESPONSE, sequence, SubmitAnswer(MSG_ID, 0), dialect), report(dialect))
    accepted, receipt = driven.take_signals()
    assert accepted == PartAccepted("k", str(MSG_ID))
    assert receipt == ReceiptArrived(
        str(MSG_ID), Fate.DELIVERED, "DELIVRD", "", "13800138000", written=lambda: None,
        at=datetime(2025, 11, 5, 6, 30, tzinfo=UTC),
    )  # fmt: skip
    receipt.written()  # type: ignore[attr-defined]
    driven.flush()
    assert read(driven, dialect) == [(Command.DELIVER | RESPONSE, 9, DeliverAnswer(1, 0))]


def test_a_msg_id_of_0_is_no_name() -> None:
    driven = signed_in(V3)
    driven.submit(part())
    [(_, sequence, _)] = read(driven, V3)
    report = encode_report(Report(0, "DELIVRD", "2511051429", "2511051430", "13800138000"), V3)
    driven.hear(
        encode(Command.SUBMIT | RESPONSE, sequence, SubmitAnswer(0, 0), V3),
        encode(Command.DELIVER, 9, Deliver(0, "1069", "13800138000", report, is_report=True), V3),
    )
    accepted, receipt = driven.take_signals()
    assert accepted == PartAccepted("1", "")
    assert isinstance(receipt, ReceiptArrived)
    assert (receipt.gateway_id, receipt.number) == ("", "13800138000")


def test_a_short_report_in_version_3() -> None:
    driven = signed_in(V3)
    told = Report(MSG_ID, "MA:0001", "2511051429", "", "13800138000")
    message = Deliver(1, "10690001", "13800138000", encode_report(told, V2), is_report=True)
    driven.hear(encode(Command.DELIVER, 9, message, V3))
    [receipt] = driven.take_signals()
    assert isinstance(receipt, ReceiptArrived)
    assert (receipt.fate, receipt.code, receipt.at) == (Fate.FAILED, "MA:0001", None)


@pytest.mark.parametrize(
    ("state", "fate"),
    [
        ("DELIVRD", Fate.DELIVERED),
        ("ACCEPTD", Fate.UNDER_WAY),
        ("UNKNOWN", Fate.UNCERTAIN),
        ("", Fate.UNCERTAIN),
        ("UNDELIV", Fate.FAILED),
        ("EXPIRED", Fate.FAILED),
        ("CB:0007", Fate.FAILED),
    ],
)
def test_states(state: str, fate: Fate) -> None:
    driven = signed_in()
    driven.hear(report(V2, state))
    [receipt] = driven.take_signals()
    assert isinstance(receipt, ReceiptArrived)
    assert receipt.fate is fate


def test_a_report_or_message_that_is_none_is_answered_so_that_it_does_not_come_for_ever() -> None:
    driven = signed_in()
    good = Deliver(77, "1069", "138", b"x" * 59, is_report=True)
    broken = encode(Command.DELIVER, 5, good, V2)[:-3]
    driven.hear(encode(Command.DELIVER, 4, good, V2), len(broken).to_bytes(4, "big") + broken[4:])
    assert driven.take_signals() == []
    assert driven.doubts == ["a DELIVER that cannot be read was refused"]
    answers = read(driven, V2)
    assert answers == [(Command.DELIVER | RESPONSE, each, DeliverAnswer(77, 1)) for each in (4, 5)]


@pytest.mark.parametrize(
    ("form", "content", "text"),
    [
        (8, "退订".encode("utf-16-be"), "退订"),
        (15, "退订".encode("gbk"), "退订"),
        (0, b"TD", "TD"),
        (0, "退订".encode("gbk"), "退订"),
        (4, b"\x01\xff", "01ff"),
        (99, b"T", "T"),
        (8, b"\x90", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_patients_write(form: int, content: bytes, text: str) -> None:
    driven = signed_in()
    driven.hear(encode(Command.DELIVER, 9, Deliver(5, "10690001", "13800138000", content, form), V2))
    assert driven.take_signals() == [
        TextArrived("13800138000", "10690001", text, gateway_id="5", written=lambda: None),
    ]  # fmt: skip


@pytest.mark.parametrize("long_reference", [False, True])
def test_a_part_of_a_long_text_arrives(long_reference: bool) -> None:
    driven = signed_in()
    content = place_header(200, 2, 3, long_reference=long_reference) + "疼".encode("utf-16-be")
    message = Deliver(5, "10690001", "13800138000", content, 8, has_header=True)
    driven.hear(encode(Command.DELIVER, 9, message, V2))
    [text] = driven.take_signals()
    assert isinstance(text, TextArrived)
    assert (text.text, text.reference, text.position, text.total) == ("疼", 200, 2, 3)


def test_a_gateway_that_finds_version_3_too_high_is_signed_in_to_by_2() -> None:
    driven = Driven(CmppTongue(account(), lambda: NOON))
    driven.start()
    driven.take_written()
    driven.hear(encode(Command.CONNECT | RESPONSE, 1, ConnectAnswer(4, bytes(16), 0x20), V2))
    driven.lose()
    [lost] = driven.take_signals()
    assert isinstance(lost, GatewayLost)
    assert not lost.refused
    driven.start()
    [(_, _, connect)] = read(driven, V2)
    assert isinstance(connect, Connect)
    assert connect.version == 0x20


@pytest.mark.parametrize("dialect", [V2, V3])
@pytest.mark.parametrize(("status", "refused"), [(1, True), (2, True), (3, True), (5, False), (9, False), (200, False)])
def test_a_refusal_without_a_meaning_may_pass(dialect: Dialect, status: int, refused: bool) -> None:
    driven = Driven(CmppTongue(account(version=2 if dialect is V2 else 3), lambda: NOON))
    driven.start()
    driven.hear(encode(Command.CONNECT | RESPONSE, 1, ConnectAnswer(status, bytes(16), 0x20), dialect))
    driven.lose()
    [lost] = driven.take_signals()
    assert isinstance(lost, GatewayLost)
    assert lost.refused is refused


def test_a_gateway_that_answers_in_version_2_is_spoken_to_in_it() -> None:
    driven = Driven(CmppTongue(account(), lambda: NOON))
    driven.start()
    driven.take_written()
    driven.hear(encode(Command.CONNECT | RESPONSE, 1, ConnectAnswer(0, bytes(16), 0x20), V2))
    assert driven.doubts == ["the gateway does not prove that it knows the secret"]
    driven.submit(part())
    assert isinstance(read(driven, V2)[0][2], Submit)


def test_a_secret_that_cannot_be_sent_is_no_crash() -> None:
    driven = Driven(CmppTongue(account(sp_id="9000012"), lambda: NOON))
    driven.start()
    assert driven.closed
    driven.lose()
    [lost] = driven.take_signals()
    assert isinstance(lost, GatewayLost)
    assert lost.refused
