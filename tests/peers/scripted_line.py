"""A line device whose signals the test speaks and whose commands the test reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hardware.call_control import ControlWish, ListenMode, Telephone
from hardware.line_device import Capability, HardwareError, NotCapableError, SignalListener
from hardware.settings import LineSettings
from hardware.trace import TraceEntry, TraceListener, Way
from protocols.signals import LineReady, LineSignal

MODEM = Capability.RING | Capability.CALLER_ID | Capability.DIAL | Capability.HANG_UP | Capability.ANSWER
MONITOR = Capability.RING | Capability.CALLER_ID


@dataclass
class ScriptedLine:
    """``asked`` holds the commands in order; ``broken`` makes every command fail with that text."""

    capabilities: Capability = MODEM
    asked: list[tuple[str, str]] = field(default_factory=list)
    broken: str = ""
    ready: bool = True
    fails_to_start: bool = False
    stopped: bool = False
    listener: SignalListener | None = None
    watcher: TraceListener | None = None
    name: str = ""
    recordings: Path | None = None

    def say(self, *signals: LineSignal) -> None:
        assert self.listener is not None, "the line was not started"
        for signal in signals:
            self.listener(signal)

    def start(self, listener: SignalListener) -> None:
        if self.fails_to_start:
            raise RuntimeError("no such port")
        self.listener = listener
        if self.ready:
            self.say(LineReady("scripted"))

    async def stop(self) -> None:
        self.stopped = True

    def dial(self, number: str) -> None:
        self._do(Capability.DIAL, "dial", number)

    def answer(self) -> None:
        self._do(Capability.ANSWER, "answer")

    def hang_up(self) -> None:
        self._do(Capability.HANG_UP, "hang_up")

    def send_digits(self, digits: str) -> None:
        self._do(Capability.DTMF_OUT, "send_digits", digits)

    def record(self, name: str) -> None:
        self._do(Capability.RECORD, "record", name)

    @property
    def call_control(self) -> ScriptedLine | None:
        return self if self.capabilities & Capability.TRANSFER else None

    @property
    def telephone(self) -> Telephone:
        return Telephone("main", self.name, "8001")

    def control(self, wish: ControlWish, number: str = "") -> None:
        self._do(Capability.TRANSFER, wish.value, number)

    def listen(self, listener: str, phone: Telephone, mode: ListenMode) -> None:
        self._do(Capability.LISTEN, "listen", f"{listener}{mode.value}")

    def stop_listening(self, listener: str) -> None:
        self._do(Capability.LISTEN, "stop_listening", listener)

    def set_trace(self, enabled: bool) -> None:
        self.asked.append(("set_trace", str(enabled)))

    def watch(self, listener: TraceListener | None) -> None:
        self.watcher = listener

    def rename(self, name: str) -> None:
        self.name = name

    def trace(self, way: Way, data: bytes = b"") -> None:
        """Something goes over the port, if anybody looks."""
        if self.watcher is not None:
            self.watcher(TraceEntry(0.0, way, data))

    def _do(self, needed: Capability, command: str, argument: str = "") -> None:
        if not self.capabilities & needed:
            raise NotCapableError(f"this line cannot {command}")
        if self.broken:
            raise HardwareError(self.broken)
        self.asked.append((command, argument))


@dataclass
class Workbench:
    """Makes the devices of lines that are added in the interface, and remembers for which settings."""

    made: list[tuple[LineSettings, ScriptedLine]] = field(default_factory=list)

    def __call__(self, settings: LineSettings) -> ScriptedLine:
        device = ScriptedLine(name=settings.name)
        self.made.append((settings, device))
        return device

    @property
    def last(self) -> ScriptedLine:
        return self.made[-1][1]
