"""A gateway listener that can be waited on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet import reactor
from twisted.internet.task import deferLater

from protocols.sms import GatewaySignal

S = TypeVar("S", bound=GatewaySignal)


class GatewayHeard:
    def __init__(self) -> None:
        self.signals: list[GatewaySignal] = []
        self._actions: dict[type[GatewaySignal], Callable[[], None]] = {}

    def __call__(self, signals: Sequence[GatewaySignal]) -> None:
        self.signals += signals
        for signal in signals:
            if (action := self._actions.pop(type(signal), None)) is not None:
                action()

    def when(self, kind: type[GatewaySignal], action: Callable[[], None]) -> None:
        """Do ``action`` in the turn in which the next ``kind`` is heard."""
        self._actions[kind] = action

    def of(self, kind: type[S]) -> list[S]:
        return [signal for signal in self.signals if isinstance(signal, kind)]

    async def until(self, condition: Callable[[list[GatewaySignal]], Any], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition(self.signals):
            assert time.monotonic() < deadline, f"waited in vain; heard {self.signals}"
            await deferLater(reactor, 0.02)

    async def quiet(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        """Wait for something that is not heard."""
        await self.until(lambda _: condition(), seconds)

    async def first(self, kind: type[GatewaySignal], seconds: float = 20) -> GatewaySignal:
        """Wait for a ``kind``, and forget everything up to it."""
        await self.until(lambda _: self.of(kind), seconds)
        place = next(index for index, signal in enumerate(self.signals) if isinstance(signal, kind))
        found = self.signals[place]
        del self.signals[: place + 1]
        return found


async def written_trace(folder: Path, heard: GatewayHeard) -> str:
    """The trace in ``folder``, which is written on another thread."""
    await heard.quiet(lambda: texts(folder))
    return texts(folder)


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("trace/*"))
