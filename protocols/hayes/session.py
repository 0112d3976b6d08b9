"""One modem line without port and clock: bytes and time in, bytes and line signals out.

The parts: ``modem_input`` reads the bytes, ``link`` keeps the modem set up, ``line_use`` follows the calls, and
``scripts`` runs their dialogues. Messages are handed to them here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocols.actions import Actions
from protocols.call_commands import CallCommands
from protocols.hayes.context import Context
from protocols.hayes.incoming import IncomingCalls
from protocols.hayes.line_use import LineUse
from protocols.hayes.link import ModemLink, Phase
from protocols.hayes.messages import (
    CallerIdDamaged,
    CallerIdField,
    Digit,
    DleEvent,
    Message,
    Result,
    ResultCode,
    Ring,
    RingCadence,
    Text,
)
from protocols.hayes.modem_input import ModemInput, StreamEnded
from protocols.hayes.receiving import Receiver
from protocols.hayes.scripts import ScriptRunner
from protocols.hayes.settings import HayesSettings
from protocols.hayes.sound import SoundNews
from protocols.hayes.voice_stream import Audio

# Result codes of a modem left in numeric mode (ATV0), until ATV1 is sent. V.250 table 1.
_NUMERIC = {"0": Result.OK, "4": Result.ERROR}


class HayesSession(CallCommands):
    """A ``LineSession``. Commands return at once; what comes of them is in the signals of later ``Actions``."""

    def __init__(self, settings: HayesSettings) -> None:
        self._modem = ModemInput()
        self._runner = ScriptRunner(settings.timings.gap)
        self._context = Context(self._runner)
        incoming = IncomingCalls(settings.timings, settings.numberless_alarm_after)
        self._receiver = receiver = Receiver(self._context, settings.timings, self._modem)
        self._line = line = LineUse(self._context, settings.timings, incoming, receiver)
        super().__init__(self._context, line, settings)
        self._link = ModemLink(settings, self._context, on_lost=line.forget, quiet=line.quiet, probing=line.probing)
        line.attach(self._link)
        self._handlers: dict[type[Message], Callable[[Any], None]] = {
            Ring: lambda message: line.ring(message.cadence),
            RingCadence: lambda _: line.ring(report=True),
            CallerIdField: line.caller_id,
            CallerIdDamaged: lambda _: line.caller_id_damaged(),
            ResultCode: lambda message: self._result(message.result),
            DleEvent: lambda message: line.event(message.code),
            Digit: lambda message: line.digit(message.digit),
            Text: lambda message: self._text(message.text),
            Audio: lambda message: receiver.sound(message.samples),
            StreamEnded: lambda _: receiver.ended(),
        }

    @property
    def ready(self) -> bool:
        """Whether the modem is set up and takes commands."""
        return self._link.phase is Phase.READY

    @property
    def has_voice(self) -> bool:
        """Whether the modem has a voice mode, so that it can answer and send tones. Known once set up."""
        return self._link.voice is not None

    @property
    def has_caller_id(self) -> bool:
        """Whether the modem accepted a command that switches caller id on. Known once set up."""
        return self._link.setup is not None and self._link.setup.caller_id is not None

    @property
    def can_record(self) -> bool:
        """Whether the modem sends what it hears. Known once set up."""
        return self._link.recording is not None

    @property
    def holds_call(self) -> bool:
        """Whether the modem itself is off hook, or on its way there or back."""
        return self._line.holds_call

    def start(self, now: float) -> Actions:
        """The port is open: set the modem up."""
        self._context.now = now
        self._modem.reset()
        self._link.open()
        return self._actions()

    def receive(self, data: bytes, now: float) -> Actions:
        """Bytes from the modem. Never raises."""
        self._context.now = now
        if self._link.phase is not Phase.CLOSED:
            self._link.heard()
            for message in self._modem.feed(data):
                self._handlers[type(message)](message)
            self._line.flush()
        return self._actions()

    def record(self, name: str, now: float) -> Actions:
        """Record the call that the modem holds as ``name``; the sound is in ``take_sound``."""
        return self._command(now, lambda: self._line.record(name))

    def take_sound(self) -> list[SoundNews]:
        """What there is to keep of recordings since the last time."""
        return self._receiver.take_news()

    def take_said(self) -> bytes:
        """What the modem said since the last time, without the sound of calls: for a trace."""
        return self._modem.take_said()

    def tick(self, now: float) -> Actions:
        """Time passed."""
        self._context.now = now
        if self._link.phase is not Phase.CLOSED:
            self._runner.tick(now)
            self._line.tick()
            self._link.tick()
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        if self._link.phase is Phase.CLOSED:
            return None
        times = [self._runner.deadline(), *self._line.deadlines(), *self._link.deadlines()]
        return min((time for time in times if time is not None), default=None)

    def port_lost(self, reason: str, now: float) -> Actions:
        """The port is gone: report it unless the line was lost already."""
        self._context.now = now
        if self._link.phase is not Phase.CLOSED:
            self._link.close(reason)
        return self._actions()

    def _result(self, result: Result) -> None:
        if not self._runner.result(result, self._context.now):
            self._line.unsolicited(result)

    def _text(self, text: str) -> None:
        numeric = _NUMERIC.get(text)
        if numeric is None or not self._runner.result(numeric, self._context.now):
            self._runner.text(text)

    def _actions(self) -> Actions:
        return Actions(self._runner.take_output(), self._context.take_signals())
