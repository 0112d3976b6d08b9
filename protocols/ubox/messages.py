"""What the vendor's UBOX service says, as frozen messages. ``handle`` names one of its channels, one telephone line.

Source: the vendor's published JavaScript example for ``ws://127.0.0.1:8054``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Product(enum.Enum):
    """The models, by the number that the service gives them. The FI3101A and FI3102A can go off hook."""

    FI3102A = "1"
    FI3002B = "2"
    FI3001B = "3"
    FI3101A = "4"
    WIRELESS = "8"

    @property
    def goes_off_hook(self) -> bool:
        """Whether it can answer, dial and hang up."""
        return self in (Product.FI3101A, Product.FI3102A)


@dataclass(frozen=True)
class Message:
    """Base of the messages."""


@dataclass(frozen=True)
class Joined(Message):
    """The service is ready for commands."""


@dataclass(frozen=True)
class Channels(Message):
    """The channels that are plugged in, and those of them that are out of order."""

    handles: frozenset[int]
    faulty: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ChannelMessage(Message):
    """Base of the messages about one channel."""

    handle: int


@dataclass(frozen=True)
class PluggedIn(ChannelMessage):
    """The channel appeared."""


@dataclass(frozen=True)
class PluggedOut(ChannelMessage):
    """The channel disappeared."""


@dataclass(frozen=True)
class ProductIs(ChannelMessage):
    """Its model, None for one that we do not know."""

    product: Product | None


@dataclass(frozen=True)
class Refused(ChannelMessage):
    """The service did not do what it was told. ``code`` is its error number, negative."""

    code: int


@dataclass(frozen=True)
class Rang(ChannelMessage):
    """Ringing voltage."""


@dataclass(frozen=True)
class RingingStopped(ChannelMessage):
    """No ring for 6 s."""


@dataclass(frozen=True)
class CallerNumber(ChannelMessage):
    """Caller id; empty without a number."""

    number: str


@dataclass(frozen=True)
class OffHook(ChannelMessage):
    """The line was taken: ``by_software`` by our command, else on the telephone; None if the service does not say."""

    by_software: bool | None = None


@dataclass(frozen=True)
class OnHook(ChannelMessage):
    """The line was let go."""


@dataclass(frozen=True)
class NoLine(ChannelMessage):
    """No telephone line is connected to the box."""


@dataclass(frozen=True)
class Key(ChannelMessage):
    """A tone was heard, one of ``0-9 * # A-D``."""

    key: str


@dataclass(frozen=True)
class BusyTone(ChannelMessage):
    """Busy tone on the line."""


@dataclass(frozen=True)
class Dialled(ChannelMessage):
    """The tones we asked for have been sent."""


@dataclass(frozen=True)
class Alarm(ChannelMessage):
    """The box goes on but wants its service restarted."""


@dataclass(frozen=True)
class OutOfOrder(ChannelMessage):
    """The box does not work."""
