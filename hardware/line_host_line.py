"""A line whose device is plugged into another computer, where a line host serves it."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.line_device import Capability, SignalListener
from hardware.port_line import incapable, unavailable
from hardware.settings import LineSettings
from hardware.shared_ports import SharedPorts
from hardware.trace import TraceListener
from protocols.dial_strings import checked_digits, checked_number
from protocols.sayings import Said, Saying
from protocols.signals import LineLost, LineReady, LineSignal, OutOfReach

# What a device at a host would record stays there, out of our reach.
_CAPABILITIES = {str(flag.name).lower(): flag for flag in Capability if flag is not Capability.RECORD}


class LineHostLine:
    """A ``LineDevice``. What it can do is what its host last said; the trace is in a file there."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path, shared: SharedPorts) -> None:
        self._name = settings.name
        self._line = settings.line
        self._host = shared.line_hosts.at(settings.host)
        self._host.add(settings.line, settings.name)
        self._trace = settings.trace
        self._listener: SignalListener | None = None
        self._lost_because: str | None = Said(Saying.NOT_STARTED)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``. A host that is newer may name some that we do not know."""
        found = Capability.NONE
        for name in self._host.line(self._line).can:
            found |= _CAPABILITIES.get(name, Capability.NONE)
        return found

    def start(self, listener: SignalListener) -> None:
        """See ``LineDevice``."""
        self._listener = listener
        self._host.line(self._line).trace = self._trace
        self._host.start(self._line, self._hear)

    async def stop(self) -> None:
        """See ``LineDevice``; but a call goes on, and its host tells of it when the call center is back."""
        self._listener = None
        self._host.stop(self._line)

    def dial(self, number: str) -> None:
        """See ``LineDevice``."""
        checked_number(number)
        self._order(Capability.DIAL, Saying.CANNOT_DIAL, "dial", number)

    def answer(self) -> None:
        """See ``LineDevice``."""
        self._order(Capability.ANSWER, Saying.CANNOT_ANSWER, "answer")

    def hang_up(self) -> None:
        """See ``LineDevice``."""
        self._order(Capability.HANG_UP, Saying.CANNOT_HANG_UP, "hang_up")

    def send_digits(self, digits: str) -> None:
        """See ``LineDevice``."""
        checked_digits(digits)
        self._order(Capability.DTMF_OUT, Saying.CANNOT_SEND_TONES, "send_digits", digits)

    @property
    def recordings(self) -> Path | None:
        """None."""
        return None

    def record(self, name: str) -> None:
        """See ``LineDevice``."""
        raise incapable(self._name, Saying.CANNOT_RECORD)

    def watch(self, listener: TraceListener | None) -> None:
        """See ``LineDevice``; but the bytes stay at the host, so there is nothing to tell."""

    def rename(self, name: str) -> None:
        """See ``LineDevice``."""
        self._name = name

    @property
    def call_control(self) -> None:
        """See ``LineDevice``."""
        return None

    def set_trace(self, enabled: bool) -> None:
        """See ``LineDevice``. A host that is away is told when it is back."""
        line = self._host.line(self._line)
        line.trace = enabled
        if line.there:
            self._host.order(self._line, "trace", "on" if enabled else "off")

    def _order(self, needed: Capability, cannot: Saying, command: str, argument: str = "") -> None:
        if self._lost_because is not None:
            raise unavailable(self._name, self._lost_because)
        if not self._host.line(self._line).there:
            # A host that is away for moments only is not told of.
            raise unavailable(self._name, Said(Saying.HOST_OUT_OF_REACH, host=self._host.name))
        if needed not in self.capabilities:
            raise incapable(self._name, cannot)
        self._host.order(self._line, command, argument)

    def _hear(self, signal: LineSignal) -> None:
        match signal:
            case LineReady():
                self._lost_because = None
            case LineLost(reason) | OutOfReach(reason):
                self._lost_because = reason
            case _:
                pass
        if self._listener is not None:
            self._listener(signal)
