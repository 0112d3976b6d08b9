"""What a line's state machine wants written down: one frozen dataclass per fact, in order.

``call`` numbers the calls of one line since it was started; the record's id is known only after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from callcenter.administration.principal import Principal
from protocols.signals import Parties


class LineStateName(StrEnum):
    """The present state of a line, as stored and shown."""

    IDLE = "idle"
    RINGING = "ringing"
    DIALLING = "dialling"
    TALKING = "talking"
    LOST = "lost"
    OUT_OF_SERVICE = "out_of_service"


class LineService(StrEnum):
    """Whether a line serves callers: what its history tells, and what a supervisor is alarmed of."""

    IN_SERVICE = "in_service"
    LOST = "lost"
    OUT_OF_SERVICE = "out_of_service"
    STOPPED = "stopped"
    """Nobody can say: the daemon does not run, or is only starting the line."""


class Direction(StrEnum):
    """Which way a call goes."""

    IN = "in"
    OUT = "out"


class EndReason(StrEnum):
    """Why a call is over."""

    HUNG_UP = "hung_up"
    """By us, through the device."""
    FAR_END = "far_end"
    ABANDONED = "abandoned"
    """The caller gave up before anybody answered."""
    ELSEWHERE = "elsewhere"
    """Somebody answered at another telephone that rang for the same caller: not missed."""
    HANDSET = "handset"
    """The handset was put down, or the agent who spoke on it said that the call is over."""
    TRANSFERRED = "transferred"
    """The far end was given to somebody else and speaks on there."""
    BUSY = "busy"
    """The far end is busy; or, for an incoming call, our line was: it came during another."""
    NO_ANSWER = "no_answer"
    NO_DIAL_TONE = "no_dial_tone"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nobody saw the end: the line was lost, the daemon stopped, or a handset was used that the device cannot see."""


@dataclass(frozen=True)
class Caller:
    """Caller id as the line sent it, not yet normalised. ``absent`` is empty, ``private`` or ``unavailable``."""

    number: str = ""
    name: str = ""
    absent: str = ""
    verified: bool = True

    @property
    def known(self) -> bool:
        """Whether the network sent anything at all, be it only that it will not tell."""
        return bool(self.number or self.name or self.absent)


@dataclass(frozen=True)
class Effect:
    """Base of everything that is to be written down. ``at`` is when it became true, aware."""

    at: datetime


@dataclass(frozen=True)
class CallOpened(Effect):
    """A call began. ``request`` is what the agent asked for, for outgoing calls."""

    call: int
    direction: Direction
    caller: Caller
    rings: int = 0
    request: DialRequest | None = None


@dataclass(frozen=True)
class DialRequest:
    """Who dials what: ``number`` is canonical; ``task_id`` is the call task that this is an attempt of."""

    number: str
    agent_id: int
    department_id: int | None = None
    patient_id: int | None = None
    task_id: int | None = None


@dataclass(frozen=True)
class CallerLearned(Effect):
    """More became known of who calls; ``caller`` is all that is known now."""

    call: int
    caller: Caller
    rings: int


@dataclass(frozen=True)
class RingsCounted(Effect):
    """The call rings on; not told of every ring, see ``line_state``."""

    call: int
    rings: int


@dataclass(frozen=True)
class CallTaken(Effect):
    """Somebody speaks. ``by_handset`` when not through the device; ``certainty`` is ``sure`` or ``presumed``."""

    call: int
    by_handset: bool
    certainty: str
    rings: int


@dataclass(frozen=True)
class CallClosed(Effect):
    """The call is over."""

    call: int
    reason: EndReason
    rings: int


@dataclass(frozen=True)
class Third:
    """Whom an agent gives a call to, or consults: a number, and whose telephone that is."""

    number: str
    agent_id: int | None = None


@dataclass(frozen=True)
class PartiesMoved(Effect):
    """Who hears whom on the call changed; ``third`` is the third party, None without one."""

    call: int
    parties: Parties
    third: Third | None = None


@dataclass(frozen=True)
class CallTransferred(Effect):
    """The far end was given to ``third``; what follows closes this line's part."""

    call: int
    third: Third
    attended: bool


@dataclass(frozen=True)
class ListenerMoved(Effect):
    """The listener ``listener``, by the record's id, hears the call now (``on``) or does not any more; ``why`` not."""

    listener: int
    on: bool
    why: str = ""


@dataclass(frozen=True)
class RecordingFailed(Effect):
    """The device could not record the call; ``on_handset``: since it does not hold it, but a handset."""

    call: int
    on_handset: bool = False


@dataclass(frozen=True)
class WaitingCallerSeen(Effect):
    """A second caller was announced during a conversation and could not be taken."""

    caller: Caller


@dataclass(frozen=True)
class LineMoved(Effect):
    """The line has another state, or is in or out of service, or there is another reason for it.

    ``call`` is the number of the call that is open on it now.
    """

    state: LineStateName
    out_of_service: bool
    reason: str
    call: int | None = None


@dataclass(frozen=True)
class SignalHeard(Effect):
    """A numbered signal was heard: written with what came of it, so that it is not heard again after a crash."""

    source: str
    number: int


@dataclass(frozen=True)
class Audited(Effect):
    """Somebody did this; goes to the audit log in the transaction of what came of it."""

    principal: Principal
    action: str
    subject_type: str
    subject_id: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class LineNoted(Effect):
    """Something a supervisor should know of the line, although its state is the same."""

    note: str


@dataclass(frozen=True)
class ServiceChanged(Effect):
    """The line began or ceased to serve, or is lost for another reason than before."""

    service: LineService
    reason: str


@dataclass(frozen=True)
class NumbersMissing(Effect):
    """So many calls in a row came without a number."""

    count: int


@dataclass(frozen=True)
class NumbersBack(Effect):
    """A caller's number came again."""
