"""What can be set on a PBX connection and on the lines that it carries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from protocols.ami.codec import encode
from protocols.sayings import Said, Saying

_PORT = re.compile(r"([A-Za-z0-9_-]{1,40})/([A-Za-z][A-Za-z0-9]{0,15}/[A-Za-z0-9_.+-]{1,60})(?:#([1-9][0-9]?))?")
_LONGEST_EXTENSION = 20
_CONTEXT = re.compile(r"[A-Za-z0-9_-]{1,79}")


@dataclass(frozen=True)
class PbxLine:
    """One line of the call center on a PBX.

    ``endpoint`` is what stands before the dash in the names of its channels: ``PJSIP/8001``, ``DAHDI/1``, ``DAHDI/i1``.
    ``slot`` numbers the lines of one endpoint, each for one call at a time. On a ``trunk`` callers come in from
    outside; otherwise the endpoint is a telephone, and callers are those whom the PBX connects to it.
    """

    name: str
    endpoint: str
    slot: int = 1
    trunk: bool = False
    dial_prefix: str = ""
    international_prefix: str = "00"

    @property
    def extension(self) -> str:
        """The number at which others reach the telephone, by the custom of naming endpoints so; empty for none."""
        number = self.endpoint.rpartition("/")[2]
        return number if number.isascii() and number.isdigit() and len(number) <= _LONGEST_EXTENSION else ""

    def on_wire(self, number: str) -> str:
        """What is dialled for ``number``: the outside line first, and the prefix in place of a leading ``+``."""
        if number.startswith("+"):
            number = self.international_prefix + number[1:]
        return self.dial_prefix + number


@dataclass(frozen=True)
class PbxPort:
    """Where a line is: the PBX of that name, and an endpoint and slot as in ``PbxLine``."""

    pbx: str
    endpoint: str
    slot: int


def parse_port(text: str) -> PbxPort:
    """``main/PJSIP/8001``, ``main/PJSIP/telecom#2``; else ``ValueError``."""
    match = _PORT.fullmatch(text)
    if match is None:
        raise ValueError(Said(Saying.PBX_PORT))
    return PbxPort(match[1], match[2], int(match[3] or 1))


def checked_context(context: str) -> str:
    """``context`` itself if it can be the name of a dialplan context; else ``ValueError``."""
    if not _CONTEXT.fullmatch(context):
        raise ValueError("must be the name of a dialplan context: letters, digits, _ and -")
    return context


@dataclass(frozen=True)
class AmiTimings:
    """All in seconds."""

    answer: float = 10.0
    """An action that is not answered for so long: the PBX is not there."""
    listing: float = 30.0
    """The same for a list of channels, which may be long."""
    keep_alive: float = 15.0
    """So long after the last action the PBX is asked whether it is there."""
    resync: float = 60.0
    """All channels are listed this often, so that a lost event is no open call for ever."""
    phone_rings: float = 30.0
    """So long the agent's telephone rings for a call that is to be dialled."""
    dial_margin: float = 10.0
    """So much later the outcome of that is given up."""
    patience: float = 60.0
    """A call in progress is kept open for so long while the connection is lost."""


@dataclass(frozen=True)
class AmiSettings:
    """How to sign in, and the dialplan context in which numbers are dialled.

    ``control`` is the context with the places where held callers wait and conferences meet, empty without one.
    ``plain_login`` sends the secret itself. ``ValueError`` for what cannot be sent.
    """

    username: str
    secret: str = field(repr=False)
    plain_login: bool = False
    context: str = "from-internal"
    control: str = ""
    timings: AmiTimings = field(default_factory=AmiTimings)

    def __post_init__(self) -> None:
        checked_context(self.context)
        if self.control:
            checked_context(self.control)
        encode("Login", ("Username", self.username))
        if self.plain_login:
            encode("Login", ("Secret", self.secret))
