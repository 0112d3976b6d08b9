"""Calls on telephones under the agent's control: held, transferred, consulted about, made a conference.

A held caller, the agent's telephone meanwhile and a third party who has answered each wait at a place of their own in
one dialplan context (``hold``, ``wait``, ``third``; docs/devices/asterisk.md); from there ``Bridge`` joins any two of
them, and whoever is left over returns to where they waited. Three meet in a conference, at ``meetN``. What the actions
do is in the AMI reference of Asterisk 16 and later (Redirect, Bridge, Originate, Getvar) and in that of BridgeWait.

The only thing of a person's in any of it is the digits of a number, asked for in the dialplan first: a caller who was
sent to a number that is not there would be lost.
"""

from __future__ import annotations

import enum
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.ami.calls import Phase
from protocols.ami.channel import UP, Channel
from protocols.ami.channels import Channels
from protocols.ami.commands import OUR_CHANNELS, Origin
from protocols.ami.link import Link, words_in
from protocols.ami.messages import Block
from protocols.ami.parties import Talk
from protocols.ami.slot import Slot
from protocols.sayings import Said, Saying
from protocols.signals import Parties, Transferred

# What OriginateResponse gives as its reason: an Asterisk control frame's number.
_REASONS = {"3": Saying.THIRD_SILENT, "5": Saying.THIRD_BUSY}


class ControlWish(enum.Enum):
    """What an agent can want of the call; the value is the command's name in what is reported."""

    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    CONSULT = "consult"
    COMPLETE = "complete"
    CONFERENCE = "conference"


@dataclass(frozen=True)
class Places:
    """``context`` is where callers wait and conferences meet, empty without one; ``numbers`` where numbers are."""

    context: str
    numbers: str


class CallControl:
    """``line`` is always a telephone's. What came of a command is reported by signals of the line."""

    def __init__(
        self, slots: Mapping[str, Slot], channels: Channels, link: Link, origin: Origin, places: Places,
        resync: Callable[[], None],
    ) -> None:  # fmt: skip
        self._slots = slots
        self._channels = channels
        self._link = link
        self._origin = origin
        self._places = places
        self._resync = resync
        self._talks: dict[str, Talk] = {}
        self._left: list[Talk] = []
        self._unwanted: set[str] = set()
        self._count = 0

    # What the agent wants.

    def hold(self, line: str) -> None:
        """Let the far end wait, with music."""
        talk = self._talk(line, "hold")
        if talk is None or talk.parties is Parties.HELD:
            return
        if talk.parties is not Parties.TALKING:
            talk.slot.refuse("hold", Said(Saying.CONSULTING_ALREADY))
            return
        talk.wish = Parties.HELD
        self._part(talk, "hold", lambda: None)

    def resume(self, line: str) -> None:
        """Speak with the far end again, and with nobody else: a third party is let go."""
        talk = self._talk(line, "resume")
        if talk is None or talk.parties is Parties.TALKING:
            return
        together = talk.parties is Parties.CONFERENCE
        self._drop_third(talk)
        talk.wish = Parties.TALKING
        if not together:
            self._bridge(talk, "resume", talk.agent, talk.caller)

    def transfer(self, line: str, number: str) -> None:
        """Give the far end to ``number`` without asking there; the agent's telephone is let go."""
        talk = self._talk(line, "transfer")
        if talk is None or not self._without_third(talk, "transfer"):
            return
        exten = talk.slot.line.on_wire(number)
        self._if_there(talk, "transfer", exten, lambda: self._send_off(talk, exten))

    def consult(self, line: str, number: str) -> None:
        """Let the far end wait and call ``number``; who answers there speaks with the agent."""
        talk = self._talk(line, "consult")
        if talk is None or not self._without_third(talk, "consult"):
            return
        exten = talk.slot.line.on_wire(number)
        self._if_there(talk, "consult", exten, lambda: self._begin_consulting(talk, exten))

    def complete(self, line: str) -> None:
        """Leave the far end with the third party."""
        talk = self._talk(line, "complete")
        third = self._consulted(talk, "complete", Parties.CONSULTING, Parties.CONFERENCE)
        if talk is None or third is None:
            return

        def joined() -> None:
            talk.slot.handed_over(Transferred(talk.number, attended=True))
            self._leave(talk)
            self._hang_up(talk.agent)

        if talk.parties is Parties.CONFERENCE:
            # Nobody is moved out of a conference by Bridge; the two stay in it until one of them leaves.
            joined()
        else:
            self._bridge(talk, "complete", talk.caller, third, joined)

    def conference(self, line: str) -> None:
        """Let the far end, the third party and the agent hear each other."""
        talk = self._talk(line, "conference")
        third = self._consulted(talk, "conference", Parties.CONSULTING)
        if talk is None or third is None:
            return
        self._count += 1
        room = f"meet{zlib.crc32(self._origin.token.encode())}{self._count:04}"
        talk.wish = Parties.CONFERENCE
        both = self._place(talk.caller, room) + self._extra(third, room)
        self._send(talk, "conference", "Redirect", *both)
        self._send(talk, "conference", "Redirect", *self._place(talk.agent, room))

    # What the PBX says.

    def touch(self, channel: Channel) -> None:
        """Something is new of ``channel``; before its line hears of it."""
        if channel.uniqueid in self._unwanted:
            self._unwanted.discard(channel.uniqueid)
            if not channel.gone:
                self._hang_up(channel)
        for talk in [*self._talks.values(), *self._left]:
            if talk.concerns(channel):
                self._news(talk, channel)

    def originated(self, block: Block) -> None:
        """A third party has answered, or not."""
        for talk in [*self._talks.values(), *self._left]:
            if talk.action and talk.action == block.get("ActionID"):
                if block.response == "Success":
                    self._answered(talk)
                else:
                    saying = _REASONS.get(block.get("Reason"), Saying.THIRD_UNREACHABLE)
                    self._not_reached(talk, Said(saying, number=talk.number))

    def listed(self) -> None:
        """The PBX has listed its channels: what was said while it could not be heard is made up for."""
        for line, talk in list(self._talks.items()):
            if talk.slot.channel is not talk.agent:
                del self._talks[line]
        for talk in [*self._talks.values(), *self._left]:
            third = self._channels.with_id(talk.calling) if talk.calling else None
            talk.third = third
            if talk.calling and third is None:
                self._not_reached(talk, Said(Saying.THIRD_UNREACHABLE, number=talk.number))
            elif third is not None and third.state == UP and talk.parties is Parties.CALLING:
                self._answered(talk)
            talk.tell()

    # The ways there.

    def _talk(self, line: str, command: str) -> Talk | None:
        """The conversation on the line, whose far end must be one; else a refusal."""
        slot = self._slots[line]
        agent = slot.channel
        if agent is None or slot.phase is not Phase.TALKING or agent.state != UP:
            slot.refuse(command, Said(Saying.NO_CALL))
            return None
        talk = self._talks.get(line)
        if talk is None or talk.agent is not agent:
            others = self._channels.beside(agent)
            if len(others) != 1:
                slot.refuse(command, Said(Saying.NO_OTHER_PARTY))
                return None
            talk = self._talks[line] = Talk(slot, agent, others[0])
        return talk

    def _without_third(self, talk: Talk, command: str) -> bool:
        if talk.calling:
            talk.slot.refuse(command, Said(Saying.CONSULTING_ALREADY))
        return not talk.calling

    def _consulted(self, talk: Talk | None, command: str, *where: Parties) -> Channel | None:
        if talk is None:
            return None
        if talk.parties not in where or talk.third is None:
            talk.slot.refuse(command, Said(Saying.NOBODY_CONSULTED))
            return None
        return talk.third

    def _if_there(self, talk: Talk, command: str, exten: str, then: Callable[[], None]) -> None:
        """Go on if the dialplan has the number."""

        def answered(answer: Block) -> None:
            if talk.agent.gone or talk.calling:
                return
            if answer.response != "Success":
                talk.slot.refuse(command, Said(Saying.PBX_REFUSES, why=words_in(answer)))
            elif answer.get("Value") != "1":
                talk.slot.refuse(command, Said(Saying.NOT_IN_DIALPLAN, number=exten))
            else:
                then()

        asked = f"DIALPLAN_EXISTS({self._places.numbers},{exten},1)"
        self._link.send("Getvar", ("Variable", asked), on_answer=answered)

    def _send_off(self, talk: Talk, exten: str) -> None:
        # Before the answer: with the far end the telephone's channel may be gone before that comes.
        talk.slot.handed_over(Transferred(exten, attended=False))
        talk.left = True

        def refused() -> None:
            talk.left = False
            talk.slot.handed_over(None)

        where = (("Channel", talk.caller.name), ("Context", self._places.numbers), ("Exten", exten), ("Priority", "1"))
        self._send(talk, "transfer", "Redirect", *where, then=lambda: self._sent_off(talk), refused=refused)

    def _sent_off(self, talk: Talk) -> None:
        # What becomes of the far end is the dialplan's now.
        self._forget(talk)
        self._hang_up(talk.agent)

    def _begin_consulting(self, talk: Talk, exten: str) -> None:
        if talk.parties is Parties.TALKING:
            talk.wish = Parties.CALLING
            self._part(talk, "consult", lambda: self._call_third(talk, exten))
        else:
            self._call_third(talk, exten)

    def _call_third(self, talk: Talk, exten: str) -> None:
        if talk.agent.gone or talk.caller.gone:
            return
        self._count += 1
        talk.calling, talk.number = f"{OUR_CHANNELS}{self._origin.token}-c{self._count}", exten
        talk.wish = Parties.CALLING
        extension = talk.slot.line.extension
        talk.action = self._link.send(
            "Originate",
            # Not optimized away: it is by this channel that the third party is known.
            ("Channel", f"Local/{exten}@{self._places.numbers}/n"),
            ("ChannelId", talk.calling),
            *((("CallerID", f"<{extension}>"),) if extension else ()),
            ("Context", self._places.context),
            ("Exten", "third"),
            ("Priority", "1"),
            ("Timeout", str(int(self._origin.timings.phone_rings * 1000))),
            ("Async", "true"),
            on_answer=lambda answer: self._call_taken(talk, answer),
        )
        talk.tell()

    def _call_taken(self, talk: Talk, answer: Block) -> None:
        if answer.response != "Success" and talk.action == answer.get("ActionID"):
            self._not_reached(talk, Said(Saying.PBX_REFUSES, why=words_in(answer)))

    def _answered(self, talk: Talk) -> None:
        if talk.joined:
            return
        talk.action, talk.joined = "", True
        talk.third = talk.third or self._channels.with_id(talk.calling)
        if talk.third is None:
            return
        if talk.left:
            self._bridge(talk, "complete", talk.caller, talk.third)
        else:
            talk.wish = Parties.CONSULTING
            self._bridge(talk, "consult", talk.agent, talk.third, refused=lambda: self._drop_third(talk))

    def _not_reached(self, talk: Talk, why: str) -> None:
        talk.without_third()
        talk.wish = None
        if talk.left:
            self._forget(talk)
            self._hang_up(talk.caller)
            return
        talk.slot.refuse("consult", why)
        talk.tell()

    def _news(self, talk: Talk, channel: Channel) -> None:
        if talk.calling and channel.uniqueid == talk.calling:
            talk.third = channel
        if not channel.gone:
            talk.tell()
            return
        talk.wish = None
        if channel is talk.caller:
            self._caller_gone(talk)
        elif channel is talk.agent:
            self._agent_gone(talk)
        else:
            self._third_gone(talk)

    def _caller_gone(self, talk: Talk) -> None:
        """The far end has hung up: the call is over for everybody."""
        self._drop_third(talk)
        self._forget(talk)
        self._hang_up(talk.agent)

    def _third_gone(self, talk: Talk) -> None:
        # While it rings, its end is no more than a part of what OriginateResponse tells.
        if talk.action:
            talk.third = None
            return
        talk.without_third()
        if talk.left:
            self._forget(talk)
            self._hang_up(talk.caller)
        else:
            talk.tell()

    def _agent_gone(self, talk: Talk) -> None:
        """The handset is down: whoever answered for it gets the far end, and so does whoever is rung."""
        if talk.left:
            return
        parties, third = talk.told[0], talk.third
        if talk.slot.ends_by_wish or not talk.calling:
            self._drop_third(talk)
            self._forget(talk)
            self._hang_up(talk.caller)
            return
        answered = parties in (Parties.CONSULTING, Parties.CONFERENCE)
        talk.slot.handed_over(Transferred(talk.number, attended=answered))
        self._leave(talk)
        if parties is Parties.CONSULTING and third is not None:
            self._bridge(talk, "complete", talk.caller, third)

    def _leave(self, talk: Talk) -> None:
        self._forget(talk)
        talk.left = True
        self._left.append(talk)

    def _forget(self, talk: Talk) -> None:
        self._talks = {line: one for line, one in self._talks.items() if one is not talk}
        self._left = [one for one in self._left if one is not talk]

    def _drop_third(self, talk: Talk) -> None:
        if talk.third is not None:
            self._hang_up(talk.third)
        elif talk.calling:
            self._unwanted.add(talk.calling)
        talk.without_third()

    # Actions.

    def _part(self, talk: Talk, command: str, then: Callable[[], None]) -> None:
        """Agent and far end apart, each to their place."""
        both = self._place(talk.caller, "hold") + self._extra(talk.agent, "wait")
        self._send(talk, command, "Redirect", *both, then=then)

    def _place(self, channel: Channel, place: str) -> tuple[tuple[str, str], ...]:
        return ("Channel", channel.name), ("Context", self._places.context), ("Exten", place), ("Priority", "1")

    def _extra(self, channel: Channel, place: str) -> tuple[tuple[str, str], ...]:
        return tuple((f"Extra{key}", value) for key, value in self._place(channel, place))

    def _bridge(
        self,
        talk: Talk,
        command: str,
        one: Channel,
        other: Channel,
        then: Callable[[], None] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        fields = ("Channel1", one.name), ("Channel2", other.name), ("Tone", "no")
        self._send(talk, command, "Bridge", *fields, then=then, refused=refused)

    def _send(
        self,
        talk: Talk,
        command: str,
        action: str,
        *fields: tuple[str, str],
        then: Callable[[], None] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        def failed(why: str) -> None:
            talk.wish = None
            refused()
            talk.slot.refuse(command, why)
            talk.tell()

        def answered(answer: Block) -> None:
            if answer.response == "Success":
                then()
            else:
                failed(Said(Saying.PBX_REFUSES, why=words_in(answer)))
                # Perhaps somebody is not there any more.
                self._resync()

        try:
            self._link.send(action, *fields, on_answer=answered)
        except ValueError:
            failed(Said(Saying.CHANNEL_NAME, name=talk.agent.name))

    def _hang_up(self, channel: Channel) -> None:
        """End a party's part; one who is gone already needs no more."""
        if not channel.gone:
            self._link.send("Hangup", ("Channel", channel.name), ("Cause", "16"), on_answer=lambda _: None)
