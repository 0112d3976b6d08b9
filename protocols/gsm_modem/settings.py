"""What can be set on a GSM modem, and the times its session goes by."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field

from protocols.sayings import Said, Saying

_PIN = re.compile(r"([0-9]{4,8})?")
_NUMBER = re.compile(r"(\+?[0-9]{3,20})?")


class ReportRoute(enum.StrEnum):
    """How status reports come (``<ds>`` of AT+CNMI, 3GPP TS 27.005, section 3.4.1)."""

    INLINE = "inline"
    """Told at once. One that comes while nobody listens is lost."""
    STORED = "stored"
    """Kept by the modem until they are read. Few modems can."""
    NONE = "none"


class Storage(enum.StrEnum):
    """Where the modem keeps what came in (3GPP TS 27.005, section 3.1)."""

    AS_IT_IS = ""
    SIM = "SM"
    MODEM = "ME"
    BOTH = "MT"


@dataclass(frozen=True)
class GsmTimings:
    """All in seconds."""

    probe: float = 2.0
    command: float = 5.0
    prompt: float = 10.0
    """Longest wait for the prompt after AT+CMGS."""
    submit: float = 90.0
    """Longest wait for the network's answer to a message."""
    read: float = 30.0
    gap: float = 0.05
    """Silence before each command."""
    escape: float = 0.3
    """What a modem says to an escape is over after this."""
    network: float = 30.0
    """So long it may look for a network while it is set up."""
    look: float = 2.0
    """Pause between two looks for a network, or for a SIM that is busy."""
    keep_alive: float = 30.0
    """An idle modem is asked this often whether it is there, and for its network."""
    sweep: float = 300.0
    """The storage is looked through this often: announcements get lost."""
    sweep_blind: float = 20.0
    """The same for a modem that announces nothing."""
    count: float = 15.0
    """So long after it was looked through the storage is counted: what was written down is deleted by then."""
    tell_again: float = 60.0
    """What was told, not written down and is kept by nobody is told again by the first sweep after this."""
    retry_first: float = 5.0
    retry_most: float = 60.0
    """A modem that cannot be used is set up again after these, doubling."""
    retry_refused: float = 900.0
    """The same where the SIM does not let us."""
    retry_failing: float = 60.0
    """The same where it takes no messages, doubling up to ``retry_refused``: each time it costs one."""
    congested: float = 30.0
    """Nothing is sent for so long after the network was too busy."""


@dataclass(frozen=True)
class GsmSettings:
    """One modem. ``rate`` is parts a second. ``number`` is the SIM's own, empty if nobody cares; ``service_centre`` is
    set on the SIM if given.
    """

    pin: str = field(default="", repr=False)
    number: str = ""
    service_centre: str = ""
    storage: Storage = Storage.AS_IT_IS
    reports: ReportRoute = ReportRoute.INLINE
    rate: float = 0.2
    timings: GsmTimings = field(default_factory=GsmTimings)

    def __post_init__(self) -> None:
        checked_pin(self.pin)
        checked_number(self.number)
        checked_number(self.service_centre)
        if not self.rate > 0:
            raise ValueError("rate must be more than 0")


def checked_pin(pin: str) -> str:
    """``pin`` itself if it is empty or a PIN; else ``ValueError``, which does not repeat it."""
    if not _PIN.fullmatch(pin):
        raise ValueError(Said(Saying.PIN_FORM))
    return pin


def checked_number(number: str) -> str:
    """``number`` itself if it is empty or a telephone number with ``+`` or without; else ``ValueError``."""
    if not _NUMBER.fullmatch(number):
        raise ValueError(Said(Saying.PHONE_FORM))
    return number
