"""What a session of an SMS gateway asks of whoever drives it, and what can be set on any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.sms import GatewaySignal

PduTap = Callable[[bool, bytes], None]
"""Sees every PDU, and whether it was sent."""


@dataclass(frozen=True)
class SmsTimings:
    """All in seconds, but ``tries``."""

    sign_in: float = 20.0
    answer: float = 60.0
    """A part or a heartbeat that is not answered for so long is not answered any more."""
    heartbeat: float = 60.0
    """After so long without a word from the gateway it is asked whether it is there."""
    tries: int = 3
    """So many questions in a row without a word end the connection."""
    drain: float = 5.0
    """For so long answers are waited for before the session is ended."""
    farewell: float = 3.0


@dataclass(frozen=True)
class SmsLimits:
    """Parts a second, and parts without an answer."""

    rate: float = 10.0
    window: int = 16


@dataclass(frozen=True, slots=True)
class SmsActions:
    """Bytes to write, signals to report in order, and whether the connection is to be closed after that. ``doubts`` are
    sentences for the log.
    """

    write: bytes = b""
    signals: tuple[GatewaySignal, ...] = ()
    close: bool = False
    doubts: tuple[str, ...] = ()
