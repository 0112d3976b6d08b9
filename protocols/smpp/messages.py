"""What goes over an SMPP connection (Short Message Peer to Peer Protocol Specification v3.4, chapters 4 and 5).

What comes in thousands a second is a tuple: a frozen dataclass of so many fields takes four times as long to make.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

RESPONSE = 0x80000000
"""This bit makes a command the answer to it."""


class Command(enum.IntEnum):
    """Commands (section 5.1.2.1)."""

    BIND_RECEIVER = 1
    BIND_TRANSMITTER = 2
    SUBMIT_SM = 4
    DELIVER_SM = 5
    UNBIND = 6
    BIND_TRANSCEIVER = 9
    ENQUIRE_LINK = 0x15
    GENERIC_NACK = 0x80000000


class Status(enum.IntEnum):
    """Those values of ``command_status`` that mean something of their own to us (section 5.1.3)."""

    OK = 0x00
    INVALID_LENGTH = 0x02
    INVALID_COMMAND = 0x03
    ALREADY_BOUND = 0x05
    SYSTEM_ERROR = 0x08
    BAD_DESTINATION = 0x0B
    BAD_PASSWORD = 0x0E
    BAD_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58
    TEMPORARY = 0x64


class Tag(enum.IntEnum):
    """Optional parameters (section 5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_POSITION = 0x020F
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class Coding(enum.IntEnum):
    """``data_coding`` (section 5.2.19)."""

    DEFAULT = 0
    ASCII = 1
    LATIN1 = 3
    BINARY = 4
    UCS2 = 8


HAS_HEADER = 0x40
"""In ``esm_class``: the words are preceded by a user data header (section 5.2.12)."""
_TYPE = 0x3C
_RECEIPT = 0x04
_INTERMEDIATE = 0x20

Options = Mapping[int, bytes]
_NO_OPTIONS: Options = MappingProxyType({})


class Address(NamedTuple):
    """A number with its type and plan (sections 5.2.5 and 5.2.6)."""

    number: bytes = b""
    ton: int = 0
    npi: int = 0


_NO_ADDRESS = Address()


@dataclass(frozen=True, slots=True)
class Bind:
    """Sign-in, of any of the three kinds."""

    system_id: bytes
    password: bytes
    system_type: bytes = b""
    version: int = 0x34
    range: Address = _NO_ADDRESS


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """Who answers."""

    system_id: bytes = b""
    options: Options = field(default_factory=dict)


class ShortMessage(NamedTuple):
    """``submit_sm`` and ``deliver_sm`` (sections 4.4.1 and 4.6.1)."""

    source: Address
    destination: Address
    content: bytes
    coding: int = 0
    esm_class: int = 0
    registered: int = 0
    validity: bytes = b""
    service_type: bytes = b""
    protocol_id: int = 0
    priority: int = 0
    schedule: bytes = b""
    options: Options = _NO_OPTIONS

    @property
    def words(self) -> bytes:
        """The content, wherever it is."""
        return self.content or self.options.get(Tag.MESSAGE_PAYLOAD, b"")

    @property
    def has_header(self) -> bool:
        """Whether the words are preceded by a header."""
        return bool(self.esm_class & HAS_HEADER)

    @property
    def is_receipt(self) -> bool:
        """Whether it tells what became of another (section 5.2.12)."""
        return self.esm_class & _TYPE in (_RECEIPT, _INTERMEDIATE)


class MessageAnswer(NamedTuple):
    """``submit_sm_resp`` and ``deliver_sm_resp``."""

    message_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Plain:
    """A message that is nothing but its header."""


Message = Bind | BindAnswer | ShortMessage | MessageAnswer | Plain
