"""The actions by which channels are moved about for a call under control; what each is for is in ``control``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from protocols.ami.channel import Channel
from protocols.ami.link import Link, words_in
from protocols.ami.messages import Block
from protocols.ami.parties import Talk
from protocols.sayings import Said, Saying


@dataclass(frozen=True)
class Places:
    """``context`` is where callers wait and conferences meet, empty without one; ``numbers`` where numbers are."""

    context: str
    numbers: str

    def number(self, exten: str) -> tuple[tuple[str, str], ...]:
        """The fields of Redirect that send a channel to a number."""
        return ("Context", self.numbers), ("Exten", exten), ("Priority", "1")


class Moves:
    """A refusal is reported as the failure of ``command``; ``resync`` has the PBX list its channels then."""

    def __init__(self, link: Link, places: Places, resync: Callable[[], None]) -> None:
        self._link = link
        self._places = places
        self._resync = resync

    def if_there(self, talk: Talk, command: str, exten: str, then: Callable[[], None]) -> None:
        """Go on with ``then`` if the dialplan has the number, and nobody else was called or got the call meanwhile."""

        def answered(answer: Block) -> None:
            if talk.agent.gone or talk.moving or talk.left:
                return
            if talk.consults:
                talk.slot.refuse(command, Said(Saying.CONSULTING_ALREADY))
            elif answer.response != "Success":
                talk.slot.refuse(command, Said(Saying.PBX_REFUSES, why=words_in(answer)))
            elif answer.get("Value") != "1":
                talk.slot.refuse(command, Said(Saying.NOT_IN_DIALPLAN, number=exten))
            else:
                then()

        asked = f"DIALPLAN_EXISTS({self._places.numbers},{exten},1)"
        self._link.send("Getvar", ("Variable", asked), on_answer=answered)

    def part(self, talk: Talk, command: str, then: Callable[[], None]) -> None:
        """Agent and far end apart, each to their place."""
        both = self.place(talk.caller, "hold") + self.second(talk.agent, "wait")
        self.send(talk, command, "Redirect", *both, then=then)

    def place(self, channel: Channel, place: str) -> tuple[tuple[str, str], ...]:
        """The fields of Redirect that send ``channel`` to ``place``."""
        return ("Channel", channel.name), ("Context", self._places.context), ("Exten", place), ("Priority", "1")

    def second(self, channel: Channel, place: str) -> tuple[tuple[str, str], ...]:
        """The same for the second channel of the action."""
        return tuple((f"Extra{key}", value) for key, value in self.place(channel, place))

    def bridge(
        self,
        talk: Talk,
        command: str,
        one: Channel,
        other: Channel,
        then: Callable[[], None] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Join two channels."""
        fields = ("Channel1", one.name), ("Channel2", other.name), ("Tone", "no")
        self.send(talk, command, "Bridge", *fields, then=then, refused=refused)

    def send(
        self,
        talk: Talk,
        command: str,
        action: str,
        *fields: tuple[str, str],
        then: Callable[[], None] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Send ``action``, and go on with ``then`` or, before it is reported, with ``refused``."""

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

    def hang_up(self, channel: Channel) -> None:
        """End a party's part; one who is gone already needs no more."""
        if channel.gone:
            return
        # A name that the codec does not allow is no channel that anybody could end.
        with suppress(ValueError):
            self._link.send("Hangup", ("Channel", channel.name), ("Cause", "16"), on_answer=lambda _: None)
