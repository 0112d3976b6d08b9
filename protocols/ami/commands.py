"""Dialling, hanging up and recording on the lines of a PBX.

The only things that a person's wish puts into an action are the digits of a number, as ``Exten``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.ami.calls import Dial, not_taken
from protocols.ami.channel import UP, Channel
from protocols.ami.link import Link, words_in
from protocols.ami.messages import Block
from protocols.ami.settings import AmiTimings
from protocols.ami.slot import Slot
from protocols.sayings import Said, Saying

OUR_CHANNELS = "huifang-"


@dataclass(frozen=True)
class Origin:
    """Where numbers are dialled: the dialplan ``context``. ``token`` tells our channels from an earlier run's."""

    context: str
    token: str
    timings: AmiTimings


class Commands:
    """``line`` is always a line's name. ``resync`` has the PBX list its channels."""

    def __init__(self, slots: Mapping[str, Slot], link: Link, origin: Origin, resync: Callable[[], None]) -> None:
        self._slots = slots
        self._link = link
        self._origin = origin
        self._resync = resync
        self._dials = 0

    def dial(self, line: str, number: str) -> None:
        """Ring the telephone of ``line``, then dial ``number`` for it. The telephone must not be in use."""
        slot, timings = self._slots[line], self._origin.timings
        exten = slot.line.on_wire(number)
        if not slot.idle:
            slot.refuse("dial", Said(Saying.PHONE_IN_USE))
            return
        self._dials += 1
        uniqueid = f"{OUR_CHANNELS}{self._origin.token}-{self._dials}"
        action = self._link.send(
            "Originate",
            ("Channel", slot.line.endpoint),
            ("ChannelId", uniqueid),
            ("Context", self._origin.context),
            ("Exten", exten),
            ("Priority", "1"),
            ("Timeout", str(int(timings.phone_rings * 1000))),
            ("Async", "true"),
            on_answer=lambda answer: self._dial_answered(slot, uniqueid, answer),
        )
        slot.dialling(Dial(action, uniqueid, self._link.now + timings.phone_rings + timings.dial_margin))

    def hang_up(self, line: str) -> None:
        """End the call of ``line``, or stop dialling."""
        slot = self._slots[line]
        if slot.channel is not None:
            self._hang_up(slot, slot.channel)
        elif slot.dial is not None:
            slot.dial.hang_up = True
        else:
            slot.refuse("hang_up", Said(Saying.NO_CALL))

    def record(self, line: str, name: str) -> None:
        """Record the call of ``line`` as the file ``name`` until the channel ends.

        The PBX asks for the privilege ``system`` (app_mixmonitor.c). Both directions, mixed; no command afterwards.
        """
        slot = self._slots[line]
        channel = slot.channel
        if channel is None or channel.state != UP:
            slot.refuse("record", Said(Saying.NO_CALL))
            return

        def answered(answer: Block) -> None:
            if answer.response != "Success" and slot.channel is channel:
                slot.refuse("record", Said(Saying.PBX_REFUSES, why=words_in(answer)))

        try:
            self._link.send("MixMonitor", ("Channel", channel.name), ("File", name), on_answer=answered)
        except ValueError:
            slot.refuse("record", Said(Saying.CHANNEL_NAME, name=channel.name))

    def tick(self) -> None:
        """Give up dialling whose outcome is overdue."""
        for slot in self._slots.values():
            if slot.outcome_due is not None and self._link.now >= slot.outcome_due:
                slot.dial_timed_out()

    def began(self, channel: Channel) -> None:
        """If this is the telephone's channel for a number that we dial, and new: its line has it."""
        if not channel.uniqueid.startswith(OUR_CHANNELS) or channel.told:
            return
        channel.told = True
        slot = next((one for one in self._slots.values() if one.dial and one.dial.uniqueid == channel.uniqueid), None)
        # Without a line it is an earlier run's, or given up: the telephone is in use, but there is no caller.
        if slot is not None:
            channel.home = slot.line.endpoint
            slot.adopt(channel)
            if slot.dial is not None and slot.dial.hang_up:
                self._hang_up(slot, channel)

    def originated(self, block: Block) -> None:
        """The telephone was picked up, or not."""
        action = block.get("ActionID")
        slot = next((one for one in self._slots.values() if one.dial and one.dial.action == action), None)
        if slot is None or slot.dial is None:
            return
        if block.response == "Success":
            # Should nothing be heard of its channel, the next list must show it.
            slot.dial.deadline = self._link.now + self._origin.timings.resync + self._origin.timings.listing
        else:
            slot.dial_failed(not_taken(slot.line, slot.channel))

    def _dial_answered(self, slot: Slot, uniqueid: str, answer: Block) -> None:
        if answer.response != "Success" and slot.dial is not None and slot.dial.uniqueid == uniqueid:
            slot.dial_failed(Said(Saying.PBX_REFUSES, why=words_in(answer)))

    def _hang_up(self, slot: Slot, channel: Channel) -> None:
        repeated = slot.ends_by_wish

        def answered(answer: Block) -> None:
            # The first of two may have ended the channel, and what is told of it be still on its way.
            if answer.response != "Success" and slot.channel is channel and not repeated:
                refused(words_in(answer))
                # Perhaps there is nothing to end any more.
                self._resync()

        def refused(why: str) -> None:
            slot.ending(asked=False)
            slot.refuse("end_call", why)

        slot.ending()
        try:
            self._link.send("Hangup", ("Channel", channel.name), ("Cause", "16"), on_answer=answered)
        except ValueError:
            refused(Said(Saying.CHANNEL_NAME, name=channel.name))
