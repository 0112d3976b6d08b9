"""What a sans-IO session asks of whoever drives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from protocols.signals import LineSignal

S = TypeVar("S")
"""What is reported: the signals of a line, or those of an SMS gateway."""


@dataclass(frozen=True)
class Doings(Generic[S]):
    """Bytes to write to the port, and signals to report in order."""

    write: bytes = b""
    signals: tuple[S, ...] = ()


Actions = Doings[LineSignal]


class Session(Protocol[S]):
    """A device's protocol without port and clock. ``now`` is in seconds on any clock that does not go back."""

    def start(self, now: float) -> Doings[S]:
        """The port has just been opened."""
        ...

    def receive(self, data: bytes, now: float) -> Doings[S]:
        """Bytes arrived. Never raises, whatever they are."""
        ...

    def tick(self, now: float) -> Doings[S]:
        """Do what is due; to be called at ``next_deadline()`` or later."""
        ...

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed, or None."""
        ...

    def port_lost(self, reason: str, now: float) -> Doings[S]:
        """The port is gone; the session may be started again."""
        ...


LineSession = Session[LineSignal]


class CallSession(LineSession, Protocol):
    """A ``LineSession`` that also takes commands. They return at once; what comes of them is in later signals."""

    @property
    def holds_call(self) -> bool:
        """Whether the device itself is off hook, or on its way there or back."""
        ...

    def dial(self, number: str, now: float) -> Actions:
        """Dial ``number``; ``ValueError`` unless ``dial_strings.checked_number`` takes it."""
        ...

    def answer(self, now: float) -> Actions:
        """Take the ringing call."""
        ...

    def hang_up(self, now: float) -> Actions:
        """End the call that the device holds, or stop dialling."""
        ...

    def send_digits(self, digits: str, now: float) -> Actions:
        """Send tones; ``ValueError`` unless ``dial_strings.checked_digits`` takes them."""
        ...
