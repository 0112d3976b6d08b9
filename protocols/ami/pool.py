"""All lines of one endpoint of a PBX: which of them a new call goes to.

Calls take the free line with the lowest slot. A caller for whom none is free waits for one; who gives up first is noted
as missed. So a trunk with several calls at once has as many lines as calls that are to be followed.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocols.ami.calls import Phase, calls_in, taken, used_by_others
from protocols.ami.channel import Channel
from protocols.ami.slot import Slot
from protocols.signals import CallerIdentified

_MOST_MISSED = 100


class Pool:
    """The slots of one endpoint, in order."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = sorted(slots, key=lambda slot: slot.line.slot)
        self._line = self.slots[0].line
        self._waiting: list[Channel] = []
        self._missed: list[CallerIdentified] = []

    def touch(self, channel: Channel, *, old: bool = False) -> None:
        """Something is new of ``channel``. ``old``: it was there before we were."""
        slot = next((slot for slot in self.slots if slot.has(channel)), None)
        picked_up = not channel.told and calls_in(self._line, channel)
        if slot is not None and not (picked_up and slot.drop(channel)):
            slot.update()
        elif channel in self._waiting:
            if channel.gone:
                self._gave_up(channel)
        elif not channel.told or not channel.gone:
            self._assign(channel, old=old)
        self._settle()

    def ready(self, identification: str) -> None:
        """The endpoint is watched."""
        for slot in self.slots:
            slot.ready(identification)

    def lost(self, reason: str) -> None:
        """The endpoint cannot be watched: every call is given up."""
        for slot in self.slots:
            slot.lost(reason)
        self._waiting.clear()

    def _assign(self, channel: Channel, *, old: bool) -> None:
        in_progress = old and taken(self._line, channel)
        if calls_in(self._line, channel) and not channel.told and not in_progress:
            self._call(channel)
        elif not channel.gone and (channel.told or in_progress or used_by_others(self._line, channel)):
            channel.told = channel.told or in_progress
            self._use(channel)

    def _call(self, channel: Channel) -> None:
        slot = self._free()
        if slot is not None:
            slot.ring(channel)
        elif channel.gone:
            self._gave_up(channel)
        else:
            self._waiting.append(channel)

    def _use(self, channel: Channel) -> None:
        (self._free() or self.slots[0]).use(channel)

    def _free(self) -> Slot | None:
        free = [slot for slot in self.slots if slot.free]
        return next((slot for slot in free if not slot.in_use), free[0] if free else None)

    def _gave_up(self, channel: Channel) -> None:
        if channel in self._waiting:
            self._waiting.remove(channel)
        channel.told = True
        self._missed = [*self._missed, channel.who_calls(from_device=self._line.trunk)][-_MOST_MISSED:]

    def _settle(self) -> None:
        """Give freed lines to those who wait, and note those who gave up."""
        while self._waiting and (slot := self._free()) is not None:
            slot.ring(self._waiting.pop(0))
        while self._missed and (slot := self._quiet()) is not None:
            slot.missed(self._missed.pop(0))

    def _quiet(self) -> Slot | None:
        """A line on which a missed call can be noted: in a conversation, or free. A ringing one would take it for its
        own caller's."""
        talking = [slot for slot in self.slots if slot.phase in (Phase.TALKING, Phase.DIALLING)]
        return next(iter(talking), self._free())
