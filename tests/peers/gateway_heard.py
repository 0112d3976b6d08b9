"""A gateway listener that can be waited on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from protocols.sms import GatewaySignal
from tests.peers.patience import until

Kind = TypeVar("Kind", bound=GatewaySignal)


class GatewayHeard:
    """``signals`` are those heard so far. ``writes``: what arrives is on disk at once."""

    def __init__(self, *, writes: bool = True) -> None:
        self.signals: list[GatewaySignal] = []
        self._writes = writes
        self._actions: dict[type[GatewaySignal], Callable[[], Any]] = {}

    def __call__(self, signals: Sequence[GatewaySignal]) -> None:
        self.signals += signals
        for signal in signals:
            if self._writes:
                getattr(signal, "written", lambda: None)()
            if (action := self._actions.pop(type(signal), None)) is not None:
                action()

    def when(self, kind: type[GatewaySignal], action: Callable[[], Any]) -> None:
        """Do ``action`` in the turn in which the next ``kind`` is heard."""
        self._actions[kind] = action

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [signal for signal in self.signals if isinstance(signal, kind)]

    async def until(self, condition: Callable[[], Any]) -> None:
        await until(condition, lambda: f"something; heard {self.signals}")

    async def some(self, kind: type[Kind], count: int = 1) -> list[Kind]:
        """Wait for ``count`` of a kind."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)

    async def first(self, kind: type[Kind]) -> Kind:
        """Wait for a ``kind``, and forget everything up to it."""
        found = (await self.some(kind))[0]
        place = next(index for index, signal in enumerate(self.signals) if signal is found)
        del self.signals[: place + 1]
        return found


async def written_trace(folder: Path, heard: GatewayHeard) -> str:
    """The trace in ``folder``, which is written on another thread."""
    await heard.until(lambda: texts(folder))
    return texts(folder)


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("trace/*"))
