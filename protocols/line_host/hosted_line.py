"""One line as its host keeps it: what the server has still to hear of it, how it stands, whose call is on it."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.line_host.messages import Message, Order, Standing, What
from protocols.line_host.outbox import Item, Moment, Outbox
from protocols.sayings import Said, Saying
from protocols.signals import (
    CommandFailed,
    DialFailed,
    Ended,
    HandsetDialled,
    LineLost,
    LineReady,
    Rang,
)

WINDOW = 128
"""Most reports of a line on their way at a time, so that a host with much to tell does not crowd the server."""

# After these the call of a dial command is not on the line any more.
_OVER = (Ended, DialFailed, LineLost, LineReady, Rang, HandsetDialled, CommandFailed)


class HostedLine:
    """``wanted``: the server has the line too and is connected. ``can`` are its capabilities."""

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        self.outbox = Outbox(most)
        self.can: tuple[str, ...] = ()
        self.wanted = False
        self._number = 0
        self._standing = Standing(name, up=False, words=Said(Saying.HOST_STARTED))
        self._stood = False
        self._dialled = ""

    def item(self, ordinal: int, source: str, news: What, now: Moment) -> Item:
        """The next item, with ``news`` of ``now`` or of as long ago as they say."""
        self._number += 1
        age = getattr(news, "age", 0.0)
        return Item(ordinal, self.name, source, self._number, now.wall - age, now.steady - age, news)

    def follow(self, news: What) -> None:
        """What ``news`` mean for how the line stands."""
        match news:
            case LineReady(identification):
                self._standing = Standing(self.name, up=True, words=identification)
            case LineLost(reason):
                self._standing = Standing(self.name, up=False, words=reason)
            case _:
                pass
        if isinstance(news, _OVER):
            self._dialled = ""

    def disconnect(self) -> None:
        """The connection is gone."""
        self.outbox.rewind()
        self.wanted = self._stood = False

    def to_send(self, now: Moment, began: float) -> Iterator[Message]:
        """What can be sent now: reports, and once there are no more of them how the line stands."""
        while self.wanted and not self.outbox.all_sent and self.outbox.sent < WINDOW:
            yield self.outbox.send_next().report(now, began)
        if self.wanted and self.outbox.all_sent and not self._stood:
            self._stood = True
            yield self._standing

    def accept(self, order: Order) -> str:
        """Why ``order`` cannot be carried out any more; empty if it can."""
        if order.command == "take_back" and self._dialled != order.argument:
            return Said(Saying.NO_CALL)
        if order.command == "dial":
            self._dialled = order.id
        return ""
