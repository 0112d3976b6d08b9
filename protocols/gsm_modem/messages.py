"""What short messages say on the way between a modem and the service centre (3GPP TS 23.040, section 9.2)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class PduError(ValueError):
    """Bytes that are no PDU of 3GPP TS 23.040, or a message that no PDU can carry."""


class Coding(enum.Enum):
    """How the words are written (3GPP TS 23.038, section 4); the value is the data coding scheme that says so."""

    GSM7 = 0x00
    DATA = 0x04
    UCS2 = 0x08


@dataclass(frozen=True)
class Joint:
    """The place of one part in a long text. ``wide``: the reference takes 16 bits instead of 8."""

    reference: int
    total: int
    position: int
    wide: bool = False


@dataclass(frozen=True)
class UserData:
    """What a message carries: ``data`` if it is 8-bit data, else ``text``."""

    coding: Coding
    text: str = ""
    data: bytes = b""
    joint: Joint | None = None


@dataclass(frozen=True)
class Submit:
    """SMS-SUBMIT: from us. ``validity`` is in seconds, None for the service centre's own or an absolute one."""

    number: str
    body: UserData
    validity: float | None = None
    receipt: bool = False
    reference: int = 0


@dataclass(frozen=True)
class Deliver:
    """SMS-DELIVER: to us. ``sender`` is a number, ``+`` before an international one, or a name."""

    sender: str
    body: UserData
    at: datetime | None


@dataclass(frozen=True)
class StatusReport:
    """SMS-STATUS-REPORT: what became of the SUBMIT that the modem called ``reference``. ``status`` is TP-ST."""

    reference: int
    number: str
    sent_at: datetime | None
    done_at: datetime | None
    status: int
