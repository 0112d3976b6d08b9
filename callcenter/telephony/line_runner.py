"""One line at work: device, state machine and journal tied together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.errors import UnavailableError
from callcenter.telephony.effects import Effect, SignalHeard
from callcenter.telephony.journal import LineJournal
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.line_model import Claimed, Line, LineCommand, News
from callcenter.telephony.line_state import step
from hardware.line_device import Capability, HardwareError, LineDevice
from hardware.trace import TraceEntry
from protocols.sayings import Said, Saying, words_of
from protocols.signals import CommandTaken, DeviceWarns, LineLost, LineReady, LineSignal, OutOfReach, Receipt

_log = Logger(namespace="callcenter.telephony")

_BESIDE = frozenset({OutOfReach, DeviceWarns, CommandTaken})
"""Signals that tell nothing of when something happened on the line: what is told after them may have been before."""


class LineObserver(Protocol):
    """Somebody who looks on while a line is tried."""

    def heard(self, signal: LineSignal) -> None:
        """The device reports ``signal``."""
        ...

    def traced(self, entry: TraceEntry) -> None:
        """Something went over the line's port."""
        ...


class LineRunner:
    """A line while the daemon runs. Signals and commands go through ``hear`` and ``command``.

    ``identification`` is what the device said that it is, empty while it is lost.
    """

    def __init__(self, device: LineDevice, journal: LineJournal, line: Line, clock: IReactorTime) -> None:
        self.device = device
        self.journal = journal
        self.line = line
        self._clock = clock
        self.identification = ""
        self._observer: LineObserver | None = None
        self._began_at = utc_now(clock)
        self._heard_at = datetime.min.replace(tzinfo=UTC)

    @property
    def line_id(self) -> int:
        """The id of the line's record."""
        return self.journal.line.line_id

    @property
    def call_id(self) -> int | None:
        """The record of the present call, once it is committed."""
        return None if self.line.call is None else self.journal.ids.get(self.line.call.number)

    def can(self, capability: Capability) -> bool:
        """Whether the device has ``capability`` now."""
        return bool(self.device.capabilities & capability)

    def start(self) -> None:
        """Start the device. One that cannot be started is a lost line, and no other line's problem."""
        try:
            self.device.start(self.hear)
        except Exception as error:  # noqa: BLE001 - whatever a driver does wrong concerns its own line
            _log.failure("line {line} cannot be started", line=self.journal.line.name)
            self.hear(LineLost(Said(Saying.CANNOT_START, why=words_of(error))))

    async def stop(self) -> None:
        """Release the port; calls still open are closed as unknown."""
        await self._release()
        self.hear(LineLost(Said(Saying.STOPPED)))

    async def exchange(self, device: LineDevice) -> None:
        """Work with ``device`` from now on; a call that is open on the present one is closed as unknown."""
        await self._release()
        self.hear(LineLost(Said(Saying.RESTARTING)))
        self.device = device
        self.observe(self._observer)
        self.start()

    def arrange(self, line: LineContext) -> None:
        """The line is called otherwise, belongs to another group or stands on another desk from now on."""
        self.journal.line = replace(line, capabilities=self.journal.line.capabilities)
        self.device.rename(line.name)

    def observe(self, observer: LineObserver | None) -> None:
        """Let ``observer`` look on, None nobody any more."""
        self._observer = observer
        self.device.watch(None if observer is None else observer.traced)

    def hear(self, signal: LineSignal) -> None:
        """The device reports ``signal``. One that tells of the past never comes before what was heard already.

        Before the daemon began is only what comes with a receipt: that was heard by nobody yet.
        """
        match signal:
            case LineReady(identification):
                self.identification = identification
            case LineLost():
                self.identification = ""
            case _:
                pass
        if self._observer is not None:
            self._observer.heard(signal)
        now = utc_now(self._clock)
        earliest = self._heard_at if signal.receipt is not None else max(self._heard_at, self._began_at)
        at = min(now, max(earliest, now - timedelta(seconds=signal.age)))
        if type(signal) not in _BESIDE:
            self._heard_at = at
        effects = self._step(signal, at)
        if signal.receipt is not None:
            self._write_numbered(effects, signal.receipt, at)
        elif effects:
            self.journal.put(effects)

    def command(self, command: LineCommand, *also: Effect) -> Deferred[bool]:
        """Do ``command``; fires True when what came of it is committed, False when nothing came of it.

        ``also`` is written with it, or not at all.
        """
        now = utc_now(self._clock)
        effects = self._step(command, now)
        if not effects:
            return succeed(False)
        self._heard_at = now
        return self.journal.put((*effects, *also))

    def write(self, *effects: Effect) -> Deferred[bool]:
        """Write ``effects`` after all that the line saw until now; fires like ``command``."""
        return self.journal.put(effects)

    def claimed(self, call_id: int) -> None:
        """The claim of the call ``call_id`` is committed."""
        if self.call_id == call_id and self.line.call is not None:
            self.command(Claimed(self.line.call.number))

    def ask(self, wish: Callable[[], None]) -> None:
        """Have the device do ``wish``; raises ``UnavailableError`` if it cannot."""
        try:
            wish()
        except (HardwareError, ValueError) as error:
            raise UnavailableError(words_of(error), line=self.journal.line.name) from error

    def _step(self, news: News, at: datetime) -> tuple[Effect, ...]:
        self.line, effects = step(self.line, news, at)
        if effects:
            self._learn_capabilities()
        return effects

    def _write_numbered(self, effects: Sequence[Effect], receipt: Receipt, at: datetime) -> None:
        heard = SignalHeard(at, receipt.source, receipt.number)
        written = self.journal.put((*effects, heard))
        written.addCallback(lambda done: receipt.written() if done else None)
        written.addErrback(lambda failure: _log.failure("a receipt could not be given", failure))

    async def _release(self) -> None:
        try:
            await self.device.stop()
        except Exception:  # noqa: BLE001 - whatever a driver does wrong concerns its own line
            _log.failure("line {line} did not stop cleanly", line=self.journal.line.name)

    def _learn_capabilities(self) -> None:
        """A device may turn out to be able to do more once it is identified."""
        names = tuple(self.device.capabilities.names)
        if names != self.journal.line.capabilities:
            self.journal.line = replace(self.journal.line, capabilities=names)
