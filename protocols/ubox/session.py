"""One channel of the UBOX service without socket and clock: messages and time in, commands and line signals out.

Every line on a service hears all that it says. The parts: ``codec`` reads the messages, ``link`` finds the channel,
``box_line`` follows the calls and commands the channel through ``box``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocols.actions import Actions
from protocols.box_line import BoxLine
from protocols.call_commands import CallCommands
from protocols.phone_box import Use
from protocols.reports import Reports
from protocols.ringing import Ringing, caller_of
from protocols.sayings import Said, Saying
from protocols.signals import DeviceWarns
from protocols.telephones import Telephones
from protocols.ubox.box import UboxBox
from protocols.ubox.codec import decode
from protocols.ubox.link import ServiceLink
from protocols.ubox.messages import (
    Alarm,
    BusyTone,
    CallerNumber,
    ChannelMessage,
    Channels,
    Dialled,
    Joined,
    Key,
    Message,
    NoLine,
    OffHook,
    OnHook,
    OutOfOrder,
    PluggedIn,
    PluggedOut,
    Product,
    ProductIs,
    Rang,
    Refused,
    RingingStopped,
)
from protocols.ubox.settings import UboxSettings

_Handlers = dict[type[Message], Callable[[Any], None]]


class UboxSession(CallCommands):
    """A ``CallSession``; ``receive`` takes one message at a time, ``Actions.write`` holds one a line."""

    def __init__(self, settings: UboxSettings) -> None:
        self._reports = reports = Reports(unready="a UBOX that is being identified")
        ringing = Ringing(settings.timings.ring_stop, settings.numberless_alarm_after)
        telephones = Telephones()
        self._line = line = BoxLine(settings.timings.line, reports, ringing, telephones)
        super().__init__(reports, line, settings)
        self._link = link = ServiceLink(settings, reports, self._lost)
        self._box = box = UboxBox(settings.timings, reports, link, line, telephones)
        line.attach(box)
        self._warned = False
        self._of_the_service: _Handlers = {
            Joined: lambda _: link.joined(),
            Channels: link.channels,
            PluggedIn: link.plugged_in,
            PluggedOut: link.plugged_out,
            ProductIs: link.product_is,
            OutOfOrder: link.out_of_order,
        }
        self._of_the_line: _Handlers = {
            Rang: lambda _: line.ring(),
            RingingStopped: lambda _: line.ringing_stopped(),
            CallerNumber: lambda message: line.caller(caller_of(message.number)),
            OffHook: box.off_hook,
            OnHook: lambda _: box.on_hook(),
            Key: lambda message: line.digits(message.key),
            BusyTone: lambda _: line.busy_tone(),
            Dialled: lambda _: self._dialled(),
        }
        self._of_the_box: _Handlers = {
            NoLine: lambda _: link.no_line(missing=True),
            Refused: lambda _: line.refused(),
            Alarm: lambda _: self._alarm(),
        }

    @property
    def product(self) -> Product | None:
        """The model, None until it is known."""
        return self._link.product

    @property
    def holds_call(self) -> bool:
        """Whether the box itself is off hook, or on its way there or back."""
        return self._line.use is not Use.NONE

    def start(self, now: float) -> Actions:
        """Connected to the service."""
        self._reports.now = now
        self._warned = False
        self._link.open()
        return self._actions()

    def receive(self, data: bytes, now: float) -> Actions:
        """One message of the service. Never raises."""
        self._reports.now = now
        message = decode(data)
        if message is not None and self._link.connected:
            self._link.heard()
            self._handle(message)
        return self._actions()

    def tick(self, now: float) -> Actions:
        """Time passed."""
        self._reports.now = now
        if self._link.connected:
            self._box.tick()
            self._line.tick()
            self._link.tick()
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        if not self._link.connected:
            return None
        times = [self._box.deadline(), *self._line.deadlines(), *self._link.deadlines()]
        return min((time for time in times if time is not None), default=None)

    def port_lost(self, reason: str, now: float) -> Actions:
        """The connection is gone: report it unless the line was lost already."""
        self._reports.now = now
        if self._link.connected:
            self._link.close(reason)
        return self._actions()

    def _handle(self, message: Message) -> None:
        kind = type(message)
        if kind in self._of_the_service:
            self._of_the_service[kind](message)
        elif isinstance(message, ChannelMessage) and message.handle == self._link.handle:
            if kind in self._of_the_line:
                self._link.no_line(missing=False)
                self._of_the_line[kind](message)
            else:
                self._of_the_box[kind](message)

    def _lost(self) -> None:
        self._line.forget()
        self._box.forget()

    def _dialled(self) -> None:
        if not self._box.sending:
            self._line.dialled()

    def _alarm(self) -> None:
        if not self._warned:
            self._warned = True
            self._reports.report(DeviceWarns(Said(Saying.SERVICE_RESTART)))

    def _actions(self) -> Actions:
        return Actions(self._link.take_output(), self._reports.take_signals())
