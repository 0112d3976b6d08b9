"""The conversations under control on one connection: who is on them, and what becomes of them when somebody goes."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.ami.calls import Phase
from protocols.ami.channel import UP, Channel
from protocols.ami.channels import Channels
from protocols.ami.commands import OUR_CHANNELS, Origin
from protocols.ami.link import Link, words_in
from protocols.ami.messages import Block
from protocols.ami.moves import Moves, Places
from protocols.ami.parties import Talk
from protocols.ami.slot import Slot
from protocols.sayings import Said, Saying
from protocols.signals import Parties, Transferred

# What OriginateResponse gives as its reason: an Asterisk control frame's number.
_REASONS = {"3": Saying.THIRD_SILENT, "5": Saying.THIRD_BUSY}


class Talks:
    """One for each line with a call that was touched, and in ``left`` those that agents have left."""

    def __init__(
        self, slots: Mapping[str, Slot], channels: Channels, link: Link, origin: Origin, places: Places, moves: Moves
    ) -> None:
        self._slots = slots
        self._channels = channels
        self._link = link
        self._origin = origin
        self._places = places
        self._moves = moves
        self._talks: dict[str, Talk] = {}
        self.left: list[Talk] = []
        self._unsure: list[Talk] = []
        self._unwanted: set[str] = set()
        self._count = 0

    def touch(self, channel: Channel) -> None:
        """Something is new of ``channel``; before its line hears of it."""
        if channel.uniqueid in self._unwanted:
            self._unwanted.discard(channel.uniqueid)
            self._moves.hang_up(channel)
        for talk in [*self._talks.values(), *self.left]:
            if talk.concerns(channel):
                self._news(talk, channel)

    def originated(self, block: Block) -> None:
        """A third party has answered, or not."""
        for talk in [*self._talks.values(), *self.left]:
            if talk.action and talk.action == block.get("ActionID"):
                if block.response == "Success":
                    self._answered(talk)
                else:
                    saying = _REASONS.get(block.get("Reason"), Saying.THIRD_UNREACHABLE)
                    self._not_reached(talk, Said(saying, number=talk.number))

    def lost(self) -> None:
        """The PBX cannot be heard: what it was asked for may be done or not."""
        for talk in self._talks.values():
            talk.wish = None
        self._unsure = [talk for talk in self._talks.values() if talk.moving]

    def listed(self) -> None:
        """The PBX has listed its channels: what was said while it could not be heard is made up for."""
        unsure, self._unsure = self._unsure, []
        for talk in unsure:
            self._settle(talk)
        for talk in [*self._talks.values(), *self.left]:
            third = self._channels.with_id(talk.calling) if talk.calling else None
            talk.third = third
            if talk.calling and third is None:
                self._not_reached(talk, Said(Saying.THIRD_UNREACHABLE, number=talk.number))
            elif third is not None and third.state == UP and talk.parties is Parties.CALLING:
                self._answered(talk)
            talk.tell()

    def find(self, line: str, command: str) -> Talk | None:
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
        if talk.moving:
            slot.refuse(command, Said(Saying.NO_CALL))
            return None
        return talk

    def of(self, line: str) -> Talk | None:
        """The conversation on the line, if it was touched."""
        return self._talks.get(line)

    def call_third(self, talk: Talk, exten: str) -> None:
        """Ring ``exten`` for the agent, while the far end waits."""
        if talk.agent.gone or talk.caller.gone or talk.ending:
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
            self._moves.bridge(talk, "complete", talk.caller, talk.third)
        else:
            talk.wish = Parties.CONSULTING
            self._moves.bridge(talk, "consult", talk.agent, talk.third, refused=lambda: self._not_joined(talk))

    def _not_joined(self, talk: Talk) -> None:
        # Whoever went in that moment has left the third party to the caller.
        if not talk.left:
            self.drop_third(talk)

    def _not_reached(self, talk: Talk, why: str) -> None:
        talk.without_third()
        talk.wish = None
        if talk.left:
            self.forget(talk)
            self._moves.hang_up(talk.caller)
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
        self.drop_third(talk)
        self.forget(talk)
        self._moves.hang_up(talk.agent)

    def _third_gone(self, talk: Talk) -> None:
        # While it rings, its end is no more than a part of what OriginateResponse tells.
        if talk.action:
            talk.third = None
            return
        talk.without_third()
        if talk.left:
            self.forget(talk)
            self._moves.hang_up(talk.caller)
        else:
            talk.tell()

    def _agent_gone(self, talk: Talk) -> None:
        """The handset is down: whoever answered for it gets the far end, and so does whoever is rung."""
        if talk.left or talk.moving:
            return
        third = talk.third
        if talk.slot.ends_by_wish or not talk.calling:
            self.give_up(talk)
            return
        talk.handed_over(Transferred(talk.number, attended=talk.joined))
        self.leave(talk)
        if talk.joined and talk.parties is not Parties.CONFERENCE and third is not None:
            self._moves.bridge(talk, "complete", talk.caller, third)

    def move(self, talk: Talk, transferred: Transferred) -> None:
        """The far end is being given away."""
        # Before the PBX answers: with the far end the telephone's channel may be gone before that comes.
        talk.handed_over(transferred)
        talk.moving = True

    def stay(self, talk: Talk) -> None:
        """The PBX has refused to give the far end away."""
        talk.moving = False
        if talk.agent.gone:
            self.give_up(talk)
        else:
            talk.handed_over(None)

    def _settle(self, talk: Talk) -> None:
        """What the PBX never answered: whether the far end was given away."""
        if talk.caller.gone:
            return
        if talk.with_agent:
            self.stay(talk)
        else:
            self.leave(talk)
            self._moves.hang_up(talk.agent)

    def give_up(self, talk: Talk) -> None:
        """Nobody is there for the far end."""
        self.drop_third(talk)
        self.forget(talk)
        self._moves.hang_up(talk.caller)

    def leave(self, talk: Talk) -> None:
        """The agent goes, the others stay together."""
        self.forget(talk)
        talk.moving, talk.left = False, True
        self.left.append(talk)

    def forget(self, talk: Talk) -> None:
        """The conversation is nobody's of ours any more."""
        self._talks = {line: one for line, one in self._talks.items() if one is not talk}
        self.left = [one for one in self.left if one is not talk]

    def drop_third(self, talk: Talk) -> None:
        """Let the third party go, rung or answered."""
        if talk.third is not None:
            self._moves.hang_up(talk.third)
        elif talk.calling:
            self._unwanted.add(talk.calling)
        talk.without_third()
