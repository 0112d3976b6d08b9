"""What a line on a PBX can be busy with, and how a channel's facts are read for it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from protocols.ami.channel import BUSY, RINGING, UP, Channel
from protocols.ami.settings import PbxLine
from protocols.sayings import Said, Saying
from protocols.signals import Certainty, CommandFailed, DialFailed, DialFailure, Ended, LineSignal

# An analog exchange does not say when the far end answers: Asterisk takes it as answered once it has dialled.
_ANALOG = re.compile(r"DAHDI/[0-9]+-[0-9]+")


class Phase(enum.Enum):
    """What was told of a line's call."""

    FREE = enum.auto()
    RINGING = enum.auto()
    DIALLING = enum.auto()
    TALKING = enum.auto()


@dataclass
class Dial:
    """A number being dialled for the agent. ``uniqueid`` is the one that the telephone's channel will have;
    ``deadline`` is when an outcome must be known, None once the telephone was picked up.
    """

    action: str
    uniqueid: str
    deadline: float | None
    hang_up: bool = False
    far_rang: bool = False


def calls_in(line: PbxLine, channel: Channel) -> bool:
    """Whether the channel is a caller for this kind of line."""
    if line.trunk:
        return channel.placed
    return not channel.placed and (channel.dialled or channel.state == RINGING)


def used_by_others(line: PbxLine, channel: Channel) -> bool:
    """Whether the channel uses the line without a caller: dialled on the telephone itself, or out on the trunk."""
    return channel.dialled if line.trunk else channel.placed


def taken(line: PbxLine, channel: Channel) -> bool:
    """Whether somebody speaks on an incoming channel: on a telephone once it is up, on a trunk once it is connected
    with somebody, since announcements and queues take calls too.
    """
    return channel.far_answered or channel.bridged if line.trunk else channel.state == UP


def certainty(channel: Channel, same_call: Iterable[Channel]) -> Certainty:
    """How sure it is that the far end of an outgoing call answered."""
    legs = [leg for leg in same_call if leg.dialled and leg is not channel]
    return Certainty.PRESUMED if any(_ANALOG.fullmatch(leg.name) for leg in legs) else Certainty.SURE


def not_taken(line: PbxLine, channel: Channel | None) -> str:
    """Why the telephone did not take the call for which a number was to be dialled, for people."""
    if channel is None:
        why = Saying.PHONE_UNREACHABLE
    elif channel.refused == "BUSY" or channel.cause == BUSY:
        why = Saying.PHONE_BUSY
    elif channel.state == RINGING and channel.refused in ("", "NOANSWER") and not channel.hung_up_by_device:
        why = Saying.PHONE_NOT_PICKED_UP
    else:
        why = Saying.PHONE_NOT_TAKEN
    return Said(why, phone=line.endpoint)


def ended(line: PbxLine, channel: Channel, *, asked: bool) -> Ended:
    """How a conversation ended. The device on a trunk is the far end; ``asked``: we had the PBX end it."""
    return Ended(by_far_end=not asked and channel.hung_up_by_device == line.trunk)


def unanswered(line: PbxLine, channel: Channel, *, asked: bool) -> LineSignal:
    """What became of a dialled call that nobody answered."""
    if asked:
        return Ended(by_far_end=False)
    if channel.state != UP:
        return CommandFailed("dial", not_taken(line, channel))
    if channel.failure is not None:
        return DialFailed(channel.failure)
    return Ended(by_far_end=False) if channel.hung_up_by_device else DialFailed(DialFailure.NO_CARRIER)
