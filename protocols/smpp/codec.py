"""SMPP 3.4: bytes to messages and back. Pure; raises ``PduError`` alone.

Everything is big-endian; texts end with NUL, and optional parameters follow the body (specification v3.4, sections 3.1
and 3.2.4).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any

from protocols.pdu_frames import PduError, fitting
from protocols.smpp.messages import (
    RESPONSE,
    Address,
    Bind,
    BindAnswer,
    Command,
    Message,
    MessageAnswer,
    Options,
    Plain,
    ShortMessage,
    Tag,
)

HEADER = Struct(">IIII")
"""command_length, command_id, command_status, sequence_number."""
MOST_CONTENT = 254
"""Octets of ``short_message``; more goes as ``message_payload`` (section 5.2.21)."""
MOST_PASSWORD = 32
"""Octets. The specification has room for 8 (section 5.2.2); gateways are known to give longer ones."""
_OPTION = Struct(">HH")
_PAYLOAD = Tag.MESSAGE_PAYLOAD.to_bytes(2, "big")
_SHOWN = 48


def decode(command: int, body: bytes) -> Message:
    """The message of a PDU. ``PduError`` for a command that is not known, or a body that is none of that command."""
    reader = _READERS.get(command)
    if reader is None:
        raise PduError(f"no SMPP command: {command:#010x}")
    try:
        return reader(body)
    except (struct.error, ValueError, IndexError):
        raise PduError(f"no body of command {command:#010x}: {body[:_SHOWN].hex(' ')}") from None


def encode(command: int, sequence: int, message: Message, status: int = 0) -> bytes:
    """The PDU of ``message``. ``PduError`` if something in it does not fit."""
    try:
        body = _WRITERS[type(message)](message)
        return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body
    except (struct.error, ValueError) as error:
        raise PduError(f"cannot be written as SMPP: {error}") from None


def plain(command: int, sequence: int, status: int = 0) -> bytes:
    """A PDU without a body."""
    return HEADER.pack(HEADER.size, command, status, sequence)


class _Reader:
    """Takes fields off a body one after another; ``ValueError`` or ``IndexError`` at its end."""

    __slots__ = ("body", "place")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.place = 0

    def text(self) -> bytes:
        start = self.place
        end = self.body.index(b"\0", start)
        self.place = end + 1
        return self.body[start:end]

    def octet(self) -> int:
        self.place += 1
        return self.body[self.place - 1]

    def octets(self, count: int) -> bytes:
        start, self.place = self.place, self.place + count
        if self.place > len(self.body):
            raise ValueError
        return self.body[start : self.place]

    def address(self) -> Address:
        ton, npi = self.octet(), self.octet()
        return Address(self.text(), ton, npi)

    def options(self) -> Options:
        """Those that are whole, up to the first that is not: there the reader stays."""
        found: dict[int, bytes] = {}
        try:
            while (start := self.place) < len(self.body):
                tag, size = _OPTION.unpack(self.octets(_OPTION.size))
                found[tag] = self.octets(size)
        except ValueError:
            self.place = start
        return found


def _read_bind(body: bytes) -> Bind:
    reader = _Reader(body)
    system_id, password, system_type = reader.text(), reader.text(), reader.text()
    return Bind(system_id, password, system_type, reader.octet(), reader.address())


def _write_bind(message: Bind) -> bytes:
    return b"".join((
        _text(message.system_id, 15), _text(message.password, MOST_PASSWORD), _text(message.system_type, 12),
        bytes((message.version,)), _address(message.range, 40),
    ))  # fmt: skip


def _read_bind_answer(body: bytes) -> BindAnswer:
    # A refusal may come without a body (section 4.1), and some gateways forget the NUL: the status is what counts.
    system_id, _, rest = body.partition(b"\0")
    return BindAnswer(system_id, _Reader(rest).options())


def _write_bind_answer(message: BindAnswer) -> bytes:
    return _text(message.system_id, 15) + _options(message.options)


def _read_short_message(body: bytes) -> ShortMessage:
    reader = _Reader(body)
    service_type, source, destination = reader.text(), reader.address(), reader.address()
    esm_class, protocol_id, priority = reader.octets(3)
    schedule, validity = reader.text(), reader.text()
    registered, _, coding, _, size = reader.octets(5)
    content = reader.octets(size)
    options = reader.options() if reader.place < len(body) else {}
    # What a gateway leaves behind a message, or cuts off, is not worth the message, unless it was the words.
    if not content and body.startswith(_PAYLOAD, reader.place):
        raise ValueError
    return ShortMessage(
        source, destination, content, coding, esm_class, registered, validity, service_type, protocol_id, priority,
        schedule, options,
    )  # fmt: skip


def _write_short_message(message: ShortMessage) -> bytes:
    content = message.content
    if len(content) > MOST_CONTENT:
        raise PduError(f"a content of {len(content)} octets is too long")
    return b"".join((
        _text(message.service_type, 5), _address(message.source, 20), _address(message.destination, 20),
        bytes((message.esm_class, message.protocol_id, message.priority)),
        _text(message.schedule, 16), _text(message.validity, 16),
        bytes((message.registered, 0, message.coding, 0, len(content))), content,
        _options(message.options) if message.options else b"",
    ))  # fmt: skip


def _read_message_answer(body: bytes) -> MessageAnswer:
    # A refusal comes without a body, and some gateways forget the NUL.
    return MessageAnswer(body.partition(b"\0")[0])


def _write_message_answer(message: MessageAnswer) -> bytes:
    return _text(message.message_id, 64)


def _read_plain(_: bytes) -> Plain:
    return Plain()


def _write_plain(_: Plain) -> bytes:
    return b""


def _text(field: bytes, size: int) -> bytes:
    if b"\0" in field:
        raise PduError("a text with a NUL in it")
    return fitting(field, size) + b"\0"


def _address(address: Address, size: int) -> bytes:
    return bytes((address.ton, address.npi)) + _text(address.number, size)


def _options(options: Mapping[int, bytes]) -> bytes:
    return b"".join([_OPTION.pack(tag, len(value)) + value for tag, value in options.items()])


_READERS: dict[int, Callable[[bytes], Message]] = {
    Command.SUBMIT_SM | RESPONSE: _read_message_answer,
    Command.DELIVER_SM: _read_short_message,
    Command.SUBMIT_SM: _read_short_message,
    Command.DELIVER_SM | RESPONSE: _read_message_answer,
    Command.ENQUIRE_LINK: _read_plain,
    Command.ENQUIRE_LINK | RESPONSE: _read_plain,
    Command.UNBIND: _read_plain,
    Command.UNBIND | RESPONSE: _read_plain,
    Command.GENERIC_NACK: _read_plain,
    **dict.fromkeys((Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER), _read_bind),
    **dict.fromkeys(
        (
            Command.BIND_RECEIVER | RESPONSE,
            Command.BIND_TRANSMITTER | RESPONSE,
            Command.BIND_TRANSCEIVER | RESPONSE,
        ),
        _read_bind_answer,
    ),
}
_WRITERS: dict[type, Callable[[Any], bytes]] = {
    Bind: _write_bind,
    BindAnswer: _write_bind_answer,
    ShortMessage: _write_short_message,
    MessageAnswer: _write_message_answer,
    Plain: _write_plain,
}
