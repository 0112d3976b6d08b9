"""What goes over a CMPP connection (QB-GF-028-2003, China Mobile point to point protocol 3.0, chapter 7).

What comes in thousands a second is a tuple: a frozen dataclass of so many fields takes four times as long to make.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

RESPONSE = 0x80000000
"""This bit makes a command the answer to it."""


class Command(enum.IntEnum):
    """Commands (section 7.3.3)."""

    CONNECT = 1
    TERMINATE = 2
    SUBMIT = 4
    DELIVER = 5
    QUERY = 6
    CANCEL = 7
    ACTIVE_TEST = 8


class Format(enum.IntEnum):
    """``Msg_Fmt``: how the content is written."""

    ASCII = 0
    CARD = 3
    BINARY = 4
    UCS2 = 8
    GBK = 15


@dataclass(frozen=True, slots=True)
class Connect:
    """Sign-in: ``digest`` proves the secret at ``timestamp``, MMDDHHMMSS as a number."""

    source: str
    digest: bytes
    version: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class ConnectAnswer:
    """0 is yes."""

    status: int
    digest: bytes
    version: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What every message of an account has in common. All are fields of SUBMIT, in the words of the document."""

    service_id: bytes = b""
    fee_user_type: int = 2
    fee_terminal: bytes = b""
    fee_terminal_type: int = 0
    level: int = 0
    pid: int = 0
    source: bytes = b""
    fee_type: bytes = b"01"
    fee_code: bytes = b"0"


class Submit(NamedTuple):
    """A message to one or several phones. Fields of text are bytes of at most the size in the document."""

    terms: Terms
    sender: bytes
    recipients: tuple[bytes, ...]
    content: bytes
    format: int
    has_header: bool = False
    total: int = 1
    position: int = 1
    receipt: bool = True
    valid: bytes = b""
    at: bytes = b""
    recipient_type: int = 0
    link_id: bytes = b""


class SubmitAnswer(NamedTuple):
    """0 is yes, and ``msg_id`` what the gateway calls the message."""

    msg_id: int
    result: int


class Deliver(NamedTuple):
    """Something from a phone, or with ``is_report`` a ``Report`` as content."""

    msg_id: int
    recipient: str
    sender: str
    content: bytes
    format: int = 0
    has_header: bool = False
    is_report: bool = False
    service_id: bytes = b""
    link_id: bytes = b""


class DeliverAnswer(NamedTuple):
    """0 is yes."""

    msg_id: int
    result: int


class Report(NamedTuple):
    """What became of the message ``msg_id``. Times are YYMMDDHHMM by the gateway's clock."""

    msg_id: int
    state: str
    submitted: str
    done: str
    number: str
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Plain:
    """A message that is nothing but its command."""


Message = Connect | ConnectAnswer | Submit | SubmitAnswer | Deliver | DeliverAnswer | Plain
