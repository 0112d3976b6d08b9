"""A GSM session and the simulated modem joined in memory, with a clock that is moved by hand."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any, TypeVar

from hardware.simulators.gsm_chip import GsmChip
from hardware.simulators.gsm_network import GsmNetwork
from hardware.simulators.gsm_requests import FateRequest, StateRequest, StoreRequest, TextRequest
from protocols.actions import Doings
from protocols.gsm_modem.session import GsmSession
from protocols.gsm_modem.settings import GsmSettings
from protocols.sms import GatewaySignal, Part, StorageTold, TextEncoding
from tests.peers.set_clock import SetClock

NUMBER = "+8613800138000"
NOW = datetime(2026, 11, 30, 0, 53, 20, tzinfo=UTC)
S = TypeVar("S", bound=GatewaySignal)


def part(key: str = "1", text: str = "您好，预约提醒", **values: Any) -> Part:
    return Part(
        **{"key": key, "number": NUMBER, "text": text, "encoding": TextEncoding.UCS2, "validity": 86_400.0, **values}
    )


class GsmBench:
    """``seed`` splits the stream at random; without, every byte comes alone."""

    def __init__(
        self, settings: GsmSettings | None = None, pin: str = "", size: int = 30, seed: int | None = None
    ) -> None:
        self.clock = SetClock(NOW)
        self._random = None if seed is None else random.Random(seed)
        self._from_chip = bytearray()
        self.commands = bytearray()
        self.signals: list[GatewaySignal] = []
        self.counts: list[StorageTold] = []
        """How full the storage was said to be; not among the signals, since it comes at any time."""
        self.network = GsmNetwork(self.clock, 1.0)
        self.chip = GsmChip(self.network, self._from_chip.extend, self.clock, pin, size)
        self.network.mobile = self.chip
        self.session = GsmSession(settings or GsmSettings(rate=1.0), self.wake, self.clock.wall_seconds)

    def start(self) -> GsmBench:
        self.perform(self.session.start(self.clock.seconds()))
        return self.run(10)

    def perform(self, doings: Doings[GatewaySignal]) -> None:
        self.commands += doings.write
        self.chip.receive(doings.write)
        for signal in doings.signals:
            match signal:
                case StorageTold():
                    self.counts.append(signal)
                case _:
                    self.signals.append(signal)

    def wake(self) -> None:
        self.perform(self.session.tick(self.clock.seconds()))

    def submit(self, *parts: Part) -> None:
        self.session.submit(parts)
        self.wake()

    def run(self, seconds: float, step: float = 0.05) -> GsmBench:
        """Let time pass, and the two talk."""
        until = self.clock.seconds() + seconds
        while self.clock.seconds() < until:
            self.exchange()
            self.clock.advance(step)
            due = self.session.next_deadline()
            if due is not None and self.clock.seconds() >= due:
                self.wake()
        self.exchange()
        return self

    def exchange(self) -> None:
        while self._from_chip:
            count = 1 if self._random is None else self._random.randint(1, len(self._from_chip))
            data = bytes(self._from_chip[:count])
            del self._from_chip[:count]
            self.perform(self.session.receive(data, self.clock.seconds()))

    def says(self, data: bytes) -> None:
        """The modem says ``data``."""
        self._from_chip.extend(data)
        self.exchange()

    def refuse(self, command: bytes) -> None:
        """The modem has no such command."""
        take = self.chip.receive

        def receive(data: bytes) -> None:
            if data.startswith(command):
                self._from_chip.extend(b"\r\nERROR\r\n")
            else:
                take(data)

        self.chip.receive = receive  # type: ignore[method-assign]

    def fate(self, **values: Any) -> None:
        self.network.decide(FateRequest.model_validate({"command": "fate", **values}))

    def text(self, text: str, number: str = NUMBER, **values: Any) -> None:
        self.network.write(TextRequest.model_validate({"command": "text", "number": number, "text": text, **values}))

    def keep(self, tpdu: str, *, sent: bool = False, count: int = 1) -> None:
        """Somebody or something put this into the storage."""
        self.chip.store(StoreRequest.model_validate({"command": "store", "tpdu": tpdu, "sent": sent, "count": count}))

    def state(self, **values: Any) -> None:
        self.chip.change(StateRequest.model_validate({"command": "state", **values}))
        self.network.retry()

    def of(self, kind: type[S]) -> list[S]:
        return [signal for signal in self.signals if isinstance(signal, kind)]

    def sent(self) -> list[str]:
        return [message["text"] for message in self.network.sent]


class SlowBench(GsmBench):
    """The modem takes one command after the other, each for a fifth of a second, and none while it ``stalls``."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()
        self._works = False
        self._stalls = False
        self._take = self.chip.receive
        self.chip.receive = self._queue  # type: ignore[method-assign]

    @property
    def stalls(self) -> bool:
        """Whether it leaves what comes for later."""
        return self._stalls

    @stalls.setter
    def stalls(self, stalls: bool) -> None:
        self._stalls = stalls
        self._work()

    def _queue(self, data: bytes) -> None:
        self._waiting += data
        self._work()

    def _work(self) -> None:
        if self._waiting and not self._stalls and not self._works:
            self._works = True
            end = self._waiting.find(b"\r") + 1 or len(self._waiting)
            line = bytes(self._waiting[:end])
            del self._waiting[:end]
            self.clock.callLater(0.2, self._done, line)

    def _done(self, line: bytes) -> None:
        self._works = False
        self._take(line)
        self._work()
