"""All lines on one PBX: events to signals, commands to actions.

After each sign-in, and every minute, the PBX lists its channels: what it does not list has ended. Until the first list
of a connection is complete, what is heard is only kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from protocols.ami.alarms import Alarms
from protocols.ami.channel import Channel
from protocols.ami.channels import Channels
from protocols.ami.commands import Commands, Origin
from protocols.ami.control import CallControl
from protocols.ami.link import Link, words_in
from protocols.ami.listening import Listening
from protocols.ami.messages import Block
from protocols.ami.moves import Places
from protocols.ami.pool import Pool
from protocols.ami.settings import AmiTimings, PbxLine
from protocols.ami.slot import Slot
from protocols.sayings import Said, Saying
from protocols.signals import LineSignal


@dataclass(frozen=True)
class OfLine(LineSignal):
    """``signal`` of the line named ``line``."""

    line: str
    signal: LineSignal


class PbxLines:
    """The lines of one connection; ``commands``, ``control`` and ``listening`` are what can be done on them."""

    def __init__(self, lines: Sequence[PbxLine], link: Link, timings: AmiTimings, places: Places, token: str) -> None:
        self._link = link
        self._timings = timings
        self._channels = Channels()
        self._slots = {line.name: Slot(line, self._reporter(line.name), self._channels.with_link) for line in lines}
        self._pools = {endpoint: Pool(slots) for endpoint, slots in _by_endpoint(self._slots.values()).items()}
        self._alarms = Alarms(self._pools)
        origin = Origin(places.numbers, token, timings)
        self.commands = Commands(self._slots, link, origin, self.resync)
        self.control = CallControl(self._slots, self._channels, link, origin, places, self.resync)
        self.listening = Listening(self._slots, self._channels, link, origin)
        self._listing = ""
        self._listed_by: float | None = None
        self._resync_at = 0.0
        self._ever_synced = False
        self._give_up_at: float | None = None
        self._lost_because = ""
        self._signals: list[OfLine] = []
        self._handlers: dict[str, Callable[[Block], None]] = {
            "fullybooted": lambda _: self.resync(),
            "coreshowchannelscomplete": self._listed,
            "originateresponse": self._originated,
            **self._alarms.handlers,
        }
        self.synced = False
        link.attach(self.resync, self.hear)

    def hear(self, block: Block) -> None:
        """An event of the PBX. Never raises."""
        handler = self._handlers.get(block.event.lower(), self._of_channels)
        handler(block)

    def tick(self) -> None:
        """Time passed."""
        now = self._link.now
        if self._listed_by is not None and now >= self._listed_by:
            self._link.fail(Said(Saying.PBX_LIST_UNFINISHED))
        elif self.synced and now >= self._resync_at:
            self.resync()
        if self._give_up_at is not None and now >= self._give_up_at:
            self._give_up()
        self.commands.tick()

    def deadlines(self) -> list[float]:
        """When ``tick`` is needed."""
        times = [self._give_up_at]
        if not self._link.failure:
            times += [self._listed_by, self._resync_at if self.synced else None]
        times += [slot.outcome_due for slot in self._slots.values()]
        return [time for time in times if time is not None]

    def take_signals(self) -> tuple[OfLine, ...]:
        """Everything reported since the last time."""
        signals = tuple(self._signals)
        self._signals.clear()
        return signals

    def disconnected(self, reason: str) -> None:
        """The PBX cannot be heard. A line with a call is given some time."""
        self.synced, self._listed_by, self._lost_because = False, None, reason
        self._alarms.forget()
        self.control.lost()
        for slot in self._slots.values():
            if slot.free:
                slot.lost(reason)
        if self._give_up_at is None and not all(slot.free for slot in self._slots.values()):
            self._give_up_at = self._link.now + self._timings.patience

    def _give_up(self) -> None:
        self._give_up_at = None
        for pool in self._pools.values():
            pool.lost(self._lost_because)

    def resync(self) -> None:
        """Have the PBX list its channels, unless it is doing so."""
        if self._listed_by is not None:
            return
        self._channels.listing += 1
        self._resync_at = self._link.now + self._timings.resync
        self._listed_by = self._link.now + self._timings.listing
        self._listing = self._link.send("CoreShowChannels", on_answer=self._listing_answered)
        if self._alarms.wanted:
            # Refused where there is no such hardware: then there are no alarms to be known.
            self._link.send("DAHDIShowChannels", on_answer=lambda _: None)

    def _listing_answered(self, answer: Block) -> None:
        if answer.response != "Success":
            self._link.fail(Said(Saying.PBX_WITHOUT_LIST, why=words_in(answer)))

    def _listed(self, block: Block) -> None:
        if self._listed_by is None or block.get("ActionID") != self._listing:
            return
        self._listed_by = None
        vanished = self._channels.unheard()
        if self.synced:
            for channel in vanished:
                self._touch(channel)
        else:
            self._connected()
        self.control.listed()
        self.listening.listed()

    def _originated(self, block: Block) -> None:
        self.commands.originated(block)
        self.control.originated(block)
        self.listening.originated(block)

    def _connected(self) -> None:
        """The first list of a connection is complete."""
        self.synced, self._give_up_at = True, None
        self._alarms.connected(self._link.version)
        for channel in self._channels:
            self._touch(channel, old=not self._ever_synced)
        self._ever_synced = True

    def _of_channels(self, block: Block) -> None:
        for channel in self._channels.hear(block):
            if self.synced:
                self._touch(channel)

    def _touch(self, channel: Channel, *, old: bool = False) -> None:
        self.commands.began(channel)
        self.control.touch(channel)
        self.listening.touch(channel)
        channel.home = channel.home or self._endpoint(channel.name)
        pool = self._pools.get(channel.home)
        if pool is not None:
            pool.touch(channel, old=old)
        if channel.gone:
            self._channels.forget(channel)

    def _endpoint(self, name: str) -> str:
        """The endpoint of ours in ``PJSIP/8001-0000002a``, ``DAHDI/1-1`` or ``DAHDI/i1/13800138000-3``; else empty."""
        endpoint = name.rpartition("-")[0]
        shorter = endpoint.rpartition("/")[0]
        return endpoint if endpoint in self._pools else shorter if shorter in self._pools else ""

    def _reporter(self, line: str) -> Callable[[LineSignal], None]:
        return lambda signal: self._signals.append(OfLine(line, signal))


def _by_endpoint(slots: Iterable[Slot]) -> dict[str, list[Slot]]:
    found: dict[str, list[Slot]] = {}
    for slot in slots:
        found.setdefault(slot.line.endpoint, []).append(slot)
    return found
