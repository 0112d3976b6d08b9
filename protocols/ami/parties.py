"""The parties of one answered call on a telephone: which channels they are, and who of them hears whom."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.ami.channel import Channel
from protocols.ami.slot import Slot
from protocols.signals import Parties, PartiesChanged, Transferred


@dataclass(eq=False)
class Talk:
    """``agent`` is the telephone's channel, ``caller`` the far end's, ``third`` that of whom the agent consults.

    ``calling`` is the unique id that the third's channel has or will have, ``action`` the id of what asked for it,
    ``number`` what was dialled for it; all empty without a third. ``wish`` is what was asked for: what lies on the way
    there is not told. ``joined``: the third, who has answered, is being joined with whoever is there. ``moving``:
    the far end is on its way to somebody else, and the PBX has not said yet whether it gets there. ``left``: the agent
    has gone, or is being let go, and the others stay together. ``ending``: nobody will see
    to it any more, so nobody is called.
    """

    slot: Slot
    agent: Channel
    caller: Channel
    third: Channel | None = None
    calling: str = ""
    action: str = ""
    number: str = ""
    wish: Parties | None = None
    told: tuple[Parties, str] = (Parties.TALKING, "")
    moving: bool = False
    left: bool = False
    joined: bool = False
    ending: bool = False

    @property
    def parties(self) -> Parties:
        """Who hears whom, as it was told last."""
        return self.told[0]

    @property
    def consults(self) -> bool:
        """Whether somebody else is called, or will be as soon as the far end waits."""
        return bool(self.calling) or self.wish is Parties.CALLING

    @property
    def with_agent(self) -> bool:
        """Whether the far end waits for the agent, or speaks with them."""
        return self.caller.waits or _together(self.agent, self.caller)

    @property
    def on_hold(self) -> bool:
        """Whether the far end waits, or will when the PBX has done what it was asked for."""
        return not self.caller.gone and (self.wish or self.parties).waits

    @property
    def _shown(self) -> bool:
        # While the PBX could not be heard the line may have given the call up.
        return self.slot.channel is self.agent

    def handed_over(self, transferred: Transferred | None) -> None:
        """The line's part ends with its telephone's, or does not after all."""
        if self._shown:
            self.slot.handed_over(transferred)

    def _present(self) -> Parties | None:
        """Who hears whom, by the bridges that the PBX tells of; None on the way from one to the other."""
        with_caller = _together(self.agent, self.caller)
        with_third = self.third is not None and _together(self.agent, self.third)
        if with_third:
            return Parties.CONFERENCE if with_caller else Parties.CONSULTING if self.caller.waits else None
        if self.calling:
            # One who has answered is on the way, or leaving.
            return Parties.CALLING if self.caller.waits and not self.joined else None
        if with_caller:
            return Parties.TALKING
        return Parties.HELD if self.caller.waits else None

    def concerns(self, channel: Channel) -> bool:
        """Whether it is one of the parties'."""
        return channel in (self.agent, self.caller, self.third) or (
            bool(self.calling) and channel.uniqueid == self.calling
        )

    def without_third(self) -> None:
        """The third party is not called, or not there, any more."""
        self.third, self.calling, self.action, self.number = None, "", "", ""
        self.joined = False

    def tell(self) -> None:
        """Report who hears whom, if that is news."""
        present = self._present()
        elsewhere = self.left or self.moving or not self._shown
        if elsewhere or present is None or (self.wish is not None and present is not self.wish):
            return
        self.wish = None
        if (present, self.number) != self.told:
            self.told = present, self.number
            self.slot.tell(PartiesChanged(present, self.number))


def _together(one: Channel, other: Channel) -> bool:
    return bool(one.bridge) and one.bridge == other.bridge
