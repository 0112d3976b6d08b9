"""What is known of one line, and what people can do to it; ``line_state`` says how one leads to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcenter.telephony.effects import Caller, DialRequest, Direction, EndReason, LineService, LineStateName, Third
from protocols.sayings import Said, Saying
from protocols.signals import LineSignal, Parties

STARTING = Said(Saying.STARTING)
_NOT_RUNNING = ("", STARTING, Said(Saying.STOPPED), Said(Saying.RESTARTING))
ASKED_FOR = timedelta(seconds=15)
"""So long a device may take to say what came of a wish; a PBX is given up before."""
_STILL_THERE = Said(Saying.PBX_ENDED_UNSEEN)


@dataclass(frozen=True)
class LineCommand:
    """Base of what people do to a line; goes through ``step`` like a signal."""


@dataclass(frozen=True)
class Dial(LineCommand):
    """Reserve the line for an outgoing call; heeded on a free line only."""

    request: DialRequest


@dataclass(frozen=True)
class Claimed(LineCommand):
    """An agent has taken the ringing call ``call`` as theirs."""

    call: int


@dataclass(frozen=True)
class ThirdAsked(LineCommand):
    """The call ``call`` is to be given to ``third``, or they are to be consulted; the device is asked for it next."""

    call: int
    third: Third


@dataclass(frozen=True)
class ThirdNotAsked(LineCommand):
    """The device was not asked for it after all."""

    call: int


@dataclass(frozen=True)
class DeclaredOver(LineCommand):
    """The call ``call`` is over for ``reason``, on somebody's word."""

    call: int
    reason: EndReason


@dataclass(frozen=True)
class SetService(LineCommand):
    """Take the line out of service (``out``), or back into it."""

    out: bool
    reason: str = ""


News = LineSignal | LineCommand


@dataclass(frozen=True)
class OpenCall:
    """The call on a line. ``held`` when the device itself holds it, ``last_ring_at`` the last sign of ringing,
    ``told_at`` when its rings were last told of; ``given``: the far end is somebody else's now. ``third`` is on the
    call too; ``asked`` was asked for at ``asked_at``, and the device has not said yet what came of it.
    """

    number: int
    direction: Direction
    state: LineStateName
    last_ring_at: datetime
    told_at: datetime
    caller: Caller = field(default_factory=Caller)
    rings: int = 0
    claimed: bool = False
    held: bool = False
    far_end_rang: bool = False
    waiting: str = ""
    parties: Parties = Parties.TALKING
    given: bool = False
    third: Third | None = None
    asked: Third | None = None
    asked_at: datetime | None = None

    def waits_for_third(self, at: datetime) -> bool:
        """Whether somebody was asked for and nobody knows yet whether they are called."""
        return self.asked is not None and self.asked_at is not None and timedelta() <= at - self.asked_at < ASKED_FOR


@dataclass(frozen=True)
class Line:
    """All that is known of a line. ``hook_seen``: a lifted handset was reported once, so the device can see it.

    ``numberless``: the last calls came without numbers, and that was told.
    """

    hook_seen: bool = False
    ready: bool = False
    lost_reason: str = ""
    out_of_service: bool = False
    service_reason: str = ""
    handset_up: bool = False
    call: OpenCall | None = None
    calls_seen: int = 0
    numberless: bool = False

    @property
    def state(self) -> LineStateName:
        """The one word for it. A call in progress counts most: it is shown until it is over."""
        if self.call is not None:
            return self.call.state
        if not self.ready:
            return LineStateName.LOST
        if self.out_of_service:
            return LineStateName.OUT_OF_SERVICE
        return LineStateName.TALKING if self.handset_up else LineStateName.IDLE

    @property
    def reason(self) -> str:
        """Why it is in this state, for people; often empty. What a supervisor said counts more than what we noticed."""
        if self.out_of_service and self.service_reason:
            return self.service_reason
        return "" if self.ready else self.lost_reason

    @property
    def service(self) -> LineService:
        """Whether it serves callers. A line that was taken out of service is nobody's worry, lost or not."""
        if self.out_of_service:
            return LineService.OUT_OF_SERVICE
        # The PBX says so to end a call that it could not follow; the line itself was never gone.
        if self.ready or self.lost_reason == _STILL_THERE:
            return LineService.IN_SERVICE
        return LineService.STOPPED if self.lost_reason in _NOT_RUNNING else LineService.LOST

    @property
    def free(self) -> bool:
        """Whether an outgoing call may begin: a lifted handset is no obstacle, many agents talk on it."""
        return self.ready and self.call is None and not self.out_of_service
