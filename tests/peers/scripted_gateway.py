"""A gateway whose signals the test speaks, or that answers by itself; and what it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from twisted.internet.task import Clock

from hardware.gateways.device import GatewayAbility
from hardware.trace import TraceListener
from protocols.sms import (
    GatewayListener,
    GatewayLost,
    GatewayReady,
    GatewaySignal,
    Part,
    PartAccepted,
    PartUnsent,
)

ALL = (
    GatewayAbility.LONG_TEXT
    | GatewayAbility.RECEIPTS
    | GatewayAbility.REPLIES
    | GatewayAbility.BALANCE
    | GatewayAbility.SENDER
)


@dataclass
class ScriptedGateway:
    """``given`` holds every part in order. ``answer`` says what is told of each, on the next turn of ``clock``; None:
    nothing is, until the test says so.
    """

    clock: Clock
    capacity: int = 1000
    abilities: GatewayAbility = ALL
    answer: Callable[[Part], Sequence[GatewaySignal]] | None = None
    given: list[Part] = field(default_factory=list)
    open: dict[str, Part] = field(default_factory=dict)
    ready: bool = True
    stopped: bool = False
    retry_at: float | None = None
    dead: bool = False
    balance_asked: int = 0
    traced: bool = False
    watcher: TraceListener | None = None
    listener: GatewayListener | None = None
    letters: str = ""
    charset: str = ""
    longest: int = 0

    @property
    def room(self) -> int:
        return max(0, self.capacity - len(self.open)) if self.ready and not self.stopped else 0

    @property
    def next_attempt(self) -> float | None:
        return None if self.ready else self.retry_at

    def start(self, listener: GatewayListener) -> None:
        self.listener = listener
        if self.ready:
            self.say(GatewayReady())

    async def stop(self) -> None:
        self.stopped = True

    def say(self, *signals: GatewaySignal) -> None:
        """Report; what an answer settles is not open any more."""
        if self.dead or self.listener is None:
            return
        for signal in signals:
            self.open.pop(getattr(signal, "key", ""), None)
        self.listener(signals)

    def lose(self, reason: str = "connection lost", *, refused: bool = False) -> None:
        self.ready = False
        self.say(GatewayLost(reason, refused))

    def come_back(self) -> None:
        self.ready = True
        self.say(GatewayReady())

    def submit(self, parts: Sequence[Part]) -> None:
        room = self.room
        told: list[GatewaySignal] = []
        for place, part in enumerate(parts):
            self.open[part.key] = part
            if place >= room:
                told.append(PartUnsent(part.key))
                continue
            self.given.append(part)
            if self.answer is not None:
                told.extend(self.answer(part))
        if told:
            self.clock.callLater(0, self.say, *told)

    def ask_balance(self) -> None:
        self.balance_asked += 1

    @property
    def pushes(self) -> None:
        """Nobody pushes."""

    def set_trace(self, enabled: bool) -> None:
        self.traced = enabled

    def watch(self, listener: TraceListener | None) -> None:
        self.watcher = listener


def accepting(part: Part) -> Sequence[GatewaySignal]:
    """An answer that gives each part a name of its own."""
    return [PartAccepted(part.key, f"id-{part.key}")]
