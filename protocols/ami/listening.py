"""Those who listen to a call on a telephone, whisper to its agent or speak with both: ChanSpy on another telephone.

ChanSpy is told the one channel, to be quiet, and to end with it (options q, E and S; Asterisk's reference of the
application): no other channel is ever heard, whatever is pressed on the telephone.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from protocols.ami.calls import Phase, not_taken
from protocols.ami.channel import UP, Channel
from protocols.ami.channels import Channels
from protocols.ami.commands import OUR_CHANNELS, Origin
from protocols.ami.link import Link, LinkState, words_in
from protocols.ami.messages import Block
from protocols.ami.slot import Slot
from protocols.sayings import Said, Saying
from protocols.signals import ListenerChanged


class ListenMode(enum.Enum):
    """What of a listener is heard by whom; the value is the option of ChanSpy."""

    LISTEN = ""
    WHISPER = "w"
    """By the agent."""
    BARGE = "B"
    """By both."""


@dataclass(eq=False)
class _Ear:
    """``token`` listens to ``agent``, the channel of ``slot``, on the telephone ``phone``; ``over``: is to stop."""

    token: str
    slot: Slot
    agent: Channel
    phone: Slot
    uniqueid: str
    action: str = ""
    channel: Channel | None = None
    on: bool = False
    over: bool = False


class Listening:
    """All listeners of one connection."""

    def __init__(self, slots: Mapping[str, Slot], channels: Channels, link: Link, origin: Origin) -> None:
        self._slots = slots
        self._channels = channels
        self._link = link
        self._origin = origin
        self._ears: dict[str, _Ear] = {}
        self._unwanted: set[str] = set()
        self._count = 0

    def listen(self, line: str, token: str, phone: str, mode: ListenMode) -> None:
        """Ring the telephone of the line ``phone``; lifted, it hears the call on ``line``."""
        slot, other = self._slots[line], self._slots[phone]
        agent = slot.channel
        if agent is None or slot.phase is not Phase.TALKING or agent.state != UP:
            slot.tell(ListenerChanged(token, on=False, why=Said(Saying.NO_CALL)))
            return
        if not other.idle:
            slot.tell(ListenerChanged(token, on=False, why=Said(Saying.PHONE_IN_USE)))
            return
        self._count += 1
        ear = _Ear(token, slot, agent, other, f"{OUR_CHANNELS}{self._origin.token}-s{self._count}")
        extension = slot.line.extension
        try:
            ear.action = self._link.send(
                "Originate",
                ("Channel", other.line.endpoint),
                ("ChannelId", ear.uniqueid),
                *((("CallerID", f"<{extension}>"),) if extension else ()),
                ("Application", "ChanSpy"),
                ("Data", f"{agent.name},qES{mode.value}"),
                ("Timeout", str(int(self._origin.timings.phone_rings * 1000))),
                ("Async", "true"),
                on_answer=lambda answer: self._taken(ear, answer),
            )
        except ValueError:
            slot.tell(ListenerChanged(token, on=False, why=Said(Saying.CHANNEL_NAME, name=agent.name)))
            return
        self._ears[token] = ear

    def stop(self, token: str) -> None:
        """Listen no more; nothing if nobody does. While the PBX cannot be told, as soon as it lists its channels."""
        ear = self._ears.get(token)
        if ear is None:
            return
        ear.over = True
        if self._link.state is not LinkState.UP:
            return
        if ear.channel is None:
            self._unwanted.add(ear.uniqueid)
            self._end(ear)
        else:
            self._hang_up(ear.channel)

    def end(self) -> None:
        """Nobody listens any more."""
        for token in list(self._ears):
            self.stop(token)

    def touch(self, channel: Channel) -> None:
        """Something is new of ``channel``."""
        if channel.uniqueid in self._unwanted:
            self._unwanted.discard(channel.uniqueid)
            self._hang_up(channel)
        for ear in list(self._ears.values()):
            if channel.uniqueid == ear.uniqueid:
                ear.channel = channel
                if channel.gone and (ear.on or ear.over or not ear.action):
                    self._end(ear)
            elif channel is ear.agent and channel.gone:
                self._let_go(ear)

    def originated(self, block: Block) -> None:
        """The listener's telephone was lifted, or not."""
        for ear in list(self._ears.values()):
            if ear.action != block.get("ActionID"):
                continue
            if block.response == "Success":
                self._began(ear)
            else:
                self._end(ear, not_taken(ear.phone.line, ear.channel))

    def listed(self) -> None:
        """The PBX has listed its channels: what it said while it could not be heard is made up for."""
        for ear in list(self._ears.values()):
            ear.channel = self._channels.with_id(ear.uniqueid)
            if ear.channel is None:
                self._end(ear)
            elif ear.over:
                self._hang_up(ear.channel)
            elif ear.channel.state == UP and not ear.on:
                self._began(ear)
            if ear.agent.gone or ear.slot.channel is not ear.agent:
                self._let_go(ear)

    def _taken(self, ear: _Ear, answer: Block) -> None:
        if answer.response != "Success" and ear.token in self._ears:
            self._end(ear, Said(Saying.PBX_REFUSES, why=words_in(answer)))

    def _began(self, ear: _Ear) -> None:
        if not ear.on:
            ear.on = True
            ear.slot.tell(ListenerChanged(ear.token, on=True))

    def _end(self, ear: _Ear, why: str = "") -> None:
        if self._ears.pop(ear.token, None) is not None:
            ear.slot.tell(ListenerChanged(ear.token, on=False, why=why))

    def _let_go(self, ear: _Ear) -> None:
        """The call is over, and ChanSpy ends with it; a telephone that still rings has to be told."""
        if ear.channel is not None:
            self._hang_up(ear.channel)
        else:
            self._unwanted.add(ear.uniqueid)
        self._end(ear)

    def _hang_up(self, channel: Channel) -> None:
        if channel.gone:
            return
        # A name that the codec does not allow is no channel that anybody could end.
        with suppress(ValueError):
            self._link.send("Hangup", ("Channel", channel.name), ("Cause", "16"), on_answer=lambda _: None)
