"""What any SMS gateway takes and reports, whatever its protocol: the vocabulary between gateways and messaging.

A session takes ``Part``s and turns bytes into signals; ``callcenter.messaging`` turns signals into the states of
messages. All are frozen, carry no gateway detail and compare by value. The number of a part is canonical
(``+8613800138000``) and its session writes it as the gateway wants it; those in signals are as the gateway wrote them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from protocols.sms_link import Link


class TextEncoding(enum.StrEnum):
    """How the words of a part are written."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


class Part(NamedTuple):
    """One short message for the air: a whole text, or one of the ``total`` parts of a long one.

    ``key`` is ours, at most 20 ASCII characters, and comes back in every signal about the part. ``text`` is the words
    of this part alone; ``reference`` (0 to 255) joins the parts of one text. ``sender`` is the number that the patient
    sees, empty for the gateway's own. The gateway is told to give up after ``validity`` seconds.
    """

    key: str
    number: str
    text: str
    encoding: TextEncoding
    validity: float
    sender: str = ""
    reference: int = 0
    position: int = 1
    total: int = 1
    receipt: bool = True


@dataclass(frozen=True)
class GatewaySignal:
    """Base of everything a gateway reports."""


@dataclass(frozen=True)
class GatewayReady(GatewaySignal):
    """Signed in: parts are taken."""


@dataclass(frozen=True)
class GatewayLost(GatewaySignal):
    """Nothing goes in or out. ``reason`` is best a ``Said``; ``refused`` where the gateway does not want us: a wrong
    password heals by itself seldom. The device tries again by itself, after a long pause if it was refused.
    """

    reason: str
    refused: bool = False


@dataclass(frozen=True)
class GatewayPaused(GatewaySignal):
    """The gateway asked us to be slower; nothing is written for ``seconds``. ``reason``: its own words or code."""

    seconds: float
    reason: str = field(default="", compare=False)


class Refusal(enum.StrEnum):
    """What a part's refusal means for it."""

    LATER = "later"
    """Not now: full, throttled, out of order. The same part may be sent again."""
    NEVER = "never"
    """Not this part: a bad number, a forbidden word. Sending it again would not help."""
    GATEWAY = "gateway"
    """Not by this gateway: no credit, no such sender. Another one may take it."""


@dataclass(frozen=True)
class PartAccepted(GatewaySignal):
    """The gateway answers for the part from now on. ``gateway_id`` is its name for it in receipts; empty: there is
    none, and a receipt that comes all the same is told by number and time.
    """

    key: str
    gateway_id: str = ""


@dataclass(frozen=True)
class PartRefused(GatewaySignal):
    """The gateway said no. ``code`` and ``words`` are its own. ``number``: whom the part was for, if that is told."""

    key: str
    refusal: Refusal
    code: str
    words: str = ""
    number: str = field(default="", compare=False, repr=False)


def with_code(words: str, code: str) -> str:
    """A gateway's words with its code, as people read them; either may be empty."""
    return f"{words} ({code})" if words and code else words or code


@dataclass(frozen=True)
class PartUnknown(GatewaySignal):
    """The part was written and the connection ended, or no answer came in time: it may have gone out or not. The answer
    may come after all, as a PartAccepted or PartRefused.
    """

    key: str
    reason: str = ""


@dataclass(frozen=True)
class PartUnsent(GatewaySignal):
    """The part was handed over but not a byte of it was written, and none will be."""

    key: str


class Fate(enum.StrEnum):
    """What a receipt says of a part."""

    DELIVERED = "delivered"
    FAILED = "failed"
    UNDER_WAY = "under_way"
    """Not final: accepted, being tried."""
    UNCERTAIN = "uncertain"
    """Final, and the gateway itself does not know."""


@dataclass(frozen=True)
class Arrival(GatewaySignal):
    """Something that the gateway keeps until it is taken: ``written`` is to be called once it is on disk. Whoever hears
    of it keeps it until then; what nobody keeps and nobody wrote down comes again. ``at`` is when it happened, in UTC,
    None if the gateway does not say.
    """

    written: Callable[[], None] = field(compare=False, repr=False, kw_only=True)
    at: datetime | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class NameHint:
    """What is known of a gateway's name for a part that is not known whole: its ``ending``, and that the part was sent
    about ``sent_at``, in UTC.
    """

    ending: str
    sent_at: datetime


@dataclass(frozen=True)
class ReceiptArrived(Arrival):
    """What became of the part that the gateway called ``gateway_id``. ``code`` is the gateway's word, ``DELIVRD`` or
    ``MA:0001``. ``number`` is whom it was for, empty if the gateway does not say. With a ``hint`` the name is a guess.
    """

    gateway_id: str
    fate: Fate
    code: str
    words: str = ""
    number: str = ""
    hint: NameHint | None = None


@dataclass(frozen=True)
class TextArrived(Arrival):
    """Somebody wrote: one part of ``total``, ``reference`` (up to 65535) joins them. The ``text`` of one of several may
    begin or end with half a character (``protocols.ucs2``). ``recipient`` is the number they wrote to.

    ``gateway_id`` is the gateway's name for it, empty if it has none: then ``link`` is the connection over which it
    came, and from what became of that it can be told whether it may come again. None where there are no connections.
    ``called`` is an id that came with it and is no certain name of it.
    """

    sender: str
    recipient: str
    text: str
    reference: int = 0
    position: int = 1
    total: int = 1
    gateway_id: str = ""
    called: str = ""
    link: Link | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class BalanceTold(GatewaySignal):
    """How many messages the account still pays for (剩余条数)."""

    messages: int


@dataclass(frozen=True)
class StorageTold(GatewaySignal):
    """So many of the ``size`` places in which the gateway keeps what comes in are ``used``."""

    used: int
    size: int

    @property
    def is_full(self) -> bool:
        """Whether what comes next may find no place: two are left, or one in ten of a small storage, or none."""
        return self.size - self.used <= min(2, self.size // 10)


@dataclass(frozen=True)
class UnreadableFound(GatewaySignal):
    """What the gateway keeps at ``place`` is no message; empty if it keeps it nowhere. A TextArrived with what can be
    told of it follows.
    """

    place: str


GatewayListener = Callable[[Sequence[GatewaySignal]], None]
"""Hears what one turn brought, in order. It must not raise."""
