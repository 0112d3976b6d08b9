"""A line on an Asterisk PBX: an agent's telephone, or a call at a time on a trunk."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.call_control import CallControl, ControlWish, ListenMode, Telephone
from hardware.line_device import CONTROL_NEEDS, Capability, NotCapableError, SignalListener
from hardware.port_line import incapable, threads_of, unavailable
from hardware.settings import LineSettings
from hardware.shared_ports import SharedPorts
from hardware.trace import LineTrace, TraceListener, trace_path
from protocols.ami.codec import checked_exten
from protocols.ami.settings import PbxLine, parse_port
from protocols.sayings import Said, Saying
from protocols.signals import LineLost, LineReady, LineSignal

_TRUNK = Capability.RING | Capability.CALLER_ID | Capability.HANG_UP | Capability.FAR_END_ANSWER | Capability.LINE_LOST
_PHONE = _TRUNK | Capability.LOCAL_HOOK | Capability.DIAL | Capability.TRANSFER | Capability.LISTEN
_CONTROLLED = Capability.HOLD | Capability.CONSULT | Capability.CONFERENCE


class AsteriskLine:
    """A ``LineDevice``. The PBX has no way to answer for a telephone: whoever sits there lifts it."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path, shared: SharedPorts) -> None:
        port = parse_port(settings.port)
        self._name = settings.name
        self._line = PbxLine(
            name=settings.name,
            endpoint=port.endpoint,
            slot=port.slot,
            trunk=settings.trunk,
            dial_prefix=settings.dial_prefix,
            international_prefix=settings.international_prefix,
        )
        self._trace = LineTrace(
            trace_path(trace_folder, settings.name), reactor, threads_of(reactor), enabled=settings.trace
        )
        self._pbx = shared.pbxes[port.pbx]
        self._pbx.add(self._line, self._trace)
        self._listener: SignalListener | None = None
        self._lost_because: str | None = Said(Saying.NOT_STARTED)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        able = _TRUNK if self._line.trunk else _PHONE | _CONTROLLED if self._pbx.controls else _PHONE
        return able if self.recordings is None else able | Capability.RECORD

    @property
    def recordings(self) -> Path | None:
        """See ``LineDevice``."""
        return self._pbx.recordings

    def start(self, listener: SignalListener) -> None:
        """See ``LineDevice``."""
        self._listener = listener
        self._pbx.start(self._line, self._hear)

    async def stop(self) -> None:
        """See ``LineDevice``; but calls go on, since they are the PBX's. Whoever is on hold is given back first."""
        await self._pbx.stop(self._line)
        self._listener = None
        self._trace.close()

    def dial(self, number: str) -> None:
        """See ``LineDevice``. A PBX takes no pauses: a number with ``,`` is a ``ValueError``."""
        checked_exten(number)
        if self._line.trunk:
            raise self._incapable(Saying.CANNOT_DIAL, Saying.IS_TRUNK)
        self._require_up()
        self._pbx.dial(self._line, number)

    def answer(self) -> None:
        """See ``LineDevice``."""
        raise self._incapable(Saying.CANNOT_ANSWER, Saying.LIFT_PHONE)

    def hang_up(self) -> None:
        """See ``LineDevice``."""
        self._require_up()
        self._pbx.hang_up(self._line)

    def send_digits(self, digits: str) -> None:
        """See ``LineDevice``."""
        raise self._incapable(Saying.CANNOT_SEND_TONES)

    def record(self, name: str) -> None:
        """See ``LineDevice``."""
        if self.recordings is None:
            raise self._incapable(Saying.CANNOT_RECORD)
        self._require_up()
        self._pbx.record(self._line, name)

    @property
    def call_control(self) -> CallControl | None:
        """See ``LineDevice``. A trunk has no agent's telephone."""
        return None if self._line.trunk else self

    @property
    def telephone(self) -> Telephone:
        """See ``CallControl``."""
        return Telephone(self._pbx.name, self._line.name, self._line.extension)

    def control(self, wish: ControlWish, number: str = "") -> None:
        """See ``CallControl``."""
        if not self.capabilities & CONTROL_NEEDS[wish]:
            raise self._incapable(Saying.CANNOT_CONTROL)
        if number:
            checked_exten(number)
        self._require_up()
        self._pbx.control(self._line, wish, number)

    def listen(self, listener: str, phone: Telephone, mode: ListenMode) -> None:
        """See ``CallControl``."""
        if not self.capabilities & Capability.LISTEN or phone.pbx != self._pbx.name:
            raise self._incapable(Saying.CANNOT_CONTROL)
        self._require_up()
        self._pbx.listen(self._line, listener, phone.line, mode)

    def stop_listening(self, listener: str) -> None:
        """See ``CallControl``. While the PBX is out of reach it is remembered."""
        self._pbx.stop_listening(listener)

    def set_trace(self, enabled: bool) -> None:
        """See ``LineDevice``. The trace holds what the PBX says of all lines."""
        self._trace.enabled = enabled

    def watch(self, listener: TraceListener | None) -> None:
        """See ``LineDevice``; likewise of all lines."""
        self._trace.watch(listener)

    def rename(self, name: str) -> None:
        """See ``LineDevice``. To the PBX's connection it keeps its name."""
        self._name = name

    def _incapable(self, what: Saying, why: Saying | None = None) -> NotCapableError:
        return incapable(self._name, what, why)

    def _require_up(self) -> None:
        if self._lost_because is not None:
            raise unavailable(self._name, self._lost_because)
        if not self._pbx.within_reach:
            # A call in progress is kept for a while without a connection.
            raise unavailable(self._name, Said(Saying.PBX_OUT_OF_REACH))

    def _hear(self, signal: LineSignal) -> None:
        match signal:
            case LineReady():
                self._lost_because = None
            case LineLost(reason):
                self._lost_because = reason
            case _:
                pass
        if self._listener is not None:
            self._listener(signal)
