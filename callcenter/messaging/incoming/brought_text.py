"""A text that a gateway brought without a name, as long as it may come again."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.sms_link import READ_AFTER, Link

PATIENCE = 5.0
"""No gateway brings a text again over a connection that lives before it waited so many seconds for its answer; and one
that lost its patience has done so when the answer is so old.
"""


@dataclass(eq=False)
class BroughtText:
    """``link`` is None where it came before this process began. Times are the clock's seconds.

    ``until``: as soon as the gateway is back it is known when it does not come again any more. ``called`` is the id
    that it came with, if that can be trusted. ``doubted``: another one is held, which may be this one.
    """

    name: str
    link: Link | None
    came_at: float
    called: str = ""
    answered_at: float | None = None
    until: float | None = None
    on_disk: bool = False
    doubted: bool = False

    @property
    def cut_off(self) -> bool:
        """Whether the connection over which it came is gone."""
        return self.link is None or self.link.ended

    @property
    def settled(self) -> bool:
        """Whether the gateway has certainly read our answer."""
        return self.link is not None and self.answered_at is not None and self.link.has_read(self.answered_at)

    def is_unsure(self, now: float) -> bool:
        """Whether it is not known any more what became of our answer: nothing was heard since."""
        if self.cut_off or self.settled or self.answered_at is None:
            return False
        return now - self.answered_at >= READ_AFTER

    def may_be(self, called: str, link: Link, now: float) -> bool:
        """Whether one that comes now over ``link`` and says the same may be this one."""
        if self.doubted:
            return False
        if called and self.called:
            if called != self.called:
                return False
            if link is not self.link:
                return not self.settled
        return self._may_come_again(now)

    def may_yet_be(self, called: str, link: Link) -> bool:
        """Whether one that comes over ``link`` and says the same is this one if the connection of this one is lost
        already and nobody has noticed.
        """
        told = bool(called and self.called)
        return not (told or self.doubted or self.cut_off or self.settled or link is self.link)

    def _may_come_again(self, now: float) -> bool:
        if self.cut_off:
            return not self.settled
        if self.answered_at is None:
            return now - self.came_at >= PATIENCE
        return self.answered_at - self.came_at >= PATIENCE and now - self.answered_at < PATIENCE
