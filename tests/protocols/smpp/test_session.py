"""What is SMPP's own in a session: the fields of submit_sm, receipts in every dress, ids, alphabets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pdu_account import Validity, Writing
from protocols.pdu_frames import PduSplitter
from protocols.smpp.codec import HEADER, decode, encode, plain
from protocols.smpp.messages import (
    RESPONSE,
    Address,
    Bind,
    BindAnswer,
    Command,
    Message,
    MessageAnswer,
    ShortMessage,
    Tag,
)
from protocols.smpp.receipts import read_receipt
from protocols.smpp.session import SmppTongue
from protocols.smpp.settings import DefaultAlphabet, IdForm, Joining, MessageIds, Role, SmppAccount
from protocols.sms import (
    Fate,
    GatewayLost,
    GatewayReady,
    GatewaySignal,
    PartAccepted,
    PartRefused,
    ReceiptArrived,
    Refusal,
    TextArrived,
    TextEncoding,
)
from protocols.sms_actions import SmsLimits
from tests.peers.sms_session import NOON, Driven, part

RECEIPT = b"id:0123456789 dlvrd:001 submit date:2511051429 done date:251105143059 stat:DELIVRD err:000 text:stat:X id:9"


def account(**fields: Any) -> SmppAccount:
    return SmppAccount(**{"system_id": "huifang", "password": "secret", "source": "10690001", **fields})


def read(driven: Driven) -> list[tuple[int, int, int, Message]]:
    frames = PduSplitter(HEADER).feed(driven.take_written())
    return [(command, status, sequence, decode(command, body)) for (_, command, status, sequence), body in frames]


def signed_in(role: Role = Role.TRANSCEIVER, **fields: Any) -> Driven:
    driven = Driven(SmppTongue(account(**fields), role, lambda: NOON), SmsLimits(1000))
    driven.start()
    [(command, _, sequence, _)] = read(driven)
    driven.hear(encode(command | RESPONSE, sequence, BindAnswer(b"smsc")))
    assert driven.take_signals() == [GatewayReady()]
    return driven


def submitted(sent: Any = None, /, **fields: Any) -> ShortMessage:
    driven = signed_in(**fields)
    driven.submit(sent or part())
    [(command, _, _, message)] = read(driven)
    assert command == Command.SUBMIT_SM
    assert isinstance(message, ShortMessage)
    return message


@pytest.mark.parametrize(
    ("role", "command"),
    [(Role.TRANSCEIVER, 9), (Role.TRANSMITTER, 2), (Role.RECEIVER, 1)],
)
def test_the_bind_of_each_role(role: Role, command: int) -> None:
    driven = Driven(SmppTongue(account(system_type="VMA", source_ton=5), role, lambda: NOON))
    driven.start()
    assert read(driven) == [
        (command, 0, 1, Bind(b"huifang", b"secret", b"VMA", 0x34, Address(b"", 5, 0))),
    ]  # fmt: skip


def test_the_fields_of_a_message() -> None:
    message = submitted(source_ton=3, service_type="CMT")
    assert (message.source, message.destination) == (Address(b"10690001", 3), Address(b"8613800138000", 1, 1))
    assert (message.coding, message.content) == (8, "您好，预约提醒".encode("utf-16-be"))
    assert (message.validity, message.registered, message.esm_class) == (b"000000010000000R", 1, 0)
    assert message.service_type == b"CMT"
    absolute = Writing(validity=Validity.ABSOLUTE, utc_offset=-3.5)
    assert submitted(writing=absolute).validity == b"251105035942014-"


@pytest.mark.parametrize(
    ("alphabet", "text", "coding", "content"),
    [
        (DefaultAlphabet.GSM7, "a@[", 0, b"a\x00\x1b\x3c"),
        (DefaultAlphabet.ASCII, "a@[", 0, b"a@["),
        (DefaultAlphabet.ASCII, "caf\u00e9", 3, b"caf\xe9"),
        (DefaultAlphabet.LATIN1, "caf\u00e9", 0, b"caf\xe9"),
        (DefaultAlphabet.LATIN1, "5 \u20ac", 8, "5 \u20ac".encode("utf-16-be")),
        (DefaultAlphabet.GSM7, "5 \u20ac", 0, b"5 \x1b\x65"),
    ],
)
def test_alphabets(alphabet: DefaultAlphabet, text: str, coding: int, content: bytes) -> None:
    message = submitted(part(text=text, encoding=TextEncoding.GSM7), alphabet=alphabet)
    assert (message.coding, message.content) == (coding, content)


def test_how_the_parts_of_a_text_are_joined() -> None:
    sent = part(text="二", reference=0x7A, position=2, total=3)
    words = "二".encode("utf-16-be")
    udh = submitted(sent)
    assert (udh.content, udh.esm_class, udh.options) == (bytes.fromhex("0500037a0302") + words, 0x40, {})
    sar = submitted(sent, joining=Joining.SAR)
    assert (sar.content, sar.esm_class) == (words, 0)
    assert sar.options == {Tag.SAR_REFERENCE: b"\0\x7a", Tag.SAR_TOTAL: b"\x03", Tag.SAR_POSITION: b"\x02"}
    payload = submitted(sent, payload=True)
    assert (payload.content, payload.esm_class) == (b"", 0x40)
    assert payload.options == {Tag.MESSAGE_PAYLOAD: udh.content}


def test_full_parts_fit() -> None:
    assert len(submitted(part(text="二" * 67, reference=1, position=1, total=2)).content) == 140
    assert len(submitted(part(text="x" * 153, reference=1, position=1, total=2)).content) == 159


def hear(message: ShortMessage, **fields: Any) -> Any:
    driven = signed_in(**fields)
    driven.hear(encode(Command.DELIVER_SM, 5, message))
    [signal] = driven.take_signals()
    assert read(driven) == []
    signal.written()  # type: ignore[attr-defined]
    driven.flush()
    assert read(driven) == [(Command.DELIVER_SM | RESPONSE, 0, 5, MessageAnswer())]
    return signal


def receipt(content: bytes = RECEIPT, esm_class: int = 4, options: dict[int, bytes] | None = None) -> ShortMessage:
    return ShortMessage(Address(b"8613800138000", 1, 1), Address(b"1"), content, 0, esm_class, options=options or {})


def test_a_receipt_as_the_appendix_has_it() -> None:
    assert hear(receipt()) == ReceiptArrived(
        "123456789", Fate.DELIVERED, "DELIVRD", "", "8613800138000", written=lambda: None,
        at=datetime(2025, 11, 5, 14, 30, 59, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"ID:A1 Stat:undeliv Err:045", ("a1", Fate.FAILED, "UNDELIV", "045")),
        (b"id: 77 sub: 001 done date: 2511051430 stat: ACCEPTD", ("77", Fate.UNDER_WAY, "ACCEPTD", "")),
        (b"id:77", ("77", Fate.UNCERTAIN, "", "")),
        (b"stat:EXPIRED", ("", Fate.FAILED, "EXPIRED", "")),
        (b"id:7 stat:", ("7", Fate.UNCERTAIN, "", "")),
        (b"\xff\x00 nonsense", ("", Fate.UNCERTAIN, "", "")),
        (b"", ("", Fate.UNCERTAIN, "", "")),
        (b"id:7 done date:9999999999 stat:UNKNOWN", ("7", Fate.UNCERTAIN, "UNKNOWN", "")),
    ],
)
def test_receipts_in_every_dress(text: bytes, expected: tuple[str, Fate, str, str]) -> None:
    signal = hear(receipt(text))
    assert (signal.gateway_id, signal.fate, signal.code, signal.words) == expected


def test_optional_parameters_are_believed_first() -> None:
    options = {int(Tag.RECEIPTED_MESSAGE_ID): b"AB12\0", int(Tag.MESSAGE_STATE): b"\x05"}
    signal = hear(receipt(b"id:9 stat:DELIVRD", 0, options))
    assert (signal.gateway_id, signal.fate) == ("ab12", Fate.FAILED)
    signal = hear(receipt(b"", 4, options))
    assert (signal.gateway_id, signal.fate, signal.code) == ("ab12", Fate.FAILED, "UNDELIV")
    payload = receipt(b"", 4, {int(Tag.MESSAGE_PAYLOAD): RECEIPT})
    assert hear(payload).fate is Fate.DELIVERED


def test_a_patient_who_writes_a_receipt_has_written_a_text() -> None:
    assert isinstance(hear(receipt(esm_class=0)), TextArrived)
    # Kannel's drive_smpp sends such: an id, but nothing of what became of it.
    text = hear(receipt(b"1", 0, {int(Tag.RECEIPTED_MESSAGE_ID): b"x\0"}))
    assert isinstance(text, TextArrived)
    # What it is called so is told, and is no name: it may be that of the message which it answers.
    assert (text.called, text.gateway_id, text.link is None) == ("x", "", False)
    assert hear(receipt(b"1", 0, {int(Tag.RECEIPTED_MESSAGE_ID): b"\xff" * 70 + b"\0"})).called == "\xff" * 65
    assert isinstance(hear(receipt(RECEIPT, 0, {int(Tag.RECEIPTED_MESSAGE_ID): b"x\0"})), ReceiptArrived)


@pytest.mark.parametrize(
    ("ids", "answered", "told"),
    [
        (MessageIds(), b"4F2A", b"4f2a"),
        (MessageIds(), b"0000123", b"123"),
        (MessageIds(IdForm.HEX, IdForm.DECIMAL), b"4f2a", b"20266"),
        (MessageIds(IdForm.HEX, IdForm.DECIMAL), b"0x4F2A", b"0000020266"),
        (MessageIds(IdForm.DECIMAL, IdForm.HEX), b"20266", b"4F2A"),
        (MessageIds(IdForm.DECIMAL, IdForm.DECIMAL), b"020266", b" 20266"),
        (MessageIds(IdForm.DECIMAL, IdForm.DECIMAL), b"a-b", b"A-B"),
    ],
)
def test_ids_meet(ids: MessageIds, answered: bytes, told: bytes) -> None:
    driven = signed_in(ids=ids)
    driven.submit(part("k"))
    driven.hear(encode(Command.SUBMIT_SM | RESPONSE, read(driven)[0][2], MessageAnswer(answered)))
    driven.hear(encode(Command.DELIVER_SM, 5, receipt(b"", options={int(Tag.RECEIPTED_MESSAGE_ID): told})))
    accepted, arrived = driven.take_signals()
    assert isinstance(accepted, PartAccepted)
    assert isinstance(arrived, ReceiptArrived)
    assert accepted.gateway_id == arrived.gateway_id != ""


def text(content: bytes, coding: int, **fields: Any) -> ShortMessage:
    return ShortMessage(Address(b"8613800138000", 1, 1), Address(b"10690001"), content, coding, **fields)


@pytest.mark.parametrize(
    ("coding", "content", "words"),
    [
        (8, "退订".encode("utf-16-be"), "退订"),
        (0x18, "退订".encode("utf-16-be"), "退订"),
        (3, b"caf\xe9", "caf\u00e9"),
        (1, b"T", "T"),
        (0, b"\x00T", "@T"),
        (4, b"\x01\xff", "01ff"),
    ],
)
def test_what_patients_write(coding: int, content: bytes, words: str) -> None:
    assert hear(text(content, coding)) == TextArrived("8613800138000", "10690001", words, written=lambda: None)


def test_parts_of_long_texts_arrive() -> None:
    udh = hear(text(bytes.fromhex("060804017a0302") + b"\x75\xbc", 8, esm_class=0x40))
    assert (udh.text, udh.reference, udh.position, udh.total) == ("疼", 0x17A, 2, 3)
    options = {int(Tag.SAR_REFERENCE): b"\x01\x7a", int(Tag.SAR_TOTAL): b"\x03", int(Tag.SAR_POSITION): b"\x02"}
    sar = hear(text(b"\x75\xbc", 8, options=options))
    assert (sar.text, sar.reference, sar.position, sar.total) == ("疼", 0x17A, 2, 3)
    wrong = hear(text(b"\x75\xbc", 8, options={**options, int(Tag.SAR_POSITION): b"\x04"}))
    assert (wrong.text, wrong.position, wrong.total) == ("疼", 1, 1)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (0x08, Refusal.LATER),
        (0x45, Refusal.LATER),
        (0x0A, Refusal.GATEWAY),
        (0x0B, Refusal.NEVER),
        (0x400, Refusal.GATEWAY),
    ],
)
def test_statuses(status: int, meaning: Refusal) -> None:
    driven = signed_in()
    driven.submit(part("1"), part("2"))
    one, two = (sequence for _, _, sequence, _ in read(driven))
    driven.hear(plain(Command.SUBMIT_SM | RESPONSE, one, status), plain(Command.GENERIC_NACK, two, status))
    refused = driven.take_signals()
    assert [each.refusal for each in refused if isinstance(each, PartRefused)] == [meaning, meaning]
    assert {each.code for each in refused if isinstance(each, PartRefused)} == {f"0x{status:02X}"}


def test_a_nack_to_the_bind_is_a_refusal() -> None:
    driven = Driven(SmppTongue(account(), Role.TRANSCEIVER, lambda: NOON))
    driven.start()
    driven.hear(plain(Command.GENERIC_NACK, 1, 3))
    driven.lose()
    assert isinstance(lost := driven.take_signals()[0], GatewayLost)
    assert lost.refused


def test_already_bound_passes() -> None:
    driven = Driven(SmppTongue(account(), Role.TRANSCEIVER, lambda: NOON))
    driven.start()
    driven.hear(plain(Command.BIND_TRANSCEIVER | RESPONSE, 1, 5))
    driven.lose()
    assert isinstance(lost := driven.take_signals()[0], GatewayLost)
    assert not lost.refused


@pytest.mark.parametrize("body", [b"smsc", b"smsc\0\2\x10\0\1", b"\0\0"])
def test_an_answer_to_the_bind_counts_by_its_status_however_it_is_written(body: bytes) -> None:
    def told_of(status: int) -> GatewaySignal:
        driven = Driven(SmppTongue(account(), Role.TRANSCEIVER, lambda: NOON))
        driven.start()
        driven.hear(HEADER.pack(HEADER.size + len(body), Command.BIND_TRANSCEIVER | RESPONSE, status, 1) + body)
        driven.lose()
        return driven.take_signals()[0]

    assert told_of(0) == GatewayReady()
    passing, wrong = told_of(5), told_of(0x0E)
    assert isinstance(passing, GatewayLost)
    assert isinstance(wrong, GatewayLost)
    assert (passing.refused, wrong.refused) == (False, True)


def test_requests_that_are_not_understood_are_nacked_and_broken_messages_answered() -> None:
    driven = signed_in()
    driven.hear(plain(0x103, 4), plain(Command.DELIVER_SM, 5), plain(0x80000103, 6))
    assert [(command, status, sequence) for command, status, sequence, _ in read(driven)] == [
        (Command.GENERIC_NACK, 3, 4),
        (Command.DELIVER_SM | RESPONSE, 2, 5),
    ]


@pytest.mark.parametrize("field", [{"password": "secret" * 6}, {"system_id": "x" * 16}])
def test_a_password_that_is_too_long_is_not_shown(field: dict[str, str]) -> None:
    driven = Driven(SmppTongue(account(**field), Role.TRANSCEIVER, lambda: NOON))
    driven.start()
    driven.lose()
    assert isinstance(lost := driven.take_signals()[0], GatewayLost)
    assert next(iter(field.values())) not in lost.reason


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from([0x1E, 0x427, 0x424]), st.binary(max_size=9)))
def test_receipts_of_noise(content: bytes, options: dict[int, bytes]) -> None:
    told = read_receipt(receipt(content, options=options))
    assert isinstance(told.fate, Fate)
