"""What a simulated SMS gateway hears and says, whatever the protocol."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import Protocol

from hardware.simulators.smsc_requests import STANDARD_NUMBER, TextRequest
from protocols.user_data import place_header

_WHOLE = 70
_PART = 66
"""UTF-16 units of one of several parts, with the longer header."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody wants in. ``reply`` is yes or no; ``hears`` whether they want to be told of receipts and texts."""

    good: bool
    reply: bytes
    hears: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """A message for a phone."""

    sequence: int
    number: str
    sender: str
    text: str
    receipt: bool
    position: int = 1
    total: int = 1
    reference: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is answered by ``reply``; ``last`` closes the connection."""

    reply: bytes = b""
    last: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A receipt or text was taken, or not."""

    sequence: int
    good: bool


Request = SignIn | Submission | Asked | Answered


class Speech(Protocol):
    """One protocol, from the gateway's side. Never raises but ``PduError`` for what it does not understand."""

    @property
    def header(self) -> Struct:
        """Of every PDU; its first number is the length."""
        ...

    def hear(self, header: tuple[int, ...], body: bytes) -> Request:
        """What a PDU means."""
        ...

    def accept(self, sequence: int, message_id: int) -> bytes:
        """The answer that a message was taken."""
        ...

    def refuse(self, sequence: int, code: int) -> bytes:
        """The answer that it was not."""
        ...

    @property
    def throttled(self) -> int:
        """The code for those who are too fast."""
        ...

    def receipt(self, sequence: int, message_id: int, submission: Submission, state: str) -> bytes:
        """What became of a message."""
        ...

    def text(self, sequence: int, message_id: int, request: TextRequest, content: bytes, *, joined: bool) -> bytes:
        """One message from a phone."""
        ...

    def heartbeat(self, sequence: int) -> bytes:
        """The question whether somebody is there."""
        ...


def recipient(request: TextRequest) -> str:
    """To whom the patient writes."""
    return STANDARD_NUMBER if request.recipient is None else request.recipient


def minute(hours: float = 0.0) -> str:
    """Now as ``YYMMDDhhmm``, so many hours from UTC."""
    return _minute(int(time.time() // 60), hours)


@lru_cache(maxsize=8)
def _minute(since_1970: int, hours: float) -> str:
    return (datetime.fromtimestamp(since_1970 * 60, UTC) + timedelta(hours=hours)).strftime("%y%m%d%H%M")


def contents(request: TextRequest, reference: int) -> Sequence[bytes]:
    """UCS2 contents of the messages that a text takes, in the order in which they come."""
    data = request.text.encode("utf-16-be")
    if len(data) <= 2 * _WHOLE:
        return [data]
    pieces = [data[place : place + 2 * _PART] for place in range(0, len(data), 2 * _PART)]
    parts = [
        place_header(reference, position, len(pieces), long_reference=request.wide) + piece
        for position, piece in enumerate(pieces, 1)
    ]
    return parts[::-1] if request.backwards else parts
