"""What any phone line can report, whatever the device: the vocabulary between drivers and the call center.

A driver's session turns bytes into these; the line's state machine in ``callcenter.telephony`` turns these
into call records. All are frozen, carry no device detail and compare by value.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field


class AbsentReason(enum.Enum):
    """Why the network gave no number (or name) for a caller."""

    PRIVATE = "private"
    UNAVAILABLE = "unavailable"


class Certainty(enum.Enum):
    """How sure the device is that the far end answered."""

    SURE = "sure"
    PRESUMED = "presumed"


class DialFailure(enum.Enum):
    """Why an outgoing call did not come about."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_DIAL_TONE = "no_dial_tone"
    NO_CARRIER = "no_carrier"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"


class Parties(enum.Enum):
    """Who of an answered call that the line's device controls hears whom. The far end is whom the agent spoke with."""

    TALKING = "talking"
    """Agent and far end."""
    HELD = "held"
    """The far end waits, with music."""
    CALLING = "calling"
    """The far end waits, a third party rings."""
    CONSULTING = "consulting"
    """The far end waits, the agent speaks with the third party."""
    CONFERENCE = "conference"
    """All three."""

    @property
    def waits(self) -> bool:
        """Whether the far end is on hold."""
        return self in (Parties.HELD, Parties.CALLING, Parties.CONSULTING)


@dataclass(frozen=True)
class Receipt:
    """The number of a signal whose sender keeps it until it is written down: ``source`` counts upwards, line by line.

    ``written`` is to be called once what came of the signal is on disk together with its number.
    """

    source: str
    number: int
    written: Callable[[], None] = field(compare=False, repr=False)


@dataclass(frozen=True)
class LineSignal:
    """Base of everything a line device reports. ``age`` is how many seconds ago it happened, where the device tells
    of it only later; ``receipt`` is for one who would send it again.
    """

    age: float = field(default=0.0, kw_only=True)
    receipt: Receipt | None = field(default=None, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True)
class LineReady(LineSignal):
    """The device answers and watches the line. ``identification`` is what it says it is, for people."""

    identification: str


@dataclass(frozen=True)
class LineLost(LineSignal):
    """The device is gone or silent. ``reason`` is for people, best one of ``protocols.sayings``."""

    reason: str


@dataclass(frozen=True)
class OutOfReach(LineSignal):
    """Whoever watches the line cannot tell for now what happens there. A call goes on as far as is known.

    ``LineReady`` or ``LineLost`` follows, what happened meanwhile before it.
    """

    reason: str


@dataclass(frozen=True)
class Rang(LineSignal):
    """One burst of ringing. ``cadence`` is a distinctive-ring letter or digit where the device tells it."""

    cadence: str = ""


@dataclass(frozen=True)
class RingingStopped(LineSignal):
    """No ring within the device's limit: the caller gave up, or a handset the device cannot see was lifted."""


@dataclass(frozen=True)
class TakenElsewhere(LineSignal):
    """The ringing call was answered at another telephone that rang for the same caller."""


@dataclass(frozen=True)
class CallerIdentified(LineSignal):
    """Caller id as received. May come before, between or after rings, and more than once for one call.

    ``number`` is as sent (not normalised), empty when absent; ``verified`` is False when a checksum failed.
    ``present``: the device knows that it belongs to the call on the line, be that answered already.
    """

    number: str
    name: str = ""
    absent: AbsentReason | None = None
    verified: bool = True
    present: bool = False


@dataclass(frozen=True)
class HandsetLifted(LineSignal):
    """A handset or extension on this line went off hook."""


@dataclass(frozen=True)
class HandsetReplaced(LineSignal):
    """The handset or extension went back on hook."""


@dataclass(frozen=True)
class HandsetDialled(LineSignal):
    """A call was dialled on the handset or extension, not by the device; ``number`` as dialled, perhaps not all of it.

    It ends with ``HandsetReplaced`` or ``Ended``.
    """

    number: str


@dataclass(frozen=True)
class Answered(LineSignal):
    """The device itself took an incoming call, or the far end of an outgoing call answered."""

    certainty: Certainty = Certainty.SURE


@dataclass(frozen=True)
class FarEndRinging(LineSignal):
    """Outgoing call: ringback heard."""


@dataclass(frozen=True)
class DialFailed(LineSignal):
    """The outgoing call ended without an answer."""

    failure: DialFailure


@dataclass(frozen=True)
class Ended(LineSignal):
    """The device knows that the call is over: it hung up, or heard busy tone, loop break or NO CARRIER."""

    by_far_end: bool


@dataclass(frozen=True)
class DigitHeard(LineSignal):
    """A DTMF digit, ``0-9 * # A-D``."""

    digit: str


@dataclass(frozen=True)
class CommandFailed(LineSignal):
    """A command (answer, hang up, dial, digits) could not be carried out; ``detail`` is for people, likewise."""

    command: str
    detail: str


@dataclass(frozen=True)
class NumberlessCalls(LineSignal):
    """``count`` calls in a row came without caller id although the line offers it: the device may be stuck."""

    count: int


@dataclass(frozen=True)
class DeviceWarns(LineSignal):
    """The device goes on working but wants attention; ``detail`` is for people."""

    detail: str


@dataclass(frozen=True)
class CommandTaken(LineSignal):
    """A command has been given to a device far away; what comes of it is in later signals."""

    command: str


@dataclass(frozen=True)
class PartiesChanged(LineSignal):
    """Who hears whom on an answered call now. ``other`` is the number of the third party, if there is one."""

    parties: Parties
    other: str = ""


@dataclass(frozen=True)
class Transferred(LineSignal):
    """The far end was given to ``other``, a number; the line's part in the call ends with the ``Ended`` that follows.

    ``attended``: somebody there had answered.
    """

    other: str
    attended: bool


@dataclass(frozen=True)
class ListenerChanged(LineSignal):
    """``listener``, a token of whoever asked, began to listen to the call (``on``) or ceased; ``why`` it failed."""

    listener: str
    on: bool
    why: str = ""
