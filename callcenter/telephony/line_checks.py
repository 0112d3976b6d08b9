"""The check list of a line that is being tried: which steps its device can show, and what ticks them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from hardware.line_device import Capability
from hardware.trace import Way
from protocols.signals import (
    Answered,
    CallerIdentified,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    Rang,
    RingingStopped,
)
from protocols.text import clean_text


class Step(StrEnum):
    """What a line does one after the other when somebody calls it."""

    PORT = "port"
    READY = "ready"
    RING = "ring"
    CALLER_ID = "caller_id"
    PICKED_UP = "picked_up"
    HUNG_UP = "hung_up"
    STOPPED = "stopped"
    """Ringing stopped: the end of a call on a line that does not tell of handsets."""


def offered(capabilities: Capability) -> tuple[Step, ...]:
    """The steps that a device with ``capabilities`` can show, in order."""
    steps = [Step.PORT, Step.READY]
    if capabilities & Capability.RING:
        steps.append(Step.RING)
    if capabilities & Capability.CALLER_ID:
        steps.append(Step.CALLER_ID)
    if capabilities & (Capability.LOCAL_HOOK | Capability.ANSWER):
        steps += [Step.PICKED_UP, Step.HUNG_UP]
    elif capabilities & Capability.RING:
        steps.append(Step.STOPPED)
    return tuple(steps)


@dataclass(frozen=True)
class Tick:
    """A step that was seen: when for the first time, in seconds since 1970, and what with it."""

    at: float
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckList:
    """What was seen so far."""

    ticks: Mapping[Step, Tick] = field(default_factory=dict)

    def traced(self, way: Way, at: float) -> CheckList:
        """The port was opened or closed."""
        match way:
            case Way.OPENED:
                return self._tick(Step.PORT, at)
            case Way.CLOSED:
                return self._without(Step.PORT)
            case _:
                # Whoever is heard has an open port, whatever was missed.
                return self if Step.PORT in self.ticks else self._tick(Step.PORT, at)

    def heard(self, signal: LineSignal, at: float) -> CheckList:
        """The device reported ``signal``."""
        tick = _TICKS.get(type(signal))
        return self if tick is None else tick(self, signal, at)

    def ready(self, identification: str, at: float) -> CheckList:
        """The device answers, and says what it is."""
        open_port = self._tick(Step.PORT, at)
        return CheckList({**open_port.ticks, Step.READY: Tick(at, {"identification": clean_text(identification)})})

    def lost(self, signal: LineLost, at: float) -> CheckList:
        """The device does not answer, or not any more; the port may be open all the same."""
        return self._without(Step.READY)

    def rang(self, at: float) -> CheckList:
        """One more ring."""
        before = self.ticks.get(Step.RING)
        return self._tick(Step.RING, at, count=1 + (before.detail["count"] if before else 0))

    def identified(self, signal: CallerIdentified, at: float) -> CheckList:
        """Caller id; a later one that has a number counts more than one without."""
        before = self.ticks.get(Step.CALLER_ID)
        if before and before.detail["number"] and not signal.number:
            return self
        absent = signal.absent.value if signal.absent else ""
        detail = {"number": clean_text(signal.number), "name": clean_text(signal.name), "absent": absent}
        return self._tick(Step.CALLER_ID, at, **detail)

    def picked_up(self, at: float) -> CheckList:
        """Somebody lifted the handset, or the device itself took the call."""
        return self._tick(Step.PICKED_UP, at)

    def over(self, at: float) -> CheckList:
        """The call is over: it counts if it was taken."""
        return self._tick(Step.HUNG_UP, at) if Step.PICKED_UP in self.ticks else self.stopped(at)

    def stopped(self, at: float) -> CheckList:
        """Ringing stopped."""
        return self._tick(Step.STOPPED, at) if Step.RING in self.ticks else self

    def as_data(self, capabilities: Capability, moment: Callable[[float], str]) -> list[dict[str, Any]]:
        """The list as JSON data: the steps that the device offers or has shown; ``at`` is null while one is to come."""
        shown = offered(capabilities)
        seen = [step for step in self.ticks if step not in shown and step is not Step.STOPPED]
        order = list(Step)
        steps = sorted((*shown, *seen), key=order.index)
        return [self._step(step, moment) for step in steps]

    def _step(self, step: Step, moment: Callable[[float], str]) -> dict[str, Any]:
        tick = self.ticks.get(step)
        if tick is None:
            return {"step": step.value, "at": None, "detail": {}}
        return {"step": step.value, "at": moment(tick.at), "detail": dict(tick.detail)}

    def _tick(self, step: Step, at: float, **detail: Any) -> CheckList:
        """Tick ``step``; what was ticked keeps its time."""
        before = self.ticks.get(step)
        return CheckList({**self.ticks, step: Tick(before.at if before else at, detail)})

    def _without(self, step: Step) -> CheckList:
        return CheckList({one: tick for one, tick in self.ticks.items() if one is not step})


_TICKS: Mapping[type[LineSignal], Callable[[CheckList, Any, float], CheckList]] = MappingProxyType(
    {
        LineReady: lambda checks, signal, at: checks.ready(signal.identification, at),
        LineLost: CheckList.lost,
        Rang: lambda checks, _, at: checks.rang(at),
        CallerIdentified: CheckList.identified,
        HandsetLifted: lambda checks, _, at: checks.picked_up(at),
        Answered: lambda checks, _, at: checks.picked_up(at),
        HandsetReplaced: lambda checks, _, at: checks.over(at),
        Ended: lambda checks, _, at: checks.over(at),
        RingingStopped: lambda checks, _, at: checks.stopped(at),
    }
)
