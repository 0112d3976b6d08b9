"""Boxes that only listen, in software: what the telephone line does to them, and when. What they say of it differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IDelayedCall

from hardware.simulators.requests import (
    AnyRequest,
    CallRequest,
    OutgoingRequest,
    RawRequest,
    ReplugRequest,
    StatusRequest,
    UnplugRequest,
)
from hardware.simulators.telephone_line import CALLER_ID_DELAY, RING_PERIOD, Done, LineBusyError


class BoxPort(Protocol):
    """Where a box is plugged in."""

    @property
    def plugged(self) -> bool:
        """Whether it is."""
        ...

    @property
    def name(self) -> str:
        """What the daemon's end is called."""
        ...

    def plug(self) -> None:
        """Appear."""
        ...

    def unplug(self) -> None:
        """Disappear."""
        ...

    def write(self, data: bytes) -> None:
        """Say ``data``; nobody hears it while unplugged."""
        ...


class Speech:
    """What a box says of each moment of a call, silent unless overridden. ``when`` is the beginning of the call."""

    def ring(self, request: CallRequest, when: datetime) -> bytes:
        """The first ring."""
        return b""

    def caller(self, request: CallRequest, when: datetime) -> bytes:
        """The exchange sent caller id."""
        return b""

    def lifted(self, request: CallRequest, when: datetime) -> bytes:
        """The telephone was lifted."""
        return b""

    def over(self, request: CallRequest, when: datetime, seconds: int | None) -> bytes:
        """The call is over; ``seconds`` after it was answered, None if nobody did."""
        return b""


@dataclass
class _Call:
    request: CallRequest
    when: datetime
    done: Done
    timers: list[IDelayedCall]
    lifted: bool = False


class SimulatedMonitor:
    """Box and telephone line together, behind the control socket."""

    def __init__(self, port: BoxPort, speech: Speech, reactor: ReactorBase, speed: float) -> None:
        self._speech = speech
        self._reactor = reactor
        self._speed = speed
        self._call: _Call | None = None
        self.port = port

    def handle(self, request: AnyRequest, done: Done) -> dict[str, Any]:
        """Carry out one control request."""
        match request:
            case CallRequest():
                self._ring(request, done)
            case OutgoingRequest():
                raise LineBusyError("this box only listens: it cannot dial")
            case RawRequest(data=data):
                self.port.write(bytes.fromhex(data))
            case UnplugRequest():
                self.port.unplug()
                self._over("cut off")
            case ReplugRequest():
                self.port.plug()
            case StatusRequest():
                return {"plugged": self.port.plugged, "port": self.port.name, "line": self._state()}
        return {}

    def _state(self) -> str:
        if self._call is None:
            return "idle"
        return "on the handset" if self._call.lifted else "ringing"

    def _ring(self, request: CallRequest, done: Done) -> None:
        if self._call is not None or not self.port.plugged:
            raise LineBusyError("the line is not idle" if self._call else "the box is unplugged")
        # The exchange's clock is the hospital's local time.
        call = self._call = _Call(request, datetime.now().astimezone(), done, [])
        first = request.rings_before_id
        caller_at = CALLER_ID_DELAY + (first - 1) * RING_PERIOD if first else 0.0
        ring_at = 0.0 if first else 1.0
        self._later(ring_at, lambda: self.port.write(self._speech.ring(request, call.when)))
        self._later(caller_at, lambda: self.port.write(self._speech.caller(request, call.when)))
        if request.answer_after is None:
            self._later(max(request.rings * RING_PERIOD, caller_at), lambda: self._ended(None))
            return
        self._later(max(request.answer_after, ring_at), self._lift)
        if request.hangup_after is not None:
            over_at = max(request.answer_after + request.hangup_after, caller_at)
            self._later(over_at, lambda: self._ended(int(request.hangup_after or 0)))

    def _lift(self) -> None:
        if self._call is not None:
            self._call.lifted = True
            self.port.write(self._speech.lifted(self._call.request, self._call.when))

    def _ended(self, seconds: int | None) -> None:
        if self._call is not None:
            self.port.write(self._speech.over(self._call.request, self._call.when, seconds))
            self._over("abandoned" if seconds is None else "ended on the handset")

    def _over(self, how: str) -> None:
        if self._call is not None:
            call, self._call = self._call, None
            for timer in call.timers:
                if timer.active():
                    timer.cancel()
            call.done(how)

    def _later(self, seconds: float, then: Any) -> None:
        if self._call is not None:
            self._call.timers.append(self._reactor.callLater(seconds / self._speed, then))
