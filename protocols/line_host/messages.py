"""What a line host and the server say to each other, as frozen messages. Times are in seconds.

``at`` and ``until`` are on the host's steady clock, which counts from anywhere and never goes back; the server measures
how far it is from its own (``Ping``, ``Pong``). ``line`` is what the host calls a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.signals import LineSignal

VERSION = 1
"""Of the protocol. Both ends must have the same."""


@dataclass(frozen=True)
class Message:
    """Base of the messages."""


# The host says:


@dataclass(frozen=True)
class Hello(Message):
    """The first message. ``wall`` is the host's clock of the day; ``lines`` maps its lines to their capabilities."""

    version: int
    program: str
    wall: float
    at: float
    lines: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class OtherVersion(Message):
    """The hello of a host that speaks another version of the protocol."""

    version: int


@dataclass(frozen=True)
class CommandDone:
    """The command ``id`` was given to the device, or ``refused``: why it was not. News of the line like a signal."""

    id: str
    refused: str = ""


What = LineSignal | CommandDone


@dataclass(frozen=True)
class Report(Message):
    """News of a line, sent until the server says ``Written``.

    ``source`` counts its reports of one line upwards in ``number``, perhaps with gaps; every run of the host is a
    source of its own. Reports of one line come in the order in which they happened.
    """

    line: str
    source: str
    number: int
    at: float
    what: What


@dataclass(frozen=True)
class Standing(Message):
    """All reports of the line have been sent, and it is there (``up``, and ``words`` its identification) or is not."""

    line: str
    up: bool
    words: str


@dataclass(frozen=True)
class Abilities(Message):
    """The line turned out to have other capabilities."""

    line: str
    can: tuple[str, ...]


@dataclass(frozen=True)
class Pong(Message):
    """The answer to the ``Ping`` with this ``sent``."""

    sent: float
    at: float


# The server says:


@dataclass(frozen=True)
class Known(Message):
    """The last report of a line that is written down, an empty ``source`` for none; and whether it is to be traced."""

    source: str
    number: int
    trace: bool


@dataclass(frozen=True)
class Welcome(Message):
    """The answer to ``Hello``: the host's lines that the server has too. Of others it wants no reports."""

    version: int
    lines: Mapping[str, Known]


@dataclass(frozen=True)
class Refused(Message):
    """The connection ends; ``why`` is for people."""

    why: str


@dataclass(frozen=True)
class Written(Message):
    """This report and all of the line before it are written down; the host may forget them."""

    line: str
    source: str
    number: int


@dataclass(frozen=True)
class Ping(Message):
    """To be answered at once. ``sent`` is the server's own business."""

    sent: float


@dataclass(frozen=True)
class Order(Message):
    """A command for a line's device, once: never after ``until``, and never a second time under the same ``id``.

    ``command`` is dial, answer, hang_up, send_digits, take_back (of the dial command whose id is ``argument``, if its
    call is still the one on the line) or trace (``on`` or ``off``).
    """

    line: str
    id: str
    command: str
    argument: str
    until: float
