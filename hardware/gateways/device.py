"""The one interface behind which every SMS gateway stands."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hardware.trace import TraceListener
from protocols.sms import GatewayListener, Part


class GatewayAbility(enum.Flag):
    """What a gateway can do. Screens and rules ask for it."""

    NONE = 0
    LONG_TEXT = enum.auto()
    """Parts of one text are joined on the patient's phone; without it, each part is a message of its own."""
    RECEIPTS = enum.auto()
    REPLIES = enum.auto()
    BALANCE = enum.auto()
    SENDER = enum.auto()
    """The number that the patient sees can be chosen, at least by an extension."""

    @property
    def names(self) -> list[str]:
        """Lower-case names of the single abilities in this set, in declaration order."""
        return [str(flag.name).lower() for flag in self]


@dataclass(frozen=True)
class PushAnswer:
    """What a provider that pushed is told: ``status`` of HTTP and a JSON ``body``."""

    status: int
    body: bytes


class PushTaker(Protocol):
    """Takes what a provider brings by itself: replies and receipts."""

    async def take(self, body: bytes, headers: Mapping[str, str]) -> PushAnswer:
        """What to answer, once what ``body`` says is written down. Raises nothing.

        ``headers`` have names in lower case. Whoever does not know the gateway's secret is refused.
        """
        ...


class GatewayDevice(Protocol):
    """A started gateway supervises itself: it connects for ever, with growing pauses, and says so by GatewayReady and
    GatewayLost. It keeps its rate, its window and its heartbeat by itself.
    """

    @property
    def abilities(self) -> GatewayAbility:
        """What it can do."""
        ...

    @property
    def letters(self) -> str:
        """The charset, Python's name, in which words of the GSM alphabet are written; empty: in that itself. What is
        not in both has to come as UCS2.
        """
        ...

    @property
    def charset(self) -> str:
        """The charset, Python's name, that it is bound to: what that lacks is refused. Empty: every character goes."""
        ...

    @property
    def longest(self) -> int:
        """How many characters it takes at once: of a whole text with LONG_TEXT, else of a part. 0: any number."""
        ...

    @property
    def room(self) -> int:
        """How many parts ``submit`` takes now: 0 while lost or paused. What it takes is written in about a second."""
        ...

    @property
    def next_attempt(self) -> float | None:
        """When it tries to come back by itself, in seconds of the reactor; None while it is there, tries just now, or
        will not try.
        """
        ...

    def start(self, listener: GatewayListener) -> None:
        """Connect now and whenever the connection is lost; report everything to ``listener`` on the reactor."""
        ...

    async def stop(self) -> None:
        """Write nothing more, wait a little for answers, unbind, disconnect. What was not written is reported as
        PartUnsent and what was not answered as PartUnknown before this ends.
        """
        ...

    def submit(self, parts: Sequence[Part]) -> None:
        """Take ``parts``: all of one text or of several, those of one text one after the other.

        They are written in order, those of one text on one connection. Exactly one of PartAccepted, PartRefused,
        PartUnknown and PartUnsent is reported for each, never before this returns; only a PartUnknown may be followed
        by the answer that came after all. What goes beyond ``room``, as it is or was a moment ago, is PartUnsent.
        """
        ...

    def ask_balance(self) -> None:
        """Have a BalanceTold come, if the gateway can; no more often than the gateway allows."""
        ...

    @property
    def pushes(self) -> PushTaker | None:
        """What takes the pushes of its provider; None where no provider pushes."""
        ...

    def set_trace(self, enabled: bool) -> None:
        """Switch the raw, timestamped trace of this gateway on or off: the one in a file."""
        ...

    def watch(self, listener: TraceListener | None) -> None:
        """Tell ``listener`` of every PDU or line; None: nobody any more. See ``LineDevice.watch``."""
        ...
