"""One TP phone box without port and clock: reports and time in, reports and line signals out.

The parts: ``codec`` reads the reports, ``link`` keeps the box set up, ``box_line`` follows the calls and commands the
box through ``box``. Messages are handed to them here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from protocols.actions import Actions
from protocols.box_line import BoxLine
from protocols.call_commands import CallCommands
from protocols.dial_strings import checked_digits
from protocols.phone_box import Use
from protocols.reports import Reports
from protocols.ringing import Ringing, caller_of
from protocols.sayings import Said, Saying
from protocols.signals import DeviceWarns
from protocols.telephones import Telephones
from protocols.tp_hid.box import TpHidBox
from protocols.tp_hid.codec import TpHidDecoder, tones
from protocols.tp_hid.link import BoxLink, Phase
from protocols.tp_hid.messages import (
    Acknowledged,
    BatteryLow,
    BusyTone,
    CallerId,
    Dialled,
    Digits,
    HookMoved,
    Identity,
    LocalDigit,
    Message,
    Rang,
    Restarted,
    StateIs,
)
from protocols.tp_hid.settings import TpHidSettings


class TpHidSession(CallCommands):
    """A ``CallSession``; ``receive`` takes one report at a time. ``local_time`` is for the box's display."""

    def __init__(self, settings: TpHidSettings, local_time: Callable[[], datetime]) -> None:
        self._decoder = TpHidDecoder()
        self._reports = reports = Reports(unready="a TP HID phone box that is being set up")
        ringing = Ringing(settings.timings.ring_stop, settings.numberless_alarm_after)
        telephones = Telephones()
        self._line = line = BoxLine(settings.timings.line, reports, ringing, telephones)
        super().__init__(reports, line, settings)
        self._link = link = BoxLink(settings.timings, reports, local_time, line.forget)
        box = TpHidBox(link, line, telephones)
        line.attach(box)
        self._battery_was_low = False
        self._handlers: dict[type[Message], Callable[[Any], None]] = {
            Acknowledged: link.acknowledged,
            Identity: link.identified,
            Restarted: lambda _: link.restarted(),
            Rang: lambda _: line.ring(),
            CallerId: lambda message: line.caller(caller_of(message.number, verified=message.plausible)),
            HookMoved: box.hook_moved,
            StateIs: box.state_is,
            Digits: lambda message: line.digits(message.digits),
            LocalDigit: lambda _: line.local_digit(),
            Dialled: lambda _: line.dialled(),
            BusyTone: lambda _: line.busy_tone(),
            BatteryLow: lambda _: self._battery_low(),
        }

    @property
    def holds_call(self) -> bool:
        """Whether the box itself is off hook, or on its way there or back."""
        return self._line.use is not Use.NONE

    def start(self, now: float) -> Actions:
        """The box was plugged in: set it up."""
        self._reports.now = now
        self._decoder = TpHidDecoder()
        self._battery_was_low = False
        self._link.open()
        return self._actions()

    def receive(self, data: bytes, now: float) -> Actions:
        """One report from the box. Never raises."""
        self._reports.now = now
        if self._link.phase is not Phase.CLOSED:
            for message in self._decoder.feed(data):
                self._link.heard()
                self._handlers[type(message)](message)
        return self._actions()

    def tick(self, now: float) -> Actions:
        """Time passed."""
        self._reports.now = now
        if self._link.phase is not Phase.CLOSED:
            self._line.tick()
            self._link.tick()
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        if self._link.phase is Phase.CLOSED:
            return None
        times = [*self._line.deadlines(), *self._link.deadlines()]
        return min((time for time in times if time is not None), default=None)

    def port_lost(self, reason: str, now: float) -> Actions:
        """The box was pulled out: report it unless the line was lost already."""
        self._reports.now = now
        if self._link.phase is not Phase.CLOSED:
            self._link.close(reason)
        return self._actions()

    def send_digits(self, digits: str, now: float) -> Actions:
        """Send tones; ``ValueError`` unless ``dial_strings.checked_digits`` takes them, and for A to D."""
        tones(checked_digits(digits))
        return super().send_digits(digits, now)

    def _battery_low(self) -> None:
        if not self._battery_was_low:
            self._battery_was_low = True
            self._reports.report(DeviceWarns(Said(Saying.BATTERY_LOW)))

    def _actions(self) -> Actions:
        return Actions(self._link.take_output(), self._reports.take_signals())
