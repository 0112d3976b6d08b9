"""Tells a text that a gateway brings again from one that says the same: where the gateway has no name for it.

A deliver_sm has neither a name nor a time (SMPP 3.4, section 4.6.1), and comes again where its deliver_sm_resp did not
arrive: when the connection ended before the gateway can have read it, or when the gateway lost its patience. What comes
when the one before was answered and read is new, whatever it says: somebody may answer "1" twice.

Some SMSCs tell an id with a text. Where two that say the same have two ids they are two, whatever became of the
connection; with one id they are one as long as the gateway may not have read our answer, also when the second comes
over another connection of it before the loss of the first is noticed. An id that several texts have, or a message of
ours, which they answer, proves nothing. Without one, what comes so is held until it is known: see ``doubted``.

What is remembered here is what may come again. A text is called by a name of ours, which says what it says in its first
half: what a process left behind is known by that to the next one.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from twisted.internet.interfaces import IReactorTime

from callcenter.messaging.incoming.arrivals import ROW_LENGTH
from callcenter.messaging.incoming.brought_text import BroughtText
from callcenter.messaging.incoming.doubted import Doubted
from callcenter.messaging.incoming.repetitions import named_content
from protocols.sms import Arrival, GatewayLost, GatewayReady, GatewaySignal, PartAccepted, TextArrived
from protocols.sms_link import Link

COMES_WITHIN = 2 * 3600.0
"""Seconds. What a gateway keeps it brings again at once when it is back, or by its schedule, whose pauses grow with the
time that we were away: to an hour with most.
"""
MOST = 20_000
_ROUNDED = 1.0
"""Seconds that a time may have lost on its way through other clocks."""


_Texts = dict[str, BroughtText]
"""By name, in the order in which they came."""


class Brought:
    """What gateways brought without a name, each until it is sure that it does not come again."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._texts: dict[int, _Texts] = defaultdict(dict)
        self._alike: dict[tuple[int, str], list[BroughtText]] = defaultdict(list)
        self._up: set[int] = set()
        self._told: dict[int, float | None] = {}
        self._called: dict[tuple[int, str], BroughtText] = {}
        self._vague: set[int] = set()
        self._ours: dict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self.doubted = Doubted(clock, self._was_again)

    def remember(self, left: Iterable[tuple[int, str, datetime]], now: datetime) -> None:
        """Gateway, name and time of what the last process may have left unanswered, in the order in which it came."""
        for gateway, name, at in left:
            self._keep(gateway, BroughtText(name, None, self._clock.seconds() - (now - at).total_seconds()))

    def remember_ours(self, names: Iterable[tuple[int, str]]) -> None:
        """Gateway and its name for a message of ours, which the last process sent: oldest first."""
        for gateway, name in names:
            self._is_ours(gateway, name)

    def heard(self, gateway_id: int, signals: Sequence[GatewaySignal]) -> list[GatewaySignal]:
        """``signals`` as they just came; texts with a name: that of the one before if it may be the same.

        One that has a name or comes over no connection stays as it is. So does a part of a long text: ``repetitions``
        knows it by its place.
        """
        return [
            signal if (hear := _HEARD.get(type(signal))) is None else hear(self, gateway_id, signal)
            for signal in signals
        ]

    def came_up(self, gateway_id: int, signal: GatewayReady) -> GatewaySignal:
        """The gateway is there."""
        self._up.add(gateway_id)
        return signal

    def went_down(self, gateway_id: int, signal: GatewayLost) -> GatewaySignal:
        """It is not."""
        self._up.discard(gateway_id)
        return signal

    def named(self, gateway_id: int, signal: TextArrived) -> GatewaySignal:
        """See ``heard``."""
        if signal.link is None or signal.total > 1:
            return signal
        now, content = self._clock.seconds(), named_content(gateway_id, signal)
        called = self._told_with(gateway_id, signal.called)
        again = self._again(gateway_id, content, called, signal.link, now)
        if again is not None:
            again.link, again.came_at, again.answered_at, again.until = signal.link, now, None, None
            # It may be written down once more: not before that is over is it known what to forget.
            again.on_disk = False
            text = again
        else:
            text = BroughtText(content + secrets.token_hex(16), signal.link, now, self._trusted(gateway_id, called))
            before = self._perhaps(gateway_id, content, called, signal)
            self._keep(gateway_id, text)
            if before is not None and before.link is not None:
                self.doubted.hold(gateway_id, before, text, before.link)
        self._told.setdefault(gateway_id, None)
        return replace(signal, gateway_id=text.name)

    def took(self, gateway_id: int, signal: PartAccepted) -> GatewaySignal:
        """It has a name for something of ours."""
        self._is_ours(gateway_id, signal.gateway_id)
        return signal

    def _is_ours(self, gateway_id: int, name: str) -> None:
        ours = self._ours[gateway_id]
        ours[name] = None
        if len(ours) > MOST:
            # To find the first key of a plain dict takes long when many before it are gone, and this is for each part.
            ours.popitem(last=False)

    def _told_with(self, gateway_id: int, called: str) -> str:
        """The id that came with a text, if the gateway's ids can be trusted."""
        if called and called in self._ours[gateway_id]:
            self._vague.add(gateway_id)
        return "" if gateway_id in self._vague else called

    def _again(self, gateway_id: int, content: str, called: str, link: Link, now: float) -> BroughtText | None:
        alike = sorted(self._alike[gateway_id, content], key=lambda one: one.called != called)
        return next((one for one in alike if one.may_be(called, link, now)), None)

    def _perhaps(self, gateway_id: int, content: str, called: str, signal: TextArrived) -> BroughtText | None:
        """The text that may turn out to be the same. Not of one that is kept in several rows, which nobody repeats."""
        alike = self._alike[gateway_id, content] if signal.link is not None and len(signal.text) <= ROW_LENGTH else ()
        return next((one for one in alike if signal.link and one.may_yet_be(called, signal.link)), None)

    def _was_again(self, gateway_id: int, before: BroughtText, text: BroughtText) -> None:
        before.link, before.came_at, before.answered_at, before.until = (
            text.link, text.came_at, text.answered_at, None,
        )  # fmt: skip
        if text.name in self._texts[gateway_id]:
            self._drop(gateway_id, text)

    def _trusted(self, gateway_id: int, called: str) -> str:
        """The id of a new text; none where another one has it: then no id of this gateway tells anything any more."""
        if (gateway_id, called) in self._called:
            self._vague.add(gateway_id)
            return ""
        return called

    def confirmed(self, gateway_id: int, signal: Arrival) -> None:
        """It is on disk, and its answer was written if its connection lives."""
        if not isinstance(signal, TextArrived):
            return
        text = self._texts[gateway_id].get(signal.gateway_id)
        # It may have come again meanwhile, over another connection: that one is owed an answer of its own.
        if text is None or text.link is not signal.link:
            return
        if not text.cut_off and text.answered_at is None:
            text.answered_at = self._clock.seconds()
        text.on_disk = True
        self.doubted.is_on_disk(text.name)

    def forget(self) -> None:
        """Forget what does not come again. A gateway that said nothing since our answer is asked if it is there."""
        self.doubted.judge()
        now = self._clock.seconds()
        for gateway, texts in self._texts.items():
            for text in [*self._over(gateway, texts, now)]:
                self._drop(gateway, text)
            for text in [*texts.values()][: max(0, len(texts) - MOST)]:
                self._drop(gateway, text)
            for link in {text.link for text in texts.values() if text.link is not None and text.is_unsure(now)}:
                link.ask()

    def settled_until(self, now: datetime) -> Mapping[int, datetime]:
        """Gateway → what came before that does not come again; of those for which that is news."""
        self.forget()
        seconds = self._clock.seconds()
        found: dict[int, datetime] = {}
        for gateway, told in [*self._told.items()]:
            first = min((text.came_at for text in self._texts[gateway].values()), default=None)
            if first is None:
                # Until it brings something more there is no more to tell.
                del self._told[gateway]
            elif first == told:
                continue
            else:
                self._told[gateway] = first
            found[gateway] = now - timedelta(seconds=0 if first is None else seconds - first + _ROUNDED)
        return found

    def _over(self, gateway: int, texts: _Texts, now: float) -> Iterator[BroughtText]:
        for text in texts.values():
            if text.settled:
                yield text
            elif text.cut_off and gateway in self._up:
                if text.until is None:
                    text.until = now + COMES_WITHIN
                if now >= text.until:
                    yield text

    def _keep(self, gateway: int, text: BroughtText) -> None:
        self._texts[gateway][text.name] = text
        if text.called:
            self._called[gateway, text.called] = text
        self._alike[gateway, text.name[: len(text.name) // 2]].append(text)

    def _drop(self, gateway: int, text: BroughtText) -> None:
        del self._texts[gateway][text.name]
        self._called.pop((gateway, text.called), None)
        key = gateway, text.name[: len(text.name) // 2]
        self._alike[key].remove(text)
        if not self._alike[key]:
            del self._alike[key]


_HEARD: Mapping[type[GatewaySignal], Callable[[Brought, int, Any], GatewaySignal]] = MappingProxyType(
    {
        TextArrived: Brought.named,
        GatewayReady: Brought.came_up,
        GatewayLost: Brought.went_down,
        PartAccepted: Brought.took,
    }
)
