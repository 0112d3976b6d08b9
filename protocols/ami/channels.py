"""What a PBX says of its channels, gathered: one ``Channel`` for each leg of each call.

Events may come twice, late, in another order, or not at all (AMI v2 specification, "Channel interaction"; tried against
Asterisk 16 and 22). So facts only grow: a channel that was up does not ring again, one that hung up is not revived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protocols.ami.channel import ANSWERED_ELSEWHERE, PRE_RING, RING, RINGING, UP, Channel, Party
from protocols.ami.messages import Block
from protocols.signals import DialFailure
from protocols.text import clean_text

MAX_CHANNELS = 20_000
_REMEMBERED_DEAD = 5_000
_REMEMBERED_HOLDING = 500
_LONGEST = 150
"""Asterisk's own limit on unique ids; names of channels are shorter."""
_STATES = frozenset(range(10))
_UNKNOWN = frozenset({"", "<unknown>", "unknown", "unavailable", "asterisk"})
_OUTGOING_LEGS = frozenset({"AppDial", "AppDial2", "AppQueue"})
_FAILURES = {
    "BUSY": DialFailure.BUSY,
    "NOANSWER": DialFailure.NO_ANSWER,
    "CONGESTION": DialFailure.REJECTED,
    "CHANUNAVAIL": DialFailure.NO_CARRIER,
    "DONTCALL": DialFailure.REJECTED,
    "TORTURE": DialFailure.REJECTED,
    "INVALIDARGS": DialFailure.REJECTED,
}


class Channels:
    """Every channel that is known, by its unique id, oldest first."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._bridges: dict[str, dict[str, Channel]] = {}
        self._dead: dict[str, None] = {}
        self._holding: dict[str, None] = {}
        self.listing = 0
        """Number of the present or last listing; what is heard of during it is marked with it."""
        self._handlers: dict[str, Callable[[Block], list[Channel | None]]] = {
            "newchannel": lambda block: [self._note(block)],
            "newstate": self._new_state,
            "newconnectedline": lambda block: [self._note(block)],
            "newcallerid": self._caller_id,
            "dialbegin": self._dial_begin,
            "dialstate": self._dial_state,
            "dialend": self._dial_end,
            "bridgeenter": self._bridge_enter,
            "bridgeleave": self._bridge_leave,
            "rename": self._rename,
            "pickup": self._pickup,
            "hanguprequest": self._hangup_request,
            "hangup": self._hangup,
            "coreshowchannel": self._listed,
        }

    def __iter__(self) -> Iterator[Channel]:
        return iter(list(self._channels.values()))

    def __len__(self) -> int:
        return len(self._channels)

    def hear(self, block: Block) -> list[Channel]:
        """The channels of which the event says something, each once. Never raises."""
        handler = self._handlers.get(block.event.lower())
        found = handler(block) if handler is not None else []
        return list(dict.fromkeys(channel for channel in found if channel is not None))

    def with_link(self, linkedid: str) -> list[Channel]:
        """The channels of one call."""
        return [channel for channel in self._channels.values() if channel.linkedid == linkedid]

    def with_id(self, uniqueid: str) -> Channel | None:
        """The channel of that unique id, if it is there."""
        return self._channels.get(uniqueid)

    def beside(self, channel: Channel) -> list[Channel]:
        """Those who speak with ``channel`` now."""
        return [one for one in self._bridges.get(channel.bridge, {}).values() if one is not channel]

    def unheard(self) -> list[Channel]:
        """The channels that the listing just completed did not show: they vanished. They are marked as gone."""
        vanished = [channel for channel in self if channel.seen != self.listing and not channel.gone]
        for channel in vanished:
            channel.gone = channel.vanished = True
        return vanished

    def forget(self, channel: Channel) -> None:
        """The channel is over; late events will not revive it."""
        self._channels.pop(channel.uniqueid, None)
        self._leave(channel)
        self._dead[channel.uniqueid] = None
        if len(self._dead) > _REMEMBERED_DEAD:
            del self._dead[next(iter(self._dead))]

    def _note(self, block: Block, prefix: str = "") -> Channel | None:
        """The channel of the fields that begin with ``prefix``, with what they say of it."""
        uniqueid = block.get(prefix + "Uniqueid")[:_LONGEST]
        channel = self._channels.get(uniqueid) or self._new(uniqueid)
        if channel is None:
            return None
        channel.seen = self.listing
        channel.name = channel.name or block.get(prefix + "Channel")[:_LONGEST]
        channel.linkedid = block.get(prefix + "Linkedid")[:_LONGEST] or channel.linkedid
        self._note_state(channel, block.get(prefix + "ChannelState"))
        channel.caller = _party(block, prefix + "CallerID") or channel.caller
        channel.connected = _party(block, prefix + "ConnectedLine") or channel.connected
        return channel

    def _new(self, uniqueid: str) -> Channel | None:
        # More than any PBX carries is noise; the next listing makes room.
        if not uniqueid or uniqueid in self._dead or len(self._channels) >= MAX_CHANNELS:
            return None
        channel = self._channels[uniqueid] = Channel(uniqueid)
        return channel

    def _note_state(self, channel: Channel, text: str) -> None:
        state = _number(text)
        if not text or state not in _STATES or channel.state == UP:
            return
        channel.state = state
        channel.placed = channel.placed or (state in (RING, PRE_RING) and not channel.dialled)

    def _new_state(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        source = self._channels.get(channel.dialled_by) if channel is not None else None
        if source is not None and channel is not None and channel.state == RINGING:
            source.far_rang = True
        return [channel, source]

    def _caller_id(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        if channel is not None:
            # Bits 5 and 6 of the presentation octet (Q.931 4.5.10): 1 is "restricted".
            channel.private = _number(block.get("CID-CallingPres").partition(" ")[0]) & 0x60 == 0x20
        return [channel]

    def _dial_begin(self, block: Block) -> list[Channel | None]:
        source, dialled = self._note(block), self._note(block, "Dest")
        if dialled is not None:
            dialled.dialled, dialled.placed = True, False
        if dialled is not None and source is not None:
            dialled.dialled_by = source.uniqueid
            dialled.private = dialled.private or source.private
            if not dialled.connected.number:
                dialled.connected = source.caller
        return [source, dialled]

    def _dial_state(self, block: Block) -> list[Channel | None]:
        source, dialled = self._note(block), self._note(block, "Dest")
        if source is not None and block.get("DialStatus") == "RINGING":
            source.far_rang = True
        return [source, dialled]

    def _dial_end(self, block: Block) -> list[Channel | None]:
        source, dialled = self._note(block), self._note(block, "Dest")
        status = block.get("DialStatus")
        if source is not None:
            source.far_answered = source.far_answered or status == "ANSWER"
            source.failure = _FAILURES.get(status, source.failure)
        if dialled is not None and status != "ANSWER":
            dialled.refused = status
        return [source, dialled]

    def _bridge_enter(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        bridge = block.get("BridgeUniqueid")[:_LONGEST]
        # In a holding bridge channels are parked, or wait with music: nobody speaks.
        if block.get("BridgeTechnology") == "holding_bridge":
            self._holding = dict.fromkeys([*self._holding, bridge][-_REMEMBERED_HOLDING:])
        return [channel] if channel is None else self._enter(channel, bridge)

    def _bridge_leave(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        if channel is not None:
            self._leave(channel)
        return [channel]

    def _enter(self, channel: Channel, bridge: str) -> list[Channel | None]:
        """The members of the bridge with the new one; from two on they speak with each other."""
        self._leave(channel)
        channel.waits = bridge in self._holding
        if not bridge or channel.waits:
            return [channel]
        channel.bridge = bridge
        members = self._bridges.setdefault(bridge, {})
        members[channel.uniqueid] = channel
        for member in members.values():
            member.bridged = member.bridged or len(members) > 1
        return list(members.values())

    def _leave(self, channel: Channel) -> None:
        members = self._bridges.get(channel.bridge, {})
        members.pop(channel.uniqueid, None)
        if not members:
            self._bridges.pop(channel.bridge, None)
        channel.bridge, channel.waits = "", False

    def _rename(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        if channel is not None:
            channel.name = block.get("Newname")[:_LONGEST] or channel.name
        return [channel]

    def _pickup(self, block: Block) -> list[Channel | None]:
        """Somebody took the call for which another telephone rings: theirs is a leg of that call from now on."""
        picker, target = self._note(block), self._note(block, "Target")
        if target is not None:
            target.cause = ANSWERED_ELSEWHERE
        if picker is not None:
            picker.dialled, picker.placed = True, False
        return [picker, target]

    def _hangup_request(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        if channel is not None:
            channel.hung_up_by_device = True
        return [channel]

    def _hangup(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        if channel is not None:
            channel.gone, channel.cause = True, channel.cause or _number(block.get("Cause"))
        return [channel]

    def _listed(self, block: Block) -> list[Channel | None]:
        channel = self._note(block)
        if channel is None:
            return []
        if not channel.placed and not channel.dialled:
            # How it began was not seen: a leg that is up and runs the dialplan itself began the call.
            channel.dialled = block.get("Application") in _OUTGOING_LEGS
            channel.placed = not channel.dialled and channel.state == UP
        return self._enter(channel, block.get("BridgeId")[:_LONGEST])


def _party(block: Block, prefix: str) -> Party | None:
    number, name = (clean_text(block.get(prefix + part)) for part in ("Num", "Name"))
    known = Party("" if number.lower() in _UNKNOWN else number, "" if name.lower() in _UNKNOWN else name)
    return known if known.number or known.name else None


def _number(text: str) -> int:
    """The number that ``text`` is, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
