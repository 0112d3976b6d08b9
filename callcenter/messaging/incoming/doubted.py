"""Texts that are held back: each says the same as one before, which came over another connection of the gateway.

If that connection is lost already, and nobody has noticed, it is the one before that is brought again; if it lives, it
is another one, for somebody may answer "1" twice. So the gateway is asked there whether it is there. It answers in a
moment, or the connection is found to be gone. Meanwhile the text is on disk and confirmed, so that it holds up no other
and is not lost; nobody sees it. What is never found out is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from twisted.internet.interfaces import IReactorTime

from callcenter.messaging.incoming.brought_text import BroughtText
from protocols.sms_link import Link

LONGEST = 300.0
"""Seconds for which a text is held at most: a silent connection is given up after 240 (``SmsTimings``)."""


@dataclass(frozen=True)
class _Doubt:
    """Whether ``second`` is ``first``, which came over ``link``."""

    gateway: int
    first: BroughtText
    second: BroughtText
    link: Link

    def verdict(self, now: float) -> bool | None:
        """Whether it is; None: that is not known yet."""
        if self.first.settled or self.link.has_read(self.second.came_at):
            return False
        if self.link.ended and self.second.on_disk:
            return True
        return False if now - self.second.came_at >= LONGEST else None


class Doubted:
    """``again`` is told of gateway, text before and text that is the same."""

    def __init__(self, clock: IReactorTime, again: Callable[[int, BroughtText, BroughtText], None]) -> None:
        self._clock = clock
        self._again = again
        self._doubts: dict[str, _Doubt] = {}
        self.held: frozenset[str] = frozenset()
        """The names of those that are not to be shown: in doubt, or brought again and not forgotten yet."""
        self.repeated: dict[str, int] = {}
        """Name → gateway of what was brought again and is to be forgotten."""
        self.cleared: dict[str, int] = {}
        """The same of what is on disk and was not brought again: whoever files texts may have passed it over."""
        self.judged: Callable[[], None] = lambda: None
        """Called when something more is known."""

    def hold(self, gateway: int, first: BroughtText, second: BroughtText, link: Link) -> None:
        """``second`` may be ``first``, which came over ``link``."""
        first.doubted = True
        self._doubts[second.name] = _Doubt(gateway, first, second, link)
        self.held |= {second.name}
        link.watcher = self.judge
        link.ask()

    def forgotten(self, names: Collection[str]) -> None:
        """These of ``repeated`` are on disk no more."""
        for name in names:
            self.repeated.pop(name, None)
        self.held -= frozenset(names)

    def filed(self, names: Iterable[str]) -> None:
        """Those of ``cleared`` are being filed."""
        for name in names:
            self.cleared.pop(name, None)

    def judge(self) -> None:
        """See what is known by now."""
        self._judge(list(self._doubts.values()))

    def is_on_disk(self, name: str) -> None:
        """The text of this ``name`` is, if it is in doubt: more may be known by that."""
        if (doubt := self._doubts.get(name)) is not None:
            self._judge([doubt])

    def _judge(self, doubts: Iterable[_Doubt]) -> None:
        now = self._clock.seconds()
        known = [(one.second.name, verdict) for one in doubts if (verdict := one.verdict(now)) is not None]
        for name, again in known:
            self._conclude(self._doubts.pop(name), again=again)
        self.held -= {name for name, again in known if not again}
        if known:
            self.judged()

    def _conclude(self, one: _Doubt, *, again: bool) -> None:
        one.first.doubted = False
        if again:
            self.repeated[one.second.name] = one.gateway
            self._again(one.gateway, one.first, one.second)
            if one.second.doubted:
                self._hand_on(one)
        elif one.second.on_disk:
            self.cleared[one.second.name] = one.gateway

    def _hand_on(self, known: _Doubt) -> None:
        """Whatever may be the second one may be the first, which it is."""
        for name, doubt in self._doubts.items():
            if doubt.first is known.second:
                known.first.doubted = True
                self._doubts[name] = replace(doubt, first=known.first)
