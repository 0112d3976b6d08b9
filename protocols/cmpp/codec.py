"""CMPP 2.0 and 3.0: bytes to messages and back. Pure; raises ``PduError`` alone.

Everything is big-endian, text fields are padded with NUL on the right (QB-GF-028-2003, section 7.2).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Any, NoReturn

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
from protocols.pdu_frames import PduError, c_string, fitting

HEADER = Struct(">III")
"""Total_Length, Command_Id, Sequence_Id."""
MOST_CONTENT = 255
_CONNECT = Struct(">6s16sBI")
_SHOWN = 48


@dataclass(frozen=True)
class Dialect:
    """Where the two versions differ: sizes of phone numbers, results and what is reserved at the end."""

    version: int
    connect_answer: Struct
    answer: Struct
    submit_head: Struct
    terminal: Struct
    deliver: Struct
    reserved: int
    typed: bool
    """Whether types of numbers follow them."""


V2 = Dialect(
    0x20, Struct(">B16sB"), Struct(">QB"), Struct(">QBBBB10sB21sBBB6s2s6s17s17s21sB"), Struct("21s"),
    Struct(">Q21s10sBBB21sBB"), 8, typed=False,
)  # fmt: skip
V3 = Dialect(
    0x30, Struct(">I16sB"), Struct(">QI"), Struct(">QBBBB10sB32sBBBB6s2s6s17s17s21sB"), Struct("32s"),
    Struct(">Q21s10sBBB32sBBB"), 20, typed=True,
)  # fmt: skip

_REPORTS = {each.size: each for each in (Struct(">Q7s10s10s21sI"), Struct(">Q7s10s10s32sI"))}


def connect_digest(source: str, secret: str, timestamp: int) -> bytes:
    """``AuthenticatorSource`` (section 7.4.1.1)."""
    return _md5(source.encode() + bytes(9) + secret.encode() + b"%010d" % timestamp)


def answer_digest(status: int, digest: bytes, secret: str, dialect: Dialect) -> bytes:
    """``AuthenticatorISMG`` (section 7.4.1.2). Gateways differ in how wide a status they hash."""
    return _md5(status.to_bytes(4 if dialect.typed else 1, "big") + digest + secret.encode())


def _md5(data: bytes) -> bytes:
    # The document asks for it; it protects nothing else.
    return hashlib.md5(data, usedforsecurity=False).digest()


def decode(command: int, body: bytes, dialect: Dialect) -> Message:
    """The message of a PDU. ``PduError`` for a command that is not known, or a body that is none of that command."""
    reader = _READERS.get(command)
    if reader is None:
        raise PduError(f"no CMPP command: {command:#010x}")
    try:
        return reader(body, dialect)
    except (struct.error, ValueError):
        raise PduError(f"no body of command {command:#010x}: {body[:_SHOWN].hex(' ')}") from None


def encode(command: int, sequence: int, message: Message, dialect: Dialect) -> bytes:
    """The PDU of ``message``. ``PduError`` if something in it does not fit."""
    try:
        body = _WRITERS[type(message)](message, dialect)
    except (struct.error, KeyError, OverflowError, UnicodeEncodeError) as error:
        raise PduError(f"cannot be written as CMPP: {error}") from None
    return HEADER.pack(HEADER.size + len(body), command, sequence) + body


def plain(command: int, sequence: int) -> bytes:
    """A PDU without a body, or with the one reserved octet of an answer to ACTIVE_TEST."""
    if command == Command.ACTIVE_TEST | RESPONSE:
        return HEADER.pack(HEADER.size + 1, command, sequence) + b"\0"
    return HEADER.pack(HEADER.size, command, sequence)


def decode_report(content: bytes) -> Report:
    """The report in a DELIVER. Some gateways of version 3.0 send that of 2.0: its length says which it is."""
    layout = _REPORTS.get(len(content))
    if layout is None:
        raise PduError(f"no report, of {len(content)} octets: {content[:_SHOWN].hex(' ')}")
    msg_id, state, submitted, done, number, sequence = layout.unpack(content)
    return Report(msg_id, c_string(state), c_string(submitted), c_string(done), c_string(number), sequence)


def encode_report(report: Report, dialect: Dialect) -> bytes:
    """``report`` as content of a DELIVER."""
    layout = Struct(f">Q7s10s10s{dialect.terminal.size}sI")
    texts = (report.state, report.submitted, report.done, report.number)
    return layout.pack(report.msg_id, *(text.encode("ascii", "replace") for text in texts), report.sequence)


def _read_connect(body: bytes, _: Dialect) -> Connect:
    source, digest, version, timestamp = _CONNECT.unpack(body)
    return Connect(c_string(source), digest, version, timestamp)


def _write_connect(message: Connect, _: Dialect) -> bytes:
    return _CONNECT.pack(fitting(message.source.encode(), 6), message.digest, message.version, message.timestamp)


def _read_connect_answer(body: bytes, dialect: Dialect) -> ConnectAnswer:
    # A gateway that refuses the version answers in its own.
    layout = next((each.connect_answer for each in (V2, V3) if each.connect_answer.size == len(body)), None)
    return ConnectAnswer(*(layout or dialect.connect_answer).unpack(body))


def _write_connect_answer(message: ConnectAnswer, dialect: Dialect) -> bytes:
    return dialect.connect_answer.pack(message.status, message.digest, message.version)


def _read_answer(body: bytes, dialect: Dialect) -> tuple[int, int]:
    # Some gateways sign in by one version and answer by the other.
    layout = next((each.answer for each in (V2, V3) if each.answer.size == len(body)), None)
    msg_id, result = (layout or dialect.answer).unpack(body)
    return msg_id, result


def _read_submit_answer(body: bytes, dialect: Dialect) -> SubmitAnswer:
    return SubmitAnswer(*_read_answer(body, dialect))


def _read_deliver_answer(body: bytes, dialect: Dialect) -> DeliverAnswer:
    return DeliverAnswer(*_read_answer(body, dialect))


def _write_answer(message: SubmitAnswer | DeliverAnswer, dialect: Dialect) -> bytes:
    return dialect.answer.pack(message.msg_id, message.result)


def _read_submit(body: bytes, dialect: Dialect) -> Submit:
    numbers = list(dialect.submit_head.unpack_from(body))
    fee_type = numbers.pop(8) if dialect.typed else 0
    (_, total, position, receipt, level, service, fee_user, fee_number, pid, udhi, form, source,
     fee_kind, fee_code, valid, at, sender, count) = numbers  # fmt: skip
    place, size = dialect.submit_head.size, dialect.terminal.size
    recipients = tuple(_text(body[place + size * each : place + size * (each + 1)]) for each in range(count))
    place += size * count
    kind = 0
    if dialect.typed:
        kind, place = body[place : place + 1][0] if place < len(body) else _short(), place + 1
    content, rest = _content(body, place)
    if len(rest) != dialect.reserved:
        _short()
    terms = Terms(
        _text(service), fee_user, _text(fee_number), fee_type, level, pid, _text(source), _text(fee_kind),
        _text(fee_code),
    )  # fmt: skip
    return Submit(
        terms, _text(sender), recipients, content, form, bool(udhi), total, position, receipt == 1, _text(valid),
        _text(at), kind, _text(rest) if dialect.typed else b"",
    )  # fmt: skip


def _write_submit(message: Submit, dialect: Dialect) -> bytes:
    terms = message.terms
    numbers: tuple[int, ...] = (terms.pid, message.has_header, message.format)
    if dialect.typed:
        numbers = (terms.fee_terminal_type, *numbers)
    size, content = dialect.terminal.size, message.content
    head = dialect.submit_head.pack(
        0, message.total, message.position, message.receipt, terms.level, fitting(terms.service_id, 10),
        terms.fee_user_type, fitting(terms.fee_terminal, size), *numbers, fitting(terms.source, 6),
        fitting(terms.fee_type, 2), fitting(terms.fee_code, 6), fitting(message.valid, 17), fitting(message.at, 17),
        fitting(message.sender, 21), len(message.recipients),
    )  # fmt: skip
    recipients = b"".join([fitting(each, size).ljust(size, b"\0") for each in message.recipients])
    if dialect.typed:
        recipients += bytes((message.recipient_type,))
    return b"".join((head, recipients, _counted(content), message.link_id.ljust(dialect.reserved, b"\0")))


def _read_deliver(body: bytes, dialect: Dialect) -> Deliver:
    layout = dialect.deliver
    msg_id, recipient, service, _, udhi, form, sender, *others = layout.unpack_from(body)
    content, rest = _content(body, layout.size - 1)
    if len(rest) != dialect.reserved:
        _short()
    return Deliver(
        msg_id, c_string(recipient), c_string(sender), content, form, bool(udhi), others[-2] == 1, _text(service),
        _text(rest) if dialect.typed else b"",
    )  # fmt: skip


def _write_deliver(message: Deliver, dialect: Dialect) -> bytes:
    size = dialect.terminal.size
    head = dialect.deliver.pack(
        message.msg_id, fitting(message.recipient.encode(), 21), fitting(message.service_id, 10), 0, message.has_header,
        message.format, fitting(message.sender.encode(), size), *((0,) if dialect.typed else ()), message.is_report,
        len(message.content),
    )  # fmt: skip
    return b"".join((head, message.content, message.link_id.ljust(dialect.reserved, b"\0")))


def _read_plain(body: bytes, _: Dialect) -> Plain:
    # An answer to ACTIVE_TEST has one reserved octet, which not all gateways send.
    return Plain() if len(body) <= 1 else _short()


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _content(body: bytes, place: int) -> tuple[bytes, bytes]:
    """What is counted by the octet at ``place``, and what follows it."""
    if place >= len(body):
        _short()
    end = place + 1 + body[place]
    return (body[place + 1 : end], body[end:]) if end <= len(body) else _short()


def _counted(content: bytes) -> bytes:
    if len(content) > MOST_CONTENT:
        raise PduError(f"a content of {len(content)} octets is too long")
    return bytes((len(content),)) + content


def _short() -> NoReturn:
    raise ValueError


_READERS: dict[int, Callable[[bytes, Dialect], Message]] = {
    Command.CONNECT: _read_connect,
    Command.CONNECT | RESPONSE: _read_connect_answer,
    Command.SUBMIT: _read_submit,
    Command.SUBMIT | RESPONSE: _read_submit_answer,
    Command.DELIVER: _read_deliver,
    Command.DELIVER | RESPONSE: _read_deliver_answer,
    Command.ACTIVE_TEST: _read_plain,
    Command.ACTIVE_TEST | RESPONSE: _read_plain,
    Command.TERMINATE: _read_plain,
    Command.TERMINATE | RESPONSE: _read_plain,
}
_WRITERS: dict[type, Callable[[Any, Dialect], bytes]] = {
    Connect: _write_connect,
    ConnectAnswer: _write_connect_answer,
    Submit: _write_submit,
    SubmitAnswer: _write_answer,
    Deliver: _write_deliver,
    DeliverAnswer: _write_answer,
}
