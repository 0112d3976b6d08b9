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

from protocols.ami.channel import Channel
from protocols.ami.channels import Channels
from protocols.ami.commands import Origin
from protocols.ami.link import Link
from protocols.ami.moves import Moves, Places
from protocols.ami.parties import Talk
from protocols.ami.slot import Slot
from protocols.ami.talks import Talks
from protocols.sayings import Said, Saying
from protocols.signals import Parties, Transferred


class ControlWish(enum.Enum):
    """What an agent can want of the call; the value is the command's name in what is reported."""

    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    CONSULT = "consult"
    COMPLETE = "complete"
    CONFERENCE = "conference"


class CallControl:
    """``line`` is always a telephone's. What came of a command is reported by signals of the line."""

    def __init__(
        self, slots: Mapping[str, Slot], channels: Channels, link: Link, origin: Origin, places: Places,
        resync: Callable[[], None],
    ) -> None:  # fmt: skip
        self._origin = origin
        self._places = places
        self._moves = Moves(link, places, resync)
        self._extensions = frozenset(slot.line.extension for slot in slots.values())
        self._talks = Talks(slots, channels, link, origin, places, self._moves)
        self._rooms = 0
        # What the PBX says goes straight there.
        self.touch = self._talks.touch
        self.originated = self._talks.originated
        self.listed = self._talks.listed
        self.lost = self._talks.lost

    # What the agent wants.

    def hold(self, line: str) -> None:
        """Let the far end wait, with music."""
        talk = self._talks.find(line, "hold")
        if talk is None or talk.parties is Parties.HELD:
            return
        if talk.parties is not Parties.TALKING:
            talk.slot.refuse("hold", Said(Saying.CONSULTING_ALREADY))
            return
        talk.wish = Parties.HELD
        self._moves.part(talk, "hold", lambda: None)

    def resume(self, line: str) -> None:
        """Speak with the far end again, and with nobody else: a third party is let go."""
        talk = self._talks.find(line, "resume")
        if talk is None or talk.parties is Parties.TALKING:
            return
        if talk.parties is Parties.CONFERENCE:
            self._talks.drop_third(talk)
            talk.wish = Parties.TALKING
        else:
            self._take_back(talk)

    def transfer(self, line: str, number: str) -> None:
        """Give the far end to ``number`` without asking there; the agent's telephone is let go."""
        talk = self._talks.find(line, "transfer")
        if talk is None or not self._without_third(talk, "transfer"):
            return
        exten = self._on_wire(talk, number)
        self._moves.if_there(talk, "transfer", exten, lambda: self._send_off(talk, exten))

    def consult(self, line: str, number: str) -> None:
        """Let the far end wait and call ``number``; who answers there speaks with the agent."""
        talk = self._talks.find(line, "consult")
        if talk is None or not self._without_third(talk, "consult"):
            return
        exten = self._on_wire(talk, number)
        self._moves.if_there(talk, "consult", exten, lambda: self._begin_consulting(talk, exten))

    def complete(self, line: str) -> None:
        """Leave the far end with the third party."""
        talk = self._talks.find(line, "complete")
        third = self._consulted(talk, "complete", Parties.CONSULTING, Parties.CONFERENCE)
        if talk is None or third is None:
            return

        def joined() -> None:
            self._talks.leave(talk)
            self._moves.hang_up(talk.agent)

        self._talks.move(talk, Transferred(talk.number, attended=True))
        if talk.parties is Parties.CONFERENCE:
            # Nobody is moved out of a conference by Bridge; the two stay in it until one of them leaves.
            joined()
        else:
            self._moves.bridge(talk, "complete", talk.caller, third, joined, lambda: self._talks.stay(talk))

    def conference(self, line: str) -> None:
        """Let the far end, the third party and the agent hear each other."""
        talk = self._talks.find(line, "conference")
        third = self._consulted(talk, "conference", Parties.CONSULTING)
        if talk is None or third is None:
            return
        self._rooms += 1
        room = f"meet{zlib.crc32(self._origin.token.encode())}{self._rooms:04}"
        talk.wish = Parties.CONFERENCE
        both = self._moves.place(talk.caller, room) + self._moves.second(third, room)
        self._moves.send(talk, "conference", "Redirect", *both)
        self._moves.send(talk, "conference", "Redirect", *self._moves.place(talk.agent, room))

    # What is to be done before nobody is there to do it.

    def give_back(self, line: str) -> None:
        """The far end of the line's call waits no longer, and whoever is consulted is let go."""
        talk = self._talks.of(line)
        if talk is None:
            return
        talk.ending = True
        if talk.on_hold and not talk.moving and not talk.agent.gone:
            self._take_back(talk)

    def waits(self, line: str) -> bool:
        """Whether the far end of the line's call is on hold, as far as the PBX has told."""
        talk = self._talks.of(line)
        return talk is not None and not talk.caller.gone and (talk.parties.waits or talk.wish is not None)

    def end(self) -> None:
        """Whoever waits for somebody who is still rung goes to that number by the dialplan."""
        for talk in [one for one in self._talks.left if not one.joined and not one.caller.gone]:
            exten = talk.number
            self._talks.forget(talk)
            self._talks.drop_third(talk)
            where = (("Channel", talk.caller.name), *self._places.number(exten))
            self._moves.send(talk, "transfer", "Redirect", *where)

    # The ways there.

    def _take_back(self, talk: Talk) -> None:
        def alone() -> None:
            self._talks.drop_third(talk)
            talk.tell()

        talk.wish = Parties.TALKING
        if not talk.joined:
            self._talks.drop_third(talk)
        # With whoever is consulted the telephone is bridged: while it falls out of that, the PBX joins it with nobody.
        self._moves.bridge(talk, "resume", talk.agent, talk.caller, alone)

    def _on_wire(self, talk: Talk, number: str) -> str:
        # A colleague's telephone takes no outside line.
        return number if number in self._extensions else talk.slot.line.on_wire(number)

    def _without_third(self, talk: Talk, command: str) -> bool:
        if talk.consults:
            talk.slot.refuse(command, Said(Saying.CONSULTING_ALREADY))
        return not talk.consults

    def _consulted(self, talk: Talk | None, command: str, *where: Parties) -> Channel | None:
        if talk is None:
            return None
        if talk.parties not in where or talk.third is None or talk.wish is Parties.TALKING:
            talk.slot.refuse(command, Said(Saying.NOBODY_CONSULTED))
            return None
        return talk.third

    def _send_off(self, talk: Talk, exten: str) -> None:
        self._talks.move(talk, Transferred(exten, attended=False))
        where = (("Channel", talk.caller.name), *self._places.number(exten))
        self._moves.send(
            talk,
            "transfer",
            "Redirect",
            *where,
            then=lambda: self._sent_off(talk),
            refused=lambda: self._talks.stay(talk),
        )

    def _sent_off(self, talk: Talk) -> None:
        # What becomes of the far end is the dialplan's now.
        self._talks.forget(talk)
        self._moves.hang_up(talk.agent)

    def _begin_consulting(self, talk: Talk, exten: str) -> None:
        if talk.ending:
            return
        if talk.parties is Parties.TALKING:
            talk.wish = Parties.CALLING
            self._moves.part(talk, "consult", lambda: self._talks.call_third(talk, exten))
        else:
            self._talks.call_third(talk, exten)
